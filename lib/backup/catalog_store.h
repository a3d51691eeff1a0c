/* SPDX-License-Identifier: PostgreSQL */
/*
 * The same for a store (run/storage.h): a backup is what has objects below its
 * name.  A store has no locks but claims (run/storeclaim.h): what has no record
 * counts as being made until its name and its claims are a week old.
 */
#ifndef BACKUP_CATALOG_STORE_H
#define BACKUP_CATALOG_STORE_H

#include "backup/catalog.h"
#include "run/storage.h"

status catalog_read_store(const char *url, struct catalog *out) MUST_CHECK;
/* What one is by now; BROKEN also where nothing is left of it. */
status catalog_state_store(const char *url, const char *name,
    enum catalog_state *now) MUST_CHECK;
/* URL/NAME. */
status catalog_record_store(const char *backup, json_t **out) MUST_CHECK;
/* Before a record is put: is all that it names there, in its size?  STATUS_RETRY
 * where something is not: who took it for left over has removed it. */
status catalog_check_store(const struct storage *store, const char *name,
    const json_t *record) MUST_CHECK;
/* All objects of a backup, its record first. */
status catalog_remove_store(const char *url, const char *name) MUST_CHECK;

#endif
