/* SPDX-License-Identifier: PostgreSQL */
/*
 * Proving a backup where it lies: every byte against the manifest, the WAL
 * against the range that a server needs.
 */
#ifndef BACKUP_VERIFY_H
#define BACKUP_VERIFY_H

#include <stdbool.h>

#include "base/status.h"
#include "data/filehash.h"

struct verify_request {
	const char *backup; /* a directory or a file; NULL: stdin */
	unsigned jobs;
	bool no_wal; /* it is elsewhere */
	/* The manifest's checksums, for a stream on stdin. */
	enum filehash_kind expect;
	bool json;
};

/* A line that says what was found.  STATUS_NO: something is not as it should
 * be; each fault was reported. */
status backup_verify(const struct verify_request *r) MUST_CHECK;

#endif
