/* SPDX-License-Identifier: PostgreSQL */
/*
 * A relation that arrives in slices is one piece of work under one
 * snapshot.
 *
 * Before its first slice it is cleared in a transaction of its own, which
 * the ledger records together with the snapshot's identity; then each slice
 * is loaded in its own transaction.  When the slices form a whole, the
 * relation is completed: its indexes are built, a new partition is attached.
 *
 * Slices of another snapshot never join what is there: if it is not
 * complete it is begun anew, if it is complete they are skipped.  A session
 * lock keeps a second process with another snapshot away until then.
 */
#ifndef LOAD_SLICED_H
#define LOAD_SLICED_H

#include "load/entry.h"
#include "load/job.h"

struct slices *sliced_set_new(void);
void sliced_set_free(struct slices *s);

enum sliced {
	SLICED_OPEN,	/* load the slice */
	SLICED_COMPLETE /* it is there already */
};
/*
 * To be called before a slice's transaction: the first one clears, others
 * wait for it.
 */
status sliced_enter(struct pg *pg, struct job *job, enum sliced *out,
    struct failure *f) MUST_CHECK;
/* Within the slice's transaction: nobody begins anew before it ends.  target is
 * the table's oid, which must be that of the first slice; 0: the ledger says
 * that the slice is there. */
status sliced_hold(struct pg *pg, const struct job *job, uint32_t target,
    struct failure *f) MUST_CHECK;
/* After its commit.  The last slice completes the relation; what goes wrong
 * then is reported and added to the results' worst. */
void sliced_loaded(struct pg *pg, struct job *job);
/* What a slice of a complete relation is answered with. */
status sliced_share(struct pg *pg, const struct job *job, struct entry *out,
    struct failure *f) MUST_CHECK;

/*
 * For a chunk that is no slice, in its transaction, before it clears: does
 * it come in place of slices (target is the table's oid)?  *complete: those are all there and are what
 * the chunk is, *out is their sum.  What of unfinished slices must be
 * cleared as well comes as predicates (whole: everything), and their rows
 * leave the ledger.
 */
struct sliced_rest {
	bool whole;
	struct strv predicates;
};
status sliced_precede(struct pg *pg, struct job *job, uint32_t target,
    bool *complete, struct entry *out, struct sliced_rest *rest,
    struct failure *f) MUST_CHECK;

/*
 * The archive is at its end: complete what several processes have filled
 * together, and settle what earlier ones of the run have left complete and not
 * indexed or attached.  incomplete counts relations that still lack slices.
 */
status sliced_end(struct load *load, struct pg *pg, size_t *incomplete)
    MUST_CHECK;

#endif
