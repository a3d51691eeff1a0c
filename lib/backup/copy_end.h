/* SPDX-License-Identifier: PostgreSQL */
/*
 * The two ends of a copy: a backup's files in a directory or a store.
 * Private to lib/backup/copy*.c.
 */
#ifndef BACKUP_COPY_END_H
#define BACKUP_COPY_END_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "data/record.h"
#include "run/storeclaim.h"
#include "run/storage.h"

/* Where it comes from. */
struct copy_from {
	struct storage *store; /* or NULL */
	char *url;	       /* or the directory's path */
	struct storage_get get;
	int fd; /* of the open file */
};
/* clang-format off */
#define COPY_FROM_INIT {NULL, NULL, {0, NULL}, -1}
/* clang-format on */
status copy_from_begin(struct copy_from *f, const char *backup) MUST_CHECK;
status copy_from_open(struct copy_from *f, const char *file, uint64_t at)
    MUST_CHECK;
/* whole: read to its end. */
status copy_from_close(struct copy_from *f, bool whole) MUST_CHECK;
void copy_from_free(struct copy_from *f);

/* Where it goes. */
struct copy_to {
	struct storage *store; /* or NULL */
	char *name;	       /* "20250704T165326Z" */
	char *final, *partial; /* paths; partial: of a directory */
	int parent, directory; /* -1: a store */
	struct storage_put put;
	int fd;			 /* of the open file */
	struct storeclaim claim; /* in a store */
	bool again; /* what is there is an earlier copy's of the same */
};
/* clang-format off */
#define COPY_TO_INIT {NULL, NULL, NULL, NULL, -1, -1, {0, NULL}, -1, \
    STORECLAIM_INIT, false}
/* clang-format on */
/* Of the backup with this record.  STATUS_NO: one of that name is there, with a
 * record. */
status copy_to_begin(struct copy_to *t, const char *to, const char *name,
    const json_t *record) MUST_CHECK;
/* *at: bytes of it that are there and can be read from fd; == size in a store
 * means that there is nothing to do, and nothing is open. */
status copy_to_open(struct copy_to *t, const char *file, uint64_t size,
    uint64_t *at) MUST_CHECK;
/* good: keep it. */
status copy_to_close(struct copy_to *t, bool good) MUST_CHECK;
/* Away with what is there of it: of a directory. */
status copy_to_drop(struct copy_to *t, const char *file) MUST_CHECK;
/* In a store: if all is there still; else STATUS_RETRY. */
status copy_to_finish(struct copy_to *t, const json_t *record) MUST_CHECK;
void copy_to_free(struct copy_to *t);

#endif
