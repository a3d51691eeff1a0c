/* SPDX-License-Identifier: PostgreSQL */
/*
 * Whoever makes a backup holds its directory's lock (flock).
 */
#ifndef RUN_DIRLOCK_H
#define RUN_DIRLOCK_H

#include <stdbool.h>

#include "base/status.h"

/*
 * Does somebody hold the lock of this directory?  *there: the directory is
 * there.  STATUS_FAIL, which is reported, where it may not be opened.
 */
status dirlock_look(const char *path, bool *there, bool *locked) MUST_CHECK;

#endif
