/* SPDX-License-Identifier: PostgreSQL */
/*
 * Result lines: each chunk of an archive is answered with one, the same
 * line plus what became of it; and the count of what became of all.
 */
#ifndef LOAD_ANSWER_H
#define LOAD_ANSWER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "pg/failure.h"

struct job;
struct entry;

struct answers {
	pthread_mutex_t lock;
	uint64_t loaded, skipped, failed, untried;
	uint64_t rows, bytes; /* of the loaded ones */
	status worst;
	bool unrecorded; /* a failure is not in the ledger */
	bool deaf;	 /* stdout does not take lines any more */
};

void answers_init(struct answers *a);
void answers_free(struct answers *a);

/* seconds < 0: not measured. */
void answer_loaded(struct job *job, const struct entry *e, double seconds);
void answer_skipped(struct job *job, const struct entry *e);
/* The failure is reported on stderr, too, unless quiet. */
void answer_failed(struct job *job, const struct failure *f, bool quiet);
/* Add to the worst. */
void answer_worse(struct answers *a, status s);
/* "2 chunks loaded (...)" on stderr. */
void answers_summary(struct answers *a, double seconds);

#endif
