/* SPDX-License-Identifier: PostgreSQL */
/*
 * Reads share/sql/chunks-*.sql.
 */
#include "chunk/text.h"

#include <stddef.h>

#include "base/mem.h"
#include "base/path.h"

#define TEXT_MAX (1024 * 1024)

static const struct {
	const char *name;
	size_t offset;
} files[] = {
    {"hypertables", offsetof(struct texts, hypertables)},
    {"nohypertables", offsetof(struct texts, nohypertables)},
    {"named", offsetof(struct texts, named)},
    {"cascade", offsetof(struct texts, cascade)},
    {"kind", offsetof(struct texts, kind)},
    {"left", offsetof(struct texts, left)},
    {"chosen", offsetof(struct texts, chosen)},
    {"matches", offsetof(struct texts, matches)},
    {"apart", offsetof(struct texts, apart)},
    {"taken", offsetof(struct texts, taken)},
    {"shown", offsetof(struct texts, shown)},
    {"shown-apache", offsetof(struct texts, shown_apache)},
    {"shown-apache-2.14", offsetof(struct texts, shown_apache_before)},
    {"roots", offsetof(struct texts, roots)},
    {"caggs", offsetof(struct texts, caggs)},
    {"piece", offsetof(struct texts, piece)},
    {"keyed", offsetof(struct texts, keyed)},
    {"unkeyed", offsetof(struct texts, unkeyed)},
    {"keys", offsetof(struct texts, keys)},
    {"list", offsetof(struct texts, list)},
    {"age", offsetof(struct texts, age)},
    {"depth", offsetof(struct texts, depth)},
    {"columns", offsetof(struct texts, columns)},
    {"statistics", offsetof(struct texts, statistics)},
};
#define FILES (sizeof(files) / sizeof(files[0]))

static struct str *
member(struct texts *t, size_t i)
{
	return (struct str *)(void *)((char *)t + files[i].offset);
}

status
texts_load(struct texts *out)
{
	for (size_t i = 0; i < FILES; i++) {
		char *file CLEANUP_FREE = mem_printf("%s/sql/chunks-%s.sql",
		    path_share(), files[i].name);
		status s = path_read(file, TEXT_MAX, member(out, i));

		if (s != STATUS_OK)
			return s;
	}
	return STATUS_OK;
}

void
texts_free(struct texts *t)
{
	for (size_t i = 0; i < FILES; i++)
		str_free(member(t, i));
}
