/* SPDX-License-Identifier: PostgreSQL */
/*
 * Telling which backups there are, and what one is.
 */
#ifndef BACKUP_LIST_H
#define BACKUP_LIST_H

#include <stdbool.h>

#include "base/status.h"

/* One line a backup, the oldest first; json: its record, or its name and
 * state where it has none, and an end line. */
status backup_list(const char *directory, bool json) MUST_CHECK;
/* All of one record; json: as one line. */
status backup_tell(const char *backup, bool json) MUST_CHECK;

#endif
