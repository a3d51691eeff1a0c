/* SPDX-License-Identifier: PostgreSQL */
/*
 * Segments that are ready before the server asks for them: a directory of files
 * "NAME.KEY", decoded, proved and on disk.  The key says from which file of the
 * archive each was made, so that none outlives a change of the archive.
 */
#ifndef WAL_SPOOL_H
#define WAL_SPOOL_H

#include <stdbool.h>

#include "base/status.h"
#include "wal/archive.h"

/* The one that goes with path, %p: NULL where path is not in pg_wal. */
char *spool_for(const char *path);
/* Take a segment out of it, to path: *taken says whether it was there. */
status spool_take(const char *spool, const struct archive_file *f,
    const char *name, const char *path, bool *taken) MUST_CHECK;
/* Whether it is in there. */
bool spool_has(const char *spool, const struct archive_file *f,
    const char *name);
/* Remove what is not after that name.  Silent. */
void spool_clear(const char *spool, const char *name);
/* Make it, if need be, and be the only one that fills it: the descriptor to
 * close, or -1 when another one does (or it cannot be made). */
int spool_begin(const char *spool);
status spool_add(const char *spool, const struct archive *a,
    const struct archive_file *f, const char *name) MUST_CHECK;

#endif
