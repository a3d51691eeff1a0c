/* SPDX-License-Identifier: PostgreSQL */
/*
 * A section of the page, by its layout.
 */
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "data/record.h"
#include "report/escape.h"
#include "report/html.h"
#include "report/markup.h"
#include "report/picture.h"

#define ROWS_OTHERWISE 1000

void
html_section_id(struct str *out, const struct html_scope *scope,
    const json_t *section)
{
	str_addf(out, "%s-", scope->prefix);
	escape_id(out, show_text(section, "id"));
}

static void
add_about(struct str *out, const json_t *section)
{
	const char *about = show_text(section, "about");

	if (*about == '\0')
		return;
	str_add(out,
	    "<details class=\"about\"><summary>About this section"
	    "</summary><div class=\"prose\">");
	markup_html(out, about, 4);
	str_add(out, "</div></details>\n");
}

static void
add_facts(const json_t *section, const struct show_columns *columns,
    struct str *out)
{
	const json_t *row = json_array_get(json_object_get(section, "rows"), 0);
	size_t i;

	str_add(out, "<dl class=\"facts\">\n");
	for (i = 0; i < columns->len; i++) {
		const struct show_column *c = &columns->data[i];
		const json_t *value = json_object_get(row, c->column);

		if (!show_is_table(value))
			html_fact(out, c->title, value, c->format);
	}
	str_add(out, "</dl>\n");
	for (i = 0; i < columns->len; i++) {
		const struct show_column *c = &columns->data[i];
		const json_t *value = json_object_get(row, c->column);
		struct show_columns nested CLEANUP(show_columns_free) =
		    SHOW_COLUMNS_INIT;
		struct html_table t = {.columns = &nested,
		    .rows = value,
		    .caption = c->title,
		    .limit = ROWS_OTHERWISE,
		    .max = SIZE_MAX,
		    .small = true};

		if (!show_is_table(value))
			continue;
		show_columns(&nested, c->show, NULL, value);
		str_add(out, "<h4>");
		escape_html(out, c->title);
		str_add(out, "</h4>\n");
		html_table(out, &t);
	}
}

static void
add_table(struct html *h, const json_t *section,
    const struct show_columns *columns, size_t max, struct str *out)
{
	struct str cut CLEANUP(str_free) = STR_INIT;
	struct html_table t = {.columns = columns,
	    .rows = json_object_get(section, "rows"),
	    .caption = show_text(section, "title"),
	    .limit = show_limit(section, h->options->max_rows, ROWS_OTHERWISE),
	    .max = max};

	show_cut(&cut, section, html_table(out, &t));
	if (cut.len > 0)
		html_note(out, str_text(&cut));
}

static void
add_chart(const struct html_scope *scope, const json_t *section,
    struct str *out)
{
	struct str svg CLEANUP(str_free) = STR_INIT;
	struct str id CLEANUP(str_free) = STR_INIT;

	html_section_id(&id, scope, section);
	str_add(&id, "-chart");
	if (!picture_chart(section, str_text(&id), &svg))
		return;
	str_add(out, "<figure class=\"chart\" role=\"group\" aria-label=\"");
	escape_html(out, show_text(section, "title"));
	str_add(out, ", drawn; its numbers are in the table below\">");
	str_addn(out, str_text(&svg), svg.len);
	str_add(out, "</figure>\n");
}

static void
add_body(struct html *h, const struct html_scope *scope, const json_t *section,
    size_t max, struct str *out)
{
	struct show_columns columns CLEANUP(show_columns_free) =
	    SHOW_COLUMNS_INIT;
	const json_t *rows = json_object_get(section, "rows");
	const char *layout = show_text(section, "layout");

	if (json_array_size(rows) == 0) {
		html_note(out, "Nothing here.");
		return;
	}
	show_columns_of(&columns, section);
	if (strcmp(layout, "cards") == 0) {
		html_cards(h, scope, section, &columns, max, out);
		return;
	}
	if (strcmp(layout, "facts") == 0 && json_array_size(rows) == 1) {
		add_facts(section, &columns, out);
		return;
	}
	if (json_is_object(json_object_get(section, "chart")))
		add_chart(scope, section, out);
	add_table(h, section, &columns, max, out);
}

static bool
count_is_of_interest(const json_t *section)
{
	return strcmp(show_text(section, "layout"), "facts") != 0;
}

void
html_section(struct html *h, const struct html_scope *scope,
    const json_t *section, size_t max, struct str *out)
{
	const char *state = show_text(section, "status");

	str_add(out, "<section class=\"sec\" id=\"");
	html_section_id(out, scope, section);
	str_add(out, "\">\n<h3>");
	escape_html(out, show_text(section, "title"));
	if (strcmp(state, "ok") == 0 && count_is_of_interest(section)) {
		str_add(out, " <span class=\"count\">");
		show_count(out, show_total(section));
		str_add(out, "</span>");
	}
	str_add(out, "</h3>\n");
	add_about(out, section);
	if (strcmp(state, "ok") == 0) {
		add_body(h, scope, section, max, out);
	} else {
		str_add(out, "<p class=\"note\">");
		html_severity(out, state);
		str_addc(out, ' ');
		escape_html(out, show_text(section, "reason"));
		str_add(out, "</p>\n");
	}
	str_add(out, "</section>\n");
}
