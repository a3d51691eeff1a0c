/* SPDX-License-Identifier: PostgreSQL */
/*
 * The charts of sections: rows are points, "x" names where they are, "y" what
 * they are worth, and "by" the column whose values are series.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/record.h"
#include "draw/svg.h"
#include "report/picture.h"
#include "report/show.h"

#define SERIES_MAX 12
#define POINTS_MAX 20000

static enum draw_kind
kind_named(const char *name)
{
	static const char *const names[] = {"line", "area", "bar", "stacked",
	    "percent", "heatmap"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return (enum draw_kind)i;
	return DRAW_LINE;
}

/* Days since 1970 of a date of the Gregorian calendar. */
static double
days_of(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t in_era = y - era * 400;
	int64_t in_year =
	    (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t days = era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 +
	    in_year - 719468;

	return (double)days;
}

/* A number and what comes behind it, unless that is '\0'. */
static bool
read_part(const char **text, char behind, int most, int *out)
{
	size_t n = strspn(*text, "0123456789");

	*out = 0;
	if (n == 0 || n > 4)
		return false;
	while (n-- > 0)
		*out = *out * 10 + *(*text)++ - '0';
	if (behind != '\0' && *(*text)++ != behind)
		return false;
	return *out <= most;
}

/* "2026-01-02T03:04:05.5Z", also with a blank, or a date alone. */
static bool
read_time(const char *text, double *out)
{
	int year, month, day, hour = 0, minute = 0;
	double second = 0;

	if (text == NULL || !read_part(&text, '-', 9999, &year) ||
	    !read_part(&text, '-', 12, &month) ||
	    !read_part(&text, '\0', 31, &day) || month < 1 || day < 1)
		return false;
	if (*text != '\0') {
		text++;
		if (!read_part(&text, ':', 24, &hour) ||
		    !read_part(&text, '\0', 59, &minute))
			return false;
		if (*text == ':')
			second = strtod(text + 1, NULL);
	}
	*out = days_of(year, month, day) * 86400 + hour * 3600.0 +
	    minute * 60.0 + second;
	return isfinite(*out);
}

static enum draw_axis
axis_of(const json_t *rows, const char *x)
{
	const json_t *first = json_object_get(json_array_get(rows, 0), x);
	double v;

	if (read_time(json_string_value(first), &v))
		return DRAW_TIME;
	return show_number(first, &v) ? DRAW_NUMBER : DRAW_LABELS;
}

static size_t
series_named(struct draw_figure *f, const char *name)
{
	size_t i;

	for (i = 0; i < f->len; i++)
		if (strcmp(f->series[i].name, name) == 0)
			return i;
	return f->len < SERIES_MAX ? draw_series(f, name) : f->len;
}

static bool
place_of(struct draw_figure *f, const json_t *row, const char *x, double *out)
{
	const json_t *value = json_object_get(row, x);

	if (f->axis == DRAW_TIME)
		return read_time(json_string_value(value), out);
	if (f->axis == DRAW_NUMBER)
		return show_number(value, out);
	{
		struct str text CLEANUP(str_free) = STR_INIT;
		size_t i;

		show_value(&text, value, SHOW_TEXT);
		for (i = 0; i < f->labels.len; i++)
			if (strcmp(f->labels.data[i], str_text(&text)) == 0)
				break;
		*out = i < f->labels.len ? (double)i
					 : draw_label(f, str_text(&text));
	}
	return true;
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

/* The name of a value's series: its column's, and whose it is. */
static void
series_name(struct str *out, const json_t *row, const char *by,
    const struct show_column *column, const char *name, bool several)
{
	if (by != NULL)
		show_value(out, json_object_get(row, by), SHOW_TEXT);
	if (by == NULL || several) {
		if (out->len > 0)
			str_add(out, ", ");
		str_add(out, column != NULL ? column->title : name);
	}
}

static void
add_points(struct draw_figure *f, const json_t *section,
    const struct show_columns *columns)
{
	const json_t *chart = json_object_get(section, "chart");
	const json_t *y = json_object_get(chart, "y");
	const char *by = record_text(chart, "by");
	size_t i, k;
	json_t *row, *name;

	json_array_foreach(json_object_get(section, "rows"), i, row)
	{
		double at, value;

		if (i >= POINTS_MAX)
			break;
		if (!place_of(f, row, show_text(chart, "x"), &at))
			continue;
		json_array_foreach(y, k, name)
		{
			struct str text CLEANUP(str_free) = STR_INIT;
			const char *column = json_string_value(name);
			size_t series;
			double scale = str_eq(f->unit, "%") ? 100 : 1;

			if (column == NULL)
				continue;
			series_name(&text, row, by,
			    column_named(columns, column), column,
			    json_array_size(y) > 1);
			series = series_named(f, str_text(&text));
			if (series < f->len)
				draw_point(f, series, at,
				    show_number(json_object_get(row, column),
					&value)
					? value * scale
					: NAN);
		}
	}
}

static void
set_unit(struct draw_figure *f, const json_t *chart,
    const struct show_columns *columns)
{
	const char *unit = record_text(chart, "unit");
	const char *first =
	    json_string_value(json_array_get(json_object_get(chart, "y"), 0));
	const struct show_column *column =
	    first != NULL ? column_named(columns, first) : NULL;

	if (unit == NULL && column != NULL)
		unit = column->format == SHOW_BYTES   ? "bytes"
		    : column->format == SHOW_PERCENT  ? "%"
		    : column->format == SHOW_DURATION ? "s"
						      : NULL;
	draw_set(&f->unit, unit);
}

bool
picture_chart(const json_t *section, const char *id, struct str *out)
{
	const json_t *chart = json_object_get(section, "chart");
	const json_t *rows = json_object_get(section, "rows");
	struct show_columns columns CLEANUP(show_columns_free) =
	    SHOW_COLUMNS_INIT;
	struct draw_options o = {.embedded = true, .id = id};
	struct draw_figure *f CLEANUP(draw_cleanup) = NULL;

	if (!json_is_object(chart) || json_array_size(rows) == 0 ||
	    *show_text(chart, "x") == '\0')
		return false;
	show_columns_of(&columns, section);
	f = draw_new(kind_named(show_text(chart, "kind")),
	    axis_of(rows, show_text(chart, "x")));
	draw_set(&f->title, record_text(section, "title"));
	set_unit(f, chart, &columns);
	add_points(f, section, &columns);
	if (draw_count(f) == 0)
		return false;
	draw_svg(f, &o, out);
	return true;
}

/* Dark where the system is, unless light was chosen; and where dark was. */
void
picture_style(struct str *out)
{
	draw_css(out, ":root[data-theme=dark]");
	str_add(out, "\n@media (prefers-color-scheme: dark) {\n");
	draw_css(out, ":root:not([data-theme=light])");
	str_add(out, "}\n");
}
