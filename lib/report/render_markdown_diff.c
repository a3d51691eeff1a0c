/* SPDX-License-Identifier: PostgreSQL */
/*
 * What changed between two collections, as Markdown.
 */
#include <string.h>

#include "base/mem.h"
#include "data/record.h"
#include "report/changes.h"
#include "report/escape.h"
#include "report/markdown.h"
#include "report/render_inside.h"

#define SHOWN 500 /* of one kind of one section */

static void
say_rest(struct str *out, size_t shown, size_t total)
{
	struct str text CLEANUP(str_free) = STR_INIT;

	if (shown >= total)
		return;
	show_count(&text, shown);
	str_add(&text, " of ");
	show_count(&text, total);
	str_add(&text, " are shown");
	str_addc(out, '\n');
	markdown_note(out, str_text(&text));
}

static void
add_rows(struct str *out, const json_t *section, const char *kind)
{
	const json_t *rows = json_object_get(section, kind);
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		struct str name CLEANUP(str_free) = STR_INIT;

		if (i == SHOWN)
			break;
		show_name(&name, section, row);
		str_addf(out, "- **%s** ", kind);
		escape_markdown_code(out, str_text(&name), false);
		str_addc(out, '\n');
	}
	say_rest(out, i, json_array_size(rows));
}

static void
add_side(struct str *out, const json_t *value)
{
	struct str text CLEANUP(str_free) = STR_INIT;

	show_value(&text, value, SHOW_TEXT);
	if (text.len == 0)
		str_add(out, "nothing");
	else
		escape_markdown_code(out, str_text(&text), false);
}

static void
add_changed(struct str *out, const json_t *section, const char *kind)
{
	const json_t *rows = json_object_get(section, kind);
	size_t i, f;
	json_t *row, *field;

	json_array_foreach(rows, i, row)
	{
		struct str name CLEANUP(str_free) = STR_INIT;

		if (i == SHOWN)
			break;
		changes_name(&name, section, row);
		str_addf(out, "- **%s** ", kind);
		escape_markdown_code(out, str_text(&name), false);
		str_addc(out, '\n');
		json_array_foreach(json_object_get(row, "fields"), f, field)
		{
			str_add(out, "  - ");
			escape_markdown(out, show_text(field, "column"));
			str_add(out, ": ");
			add_side(out, json_object_get(field, "from"));
			str_add(out, " \u2192 ");
			add_side(out, json_object_get(field, "to"));
			str_addc(out, '\n');
		}
	}
	say_rest(out, i, json_array_size(rows));
}

static void
add_section(struct str *out, const json_t *section)
{
	const char *state = show_text(section, "status");

	if (!changes_in_section(section))
		return;
	markdown_heading(out, 3, show_text(section, "title"));
	if (*state != '\0' && strcmp(state, "both") != 0) {
		str_add(out, "**");
		escape_markdown(out, state);
		str_add(out, "** ");
		escape_markdown(out, show_text(section, "reason"));
		str_add(out, "\n\n");
	}
	add_rows(out, section, "added");
	add_rows(out, section, "removed");
	add_changed(out, section, "changed");
	add_changed(out, section, "grown");
}

static void
add_unknown(struct str *out, const json_t *list)
{
	size_t i;
	json_t *item;

	if (json_array_size(list) == 0)
		return;
	markdown_heading(out, 3, "Findings: not known whether new or fixed");
	json_array_foreach(list, i, item)
	{
		char *text CLEANUP_FREE = changes_unknown(item);

		str_add(out, "- ");
		escape_markdown(out, show_text(item, "title"));
		str_add(out, ": ");
		escape_markdown(out, text);
		str_addc(out, '\n');
	}
	str_addc(out, '\n');
}

static void
add_findings(struct str *out, const json_t *checks)
{
	size_t k, i;
	json_t *finding;

	for (k = 0; k < CHANGES; k++) {
		const json_t *list =
		    json_object_get(checks, changes_of_findings[k]);
		struct str title CLEANUP(str_free) = STR_INIT;

		if (json_array_size(list) == 0)
			continue;
		str_add(&title, "Findings: ");
		str_add(&title, changes_of_findings[k]);
		markdown_heading(out, 3, str_text(&title));
		json_array_foreach(list, i, finding)
		{
			if (i == SHOWN)
				break;
			markdown_finding(out, finding);
		}
		say_rest(out, i, json_array_size(list));
	}
	add_unknown(out, json_object_get(checks, "unknown"));
}

static void
add_score(struct str *out, const json_t *document)
{
	const json_t *score = json_object_get(document, "score");

	if (!json_is_number(json_object_get(score, "from")) &&
	    !json_is_number(json_object_get(score, "to")))
		return;
	str_add(out, "**Health:** ");
	add_side(out, json_object_get(score, "from"));
	str_add(out, " \u2192 ");
	add_side(out, json_object_get(score, "to"));
	str_add(out, "\n\n");
}

void
render_markdown_diff(const json_t *document, const struct render_options *o,
    struct str *out)
{
	struct str title CLEANUP(str_free) = STR_INIT;
	size_t i, s, shown = 0;
	json_t *database, *section;

	render_title(&title, document, o);
	str_add(out, "# ");
	escape_markdown(out, str_text(&title));
	str_add(out, "\n\n");
	markdown_fact(out, "From",
	    json_object_get(json_object_get(document, "from"), "collected"),
	    SHOW_TIME);
	markdown_fact(out, "To",
	    json_object_get(json_object_get(document, "to"), "collected"),
	    SHOW_TIME);
	str_addc(out, '\n');
	if (json_is_false(json_object_get(document, "comparable")))
		markdown_note(out, show_text(document, "reason"));
	add_score(out, document);
	json_array_foreach(json_object_get(document, "databases"), i, database)
	{
		if (!render_wants(o, show_text(database, "database")) ||
		    !changes_in_database(database))
			continue;
		shown++;
		markdown_heading(out, 2, show_text(database, "database"));
		if (strcmp(show_text(database, "status"), "added") == 0 ||
		    strcmp(show_text(database, "status"), "removed") == 0)
			markdown_note(out, show_text(database, "status"));
		add_findings(out, json_object_get(database, "checks"));
		json_array_foreach(json_object_get(database, "sections"), s,
		    section)
		{
			add_section(out, section);
		}
	}
	if (shown == 0)
		markdown_note(out, "Nothing changed.");
}
