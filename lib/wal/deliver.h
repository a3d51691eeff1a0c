/* SPDX-License-Identifier: PostgreSQL */
/*
 * Bringing a file of an archive to a place outside, proved.
 */
#ifndef WAL_DELIVER_H
#define WAL_DELIVER_H

#include <stdbool.h>

#include "base/status.h"
#include "wal/archive.h"

/*
 * Decode f, whose name it is, into the new file path: beside its place, fsynced,
 * renamed, its directory fsynced.  A segment is proved on the way; a partial one
 * is filled with zeros up to its size.  What is not sound is reported,
 * STATUS_USAGE, and path is not made; nor is it ahead of its time, STATUS_NO,
 * where WAL ends within the segment: whether more follows is to be seen when
 * the server asks.
 */
status deliver(const struct archive *a, const struct archive_file *f,
    const char *name, const char *path, bool ahead) MUST_CHECK;
/* The directory of a path: "." where it has none; to be freed. */
char *directory_of(const char *path);
status sync_directory_of(const char *path) MUST_CHECK;

#endif
