/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where a dated backup is made: DIR/20250704T165326Z.partial, which becomes
 * DIR/20250704T165326Z once its record, backup.json, lies in it, durably.
 * What has no record is no backup.  While it is made, its directory is locked
 * (flock), so that what a killed run left can be told from what is alive.
 */
#ifndef BACKUP_PLACE_H
#define BACKUP_PLACE_H

#include <stdbool.h>

#include "base/status.h"
#include "data/record.h"

#define PLACE_RECORD "backup.json"
#define PLACE_PARTIAL ".partial"
#define PLACE_NOTE "backup.json.partial" /* while it is being made */

struct place {
	char *parent, *name, *partial, *final; /* name: of the backup */
	int parent_fd, fd;
	bool kept;
};
/* clang-format off */
#define PLACE_INIT {NULL, NULL, NULL, NULL, -1, -1, false}
/* clang-format on */

/* Make the directory, and its parent where that is missing; a second later
 * where somebody else has this second's name.  *stamp is changed then. */
status place_begin(struct place *p, const char *parent, char stamp[20])
    MUST_CHECK;
/* Note what is known of it already, for those who look while it is made. */
status place_note(const struct place *p, const json_t *record) MUST_CHECK;
/* Everything in it is complete and fsynced: write the record, rename. */
status place_finish(struct place *p, const json_t *record) MUST_CHECK;
/* Closes; removes what was not finished. */
void place_free(struct place *p);

/* A file of small text, durably: a temporary name, fsync, rename, fsync of the
 * directory. */
status place_write(int directory, const char *shown, const char *file,
    const char *text, size_t n) MUST_CHECK;
/* Remove a directory of plain files, and it, if it is there; false with errno,
 * EWOULDBLOCK where somebody makes a backup of it. */
bool place_remove(int parent, const char *name);
/* A backup's name: 8 digits, T, 6 digits, Z. */
bool place_is_stamp(const char *name);
void place_stamp(char stamp[20], int64_t when);
int64_t place_time(const char *stamp); /* the other way; -1: none */

#endif
