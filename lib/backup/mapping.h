/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where tablespaces go: OLD=NEW, both absolute; "\=" is an equals sign in a
 * name.
 */
#ifndef BACKUP_MAPPING_H
#define BACKUP_MAPPING_H

#include <stddef.h>

#include "base/status.h"
#include "base/str.h"

struct mapping {
	char *from, *to;
};
struct mappings {
	struct mapping *items;
	size_t count;
};

/* Reports; STATUS_USAGE. */
status mappings_parse(const struct strv *texts, struct mappings *out)
    MUST_CHECK;
/* The new place of a location: itself where nothing is said. */
const char *mappings_find(const struct mappings *m, const char *location);
void mappings_free(struct mappings *m);

#endif
