/* SPDX-License-Identifier: PostgreSQL */
/*
 * A chunk of a hypertable on its way into another: where it goes, by its
 * slices and never by its name.
 *
 *	NEW	the target has nothing there, or an empty chunk, which it
 *		takes the place of: a table is made, filled
 *		without indexes, given what the hypertable has, and made a
 *		chunk; the hypertable is locked only for that
 *	CHUNK	into the chunk that has the same slices
 *	THROUGH	into the hypertable, which finds the places: the chunk there
 *		is compressed, or bounds differ
 *	BATCHES	compressed rows into a table like the one that TimescaleDB made
 *		for them when the empty chunk was compressed, in whose place
 *		it comes in the end; what is in no batch goes into the chunk.
 *		Where that cannot be done, into TimescaleDB's own table; then
 *		the rest goes THROUGH, and sizes are not known to it.
 *
 * Batches that the target cannot keep as they are (other settings, other
 * columns, a newer version's) are unpacked, see unpack.h, and go as rows.
 */
#ifndef LOAD_HYPERTABLE_H
#define LOAD_HYPERTABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "load/job.h"
#include "load/quiet.h"
#include "load/target.h"
#include "pg/timescale.h"

enum hyper_way { HYPER_NEW, HYPER_CHUNK, HYPER_THROUGH, HYPER_BATCHES };

struct hyper {
	struct pg_hypertable table;
	struct pg_chunk *chunks; /* those that share anything with ours */
	size_t nchunks;
	struct pg_chunk *chunk; /* the one of the same slices, or NULL */
	char *range;		/* our slices as a predicate; NULL: no bounds */
	bool same;		/* its dimensions are those of our slices */
	enum hyper_way way;
	bool adopt;		   /* batches go into a table of our own: */
	struct pg_relation own;	   /* this one, once it is made */
	bool unpack;		   /* batches come, and go as rows */
	bool make;		   /* something must be made first ... */
	bool make_compressed;	   /* ... for batches */
	bool compress, decompress; /* when the rows are there */
	struct quiet quiet;
};
void hyper_free(struct hyper *h); /* also the cleanup */

/*
 * In the load's transaction: find the hypertable and what is in the chunk's
 * place, keep that from being compressed meanwhile, and choose the way.  With
 * h->make the transaction is to be ended and hyper_make called, after which
 * all is to be looked at again.
 */
status hyper_open(struct pg *pg, const struct job *job, struct hyper *h,
    struct failure *f) MUST_CHECK;
/*
 * In a short transaction of its own, because it locks the hypertable: make
 * the empty chunk; have it compressed where batches are to go.  A process
 * that is killed after that leaves an empty chunk, which is found and used.
 * On failure the caller rolls back.
 */
status hyper_make(struct pg *pg, const struct job *job, const struct hyper *h,
    struct failure *f) MUST_CHECK;
/*
 * What rows are copied into: *t describes it.  Of NEW it is made.  *raced: it
 * is worth another attempt.
 */
status hyper_target(struct pg *pg, const struct job *job, struct hyper *h,
    struct target *t, struct failure *f) MUST_CHECK;
/* Clear what the chunk covers: its predicate, or all within its slices. */
status hyper_clear(struct pg *pg, const struct job *job, struct hyper *h,
    const struct target *t, struct failure *f) MUST_CHECK;
/* The same for what was found to be in the way at the end. */
status hyper_clear_range(struct pg *pg, const struct job *job, struct hyper *h,
    const struct target *t, struct failure *f) MUST_CHECK;
/* After the rows: make the new table a chunk, compress, decompress.  *oid is
 * the relation that the ledger is to name. */
status hyper_finish(struct pg *pg, const struct job *job, struct hyper *h,
    struct target *t, uint32_t *oid, struct failure *f) MUST_CHECK;

bool hyper_compressed(const struct pg_chunk *c); /* NULL: no */
/* Are there rows in a relation: only in itself, or with batches? */
status hyper_rows(struct pg *pg, const struct job *job,
    const struct pg_relation *r, bool only, bool *out, struct failure *f)
    MUST_CHECK;
/* compress_chunk() or decompress_chunk() of a relation. */
status hyper_call(struct pg *pg, const struct job *job, const char *function,
    const struct pg_relation *chunk, struct failure *f) MUST_CHECK;

#endif
