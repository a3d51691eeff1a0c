/* SPDX-License-Identifier: PostgreSQL */
/*
 * Copying a backup to another place: from a directory or a store to a
 * directory or a store, every file compared with the record on its way, the
 * record last.  What an interrupted copy has left is gone on with.
 */
#ifndef BACKUP_COPY_H
#define BACKUP_COPY_H

#include <stdbool.h>

#include "base/status.h"

struct copy_request {
	const char *backup; /* DIR/NAME or URL/NAME */
	const char *to;	    /* the directory or URL that gets NAME */
	bool json;
};

/* A line with the copy's path.  STATUS_NO: a file is not what its record
 * says. */
status backup_copy(const struct copy_request *r) MUST_CHECK;

#endif
