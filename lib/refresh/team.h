/* SPDX-License-Identifier: PostgreSQL */
/*
 * Workers, each with a connection of its own, who take what nobody must be
 * waited for.
 */
#ifndef REFRESH_TEAM_H
#define REFRESH_TEAM_H

#include "refresh/plan.h"

/*
 * Refresh and answer all of the plan.  The first worker takes target over,
 * which is open.  The status is of what went wrong apart from the answers:
 * standard output, threads.
 */
status team_run(struct plan *plan, const struct refresh_options *options,
    struct site *target) MUST_CHECK;

#endif
