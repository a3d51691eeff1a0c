/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which process has a table in its hands: session locks on its control
 * connection, so that chunks of one process never wait for each other.
 *
 *				"table X"		"parts X"
 *	X comes in slices	exclusive to begin or
 *				settle it, then shared
 *				with those who may join
 *	... without a ledger	exclusive
 *	X is replaced		shared
 *	a part of X is		shared			exclusive
 *	... handed out		shared			shared in a group
 *	... without a ledger	exclusive		exclusive
 *
 * "table X": once it is begun, the ledger tells those apart who fill it; who
 * keeps none is alone with it.  "parts X": what is cleared by its predicate,
 * and then loaded, another process would neither see nor clear before the
 * commit, so that of ranges that overlap both would stay.  Only of parts that
 * one queue hands out is it known that they do not overlap.
 *
 * A chunk of a hypertable has a place there, by its slices; that is its X.
 */
#ifndef LOAD_HANDS_H
#define LOAD_HANDS_H

#include <stdbool.h>

#include "load/job.h"
#include "pg/failure.h"

/* Try to take a lock, e.g. "table public.t"; *taken false: others have it. */
status hands_try(struct load *load, const char *what, bool shared, bool *taken,
    struct failure *f) MUST_CHECK;
/* Give it back. */
status hands_drop(struct load *load, const char *what, bool shared,
    struct failure *f) MUST_CHECK;
/* The same where nothing can be done about it. */
void hands_let_go(struct load *load, const char *what, bool shared);
/* Sets the failure of who has waited for them in vain. */
status hands_full(const struct job *job, struct failure *f);

/* What one chunk, which is no slice, has of its process's. */
struct hands {
	char *table, *parts, *group; /* the locks' names; NULL: not held */
	bool shared;		     /* the table's is */
};
/*
 * Before it looks at what it replaces, in its transaction: wait until no other
 * process loads anything that this one would not see.  STATUS_RETRY when the
 * lock timeout has passed, or a signal has come.
 */
status hands_take(const struct job *job, struct hands *h, struct failure *f)
    MUST_CHECK;
/* After its end.  Nothing may be held. */
void hands_give(struct load *load, struct hands *h);

#endif
