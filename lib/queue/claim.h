/* SPDX-License-Identifier: PostgreSQL */
/*
 * A row of the queue in the hands of one session.
 *
 * It is locked, in a transaction that stays open while the work is done, and
 * is written and unlocked by the end of that transaction.  What ends it
 * otherwise leaves the row as it was.
 */
#ifndef QUEUE_CLAIM_H
#define QUEUE_CLAIM_H

#include "data/record.h"
#include "pg/sql.h"
#include "queue/queue.h"

struct claim {
	int64_t id;    /* 0: none */
	int64_t round; /* from 1 */
	int64_t tries; /* that failed before */
	int64_t bytes; /* estimate, -1: unknown */
	bool by_ctid;
	char *chunk, *piece;
	char *run; /* what the pipeline's run is named after */
	json_t *line;
};
void claim_free(struct claim *c); /* zeroed is legal */

/*
 * Take the next row that is due, of any round where that is 0; none: c->id is
 * 0.  The session is in its transaction when there is one, and only then: as
 * long, the queue cannot be cleared, and the run is the row's.  Failures are
 * reported; what was open is rolled back.
 */
status claim_next(const struct queue_options *o, struct pg *pg, int64_t round,
    struct claim *c) MUST_CHECK;
/* After the session was lost: the same row again, on a new one.  *mine
 * false: somebody else has it or had it. */
status claim_again(const struct queue_options *o, struct pg *pg,
    const struct claim *c, bool *mine) MUST_CHECK;

/* What became of the work.  Strings are borrowed. */
struct outcome {
	bool done;
	const char *answer; /* done: the result's status, or NULL */
	bool wrong;	    /* done, and the answer is no */
	const char *result; /* done: the line */
	const char *error;  /* failed: a JSON object */
	const char *worker;
	double seconds;
};
/*
 * Write it, and end the transaction.  *due is in how many seconds a failed
 * chunk is tried again, below 0 when it is not.
 */
status claim_end(const struct queue_options *o, struct pg *pg,
    const struct claim *c, const struct outcome *out, double *due) MUST_CHECK;
/* Give it back as it was. */
void claim_release(struct pg *pg);

/* What is left when nothing could be claimed. */
struct rest {
	int64_t later;	/* backing off */
	double due;	/* in so many seconds the first of them is due */
	int64_t others; /* somebody works on it */
};
status claim_rest(const struct queue_options *o, struct pg *pg,
    struct rest *out) MUST_CHECK;

/* Lines that waited for who works on their chunks, where they do no more. */
status claim_absorb(const struct queue_options *o, struct pg *pg) MUST_CHECK;
/* Append the set clause that gives row k the line of n, to be done. */
void claim_renew(struct sql *q);

#endif
