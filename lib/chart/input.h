/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rows from standard input: JSON lines, or CSV with a line of names.
 */
#ifndef CHART_INPUT_H
#define CHART_INPUT_H

#include "chart/plan.h"
#include "chart/set.h"

/*
 * Read all of fd, which name names in messages; set gets every point as it
 * is, named and in its order, and plan what the columns are.  Times that are infinite
 * or null are left out.  Reports with the line; STATUS_USAGE.
 */
status chart_input(const struct chart_request *r, int fd, const char *name,
    struct chart_plan *plan, struct chart_set *set) MUST_CHECK;

#endif
