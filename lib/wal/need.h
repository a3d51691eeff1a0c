/* SPDX-License-Identifier: PostgreSQL */
/*
 * From where on WAL is needed: by backups, and by points that were named.
 */
#ifndef WAL_NEED_H
#define WAL_NEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/str.h"
#include "wal/archive.h"
#include "wal/scan.h"

struct need {
	char *why;
	uint32_t timeline; /* 0: of any */
	uint64_t lsn;
	int64_t since; /* not 0: what came after that time, whatever its LSN */
};

struct needs {
	struct need *items;
	size_t count;
	size_t backups; /* of this system that were found */
};

/* Takes why. */
void needs_add(struct needs *n, char *why, uint32_t timeline, uint64_t lsn,
    int64_t since);
void needs_free(struct needs *n); /* also the cleanup */

/*
 * The backups of a directory (or that directory is one), or of a store: by
 * their records.  One of another system needs nothing.  A record that cannot be
 * understood is reported and a failure: it may need all of it.
 */
status needs_of_backups(const char *place, const struct archive *a,
    struct needs *n) MUST_CHECK;
/*
 * An LSN, the name of a segment, or the names of restore points, which are
 * looked for in the archive's WAL.  Reports one that is not there, STATUS_USAGE.
 */
status needs_of_points(const struct strv *points, const struct archive *a,
    const struct scan *s, struct needs *n) MUST_CHECK;

#endif
