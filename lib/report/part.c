/* SPDX-License-Identifier: PostgreSQL */
/*
 * Queries are put together from what they share and what is their own.
 */
#include "report/part.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"

#define MARK "-- part: "
#define PART_MAX (1024 * 1024)

status
parts_find(struct plugins *out)
{
	return plugins_find("report", ".sql", out);
}

static status
add_part(const struct plugins *parts, const char *file, const char *name,
    struct str *out)
{
	const struct plugin *part = plugins_get(parts, name);
	struct str text CLEANUP(str_free) = STR_INIT;
	status s;

	if (part == NULL) {
		log_error("\"%s\": there is no part \"%s\"", file, name);
		log_hint("it would be the file report/%s.sql of a directory "
			 "of the plug-in path",
		    name);
		return STATUS_USAGE;
	}
	s = path_read(part->file, PART_MAX, &text);
	if (s == STATUS_OK && strlen(str_text(&text)) != text.len) {
		log_error("\"%s\": it is not text", part->file);
		s = STATUS_USAGE;
	}
	if (s == STATUS_OK)
		str_add(out, str_text(&text));
	return s;
}

status
parts_fill(const struct plugins *parts, const char *file, struct str *query)
{
	struct str out = STR_INIT;
	const char *at = str_text(query);
	status s = STATUS_OK;

	while (s == STATUS_OK && *at != '\0') {
		size_t n = strcspn(at, "\n");
		size_t line = n + (at[n] == '\n');

		if (strncmp(at, MARK, strlen(MARK)) == 0) {
			char *name CLEANUP_FREE =
			    mem_strndup(at + strlen(MARK), n - strlen(MARK));

			s = add_part(parts, file, name, &out);
		} else {
			str_addn(&out, at, line);
		}
		at += line;
	}
	str_free(query);
	*query = out;
	return s;
}
