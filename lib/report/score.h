/* SPDX-License-Identifier: PostgreSQL */
/*
 * One number for the health of what was collected: from 0 to 100, with the
 * number of checks that it rests on.
 *
 * A check's findings f1, f2, ... (worst first, waived ones left out) cost
 * p1/2 + p2/4 + ..., with p = 1 for a notice, 4 for a warning and 10 for
 * something critical, times the check's weight: so that 500 unused indexes
 * do not zero a database.  A category's score is 100 * (1 - cost / the most
 * that its evaluated checks could cost); the total is the mean of the
 * categories by their weights: risk 30, maintenance 20, index 15, performance
 * 15, security 10, config 5, docs 5, and timescaledb 20 where it is.
 * Something critical caps it: at 49 in risk, at 69 elsewhere.  With less than
 * 60 % of the checks evaluated there is none.  Checks that cannot apply to
 * this server are not counted; one that ran in any database is evaluated,
 * with its findings of all.
 */
#ifndef REPORT_SCORE_H
#define REPORT_SCORE_H

#include "data/record.h"

/* {"score","grade","evaluated","total","skipped","errors","cap",
 * "categories"} of a collection; new. */
json_t *score_of(const json_t *collection);

#endif
