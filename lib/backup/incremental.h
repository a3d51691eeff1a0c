/* SPDX-License-Identifier: PostgreSQL */
/*
 * What an incremental backup starts from: the manifest of the one before,
 * which the server is given (17 and later).
 */
#ifndef BACKUP_INCREMENTAL_H
#define BACKUP_INCREMENTAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "data/filehash.h"
#include "data/record.h"
#include "pg/replication.h"

struct incremental {
	bool used;
	char *from;			/* the backup's name, or the path */
	char sha[2 * FILEHASH_MAX + 1]; /* of the manifest's bytes */
	uint64_t start;			/* of that backup */
};

/*
 * file: a backup_manifest, or a directory with one.  It is read and judged
 * here (its own checksum, the same cluster), then given to the server.
 */
status incremental_begin(struct incremental *i, struct pg *pg,
    const struct replication_system *system, const char *file) MUST_CHECK;
/* "incremental": {"from","manifest_sha256","start_lsn"} or null. */
void incremental_record(const struct incremental *i, json_t *record);
void incremental_free(struct incremental *i);

#endif
