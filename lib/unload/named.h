/* SPDX-License-Identifier: PostgreSQL */
/*
 * Tables named on the command line, in place of chunk lines.
 */
#ifndef UNLOAD_NAMED_H
#define UNLOAD_NAMED_H

#include <stddef.h>

#include "unload/snapshot.h"

/*
 * A chunk line for each, as pg-chunks would give it for that table alone and
 * whole.  Names are written as in SQL ("My Table", public.t); without a
 * schema the name must be there only once.  A table that is not there is
 * STATUS_USAGE, one whose rows are in other tables is STATUS_FAIL; all such
 * are reported.
 */
status named_lines(const struct snapshot *s, char *const *names, size_t n,
    json_t **out) MUST_CHECK;

#endif
