/* SPDX-License-Identifier: PostgreSQL */
/*
 * Two servers work at once: the same function for both, the source's in a
 * thread of its own.  Connections belong to one thread at a time, and these
 * are handed over and back.
 */
#ifndef COMPARE_BOTH_H
#define COMPARE_BOTH_H

#include "base/status.h"

enum { SOURCE, TARGET, SIDES };

typedef status (*both_fn)(void *arg);

void both_run(both_fn fn, void *source, void *target, status out[SIDES]);
/* The same, merged. */
status both_do(both_fn fn, void *source, void *target) MUST_CHECK;

#endif
