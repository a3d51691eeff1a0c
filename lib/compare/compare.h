/* SPDX-License-Identifier: PostgreSQL */
/*
 * The judge: do two places hold the same rows?  Reads chunk lines or a copy
 * archive, answers every line on stdout, ends with an end line when all has
 * been said, and sums up on stderr.
 *
 *	one server	a line that carries a digest gets a verdict; one that
 *			carries none gets the digest, of one snapshot for all
 *	two servers	both digests are taken at once, and compared
 *	an archive	is checked whole, its chunks' digests are taken again,
 *			and held to a server where one is named
 */
#ifndef COMPARE_COMPARE_H
#define COMPARE_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/str.h"
#include "pg/conn.h"

struct compare_options {
	bool servers;		 /* any is named: an archive is held to it */
	bool pair;		 /* source and target, else only target */
	struct pg_params source; /* of a pair */
	struct pg_params target; /* or the one server */
	uint64_t jobs;		 /* at least 1 */
	bool partial;		 /* no end line is no fault */
	bool compressed;   /* compare batches where both sides hold them */
	bool rows;	   /* say which rows differ; needs a pair */
	bool values;	   /* and show their values */
	uint64_t max_rows; /* at most so many a line; 0: no limit */
	struct strv key;   /* columns; empty: the primary key */
};

/*
 * Do what stdin asks for.  STATUS_OK when all is well, STATUS_NO when
 * something does not match; STATUS_USAGE for input that is not understood or
 * damaged, STATUS_RETRY for a list that was cut, and what made a line
 * unproved otherwise.
 */
status compare_stdin(const struct compare_options *options) MUST_CHECK;

#endif
