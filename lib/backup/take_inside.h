/* SPDX-License-Identifier: PostgreSQL */
/*
 * A backup that is being taken: what take.c and take_record.c share.
 */
#ifndef BACKUP_TAKE_INSIDE_H
#define BACKUP_TAKE_INSIDE_H

#include "backup/incremental.h"
#include "backup/output.h"
#include "backup/pages.h"
#include "backup/take.h"
#include "backup/wal.h"
#include "data/codec_push.h"
#include "data/filehash.h"
#include "data/manifest.h"
#include "data/record.h"
#include "pg/replication.h"

struct take {
	const struct backup_request *r;
	char *label;
	struct pg *pg;
	int version;
	struct replication_system system;
	bool standby;
	struct output_server server;
	struct incremental since;
	struct wal_keeper *wal;
	struct base_backup *b;
	struct output *out;
	struct codec_pusher *pusher; /* of the archive, or NULL */
	bool in_manifest;
	struct manifest *manifest;
	struct filehash manifest_hash;
	char manifest_sha[2 * FILEHASH_MAX + 1];
	uint64_t manifest_bytes, shown; /* bytes of progress */
	struct pages pages;
	int64_t started;
	double began;
	json_t *record;
};

/* Set t->record, once all is known but what the output adds. */
void take_record(struct take *t);

#endif
