/* SPDX-License-Identifier: PostgreSQL */
/*
 * What archive_command runs: a file of pg_wal into the archive.
 */
#ifndef WAL_PUSH_H
#define WAL_PUSH_H

#include <stdbool.h>

#include "base/status.h"
#include "data/codec_write.h"

struct push_request {
	const char *archive;
	const char *path; /* %p */
	struct codec_spec codec;
	bool json; /* print a record of it */
};

/*
 * STATUS_OK only when the file is on disk in the archive, under the name that
 * it has in path: now, or since before, with the same content.
 */
status wal_push(const struct push_request *r) MUST_CHECK;

#endif
