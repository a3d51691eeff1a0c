/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where a source's relation goes: --map OLD=NEW.
 *
 *	schema=schema2			every relation of a schema
 *	schema.table=schema2.table2	one relation; wins over its schema's rule
 *
 * Names are written as in SQL: folded to lower case unless quoted.
 */
#ifndef LOAD_MAP_H
#define LOAD_MAP_H

#include "base/status.h"
#include "base/str.h"

struct map_rule {
	char *schema, *table; /* table NULL: the whole schema */
	char *to_schema, *to_table;
};

struct map {
	struct map_rule *rules;
	size_t len;
};
#define MAP_INIT        \
	{               \
		NULL, 0 \
	}

/* A rule that cannot be understood, or two for one name, is reported;
 * STATUS_USAGE. */
status map_parse(const struct strv *texts, struct map *out) MUST_CHECK;
/* False where no rule speaks of it; the names then stay.  The results are
 * borrowed from the map and the arguments. */
bool map_relation(const struct map *m, const char *schema, const char *table,
    const char **to_schema, const char **to_table);
/* Is there a rule for this relation itself, not only for its schema? */
bool map_names_relation(const struct map *m, const char *schema,
    const char *table);
/* Of schema rules only: where a schema's types are. */
const char *map_schema(const struct map *m, const char *schema);
void map_free(struct map *m); /* also the cleanup */

/* "a, "B"" to names; false when it is no list of names. */
bool map_names(const char *text, struct strv *out);

#endif
