/* SPDX-License-Identifier: PostgreSQL */
/*
 * Continuous aggregates of a target, brought to where the source's are:
 * reads continuous-aggregate lines, refreshes each aggregate step by step,
 * lower levels of a hierarchy first, answers every line on stdout, ends with
 * an end line when all has been said, and sums up on stderr.
 */
#ifndef REFRESH_REFRESH_H
#define REFRESH_REFRESH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "pg/conn.h"

/* How far one call of the server goes, so how much one commit holds. */
struct refresh_step {
	const char *text;  /* as the user wrote it; NULL: a chunk of what is
			    * materialised */
	bool whole;	   /* all at once */
	uint64_t buckets;  /* so many, or 0 */
	uint64_t duration; /* or ms of time */
};

struct refresh_options {
	bool has_source;	 /* else the lines' watermarks are taken */
	struct pg_params source; /* asked for its watermarks once */
	struct pg_params target;
	uint64_t jobs;		  /* at least 1 */
	struct refresh_step step; /* see above */
	const char *from; /* a value, "start", or NULL: where it ended */
	bool dry_run;	  /* say what would be done */
	bool partial;	  /* no end line is no fault */
};

/*
 * Do what stdin asks for.  STATUS_OK when the target is where the source is,
 * STATUS_NO when all was refreshed and it still is not, because rows are
 * missing there; STATUS_USAGE for input that is not understood, STATUS_RETRY
 * for a list that was cut, and what made an aggregate fail otherwise.
 */
status refresh_stdin(const struct refresh_options *options) MUST_CHECK;

#endif
