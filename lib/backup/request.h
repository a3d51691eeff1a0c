/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a user asks of a backup.
 */
#ifndef BACKUP_REQUEST_H
#define BACKUP_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "data/codec_write.h"
#include "pg/conn.h"

enum take_wal {
	TAKE_WAL_STREAM, /* a second connection, while the backup runs */
	TAKE_WAL_FETCH,	 /* the server adds it at the end */
	TAKE_WAL_NONE	 /* it is in an archive */
};

struct backup_request {
	struct pg_params server;

	/* One of these. */
	bool tar;	       /* one stream on stdout */
	const char *directory; /* a dated directory below this one, or a URL */
	const char *plain;     /* this data directory */

	const char *label; /* or NULL */
	bool fast;
	enum take_wal wal;
	bool verify_checksums;
	const char *manifest_checksums;
	uint64_t max_rate;	  /* bytes a second; 0: no limit */
	struct codec_spec client; /* CODEC_NONE: none */
	struct codec_spec server_codec;
	const char *incremental_from; /* a manifest's file, or NULL */
	const char *spool;    /* directory of temporary files, or NULL */
	struct strv mappings; /* OLD=NEW of tablespaces */
	bool json;
};

#endif
