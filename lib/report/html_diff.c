/* SPDX-License-Identifier: PostgreSQL */
/*
 * What changed between two collections, as a page: growth of the schema and
 * of the sizes, findings that came, went, or changed.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "data/record.h"
#include "report/changes.h"
#include "report/escape.h"
#include "report/html.h"
#include "report/render_inside.h"

#define SHOWN 1000 /* of one kind of one section */
#define VALUE 2000 /* bytes of a value */

static void
say_rest(struct str *out, size_t shown, size_t total)
{
	struct str text CLEANUP(str_free) = STR_INIT;

	if (shown >= total)
		return;
	show_count(&text, shown);
	str_add(&text, " of ");
	show_count(&text, total);
	str_add(&text, " are shown; the document holds them all.");
	html_note(out, str_text(&text));
}

/* A value of either side; what is long is cut, and says so. */
static void
add_side(struct str *out, const json_t *value, const char *tag,
    enum show_format format)
{
	struct str text CLEANUP(str_free) = STR_INIT;

	if (show_empty(value)) {
		str_add(out, "<i>nothing</i>");
		return;
	}
	show_value(&text, value, format);
	if (text.len > VALUE) {
		size_t n = VALUE;

		while (n > 0 && ((unsigned char)text.data[n] & 0xc0) == 0x80)
			n--;
		text.data[n] = '\0';
		text.len = n;
		str_add(&text, "\u2026");
	}
	str_addf(out, "<%s>", tag);
	escape_html(out, str_text(&text));
	str_addf(out, "</%s>", tag);
}

static const struct show_column *
column_named(const struct show_columns *columns, const char *name)
{
	size_t i;

	for (i = 0; i < columns->len; i++)
		if (strcmp(columns->data[i].column, name) == 0)
			return &columns->data[i];
	return NULL;
}

static void
add_field(struct str *out, const struct show_columns *columns, const char *name,
    const json_t *field, bool grown)
{
	const char *column = show_text(field, "column");
	const struct show_column *known = column_named(columns, column);
	enum show_format format = known != NULL ? known->format : SHOW_TEXT;
	double by = 0;

	str_add(out, "<tr><td><code>");
	escape_html(out, name);
	str_add(out, "</code></td><td>");
	escape_html(out, known != NULL ? known->title : column);
	str_add(out, "</td><td>");
	add_side(out, json_object_get(field, "from"), grown ? "span" : "del",
	    format);
	str_add(out, "</td><td>");
	add_side(out, json_object_get(field, "to"), grown ? "span" : "ins",
	    format);
	if (grown && changes_growth(field, &by)) {
		json_t *value = json_real(by);
		struct str text CLEANUP(str_free) = STR_INIT;

		show_value(&text, value,
		    show_is_number(format) ? format : SHOW_NUMBER);
		json_decref(value);
		str_addf(out, "</td><td class=\"n\" data-v=\"%.15g\">%s", by,
		    by > 0 ? "+" : "");
		escape_html(out, str_text(&text));
	} else if (grown) {
		str_add(out, "</td><td class=\"n\">");
	}
	str_add(out, "</td></tr>\n");
}

static void
add_changed(struct str *out, const json_t *section,
    const struct show_columns *columns, const char *kind)
{
	const json_t *rows = json_object_get(section, kind);
	bool grown = strcmp(kind, "grown") == 0;
	size_t i, f;
	json_t *row, *field;

	if (json_array_size(rows) == 0)
		return;
	str_addf(out, "<h4>%s <span class=\"count\">%zu</span></h4>\n",
	    grown ? "Grown or shrunk" : "Changed", json_array_size(rows));
	str_addf(out,
	    "<div class=\"wrap big\" role=\"region\" tabindex=\"0\" "
	    "aria-label=\"%s\"><table><caption>%s</caption><thead><tr>"
	    "<th scope=\"col\">Name</th><th scope=\"col\">What</th>"
	    "<th scope=\"col\">Before</th><th scope=\"col\">After</th>%s</tr>"
	    "</thead><tbody>\n",
	    kind, kind, grown ? "<th scope=\"col\" class=\"n\">By</th>" : "");
	json_array_foreach(rows, i, row)
	{
		struct str name CLEANUP(str_free) = STR_INIT;

		if (i == SHOWN)
			break;
		changes_name(&name, section, row);
		json_array_foreach(json_object_get(row, "fields"), f, field)
		{
			add_field(out, columns, str_text(&name), field, grown);
		}
	}
	str_add(out, "</tbody></table></div>\n");
	say_rest(out, i, json_array_size(rows));
}

static void
add_rows(struct str *out, const json_t *section,
    const struct show_columns *columns, const char *kind)
{
	const json_t *rows = json_object_get(section, kind);
	bool added = strcmp(kind, "added") == 0;
	struct show_columns flat CLEANUP(show_columns_free) = SHOW_COLUMNS_INIT;
	struct html_table t = {.columns = &flat,
	    .rows = rows,
	    .caption = added ? "Added" : "Removed",
	    .limit = SHOWN,
	    .max = (size_t)2 * 1024 * 1024,
	    .drop_empty = true};
	size_t i;

	if (json_array_size(rows) == 0)
		return;
	str_addf(out,
	    "<h4 class=\"%s\">%s <span class=\"count\">%zu</span>"
	    "</h4>\n",
	    added ? "plus" : "minus", added ? "+ Added" : "\u2212 Removed",
	    json_array_size(rows));
	flat.data = mem_zalloc((columns->len + 1) * sizeof(*flat.data));
	for (i = 0; i < columns->len; i++) {
		flat.data[i] = columns->data[i];
		flat.data[i].title = mem_strdup(columns->data[i].title);
	}
	flat.len = columns->len;
	say_rest(out, html_table(out, &t), json_array_size(rows));
}

/* The key's columns stand first, whether 'show' has them or not. */
static void
columns_of(struct show_columns *out, const json_t *section)
{
	const json_t *key = json_object_get(section, "key");
	json_t *show = json_array(), *entry, *name;
	size_t i, k;

	json_array_foreach(key, i, name)
	{
		bool there = false;

		json_array_foreach(json_object_get(section, "show"), k, entry)
		{
			there = there ||
			    str_eq(record_text(entry, "column"),
				json_string_value(name));
		}
		if (!there)
			json_array_append(show, name);
	}
	json_array_extend(show, json_object_get(section, "show"));
	/* The columns' names must outlive the list: they are the section's. */
	show_columns(out, show, json_object_get(section, "columns"),
	    json_object_get(section, "added"));
	json_decref(show);
}

static void
add_section(const json_t *section, const char *prefix, struct str *nav,
    struct str *out)
{
	struct show_columns columns CLEANUP(show_columns_free) =
	    SHOW_COLUMNS_INIT;
	const char *state = show_text(section, "status");
	struct str id CLEANUP(str_free) = STR_INIT;

	if (!changes_in_section(section))
		return;
	str_addf(&id, "%s-", prefix);
	escape_id(&id, show_text(section, "id"));
	str_addf(nav, "<li><a href=\"#%s\">", str_text(&id));
	escape_html(nav, show_text(section, "title"));
	str_add(nav, "</a></li>\n");
	str_addf(out, "<section class=\"sec\" id=\"%s\">\n<h3>", str_text(&id));
	escape_html(out, show_text(section, "title"));
	str_add(out, "</h3>\n");
	if (*state != '\0' && strcmp(state, "both") != 0) {
		str_add(out, "<p class=\"note\">This section was ");
		escape_html(out, state);
		str_add(out, ". ");
		escape_html(out, show_text(section, "reason"));
		str_add(out, "</p>\n");
	}
	columns_of(&columns, section);
	add_rows(out, section, &columns, "added");
	add_rows(out, section, &columns, "removed");
	add_changed(out, section, &columns, "changed");
	add_changed(out, section, &columns, "grown");
	str_add(out, "</section>\n");
}

/* What is better or fixed needs no SQL any more. */
static void
add_finding(struct html *h, const struct html_scope *scope,
    const json_t *finding, bool over, struct str *out)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)finding);

	if (over) {
		json_object_del(copy, "do");
		json_object_del(copy, "undo");
	}
	html_finding(h, scope, copy, NULL, out);
	json_decref(copy);
}

static void
add_unknown(const json_t *list, struct str *out)
{
	size_t i;
	json_t *item;

	if (json_array_size(list) == 0)
		return;
	str_add(out, "<h4>Not known whether new or fixed</h4>\n<ul>\n");
	json_array_foreach(list, i, item)
	{
		char *text CLEANUP_FREE = changes_unknown(item);

		str_add(out, "<li>");
		escape_html(out, show_text(item, "title"));
		str_add(out, ": ");
		escape_html(out, text);
		str_add(out, "</li>\n");
	}
	str_add(out, "</ul>\n");
}

static void
add_findings(struct html *h, const json_t *database, const char *prefix,
    struct str *nav, struct str *out)
{
	static const char *const titles[CHANGES] = {"New findings",
	    "Worse than before", "Better than before", "Fixed"};
	const json_t *checks = json_object_get(database, "checks");
	const json_t *unknown = json_object_get(checks, "unknown");
	struct html_scope scope = {.prefix = prefix, .at = database};
	size_t k, i, total = json_array_size(unknown);
	json_t *finding;

	for (k = 0; k < CHANGES; k++)
		total += json_array_size(
		    json_object_get(checks, changes_of_findings[k]));
	if (total == 0)
		return;
	str_addf(nav, "<li><a href=\"#%s-checks\">Findings</a></li>\n", prefix);
	str_addf(out,
	    "<section class=\"sec\" id=\"%s-checks\">\n<h3>Findings"
	    "</h3>\n",
	    prefix);
	for (k = 0; k < CHANGES; k++) {
		const json_t *list =
		    json_object_get(checks, changes_of_findings[k]);

		if (json_array_size(list) == 0)
			continue;
		str_addf(out, "<h4>%s <span class=\"count\">%zu</span></h4>\n",
		    titles[k], json_array_size(list));
		json_array_foreach(list, i, finding)
		{
			if (i == SHOWN)
				break;
			add_finding(h, &scope, finding, k >= 2, out);
		}
		say_rest(out, i, json_array_size(list));
	}
	add_unknown(unknown, out);
	str_add(out, "</section>\n");
}

static void
add_database(struct html *h, const json_t *database, size_t number,
    struct str *nav, struct str *out)
{
	const char *name = show_text(database, "database");
	const char *state = show_text(database, "status");
	char prefix[32];
	size_t i;
	json_t *section;

	snprintf(prefix, sizeof(prefix), "d%zu", number + 1);
	str_add(nav, "<li><details open=\"\"><summary>");
	escape_html(nav, name);
	str_add(nav, "</summary><ul>\n");
	str_addf(out, "<section class=\"scope\" id=\"%s\">\n<h2>", prefix);
	escape_html(out, name);
	str_add(out, "</h2>\n");
	if (strcmp(state, "added") == 0)
		html_note(out, "This database is new.");
	else if (strcmp(state, "removed") == 0)
		html_note(out, "This database is gone.");
	add_findings(h, database, prefix, nav, out);
	json_array_foreach(json_object_get(database, "sections"), i, section)
	{
		add_section(section, prefix, nav, out);
	}
	str_add(nav, "</ul></details></li>\n");
	str_add(out, "</section>\n");
}

static void
add_end(struct str *out, const char *title, const json_t *end)
{
	const json_t *server = json_object_get(end, "server");

	str_add(out, "<div><dt>");
	escape_html(out, title);
	str_add(out, "</dt><dd>");
	html_value(out, json_object_get(end, "collected"), SHOW_TIME);
	str_add(out, "<br />");
	html_value(out, json_object_get(server, "where"), SHOW_CODE);
	str_add(out, "<br />");
	html_value(out, json_object_get(server, "version_text"), SHOW_TEXT);
	str_add(out, "</dd></div>\n");
}

static void
add_score(struct str *out, const json_t *score)
{
	double from, to;

	if (!json_is_number(json_object_get(score, "from")) &&
	    !json_is_number(json_object_get(score, "to")))
		return;
	str_add(out, "<div><dt>Health</dt><dd>");
	add_side(out, json_object_get(score, "from"), "span", SHOW_NUMBER);
	str_add(out, " \u2192 <b>");
	add_side(out, json_object_get(score, "to"), "span", SHOW_NUMBER);
	str_add(out, "</b>");
	if (show_number(json_object_get(score, "from"), &from) &&
	    show_number(json_object_get(score, "to"), &to) && from != to)
		str_addf(out, " <span class=\"%s\">(%+.0f)</span>",
		    to > from ? "plus" : "minus", to - from);
	str_add(out, "</dd></div>\n");
}

void
html_diff(struct html *h, struct str *nav, struct str *out)
{
	const json_t *databases = json_object_get(h->doc, "databases");
	size_t i, shown = 0;
	json_t *database;

	str_add(nav, "<ul>\n<li><a href=\"#summary\">Summary</a></li>\n");
	str_add(out,
	    "<section class=\"sec\" id=\"summary\">\n<h2>What "
	    "changed</h2>\n<dl class=\"facts\">\n");
	add_end(out, "From", json_object_get(h->doc, "from"));
	add_end(out, "To", json_object_get(h->doc, "to"));
	add_score(out, json_object_get(h->doc, "score"));
	str_add(out, "</dl>\n");
	if (json_is_false(json_object_get(h->doc, "comparable")))
		html_note(out, show_text(h->doc, "reason"));
	json_array_foreach(databases, i, database)
	{
		shown +=
		    render_wants(h->options, show_text(database, "database")) &&
		    changes_in_database(database);
	}
	if (shown == 0)
		html_note(out, "Nothing changed.");
	str_add(out, "</section>\n");
	json_array_foreach(databases, i, database)
	{
		if (render_wants(h->options, show_text(database, "database")) &&
		    changes_in_database(database))
			add_database(h, database, i, nav, out);
	}
	str_add(nav, "</ul>\n");
}
