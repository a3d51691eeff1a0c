/* SPDX-License-Identifier: PostgreSQL */
/*
 * Pieces of a Markdown file.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/record.h"
#include "report/escape.h"
#include "report/markdown.h"

void
markdown_heading(struct str *out, int level, const char *text)
{
	int i;

	str_addc(out, '\n');
	for (i = 0; i < level && i < 6; i++)
		str_addc(out, '#');
	str_addc(out, ' ');
	escape_markdown(out, text);
	str_add(out, "\n\n");
}

void
markdown_note(struct str *out, const char *text)
{
	str_addc(out, '_');
	escape_markdown(out, text);
	str_add(out, "_\n\n");
}

static void
add_nested(struct str *out, const json_t *value)
{
	str_addf(out, "%zu", json_array_size(value));
}

void
markdown_value(struct str *out, const json_t *value, enum show_format format,
    bool cell)
{
	struct str text CLEANUP(str_free) = STR_INIT;

	if (show_empty(value))
		return;
	if (show_is_table(value)) {
		add_nested(out, value);
		return;
	}
	show_value(&text, value, format);
	if (format == SHOW_CODE || format == SHOW_SQL || json_is_object(value))
		escape_markdown_code(out, str_text(&text), cell);
	else
		escape_markdown(out, str_text(&text));
}

static bool
column_is_empty(const json_t *rows, const char *column, size_t limit)
{
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		if (i >= limit)
			break;
		if (!show_empty(json_object_get(row, column)))
			return false;
	}
	return true;
}

static void
add_head(struct str *out, const struct show_columns *columns,
    const bool *hidden)
{
	size_t i;

	for (i = 0; i < columns->len; i++)
		if (!hidden[i]) {
			str_add(out, "| ");
			escape_markdown(out, columns->data[i].title);
			str_addc(out, ' ');
		}
	str_add(out, "|\n");
	for (i = 0; i < columns->len; i++)
		if (!hidden[i])
			str_add(out,
			    show_is_number(columns->data[i].format) ? "|---:"
								    : "|---");
	str_add(out, "|\n");
}

size_t
markdown_table(struct str *out, const struct show_columns *columns,
    const json_t *rows, size_t limit)
{
	bool *hidden CLEANUP_FREE = mem_zalloc(columns->len + 1);
	size_t i, c, shown = 0;
	json_t *row;

	for (c = 0; c < columns->len; c++) {
		hidden[c] =
		    column_is_empty(rows, columns->data[c].column, limit);
		shown += !hidden[c];
	}
	if (shown == 0)
		return 0;
	add_head(out, columns, hidden);
	json_array_foreach(rows, i, row)
	{
		if (i >= limit)
			break;
		for (c = 0; c < columns->len; c++)
			if (!hidden[c]) {
				str_add(out, "| ");
				markdown_value(out,
				    json_object_get(row,
					columns->data[c].column),
				    columns->data[c].format, true);
				str_addc(out, ' ');
			}
		str_add(out, "|\n");
	}
	str_addc(out, '\n');
	return i;
}

void
markdown_fact(struct str *out, const char *title, const json_t *value,
    enum show_format format)
{
	if (show_empty(value) || show_is_table(value))
		return;
	str_add(out, "- **");
	escape_markdown(out, title);
	str_add(out, ":** ");
	markdown_value(out, value, format, false);
	str_addc(out, '\n');
}

/* Code in a list entry stands two columns in. */
static void
add_sql(struct str *out, const char *title, const char *sql)
{
	struct str block CLEANUP(str_free) = STR_INIT;
	const char *line;

	if (*sql == '\0')
		return;
	str_addf(out, "\n  %s:\n\n", title);
	escape_markdown_block(&block, sql, "sql");
	for (line = str_text(&block); *line != '\0';) {
		size_t n = strcspn(line, "\n");

		str_add(out, "  ");
		str_addn(out, line, n);
		str_addc(out, '\n');
		line += n + (line[n] == '\n');
	}
}

void
markdown_finding(struct str *out, const json_t *finding)
{
	const json_t *waived = json_object_get(finding, "waived");
	const char *message = show_text(finding, "message");

	str_add(out, "- **");
	escape_markdown(out, show_text(finding, "severity"));
	str_add(out, "** ");
	escape_markdown_code(out, show_text(finding, "object"), false);
	if (*message != '\0') {
		str_add(out, ": ");
		escape_markdown(out, message);
	}
	if (json_is_object(waived)) {
		str_add(out, " (waived: ");
		escape_markdown(out, show_text(waived, "reason"));
		str_addc(out, ')');
	}
	str_addc(out, '\n');
	add_sql(out, "Do", show_text(finding, "do"));
	add_sql(out, "Undo", show_text(finding, "undo"));
}
