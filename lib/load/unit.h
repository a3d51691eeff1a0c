/* SPDX-License-Identifier: PostgreSQL */
/*
 * The ledger's row of a relation that arrives in slices: finding it,
 * beginning it, completing it.  sliced.h says what for.
 */
#ifndef LOAD_UNIT_H
#define LOAD_UNIT_H

#include "load/coverage.h"
#include "load/entry.h"
#include "load/job.h"
#include "load/sliced.h"
#include "load/target.h"

/* How a relation stands when its first slice comes. */
struct unit {
	int64_t id;	 /* of the row; 0: there is no ledger */
	uint32_t target; /* the table's oid */
	bool complete;
	struct coverage coverage; /* what is loaded already */
};

/* A row about the target, whichever run's, as unit_rows gives it. */
enum unit_column {
	UNIT_ID,
	UNIT_RUN,
	UNIT_MINE, /* this run, this predicate */
	UNIT_SAME_RUN,
	UNIT_IDENTITY, /* is this archive's */
	UNIT_COMPLETED,
	UNIT_WITHIN,
	UNIT_SOURCE, /* is this chunk's relation */
	UNIT_TARGET, /* the target's oid */
	UNIT_GONE,   /* a crash has taken its rows */
	UNIT_THERE   /* its table still has the target's name */
};

status unit_rows(struct pg *pg, const struct job *job, const char *within,
    bool lock, struct pg_result **out, struct failure *f) MUST_CHECK;
/* The row of this run and that predicate, or -1. */
int unit_mine(const struct pg_result *rows);

/* Is it open under this archive's snapshot, so that slices may be added
 * without beginning anything, or complete in this run, so that none are? */
status unit_joinable(struct pg *pg, const struct job *job, bool *out,
    struct failure *f) MUST_CHECK;
/*
 * Find it, or begin it (anew): clear, drop indexes, write the row, all in
 * one transaction.  Whoever calls keeps other processes out.
 */
status unit_begin(struct pg *pg, struct job *job, struct unit *out,
    struct failure *f) MUST_CHECK;
/* In a slice's transaction: the row must stay as it is.  loaded: the slice is
 * there, and so may be all of them. */
status unit_hold(struct pg *pg, const struct job *job, int64_t id, bool loaded,
    struct failure *f) MUST_CHECK;
/* All slices in the ledger, e.g. those of other processes, too. */
status unit_coverage(struct pg *pg, const struct job *job, int64_t id,
    struct coverage *out, struct failure *f) MUST_CHECK;
/* Mark it complete; *first: nobody else had. */
status unit_complete(struct pg *pg, const struct job *job, int64_t id,
    bool *first, struct failure *f) MUST_CHECK;
/* What waits for completion: deferred indexes, a partition to attach. */
status unit_settle(struct pg *pg, const struct job *job, struct failure *f)
    MUST_CHECK;
/*
 * Append a condition on a row s of the ledger's table "sliced": the relation is
 * complete, and that still waits.  A table that was dropped or renamed since
 * waits for nothing, nor what was built or attached by hand.
 */
void unit_where_unsettled(struct sql *q, const struct run *run);
/*
 * For append and upsert, which clear nothing: refused is a target in the middle
 * of another load, whose indexes wait to be built, or which waits to be
 * attached.  attaching: the latter is ours.
 */
status unit_refuse_unsettled(struct pg *pg, const struct job *job,
    const struct target *t, bool attaching, struct failure *f) MUST_CHECK;

/*
 * The sum of a complete relation's pieces that begin within [from, to) of a
 * ctid slice; of all of them when the chunk is no slice.  A slice by key or
 * time is found by its id alone.
 */
status unit_sum(struct pg *pg, const struct job *job, struct entry *out,
    struct failure *f) MUST_CHECK;

#endif
