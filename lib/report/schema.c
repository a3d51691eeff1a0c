/* SPDX-License-Identifier: PostgreSQL */
/*
 * The tables of a collection, for the schema formats.
 */
#include <string.h>

#include "base/mem.h"
#include "data/record.h"
#include "report/render_inside.h"
#include "report/schema.h"
#include "report/show.h"

const json_t *
schema_next(const json_t *document, const struct render_options *o, size_t *i,
    const char **database)
{
	const json_t *databases = json_object_get(document, "databases");

	while (*i < json_array_size(databases)) {
		const json_t *at = json_array_get(databases, (*i)++);
		size_t s;
		json_t *section;

		*database = show_text(at, "database");
		if (!render_wants(o, *database))
			continue;
		json_array_foreach(json_object_get(at, "sections"), s, section)
		{
			if (strcmp(show_text(section, "id"), "tables") == 0)
				return section;
		}
	}
	return NULL;
}

bool
schema_is_table(const json_t *row)
{
	return json_is_array(json_object_get(row, "columns")) &&
	    strcmp(show_text(row, "kind"), "view") != 0;
}

static bool
same_names(const json_t *a, const json_t *b)
{
	size_t i;
	json_t *name;

	if (json_array_size(a) != json_array_size(b) || json_array_size(a) == 0)
		return false;
	json_array_foreach(a, i, name)
	{
		if (!str_eq(json_string_value(name),
			json_string_value(json_array_get(b, i))))
			return false;
	}
	return true;
}

bool
schema_is_unique(const json_t *row, const json_t *columns)
{
	size_t i;
	json_t *constraint;

	json_array_foreach(json_object_get(row, "constraints"), i, constraint)
	{
		const char *kind = show_text(constraint, "kind");

		if ((strcmp(kind, "primary key") == 0 ||
			strcmp(kind, "unique") == 0) &&
		    same_names(json_object_get(constraint, "columns"), columns))
			return true;
	}
	return false;
}

size_t
schema_key_size(const json_t *row)
{
	size_t i, n = 0;
	json_t *column;

	json_array_foreach(json_object_get(row, "columns"), i, column)
	{
		n += record_flag(column, "primary_key");
	}
	return n;
}

void
schema_note(struct str *out, const json_t *row)
{
	const char *comment = show_text(row, "comment");
	const char *purpose = show_text(row, "purpose");

	str_add(out, comment);
	if (*comment != '\0' && *purpose != '\0')
		str_addc(out, '\n');
	str_add(out, purpose);
}

void
schema_names(struct str *out, const json_t *names)
{
	size_t i;
	json_t *name;

	json_array_foreach(names, i, name)
	{
		if (i > 0)
			str_add(out, ", ");
		if (json_is_string(name))
			str_add(out, json_string_value(name));
	}
}
