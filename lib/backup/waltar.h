/* SPDX-License-Identifier: PostgreSQL */
/*
 * Files of pg_wal as members of a tar.
 */
#ifndef BACKUP_WALTAR_H
#define BACKUP_WALTAR_H

#include "backup/sink.h"
#include "backup/tarhead.h"
#include "backup/wal.h"

struct waltar {
	struct sink *sink;  /* borrowed */
	const char *prefix; /* "pg_wal/" or "" */
	struct tarhead_owner owner;
	uint64_t size; /* of the open member */
};

void waltar_init(struct waltar *t, struct sink *sink, const char *prefix,
    struct wal_files *files);

/* A directory of temporary files: the one given, TMPDIR or /var/tmp. */
const char *spool_directory(const char *given);
/* A file there that no name leads to. */
status spool_open(const char *given, int *fd) MUST_CHECK;
/* All of a spool, which is then empty, into a sink. */
status spool_copy(int fd, struct sink *to) MUST_CHECK;

#endif
