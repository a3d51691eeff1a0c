/* SPDX-License-Identifier: PostgreSQL */
/*
 * A collection as one Markdown file of GitHub's dialect.  It has no moment in
 * it but that of the collection, and an order that does not change, so that
 * two of them can be compared line by line.
 */
#include <string.h>

#include "base/mem.h"
#include "data/record.h"
#include "report/escape.h"
#include "report/markdown.h"
#include "report/mermaid.h"
#include "report/render_inside.h"

#define FILE_BYTES ((size_t)8 * 1024 * 1024)
#define ROWS_OTHERWISE 1000
#define FINDINGS_SHOWN 50 /* of one check */
#define DIAGRAM_FULL 12	  /* tables with all their columns */
#define DIAGRAM_MAX 60

struct markdown {
	const struct render_options *options;
	struct str *out;
	size_t max; /* bytes; what comes then is cut */
};

/* --- summary -------------------------------------------------------------------- */

static void
add_score(struct str *out, const json_t *score)
{
	const json_t *value = json_object_get(score, "score");
	const json_t *cap = json_object_get(score, "cap");

	if (!json_is_object(score))
		return;
	str_add(out, "**Health: ");
	if (json_is_number(value))
		str_addf(out, "%.0f of 100 (", json_number_value(value));
	else
		str_add(out, "no score (");
	escape_markdown(out,
	    json_is_number(value) ? show_text(score, "grade")
				  : "too few checks could be made");
	str_addf(out, ")**, from %lld of %lld checks, %lld skipped",
	    (long long)record_int(score, "evaluated"),
	    (long long)record_int(score, "total"),
	    (long long)record_int(score, "skipped"));
	if (json_is_object(cap)) {
		str_addf(out, "; capped at %lld by ",
		    (long long)record_int(cap, "at"));
		escape_markdown_code(out, show_text(cap, "check"), false);
	}
	str_add(out, ".\n\n");
}

static void
add_categories(struct str *out, const json_t *score)
{
	static const char *const names[] = {"category", "score", "weight",
	    "evaluated"};
	struct show_columns columns CLEANUP(show_columns_free) =
	    SHOW_COLUMNS_INIT;
	json_t *show = json_array();
	size_t i;

	for (i = 0; i < 4; i++) {
		json_t *entry = json_object();

		json_object_set_new(entry, "column", json_string(names[i]));
		if (i > 0)
			json_object_set_new(entry, "format",
			    json_string("number"));
		json_array_append_new(show, entry);
	}
	show_columns(&columns, show, NULL, NULL);
	markdown_table(out, &columns, json_object_get(score, "categories"),
	    ROWS_OTHERWISE);
	show_columns_free(&columns);
	json_decref(show);
}

static void
add_server(struct str *out, const json_t *document)
{
	const json_t *server = json_object_get(document, "server");

	markdown_fact(out, "PostgreSQL",
	    json_object_get(server, "version_text"), SHOW_TEXT);
	markdown_fact(out, "Connection", json_object_get(server, "where"),
	    SHOW_CODE);
	markdown_fact(out, "Role", json_object_get(server, "user"), SHOW_CODE);
	markdown_fact(out, "Standby", json_object_get(server, "standby"),
	    SHOW_FLAG);
	markdown_fact(out, "Started", json_object_get(server, "started"),
	    SHOW_TIME);
	markdown_fact(out, "Collected", json_object_get(document, "collected"),
	    SHOW_TIME);
	str_addc(out, '\n');
}

/* --- checks ---------------------------------------------------------------------- */

static void
add_check(struct str *out, const json_t *check)
{
	const json_t *findings = json_object_get(check, "findings");
	struct str cut CLEANUP(str_free) = STR_INIT;
	size_t i, total = show_total(check);
	json_t *finding;

	if (json_array_size(findings) == 0)
		return;
	markdown_heading(out, 4, show_text(check, "title"));
	json_array_foreach(findings, i, finding)
	{
		if (i == FINDINGS_SHOWN)
			break;
		markdown_finding(out, finding);
	}
	str_addc(out, '\n');
	total = total > json_array_size(findings) ? total
						  : json_array_size(findings);
	if (i < total) {
		show_count(&cut, i);
		str_add(&cut, " of ");
		show_count(&cut, total);
		str_add(&cut, " findings are shown");
		markdown_note(out, str_text(&cut));
	}
}

static void
add_checks(struct str *out, const json_t *scope)
{
	const json_t *checks = json_object_get(scope, "checks");
	struct show_columns columns CLEANUP(show_columns_free) =
	    SHOW_COLUMNS_INIT;
	json_t *show, *check;
	size_t i;

	if (json_array_size(checks) == 0)
		return;
	show = json_pack("[ssss]", "title", "category", "status", "reason");
	markdown_heading(out, 3, "Checks");
	show_columns(&columns, show, NULL, NULL);
	markdown_table(out, &columns, checks, ROWS_OTHERWISE);
	show_columns_free(&columns);
	json_decref(show);
	json_array_foreach(checks, i, check)
	{
		add_check(out, check);
	}
}

/* --- sections --------------------------------------------------------------------- */

static void
add_nested(struct str *out, const struct show_column *column,
    const json_t *value)
{
	struct show_columns nested CLEANUP(show_columns_free) =
	    SHOW_COLUMNS_INIT;

	show_columns(&nested, column->show, NULL, value);
	str_add(out, "\n**");
	escape_markdown(out, column->title);
	str_add(out, "**\n\n");
	markdown_table(out, &nested, value, ROWS_OTHERWISE);
}

/* One row as a list of facts, then its tables and texts. */
static void
add_one(struct str *out, const struct show_columns *columns, const json_t *row)
{
	size_t i;

	for (i = 0; i < columns->len; i++) {
		const struct show_column *c = &columns->data[i];
		const json_t *value = json_object_get(row, c->column);
		const char *text = json_string_value(value);

		if (c->format != SHOW_SQL || text == NULL ||
		    strchr(text, '\n') == NULL)
			markdown_fact(out, c->title, value, c->format);
	}
	for (i = 0; i < columns->len; i++) {
		const struct show_column *c = &columns->data[i];
		const json_t *value = json_object_get(row, c->column);
		const char *text = json_string_value(value);

		if (show_is_table(value)) {
			add_nested(out, c, value);
		} else if (c->format == SHOW_SQL && text != NULL &&
		    strchr(text, '\n') != NULL) {
			str_add(out, "\n**");
			escape_markdown(out, c->title);
			str_add(out, "**\n\n");
			escape_markdown_block(out, text, "sql");
		}
	}
}

static void
say_cut(struct str *out, const json_t *section, size_t shown)
{
	struct str text CLEANUP(str_free) = STR_INIT;

	show_cut(&text, section, shown);
	if (text.len > 0) {
		str_addc(out, '\n');
		markdown_note(out, str_text(&text));
	}
}

static void
add_cards(struct markdown *m, const json_t *section,
    const struct show_columns *columns)
{
	struct str diagram CLEANUP(str_free) = STR_INIT;
	size_t limit =
	    show_limit(section, m->options->max_rows, ROWS_OTHERWISE);
	size_t most = m->options->diagram_tables, i;
	json_t *row;

	if (json_is_object(json_object_get(section, "diagram")) &&
	    mermaid_diagram(&diagram, section, DIAGRAM_FULL,
		most > 0 ? most : DIAGRAM_MAX) > 0)
		escape_markdown_block(m->out, str_text(&diagram), "mermaid");
	json_array_foreach(json_object_get(section, "rows"), i, row)
	{
		struct str name CLEANUP(str_free) = STR_INIT;

		if (i >= limit || m->out->len > m->max)
			break;
		show_name(&name, section, row);
		markdown_heading(m->out, 4, str_text(&name));
		add_one(m->out, columns, row);
	}
	say_cut(m->out, section, i);
}

static void
add_section(struct markdown *m, const json_t *section)
{
	const char *layout = show_text(section, "layout");
	const json_t *rows = json_object_get(section, "rows");
	struct show_columns columns CLEANUP(show_columns_free) =
	    SHOW_COLUMNS_INIT;
	size_t limit =
	    show_limit(section, m->options->max_rows, ROWS_OTHERWISE);

	markdown_heading(m->out, 3, show_text(section, "title"));
	if (strcmp(show_text(section, "status"), "ok") != 0) {
		str_add(m->out, "**");
		escape_markdown(m->out, show_text(section, "status"));
		str_add(m->out, ":** ");
		escape_markdown(m->out, show_text(section, "reason"));
		str_add(m->out, "\n\n");
		return;
	}
	if (json_array_size(rows) == 0) {
		markdown_note(m->out, "Nothing here.");
		return;
	}
	show_columns_of(&columns, section);
	if (strcmp(layout, "cards") == 0)
		add_cards(m, section, &columns);
	else if (strcmp(layout, "facts") == 0 && json_array_size(rows) == 1)
		add_one(m->out, &columns, json_array_get(rows, 0));
	else if (m->out->len > m->max)
		say_cut(m->out, section, 0);
	else
		say_cut(m->out, section,
		    markdown_table(m->out, &columns, rows, limit));
}

static void
add_scope(struct markdown *m, const json_t *scope)
{
	size_t i;
	json_t *section;

	add_checks(m->out, scope);
	json_array_foreach(json_object_get(scope, "sections"), i, section)
	{
		add_section(m, section);
	}
}

void
render_markdown(const json_t *document, const struct render_options *o,
    struct str *out)
{
	struct markdown m = {.options = o,
	    .out = out,
	    .max = o->max_bytes > 0 ? o->max_bytes : FILE_BYTES};
	const json_t *server = json_object_get(document, "server");
	struct str title CLEANUP(str_free) = STR_INIT;
	size_t i;
	json_t *database;

	render_title(&title, document, o);
	str_add(out, "# ");
	escape_markdown(out, str_text(&title));
	str_add(out, "\n\n");
	add_score(out, json_object_get(document, "score"));
	add_server(out, document);
	add_categories(out, json_object_get(document, "score"));
	if (json_array_size(json_object_get(server, "sections")) > 0 ||
	    json_array_size(json_object_get(server, "checks")) > 0) {
		markdown_heading(out, 2, "Server");
		add_scope(&m, server);
	}
	json_array_foreach(json_object_get(document, "databases"), i, database)
	{
		struct str name CLEANUP(str_free) = STR_INIT;

		if (!render_wants(o, show_text(database, "database")))
			continue;
		str_addf(&name, "Database %s", show_text(database, "database"));
		markdown_heading(out, 2, str_text(&name));
		add_scope(&m, database);
	}
}
