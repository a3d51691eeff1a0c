/* SPDX-License-Identifier: PostgreSQL */
/*
 * The schema in DBML (https://dbml.dbdiagram.io/docs): tables with columns,
 * indexes and notes, then the references between them.
 */
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "data/record.h"
#include "report/escape.h"
#include "report/render_inside.h"
#include "report/schema.h"
#include "report/show.h"

static void
add_table_name(struct str *out, const json_t *row)
{
	escape_dbml(out, show_text(row, "schema"), '"');
	str_addc(out, '.');
	escape_dbml(out, show_text(row, "table"), '"');
}

/* Words stand bare, what has blanks or brackets between quotes. */
static void
add_type(struct str *out, const char *type)
{
	if (*type != '\0' &&
	    type[strspn(type, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0')
		str_add(out, type);
	else
		escape_dbml(out, *type != '\0' ? type : "unknown", '"');
}

static void
add_setting(struct str *out, bool *open, const char *text)
{
	str_add(out, *open ? ", " : " [");
	str_add(out, text);
	*open = true;
}

/* An expression stands between backticks, which it cannot hold. */
static void
add_expression(struct str *out, const char *text)
{
	str_addc(out, '`');
	for (; *text != '\0'; text++)
		str_addc(out,
		    *text == '`'	? '\''
			: *text == '\n' ? ' '
					: *text);
	str_addc(out, '`');
}

static void
add_column(struct str *out, const json_t *column, bool only_key)
{
	const char *given = show_text(column, "default");
	const char *comment = show_text(column, "comment");
	bool open = false;

	str_add(out, "  ");
	escape_dbml(out, show_text(column, "name"), '"');
	str_addc(out, ' ');
	add_type(out, show_text(column, "type"));
	if (only_key && record_flag(column, "primary_key"))
		add_setting(out, &open, "pk");
	if (record_flag(column, "not_null"))
		add_setting(out, &open, "not null");
	if (*show_text(column, "identity") != '\0')
		add_setting(out, &open, "increment");
	if (*given != '\0') {
		add_setting(out, &open, "default: ");
		add_expression(out, given);
	}
	if (*comment != '\0') {
		add_setting(out, &open, "note: ");
		escape_dbml(out, comment, '\'');
	}
	str_add(out, open ? "]\n" : "\n");
}

static bool
plain_columns(const json_t *columns)
{
	size_t i;
	json_t *name;

	json_array_foreach(columns, i, name)
	{
		if (!json_is_string(name))
			return false;
	}
	return i > 0;
}

static void
add_index(struct str *out, const json_t *index)
{
	const json_t *columns = json_object_get(index, "columns");
	const char *method = show_text(index, "method");
	size_t i;
	json_t *name;

	str_add(out, "    (");
	json_array_foreach(columns, i, name)
	{
		if (i > 0)
			str_add(out, ", ");
		escape_dbml(out, json_string_value(name), '"');
	}
	str_add(out, ") [name: ");
	escape_dbml(out, show_text(index, "name"), '\'');
	if (record_flag(index, "primary"))
		str_add(out, ", pk");
	else if (record_flag(index, "unique"))
		str_add(out, ", unique");
	if (strcmp(method, "btree") == 0 || strcmp(method, "hash") == 0)
		str_addf(out, ", type: %s", method);
	str_add(out, "]\n");
}

static void
add_indexes(struct str *out, const json_t *row)
{
	size_t i;
	json_t *index;
	bool open = false;

	json_array_foreach(json_object_get(row, "indexes"), i, index)
	{
		if (!plain_columns(json_object_get(index, "columns")) ||
		    (record_flag(index, "primary") &&
			schema_key_size(row) == 1))
			continue;
		if (!open)
			str_add(out, "\n  indexes {\n");
		open = true;
		add_index(out, index);
	}
	if (open)
		str_add(out, "  }\n");
}

static void
add_table(struct str *out, const json_t *row)
{
	struct str note CLEANUP(str_free) = STR_INIT;
	bool only_key = schema_key_size(row) == 1;
	size_t i;
	json_t *column;

	str_add(out, "\nTable ");
	add_table_name(out, row);
	str_add(out, " {\n");
	json_array_foreach(json_object_get(row, "columns"), i, column)
	{
		add_column(out, column, only_key);
	}
	add_indexes(out, row);
	schema_note(&note, row);
	if (note.len > 0) {
		str_add(out, "\n  Note: ");
		escape_dbml(out, str_text(&note), '\'');
		str_addc(out, '\n');
	}
	str_add(out, "}\n");
}

static void
add_end(struct str *out, const json_t *table, const json_t *columns)
{
	size_t i;
	json_t *name;

	add_table_name(out, table);
	str_add(out, ".(");
	json_array_foreach(columns, i, name)
	{
		if (i > 0)
			str_add(out, ", ");
		if (json_is_string(name))
			escape_dbml(out, json_string_value(name), '"');
	}
	str_addc(out, ')');
}

static void
add_action(struct str *out, bool *open, const char *what, const char *action)
{
	if (*action == '\0' || strcasecmp(action, "no action") == 0)
		return;
	str_add(out, *open ? ", " : " [");
	str_addf(out, "%s: ", what);
	for (; *action != '\0'; action++)
		if (*action == ' ' || (*action >= 'a' && *action <= 'z'))
			str_addc(out, *action);
		else if (*action >= 'A' && *action <= 'Z')
			str_addc(out, (char)(*action - 'A' + 'a'));
	*open = true;
}

static void
add_references(struct str *out, const json_t *row)
{
	size_t i;
	json_t *r;

	json_array_foreach(json_object_get(row, "references"), i, r)
	{
		const json_t *columns = json_object_get(r, "columns");
		bool open = false;

		if (json_array_size(columns) == 0 ||
		    json_array_size(json_object_get(r, "target_columns")) == 0)
			continue;
		str_add(out, "\nRef ");
		escape_dbml(out, show_text(r, "name"), '"');
		str_add(out, ": ");
		add_end(out, row, columns);
		str_add(out, schema_is_unique(row, columns) ? " - " : " > ");
		add_end(out, r, json_object_get(r, "target_columns"));
		add_action(out, &open, "delete", show_text(r, "on_delete"));
		add_action(out, &open, "update", show_text(r, "on_update"));
		str_add(out, open ? "]\n" : "\n");
	}
}

void
render_dbml(const json_t *document, const struct render_options *o,
    struct str *out)
{
	const json_t *section;
	const char *database;
	size_t i = 0, r;
	json_t *row;

	while ((section = schema_next(document, o, &i, &database)) != NULL) {
		str_add(out, "Project ");
		escape_dbml(out, database, '"');
		str_add(out, " {\n  database_type: 'PostgreSQL'\n}\n");
		json_array_foreach(json_object_get(section, "rows"), r, row)
		{
			if (schema_is_table(row))
				add_table(out, row);
		}
		json_array_foreach(json_object_get(section, "rows"), r, row)
		{
			if (schema_is_table(row))
				add_references(out, row);
		}
	}
}
