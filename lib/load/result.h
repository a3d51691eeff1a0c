/* SPDX-License-Identifier: PostgreSQL */
/*
 * Result lines: each chunk of an archive is answered with one, the same
 * line plus what became of it; and the count of what became of all.
 */
#ifndef LOAD_RESULT_H
#define LOAD_RESULT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/str.h"
#include "pg/failure.h"

struct job;
struct entry;

struct results {
	pthread_mutex_t lock;
	uint64_t loaded, skipped, vanished, failed, untried;
	status worst;
	bool unrecorded; /* a failure is not in the ledger */
	bool deaf;	 /* stdout does not take lines any more */
};

void results_init(struct results *a);
void results_free(struct results *a);

/* seconds < 0: not measured. */
void result_loaded(struct job *job, const struct entry *e, double seconds);
void result_skipped(struct job *job, const struct entry *e);
/* Dropped at the source since it was listed: there is nothing to load. */
void result_vanished(struct job *job, const struct failure *f);
/* The failure is reported on stderr, too, unless quiet. */
void result_failed(struct job *job, const struct failure *f, bool quiet);
/* Add to the worst. */
void result_worse(struct results *a, status s);
/* Append what was not loaded, in words; what was is in the progress. */
void results_summary(const struct results *a, struct str *out);

#endif
