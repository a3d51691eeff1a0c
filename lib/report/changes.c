/* SPDX-License-Identifier: PostgreSQL */
/*
 * The kinds of change that a difference has.
 */
#include <string.h>

#include "base/mem.h"
#include "report/changes.h"
#include "report/show.h"

const char *const changes_of_rows[CHANGES] = {"added", "removed", "changed",
    "grown"};
const char *const changes_of_findings[CHANGES] = {"new", "worse", "better",
    "fixed"};

bool
changes_in_section(const json_t *section)
{
	const char *state = show_text(section, "status");
	size_t i;

	for (i = 0; i < CHANGES; i++)
		if (json_array_size(
			json_object_get(section, changes_of_rows[i])) > 0)
			return true;
	return *state != '\0' && strcmp(state, "both") != 0;
}

bool
changes_in_database(const json_t *database)
{
	const json_t *checks = json_object_get(database, "checks");
	const char *state = show_text(database, "status");
	size_t i;
	json_t *section;

	for (i = 0; i < CHANGES; i++)
		if (json_array_size(
			json_object_get(checks, changes_of_findings[i])) > 0)
			return true;
	if (json_array_size(json_object_get(checks, "unknown")) > 0)
		return true;
	json_array_foreach(json_object_get(database, "sections"), i, section)
	{
		if (changes_in_section(section))
			return true;
	}
	return *state != '\0' && strcmp(state, "both") != 0;
}

void
changes_name(struct str *out, const json_t *section, const json_t *change)
{
	const json_t *key = json_object_get(change, "key");

	if (json_is_object(key))
		show_name(out, section, key);
	else
		show_value(out, key, SHOW_TEXT);
}

char *
changes_unknown(const json_t *item)
{
	json_int_t n = json_integer_value(json_object_get(item, "findings"));
	bool came = strcmp(show_text(item, "list"), "new") == 0;

	return mem_printf("%lld that %s not listed %s: %s", (long long)n,
	    n == 1 ? "is" : "are", came ? "before" : "after",
	    show_text(item, "reason"));
}

bool
changes_growth(const json_t *field, double *out)
{
	double from, to;

	if (!show_number(json_object_get(field, "from"), &from) ||
	    !show_number(json_object_get(field, "to"), &to))
		return false;
	*out = to - from;
	return true;
}
