/* SPDX-License-Identifier: PostgreSQL */
/*
 * Plug-ins: files that a user adds by dropping them into a directory.  Text:
 * a chunk source NAME is the file chunks/NAME.sql below a directory of the
 * plug-in path (base/path.h) or below share/.  Programs: a store NAME is the
 * executable store-NAME in a directory of that path.  The first one that is
 * found under a name hides the others.  Folders: a report's section NAME is the
 * folder report/NAME, known by a file in it.
 */
#ifndef RUN_PLUGIN_H
#define RUN_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

struct plugin {
	char *name;  /* "partition" */
	char *file;  /* its absolute path */
	bool ours;   /* from share/ or libexec/ */
	bool hidden; /* another one of this name comes first */
};

struct plugins {
	struct plugin *items; /* by name, then in the order of the path */
	size_t count;
};
/* clang-format off */
#define PLUGINS_INIT {NULL, 0}
/* clang-format on */

/* All of one kind: folder "chunks", suffix ".sql".  A directory that is not
 * there has none; one that cannot be read is reported, STATUS_FAIL. */
status plugins_find(const char *folder, const char *suffix, struct plugins *out)
    MUST_CHECK;
/* All programs of one kind: prefix "store-". */
status plugins_find_programs(const char *prefix, struct plugins *out)
    MUST_CHECK;
/* All folders below folder "report" that hold a file of the name marker. */
status plugins_find_folders(const char *folder, const char *marker,
    struct plugins *out) MUST_CHECK;
/* The one to use, NULL where there is none. */
const struct plugin *plugins_get(const struct plugins *p, const char *name);
void plugins_free(struct plugins *p); /* also the cleanup */

#endif
