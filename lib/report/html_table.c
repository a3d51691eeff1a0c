/* SPDX-License-Identifier: PostgreSQL */
/*
 * Values, facts and tables of the page.
 */
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "data/record.h"
#include "report/escape.h"
#include "report/html.h"
#include "report/markup.h"

#define EXACT 2000 /* rows of a table that sorts by more than is shown */

static void
add_code_list(struct str *out, const json_t *value)
{
	size_t i;
	json_t *item;

	json_array_foreach(value, i, item)
	{
		struct str text CLEANUP(str_free) = STR_INIT;

		show_value(&text, item, SHOW_TEXT);
		str_add(out, i > 0 ? ", " : "");
		escape_html(out, str_text(&text));
	}
}

static void
wrap(struct str *out, const char *before, const char *text, const char *after)
{
	str_add(out, before);
	escape_html(out, text);
	str_add(out, after);
}

void
html_value(struct str *out, const json_t *value, enum show_format format)
{
	struct str text CLEANUP(str_free) = STR_INIT;

	if (show_empty(value))
		return;
	if (json_is_array(value) && !show_is_table(value)) {
		add_code_list(out, value);
		return;
	}
	if (json_is_boolean(value)) {
		str_add(out, json_is_true(value) ? "yes" : "<i>no</i>");
		return;
	}
	show_value(&text, value, format);
	if (format == SHOW_CODE || format == SHOW_SQL ||
	    json_is_object(value) || json_is_array(value))
		wrap(out, "<code>", str_text(&text), "</code>");
	else if (format == SHOW_MARKDOWN)
		markup_html(out, str_text(&text), 6);
	else
		escape_html(out, str_text(&text));
}

static void
add_head(struct str *out, const struct html_table *t, const bool *hidden)
{
	size_t i;

	str_add(out, "<thead><tr>");
	for (i = 0; i < t->columns->len; i++) {
		const struct show_column *c = &t->columns->data[i];

		if (hidden[i])
			continue;
		str_add(out,
		    show_is_number(c->format) ? "<th scope=\"col\" class=\"n\">"
					      : "<th scope=\"col\">");
		escape_html(out, c->title);
		str_add(out, "</th>");
	}
	str_add(out, "</tr></thead>\n");
}

/* A number's text is not what it sorts by: the script reads "1.5 MB", and
 * exact ones have the number itself. */
static void
open_cell(struct str *out, const struct show_column *c, const json_t *value,
    bool exact)
{
	double v;

	if (c->format == SHOW_MARKDOWN) {
		str_add(out, "<td class=\"md\">");
	} else if (!show_is_number(c->format)) {
		str_add(out, "<td>");
	} else if (exact && c->format != SHOW_NUMBER &&
	    show_number(value, &v)) {
		str_addf(out, "<td class=\"n\" data-v=\"%.15g\">", v);
	} else {
		str_add(out, "<td class=\"n\">");
	}
}

static void
add_nested(struct str *out, const struct show_column *c, const json_t *value)
{
	size_t n = json_array_size(value);

	if (n == 0)
		return;
	str_addf(out, "<details><summary>%zu</summary>", n);
	{
		struct show_columns columns CLEANUP(show_columns_free) =
		    SHOW_COLUMNS_INIT;
		struct html_table nested = {.columns = &columns,
		    .rows = value,
		    .caption = c->title,
		    .limit = 200,
		    .max = SIZE_MAX,
		    .small = true};

		show_columns(&columns, c->show, NULL, value);
		html_table(out, &nested);
		if (n > 200)
			html_note(out,
			    "200 are shown; the collection holds "
			    "them all");
	}
	str_add(out, "</details>");
}

static void
add_row(struct str *out, const struct html_table *t, const bool *hidden,
    const json_t *row, size_t number)
{
	size_t i;
	bool first = true;

	str_add(out, "<tr");
	if (t->attributes != NULL)
		t->attributes(out, row, number, t->arg);
	str_addc(out, '>');
	for (i = 0; i < t->columns->len; i++) {
		const struct show_column *c = &t->columns->data[i];
		const json_t *value = json_object_get(row, c->column);

		if (hidden[i])
			continue;
		open_cell(out, c, value, json_array_size(t->rows) <= EXACT);
		if (first && t->first != NULL &&
		    t->first(out, row, number, t->arg))
			;
		else if (show_is_table(value))
			add_nested(out, c, value);
		else
			html_value(out, value, c->format);
		str_add(out, "</td>");
		first = false;
	}
	str_add(out, "</tr>\n");
}

static bool *
empty_columns(const struct html_table *t)
{
	bool *hidden = mem_zalloc(t->columns->len + 1);
	size_t i, r;
	json_t *row;

	for (i = 0; (t->small || t->drop_empty) && i < t->columns->len; i++) {
		hidden[i] = true;
		json_array_foreach(t->rows, r, row)
		{
			if (!show_empty(json_object_get(row,
				t->columns->data[i].column))) {
				hidden[i] = false;
				break;
			}
		}
	}
	return hidden;
}

size_t
html_table(struct str *out, const struct html_table *t)
{
	bool *hidden CLEANUP_FREE = empty_columns(t);
	size_t i, start = out->len;
	json_t *row;

	if (t->small) {
		str_add(out, "<div class=\"wrap\"><table><caption>");
	} else {
		str_add(out,
		    "<div class=\"wrap big\" role=\"region\" "
		    "tabindex=\"0\" aria-label=\"");
		escape_html(out, t->caption);
		str_add(out, "\"><table><caption>");
	}
	escape_html(out, t->caption);
	str_add(out, "</caption>");
	add_head(out, t, hidden);
	str_add(out, "<tbody>\n");
	json_array_foreach(t->rows, i, row)
	{
		if (i >= t->limit || out->len - start > t->max)
			break;
		add_row(out, t, hidden, row, i);
	}
	str_add(out, "</tbody></table></div>\n");
	return i;
}

void
html_fact(struct str *out, const char *title, const json_t *value,
    enum show_format format)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	bool wide;

	if (show_empty(value))
		return;
	show_value(&text, value, format);
	wide = strchr(str_text(&text), '\n') != NULL || text.len > 60 ||
	    format == SHOW_MARKDOWN;
	str_add(out, wide ? "<div class=\"wide\"><dt>" : "<div><dt>");
	escape_html(out, title);
	str_add(out, "</dt><dd>");
	if (wide && (format == SHOW_SQL || format == SHOW_CODE))
		wrap(out, "<pre><code>", str_text(&text), "</code></pre>");
	else
		html_value(out, value, format);
	str_add(out, "</dd></div>\n");
}

void
html_note(struct str *out, const char *text)
{
	wrap(out, "<p class=\"note\">", text, "</p>\n");
}

void
html_sql(struct str *out, const char *title, const char *sql)
{
	if (*sql == '\0')
		return;
	str_add(out, "<div class=\"sql\"><span class=\"do\">");
	escape_html(out, title);
	wrap(out, "</span><pre><code>", sql, "</code></pre></div>\n");
}
