/* SPDX-License-Identifier: PostgreSQL */
/*
 * The toolkit's noun: a chunk line (pgpipe-records(5)), read into a struct.
 */
#ifndef DATA_CHUNK_H
#define DATA_CHUNK_H

#include "data/record.h"

enum slice_by { SLICE_NONE, SLICE_CTID, SLICE_KEY, SLICE_TIME };
/* "ctid", "key" or "time"; all else is SLICE_NONE. */
enum slice_by chunk_slice_by(const char *name);

/* Strings point into the record, which the chunk owns a reference to. */
struct chunk {
	json_t *record;
	const char *id;	    /* "chunk" */
	const char *source; /* table, partition, inheritance, ... */
	const char *schema, *table;
	const char *parent_schema, *parent_table; /* NULL: none */
	/* Of a chunk of a hypertable ("source" says so): its place in all
	 * dimensions, the continuous aggregate it belongs to or NULL, and
	 * what it is made of when it comes compressed, or NULL. */
	bool hypertable, compressed;
	const json_t *slices;
	const char *view_schema, *view_table;
	const json_t *batches;
	const char *bound; /* partition: FOR VALUES ..., else NULL */
	const char *where; /* the chunk's whole row predicate, NULL: all rows */
	const char *within; /* slice.within: the predicate of all the slices
			     * of this relation together, NULL: all rows */
	enum slice_by by;
	char *from, *to; /* owned; of the slice as text (a row of values as a
			  * JSON array), NULL: open */
	const char *status, *digest, *snapshot; /* of result lines, or NULL */
	const char *system, *database; /* where it was listed, or NULL */
	const char *target_schema, *target_table; /* default: schema, table */
	int64_t rows, bytes; /* estimates, or exact in results; -1 unknown */
};

/* Takes its own reference to record.  A line that is no chunk line is
 * reported by what is missing; STATUS_USAGE. */
status chunk_from_record(json_t *record, const char *where, struct chunk *out)
    MUST_CHECK;
void chunk_free(struct chunk *c); /* also the cleanup; zeroed is legal */
/* "public.t" of the source for messages (quoted where SQL would); static
 * storage is not used: caller frees. */
char *chunk_name(const struct chunk *c);

#endif
