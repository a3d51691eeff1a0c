/* SPDX-License-Identifier: PostgreSQL */
/*
 * A window refreshed step by step, each of which the server commits.  What
 * TimescaleDB holds to be up to date is refreshed by force, if it can be.
 */
#ifndef REFRESH_STEPS_H
#define REFRESH_STEPS_H

#include "refresh/window.h"

struct steps {
	struct site *site; /* the target; connected again when lost */
	const struct pg_params *params;
	const struct view *view;
	struct window window;
	uint64_t buckets; /* a step */
	bool dry_run;	  /* only count */
	double patience;  /* seconds for others' refreshes; 0: for ever */

	uint64_t done;	  /* out: steps */
	bool interrupted; /* out: by the first signal */
	bool unforced;	  /* out: some of it passed for up to date before */
};

status steps_run(struct steps *steps, struct failure *f) MUST_CHECK;

#endif
