/* SPDX-License-Identifier: PostgreSQL */
/*
 * The backups of a directory, by their records.
 */
#ifndef BACKUP_CATALOG_H
#define BACKUP_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "data/record.h"

enum catalog_state {
	CATALOG_GOOD,
	CATALOG_DAMAGED, /* pages failed their checksum */
	CATALOG_RUNNING, /* somebody is making it */
	CATALOG_BROKEN,	 /* what a killed run has left: it has no record */
	CATALOG_UNKNOWN	 /* what is noted of it could not be read */
};

struct backup_item {
	char *name;	/* of its directory */
	json_t *record; /* what it says, in the making what is noted; or NULL */
	enum catalog_state state;
	int64_t finished;
	/* Its base, when it is an incremental one: by its manifest's sum. */
	const char *needs; /* sha256 or NULL */
	const char *sum;   /* of its own manifest */
};

struct catalog {
	struct backup_item *items; /* the oldest first */
	size_t count;
	/* The worst that was met with an UNKNOWN one, which was reported: who
	 * removes what others may need must know all of them. */
	status unread;
};
/* clang-format off */
#define CATALOG_INIT {NULL, 0, STATUS_OK}
/* clang-format on */

/* Of a directory, or of a store's URL: all that are there, or a failure. */
status catalog_read(const char *directory, struct catalog *out) MUST_CHECK;
void catalog_free(struct catalog *c); /* also the cleanup */

/* One backup's record, from its directory; STATUS_USAGE where there is none. */
status catalog_record(const char *backup, json_t **out) MUST_CHECK;

/* A record's text, which may end in a newline; shown names it. */
status catalog_parse(const char *text, size_t n, const char *shown,
    json_t **out) MUST_CHECK;
/* What the record of an item says of it, and of one in the making its note. */
void catalog_understand_note(struct backup_item *item);
void catalog_understand(struct backup_item *item);
const char *catalog_state_name(enum catalog_state state);
/* "2025-07-04T16:53:26Z"; -1 for what is none. */
int64_t catalog_time(const char *text);

#endif
