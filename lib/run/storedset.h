/* SPDX-License-Identifier: PostgreSQL */
/*
 * A backup (data/backupset.h) wherever it lies: a directory, a file, a stream,
 * or below the URL of a store.
 */
#ifndef RUN_STOREDSET_H
#define RUN_STOREDSET_H

#include "base/status.h"
#include "data/backupset.h"

/* As backupset_open; path may be a URL: "s3://bucket/20250704T165326Z". */
status storedset_open(const char *path, int fd, struct backupset **out)
    MUST_CHECK;

#endif
