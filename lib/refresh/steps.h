/* SPDX-License-Identifier: PostgreSQL */
/*
 * A window refreshed step by step, each of which the server commits.  What
 * lies below the watermark is refreshed by force, also where TimescaleDB
 * holds it to be up to date.
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
};

status steps_run(struct steps *steps, struct failure *f) MUST_CHECK;

#endif
