/* SPDX-License-Identifier: PostgreSQL */
/*
 * All lines, what both servers say about them, and in which order they must
 * be refreshed.
 */
#ifndef REFRESH_PLAN_H
#define REFRESH_PLAN_H

#include "refresh/item.h"

struct plan {
	struct item **items; /* owned; their addresses stay */
	size_t n, cap;
};

/* Takes the line over. */
void plan_add(struct plan *plan, struct cagg_line *line);
/*
 * Ask the servers.  An aggregate that cannot be refreshed fails on its own
 * (item's failure is set); the status is of what concerns all, reported.
 * target is open.
 */
status plan_make(struct plan *plan, const struct refresh_options *options,
    struct site *target) MUST_CHECK;
void plan_free(struct plan *plan);

#endif
