/* SPDX-License-Identifier: PostgreSQL */
/*
 * How the timelines of an archive hang together.
 */
#ifndef WAL_TIMELINE_H
#define WAL_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "data/walhistory.h"
#include "wal/archive.h"
#include "wal/scan.h"

/* A timeline's history; *there false where the archive has none of it, or one
 * that is none.  Timeline 1 has an empty one. */
status timeline_history(const struct archive *a, uint32_t timeline,
    struct wal_history *h, bool *there) MUST_CHECK;

/* What is wrong: a file (or the first that is missing), "missing" or "broken",
 * and why. */
typedef void (*timeline_problem_fn)(void *arg, const char *file,
    const char *what, const char *why);
/* Gaps within a timeline and at its beginning, histories that are not there. */
status timeline_check(const struct archive *a, const struct scan *s,
    timeline_problem_fn fn, void *arg) MUST_CHECK;

#endif
