/* SPDX-License-Identifier: PostgreSQL */
/*
 * TimescaleDB: hypertables, their chunks and what these are made of, asked by
 * who copies, loads and checks them.
 *
 * Where its versions differ is known here and nowhere else, and found out by
 * looking at what is there and not at version numbers, but for the formats of
 * compressed data (2.14 and later).
 */
#ifndef PG_TIMESCALE_H
#define PG_TIMESCALE_H

#include "data/record.h"
#include "pg/conn.h"

struct pg_timescale {
	char *version;	   /* "2.21.4"; NULL: the extension is not there */
	bool by_relid;	   /* the catalog knows chunks by oid, not by name */
	bool by_slice;	   /* a dimension's slice knows its chunk */
	bool may_skip;	   /* timescaledb.skip_cagg_invalidation is there */
	bool may_limit;	   /* so is the limit of tuples decompressed by DML */
	bool adopts;	   /* a table made a chunk keeps its indexes and keys */
	bool attaches;	   /* a table can be made a chunk's compressed one */
	bool keeps_ranges; /* of columns, to skip chunks by */
	char *schema;	   /* of what users call, such as compress_chunk */
};

/* What there is in this database; asked once, belongs to pg.  Nothing is
 * reported. */
status pg_timescale(struct pg *pg, const struct pg_timescale **out) MUST_CHECK;
/* Below zero, zero, above: "2.9.1" before "2.21.4". */
int pg_timescale_compare(const char *a, const char *b);

/* A relation by oid and name. */
struct pg_relation {
	uint32_t oid; /* 0: there is none */
	char *schema, *name;
};
void pg_relation_free(struct pg_relation *r);

#define PG_CHUNK_COMPRESSED 1
#define PG_CHUNK_UNORDERED 2 /* its batches overlap within their segments */
#define PG_CHUNK_FROZEN 4
#define PG_CHUNK_PARTIAL 8

struct pg_chunk {
	struct pg_relation chunk, hypertable;
	/* Where its compressed rows are; none also if it is compressed in a way
	 * that only TimescaleDB itself can read. */
	struct pg_relation batches;
	int status;	  /* PG_CHUNK_*: as the catalog has it */
	bool equal;	  /* its slices are those asked for */
	bool invalidates; /* a trigger notes changes of its rows */
	bool fills; /* columns were added, with values that batches lack */
	json_t *settings; /* of its batches: segmentby, orderby ... or NULL */
	json_t *sizes;	  /* statistics of its compression, or NULL */
};
void pg_chunk_free(struct pg_chunk *c); /* also the cleanup */

/* The chunk that a relation is; chunk.oid is 0 when it is none.  As the
 * snapshot shows it; "equal" beside slices (NULL: true).  Reports nothing. */
status pg_chunk_load(struct pg *pg, uint32_t oid, const json_t *slices,
    struct pg_chunk *out) MUST_CHECK;

/*
 * What the order of the values that batches are bounded by depends on, such as
 * "c en_US.UTF-8 2.36"; NULL: on nothing.  Batches mean the same where that is
 * the same.  The caller frees.
 */
status pg_batch_order(struct pg *pg, const struct pg_relation *batches,
    char **out) MUST_CHECK;

struct pg_hypertable {
	struct pg_relation relation; /* oid 0: there is none */
	bool aggregate;	  /* it is what the view that was named stands on */
	bool compression; /* is enabled */
	bool merges;	  /* compressing joins chunks */
	bool skipping;	  /* it keeps ranges of its chunks' columns */
	bool watched;	  /* continuous aggregates are made of it */
	bool spread;	  /* over tablespaces of its own */
	bool integers;	  /* its first dimension counts in them */
	int dimensions;
	char *primary; /* the first one's column */
};
void pg_hypertable_free(struct pg_hypertable *h); /* also the cleanup */

/* By its own name, or that of a continuous aggregate. */
status pg_hypertable_load(struct pg *pg, const char *schema, const char *name,
    struct pg_hypertable *out) MUST_CHECK;

/* The chunks of h that share anything with slices, as show_chunk() gives
 * them; *n of them, an array that the caller frees one by one. */
status pg_hypertable_chunks(struct pg *pg, const struct pg_hypertable *h,
    const json_t *slices, struct pg_chunk **out, size_t *n) MUST_CHECK;
void pg_chunks_free(struct pg_chunk *chunks, size_t n);

/*
 * The slices as a predicate over h's columns; NULL when they bound nothing.
 * Of dimensions that h does not have, ranges says what they are, the "range" of
 * a chunk line or NULL; *same: h has just those.  What cannot be said in SQL,
 * and slices without h's first dimension, give *out NULL and *lacking the
 * dimension's name.  The caller frees both.
 */
status pg_hypertable_range(struct pg *pg, const struct pg_hypertable *h,
    const json_t *slices, const json_t *ranges, char **out, bool *same,
    char **lacking) MUST_CHECK;

#endif
