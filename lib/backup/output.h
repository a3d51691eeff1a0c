/* SPDX-License-Identifier: PostgreSQL */
/*
 * The forms that a backup can be given: one tar stream, a directory of
 * archives, a data directory.
 *
 * Called in this order, each archive and its bytes, then the manifest's
 * bytes, then finish: by which time the WAL's files have all been given to
 * wal's functions, from a thread of their own.  What is not finished can never
 * be taken for a backup; free removes it where that is possible.
 */
#ifndef BACKUP_OUTPUT_H
#define BACKUP_OUTPUT_H

#include "backup/request.h"
#include "backup/wal.h"
#include "data/record.h"
#include "pg/replication.h"

struct output;

struct output_ops {
	status (*archive)(struct output *o, const char *name,
	    const struct base_tablespace *t);
	status (*data)(struct output *o, const void *bytes, size_t n);
	status (*manifest)(struct output *o, const void *bytes, size_t n);
	/* What is known before it begins; NULL where nobody would look. */
	status (*note)(struct output *o, const json_t *record);
	/* The record has all but "archives", which are added, and is kept
	 * where this form keeps one. */
	status (*finish)(struct output *o, json_t *record);
	void (*free)(struct output *o);
};

struct output {
	const struct output_ops *ops;
	struct wal_files wal;
	bool plain_bytes; /* it looks into archives: they must not be
			   * compressed */
	const char *path; /* of what was made, once finished; or NULL */
	uint64_t written; /* bytes, once finished */
};

/* What a form needs to know of the server before the backup starts. */
struct output_server {
	uint32_t segment_size;
	bool group_access; /* of its data directory */
	int64_t now;
	char stamp[20]; /* 20250704T165326Z */
};

status output_tar(const struct backup_request *r,
    const struct output_server *server, struct output **out) MUST_CHECK;
status output_directory(const struct backup_request *r,
    const struct output_server *server, struct output **out) MUST_CHECK;
status output_plain(const struct backup_request *r,
    const struct output_server *server, struct output **out) MUST_CHECK;

#endif
