/* SPDX-License-Identifier: PostgreSQL */
/*
 * A document as JSON lines: one for the server, each database, row, check and
 * finding (of a diff, each change), and an end line.  "line" says what it is.
 */
#include <stdint.h>

#include "base/str.h"
#include "base/mem.h"
#include "data/record.h"
#include "report/render_inside.h"
#include "report/show.h"

struct lines {
	struct str *out;
	size_t count;
	const char *database; /* NULL: the server */
};

static json_t *
new_line(const struct lines *l, const char *kind)
{
	json_t *line = json_object();

	json_object_set_new(line, "line", json_string(kind));
	json_object_set_new(line, "database",
	    l->database != NULL ? json_string(l->database) : json_null());
	return line;
}

/* A record has an end; a row beyond it keeps what is no table, and says what
 * it lost. */
static void
write_line(struct lines *l, json_t *line)
{
	struct str text CLEANUP(str_free) = STR_INIT;

	record_show(line, &text);
	if (text.len >= RECORD_MAX) {
		json_t *row = json_object_get(line, "row");
		json_t *kept = json_object(), *cut = json_array();
		void *it;

		for (it = json_object_iter(row); it != NULL;
		     it = json_object_iter_next(row, it)) {
			json_t *value = json_object_iter_value(it);
			const char *name = json_object_iter_key(it);

			if (json_is_array(value) || json_is_object(value) ||
			    json_string_length(value) > 4096)
				json_array_append_new(cut, json_string(name));
			else
				json_object_set(kept, name, value);
		}
		json_object_set_new(line, "row", kept);
		json_object_set_new(line, "cut", cut);
		str_clear(&text);
		record_show(line, &text);
	}
	str_addn(l->out, str_text(&text), text.len);
	str_addc(l->out, '\n');
	l->count++;
	json_decref(line);
}

/* Everything of an object but its lists. */
static void
add_head(struct lines *l, const char *kind, const json_t *from,
    const char *const *leave_out)
{
	json_t *line = new_line(l, kind),
	       *copy = json_copy((json_t *)(uintptr_t)from);

	for (; *leave_out != NULL; leave_out++)
		json_object_del(copy, *leave_out);
	json_object_update(line, copy);
	json_decref(copy);
	write_line(l, line);
}

static void
add_sections(struct lines *l, const json_t *scope)
{
	static const char *const of_section[] = {"rows", "about", NULL};
	size_t i, j;
	json_t *section, *row;

	json_array_foreach(json_object_get(scope, "sections"), i, section)
	{
		add_head(l, "section", section, of_section);
		json_array_foreach(json_object_get(section, "rows"), j, row)
		{
			json_t *line = new_line(l, "row");

			json_object_set(line, "section",
			    json_object_get(section, "id"));
			json_object_set(line, "row", row);
			write_line(l, line);
		}
	}
}

static void
add_checks(struct lines *l, const json_t *scope)
{
	static const char *const of_check[] = {"findings", "explain", NULL};
	static const char *const nothing[] = {NULL};
	size_t i, j;
	json_t *check, *finding;

	json_array_foreach(json_object_get(scope, "checks"), i, check)
	{
		add_head(l, "check", check, of_check);
		json_array_foreach(json_object_get(check, "findings"), j,
		    finding)
		{
			add_head(l, "finding", finding, nothing);
		}
	}
}

static void
add_changes(struct lines *l, const json_t *owner, const json_t *section,
    const char *const *kinds)
{
	size_t i;
	json_t *change;

	for (; *kinds != NULL; kinds++) {
		json_array_foreach(json_object_get(owner, *kinds), i, change)
		{
			json_t *line = new_line(l, *kinds);

			if (section != NULL)
				json_object_set(line, "section",
				    json_object_get(section, "id"));
			json_object_set(line,
			    section != NULL ? "row" : "finding", change);
			write_line(l, line);
		}
	}
}

static void
add_diff_database(struct lines *l, const json_t *database)
{
	static const char *const of_rows[] = {"added", "removed", "changed",
	    "grown", NULL};
	static const char *const of_findings[] = {"new", "fixed", "worse",
	    "better", NULL};
	const json_t *checks = json_object_get(database, "checks");
	size_t i;
	json_t *section, *unknown;

	json_array_foreach(json_object_get(database, "sections"), i, section)
	{
		add_changes(l, section, section, of_rows);
	}
	add_changes(l, checks, NULL, of_findings);
	json_array_foreach(json_object_get(checks, "unknown"), i, unknown)
	{
		json_t *line = new_line(l, "unknown");

		(void)json_object_update(line, unknown);
		write_line(l, line);
	}
}

void
render_lines(const json_t *document, const struct render_options *o,
    struct str *out)
{
	static const char *const of_document[] = {"server", "databases", NULL};
	static const char *const of_scope[] = {"sections", "checks", NULL};
	struct lines l = {.out = out};
	size_t i;
	json_t *database, *end = json_object();
	const json_t *server = json_object_get(document, "server");

	add_head(&l, render_is_diff(document) ? "diff" : "collection", document,
	    of_document);
	if (server != NULL) {
		add_head(&l, "server", server, of_scope);
		add_sections(&l, server);
		add_checks(&l, server);
	}
	json_array_foreach(json_object_get(document, "databases"), i, database)
	{
		l.database = show_text(database, "database");
		if (!render_wants(o, l.database))
			continue;
		if (render_is_diff(document)) {
			add_diff_database(&l, database);
			continue;
		}
		add_head(&l, "database", database, of_scope);
		add_sections(&l, database);
		add_checks(&l, database);
	}
	json_object_set_new(end, "end", json_string("pg-report"));
	json_object_set_new(end, "lines", json_integer((json_int_t)l.count));
	record_show(end, out);
	str_addc(out, '\n');
	json_decref(end);
}
