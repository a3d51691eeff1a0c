/* SPDX-License-Identifier: PostgreSQL */
/*
 * The schema as a mermaid erDiagram.  Tables are numbered, because few of
 * PostgreSQL's names are names in mermaid; what is read is their alias.
 */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "data/record.h"
#include "report/escape.h"
#include "report/mermaid.h"
#include "report/render_inside.h"
#include "report/schema.h"
#include "report/show.h"

static bool
is_foreign(const json_t *row, const char *name)
{
	size_t i, c;
	json_t *r, *column;

	json_array_foreach(json_object_get(row, "references"), i, r)
	{
		json_array_foreach(json_object_get(r, "columns"), c, column)
		{
			if (str_eq(json_string_value(column), name))
				return true;
		}
	}
	return false;
}

static void
add_column(struct str *out, const json_t *row, const json_t *column)
{
	const char *name = show_text(column, "name");
	const char *comment = show_text(column, "comment");
	bool primary = record_flag(column, "primary_key");
	bool foreign = is_foreign(row, name);
	size_t start;

	str_add(out, "        ");
	escape_mermaid_word(out, show_text(column, "type"));
	str_addc(out, ' ');
	start = out->len;
	escape_mermaid_word(out, name);
	if (primary || foreign)
		str_addf(out, " %s%s%s", primary ? "PK" : "",
		    primary && foreign ? ", " : "", foreign ? "FK" : "");
	/* A name that mermaid could not hold is told in the comment. */
	if (strncmp(str_text(out) + start, name, strlen(name)) != 0)
		comment = name;
	if (*comment != '\0') {
		str_addc(out, ' ');
		escape_mermaid(out, comment);
	}
	str_addc(out, '\n');
}

static void
add_table(struct str *out, const json_t *row, size_t number, bool keys_only)
{
	struct str name CLEANUP(str_free) = STR_INIT;
	size_t i;
	json_t *column;

	str_addf(&name, "%s.%s", show_text(row, "schema"),
	    show_text(row, "table"));
	str_addf(out, "    t%zu[", number);
	escape_mermaid(out, str_text(&name));
	str_add(out, "] {\n");
	json_array_foreach(json_object_get(row, "columns"), i, column)
	{
		if (!keys_only || record_flag(column, "primary_key") ||
		    is_foreign(row, show_text(column, "name")))
			add_column(out, row, column);
	}
	str_add(out, "    }\n");
}

/* "schema", "table" -> number, counted from 1. */
static json_t *
number_tables(const json_t *rows)
{
	json_t *numbers = json_object();
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		char *key CLEANUP_FREE = mem_printf("%s\x1f%s",
		    show_text(row, "schema"), show_text(row, "table"));

		if (schema_is_table(row) &&
		    json_object_get(numbers, key) == NULL)
			json_object_set_new(numbers, key,
			    json_integer((json_int_t)i + 1));
	}
	return numbers;
}

/* Many to one; one to one where the columns are unique; nullable columns
 * need no other end. */
static void
add_references(struct str *out, const json_t *row, size_t number,
    const json_t *numbers)
{
	size_t i;
	json_t *r;

	json_array_foreach(json_object_get(row, "references"), i, r)
	{
		char *key CLEANUP_FREE = mem_printf("%s\x1f%s",
		    show_text(r, "schema"), show_text(r, "table"));
		const json_t *to = json_object_get(numbers, key);
		const json_t *columns = json_object_get(r, "columns");

		if (to == NULL)
			continue;
		str_addf(out, "    t%zu %s--|| t%lld : ", number,
		    schema_is_unique(row, columns) ? "|o" : "}o",
		    (long long)json_integer_value(to));
		escape_mermaid(out, show_text(r, "name"));
		str_addc(out, '\n');
	}
}

size_t
mermaid_diagram(struct str *out, const json_t *section, size_t max_all,
    size_t max)
{
	const json_t *rows = json_object_get(section, "rows");
	json_t *numbers = number_tables(rows), *row;
	size_t i, n = json_object_size(numbers);

	if (n == 0 || n > max) {
		json_decref(numbers);
		return 0;
	}
	str_add(out, "erDiagram\n");
	json_array_foreach(rows, i, row)
	{
		if (schema_is_table(row))
			add_table(out, row, i + 1, n > max_all);
	}
	json_array_foreach(rows, i, row)
	{
		if (schema_is_table(row))
			add_references(out, row, i + 1, numbers);
	}
	json_decref(numbers);
	return n;
}

/* A diagram a database; its name is a comment (a title could be cut). */
void
render_mermaid(const json_t *document, const struct render_options *o,
    struct str *out)
{
	const json_t *section;
	const char *database;
	size_t i = 0;

	while ((section = schema_next(document, o, &i, &database)) != NULL) {
		struct str name CLEANUP(str_free) = STR_INIT;

		escape_mermaid(&name, database);
		str_addf(out, "%%%% %s\n", str_text(&name));
		if (mermaid_diagram(out, section, (size_t)-1, (size_t)-1) == 0)
			str_add(out, "erDiagram\n");
	}
	if (i == 0)
		str_add(out, "erDiagram\n");
}
