/* SPDX-License-Identifier: PostgreSQL */
/*
 * Removing WAL that nothing needs any more.
 *
 * A segment stays when a backup or a named point is at or before it, on its
 * timeline or one that this left later; age alone never removes anything.  The
 * newest segment stays in any case, as do history files.
 */
#ifndef WAL_EXPIRE_H
#define WAL_EXPIRE_H

#include <stdbool.h>

#include "base/status.h"
#include "base/str.h"

struct expire_request {
	const char *archive;
	struct strv backups; /* directories or stores */
	struct strv points;  /* LSNs, segments, restore points */
	bool dry_run, json;
};

/* A line for each file that goes.  Where there is no backup and no point,
 * nothing goes: STATUS_FAIL. */
status wal_expire(const struct expire_request *r) MUST_CHECK;

#endif
