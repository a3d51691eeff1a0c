/* SPDX-License-Identifier: PostgreSQL */
/*
 * Removing backups that are not needed any more.
 *
 * What stays: the newest `keep` good ones, or those finished within `days`
 * days and the newest good one before them (from which WAL leads to the first
 * moment of that time); in any case the newest good one; whatever is newer than
 * the oldest of these; and what an incremental one among them starts from, and
 * so on.  What is being made stays, and what it needs.  Where the record of one
 * is there and cannot be read, everything stays, for that one may need it.
 */
#ifndef BACKUP_EXPIRE_H
#define BACKUP_EXPIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct expire_request {
	const char *directory;
	uint64_t keep; /* 0: by days */
	uint64_t days;
	bool by_days;
	bool dry_run;
	bool json;
};

/* A line for each backup: what is done with it, and why. */
status backup_expire(const struct expire_request *r) MUST_CHECK;

#endif
