/* SPDX-License-Identifier: PostgreSQL */
/*
 * Spreadsheets, by libxlsxwriter: the only place that knows it.
 *
 * One row for each x, one column for each series; where the picture has a gap
 * the sheet has a row without numbers, so that its chart has one, too.
 */
#include "chart/xlsx.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "base/log.h"
#include "base/path.h"
#include "draw/colour.h"
#include "draw/scale.h"
#include "draw/text.h"

#define SHEET_ROWS 1048576u
#define SHEET_COLUMNS 16384u
#define CELL_TEXT 32000	   /* bytes; a cell holds 32,767 characters */
#define CHARTED_SERIES 200 /* more lines than anybody follows */
#define MOST_BYTES ((size_t)1 << 31)
/* Days from 1899-12-30, where sheets begin to count, to 1970. */
#define EPOCH_DAYS 25569.0

struct book {
	struct draw_figure *f;
	struct draw_grid grid;
	lxw_workbook *workbook;
	lxw_worksheet *sheet;
	lxw_format *bold, *time;
	char name[130]; /* of the first sheet */
	size_t sheets;
	lxw_row_t row;	     /* the next */
	lxw_row_t first_end; /* the last row of the first sheet */
	size_t columns;
	bool labelled; /* times as texts, too, behind all series */
	lxw_error error;
};

static void
check(struct book *b, lxw_error error)
{
	if (b->error == LXW_NO_ERROR)
		b->error = error;
}

/* --- texts ----------------------------------------------------------------- */

/*
 * At most 31 characters, none of []:*?/\, no apostrophe at an end, not the
 * one name that is taken.  A number keeps further sheets apart.
 */
static void
sheet_name(char out[130], const char *title, size_t number)
{
	struct str name CLEANUP(str_free) = STR_INIT;
	size_t n = 0, most = number > 1 ? 24 : 31;

	for (uint32_t c; n < most && (c = draw_next_char(&title)) != 0;) {
		bool edge = c == '\'' && n == 0;

		if (edge || (c < 0x80 && strchr("[]:*?/\\", (int)c) != NULL))
			c = ' ';
		/* What is two units in UTF-16 counts twice. */
		n += c >= 0x10000 ? 2 : 1;
		if (n <= most)
			draw_add_char(&name, c);
	}
	while (name.len > 0 &&
	    (name.data[name.len - 1] == '\'' || name.data[name.len - 1] == ' '))
		name.data[--name.len] = '\0';
	if (name.len == 0 || strcasecmp(name.data, "history") == 0) {
		str_clear(&name);
		str_add(&name, "Data");
	}
	if (number > 1)
		str_addf(&name, " (%zu)", number);
	snprintf(out, 130, "%s", name.data);
}

/* Harmless, and within what a cell holds. */
static void
write_text(struct book *b, lxw_row_t row, lxw_col_t column, const char *text,
    lxw_format *format)
{
	struct str out CLEANUP(str_free) = STR_INIT;

	for (uint32_t c;
	     out.len < CELL_TEXT && (c = draw_next_char(&text)) != 0;)
		draw_add_char(&out, c);
	if (out.len > 0)
		check(b,
		    worksheet_write_string(b->sheet, row, column, out.data,
			format));
}

/* --- cells ----------------------------------------------------------------- */

/* Sheets know the years 1900 to 9999; other times are written as texts. */
static void
write_x(struct book *b, double x)
{
	double days = x / 86400 + EPOCH_DAYS;
	struct str text CLEANUP(str_free) = STR_INIT;

	if (b->f->axis != DRAW_TIME) {
		check(b, worksheet_write_number(b->sheet, b->row, 0, x, NULL));
	} else if (days >= 61 && days < 2958466) {
		check(b,
		    worksheet_write_number(b->sheet, b->row, 0, days, b->time));
	} else {
		draw_time_show(&text, x);
		write_text(b, b->row, 0, text.data, NULL);
	}
}

/*
 * All but scattered points stand on categories, and categories that are dates
 * make a spreadsheet count in whole days; so their axis has texts.
 */
static void
write_label(struct book *b, double x)
{
	struct str text CLEANUP(str_free) = STR_INIT;

	draw_time_show(&text, x);
	write_text(b, b->row, (lxw_col_t)(b->columns + 1), text.data, NULL);
}

static void
next_sheet(struct book *b)
{
	char name[130];

	sheet_name(name, b->f->title != NULL ? b->f->title : "Data",
	    ++b->sheets);
	if (b->sheets == 1)
		memcpy(b->name, name, sizeof(name));
	b->sheet = workbook_add_worksheet(b->workbook, name);
	if (b->sheet == NULL) {
		b->error = LXW_ERROR_PARAMETER_VALIDATION;
		return;
	}
	write_text(b, 0, 0, b->f->axis == DRAW_TIME ? "time (UTC)" : "x",
	    b->bold);
	for (size_t i = 0; i < b->columns; i++)
		write_text(b, 0, (lxw_col_t)(i + 1), b->f->series[i].name,
		    b->bold);
	if (b->labelled)
		write_text(b, 0, (lxw_col_t)(b->columns + 1), "label", b->bold);
	worksheet_freeze_panes(b->sheet, 1, 1);
	check(b, worksheet_set_column(b->sheet, 0, 0, 20, NULL));
	b->row = 1;
}

static void
write_row(struct book *b, double x, size_t k)
{
	if (b->sheet == NULL || b->row >= SHEET_ROWS)
		next_sheet(b);
	if (b->error != LXW_NO_ERROR)
		return;
	write_x(b, x);
	if (b->labelled)
		write_label(b, x);
	for (size_t i = 0; k < b->grid.len && i < b->columns; i++) {
		double y = b->grid.y[i * b->grid.len + k];

		if (isfinite(y))
			check(b,
			    worksheet_write_number(b->sheet, b->row,
				(lxw_col_t)(i + 1), y, NULL));
	}
	if (b->sheets == 1)
		b->first_end = b->row;
	b->row++;
}

static double
reach_of(const struct book *b)
{
	struct draw_point *columns =
	    mem_resize(NULL, b->grid.len + 1, sizeof(columns[0]));
	double reach;

	for (size_t k = 0; k < b->grid.len; k++)
		columns[k] = (struct draw_point){b->grid.x[k], 0};
	reach = draw_reach(b->f, columns, b->grid.len);
	free(columns);
	return reach;
}

static void
write_rows(struct book *b)
{
	double reach = reach_of(b);

	for (size_t k = 0; k < b->grid.len && b->error == LXW_NO_ERROR; k++) {
		if (k > 0 && b->grid.x[k] - b->grid.x[k - 1] > reach)
			write_row(b,
			    b->grid.x[k - 1] +
				(b->f->step > 0
					? b->f->step
					: (b->grid.x[k] - b->grid.x[k - 1]) /
					    2),
			    SIZE_MAX);
		write_row(b, b->grid.x[k], k);
	}
}

/* --- the chart ------------------------------------------------------------- */

static uint8_t
chart_type(enum draw_kind kind)
{
	switch (kind) {
	case DRAW_AREA:
		return LXW_CHART_AREA;
	case DRAW_BAR:
		return LXW_CHART_COLUMN;
	case DRAW_STACKED:
		return LXW_CHART_AREA_STACKED;
	case DRAW_PERCENT:
		return LXW_CHART_AREA_STACKED_PERCENT;
	default:
		return LXW_CHART_SCATTER_STRAIGHT;
	}
}

static lxw_color_t
colour_of(const struct book *b, size_t i)
{
	if (b->f->series[i].muted)
		return 0xb6bcc3;
	return (lxw_color_t)strtoul(draw_colour(i, false) + 1, NULL, 16);
}

static void
add_series(const struct book *b, lxw_chart *chart, size_t i)
{
	lxw_col_t column = (lxw_col_t)(i + 1);
	lxw_col_t x = b->labelled ? (lxw_col_t)(b->columns + 1) : 0;
	lxw_chart_series *s = chart_add_series(chart, NULL, NULL);
	lxw_chart_line line = {.color = colour_of(b, i), .width = 1.75f};
	lxw_chart_fill fill = {.color = colour_of(b, i)};

	chart_series_set_categories(s, b->name, 1, x, b->first_end, x);
	chart_series_set_values(s, b->name, 1, column, b->first_end, column);
	chart_series_set_name_range(s, b->name, 0, column);
	if (b->f->kind == DRAW_LINE)
		chart_series_set_line(s, &line);
	else
		chart_series_set_fill(s, &fill);
}

/* Does a series lack an x that lies within a line of it?  Then blanks are no
 * gaps, or it would fall apart. */
static bool
is_sparse(struct book *b)
{
	for (size_t i = 0; i < b->columns; i++) {
		const struct draw_series *s = &b->f->series[i];
		double reach = draw_reach(b->f, s->points, s->len);
		size_t k = 0;

		for (size_t j = 0; j + 1 < s->len; j++) {
			while (b->grid.x[k] < s->points[j].x)
				k++;
			if (s->points[j + 1].x - s->points[j].x <= reach &&
			    b->grid.x[k + 1] < s->points[j + 1].x)
				return true;
		}
	}
	return false;
}

static void
set_axes(const struct book *b, lxw_chart *chart)
{
	const char *format = b->f->step >= 86400 ? "yyyy-mm-dd" : "mm-dd hh:mm";

	if (b->f->axis == DRAW_TIME && !b->labelled)
		chart_axis_set_num_format(chart->x_axis, format);
	if (b->f->axis == DRAW_TIME && b->f->kind == DRAW_LINE &&
	    b->grid.len > 1 && b->grid.x[0] / 86400 + EPOCH_DAYS >= 61) {
		chart_axis_set_min(chart->x_axis,
		    b->grid.x[0] / 86400 + EPOCH_DAYS);
		chart_axis_set_max(chart->x_axis,
		    b->grid.x[b->grid.len - 1] / 86400 + EPOCH_DAYS);
	}
	if (b->labelled)
		chart_axis_set_major_tick_mark(chart->x_axis,
		    LXW_CHART_AXIS_TICK_MARK_NONE);
	if (b->f->unit != NULL && b->f->unit[0] != '\0')
		chart_axis_set_name(chart->y_axis, b->f->unit);
	if (isfinite(b->f->min))
		chart_axis_set_min(chart->y_axis, b->f->min);
	if (isfinite(b->f->max))
		chart_axis_set_max(chart->y_axis, b->f->max);
}

static void
add_chart(struct book *b)
{
	lxw_chart_options place = {.x_scale = 2, .y_scale = 1.6};
	lxw_worksheet *sheet =
	    workbook_get_worksheet_by_name(b->workbook, b->name);
	size_t n = b->columns < CHARTED_SERIES ? b->columns : CHARTED_SERIES;
	lxw_col_t column = (lxw_col_t)(b->columns < 20 ? b->columns + 3 : 4);
	lxw_chart *chart =
	    workbook_add_chart(b->workbook, chart_type(b->f->kind));

	if (chart == NULL || sheet == NULL) {
		b->error = LXW_ERROR_MEMORY_MALLOC_FAILED;
		return;
	}
	for (size_t i = 0; i < n; i++)
		add_series(b, chart, i);
	if (b->f->title != NULL && b->f->title[0] != '\0') {
		struct str title CLEANUP(str_free) = STR_INIT;

		draw_fit_columns(&title, b->f->title, 200, false);
		chart_title_set_name(chart, str_text(&title));
	} else {
		chart_title_off(chart);
	}
	set_axes(b, chart);
	chart_show_blanks_as(chart,
	    is_sparse(b) ? LXW_CHART_BLANKS_AS_CONNECTED
			 : LXW_CHART_BLANKS_AS_GAP);
	chart_legend_set_position(chart, LXW_CHART_LEGEND_BOTTOM);
	check(b, worksheet_insert_chart_opt(sheet, 1, column, chart, &place));
}

/* What a heat map is in a spreadsheet. */
static void
add_heat(struct book *b)
{
	lxw_conditional_format format = {.type = LXW_CONDITIONAL_3_COLOR_SCALE,
	    .min_color = 0x00224e,
	    .mid_color = 0x868c76,
	    .max_color = 0xfee838};
	lxw_worksheet *sheet =
	    workbook_get_worksheet_by_name(b->workbook, b->name);

	if (sheet != NULL)
		check(b,
		    worksheet_conditional_format_range(sheet, 1, 1,
			b->first_end, (lxw_col_t)b->columns, &format));
}

/* --- the file -------------------------------------------------------------- */

/* All of it: formats, rows, chart. */
static void
fill(struct book *b)
{
	b->bold = workbook_add_format(b->workbook);
	format_set_bold(b->bold);
	b->time = workbook_add_format(b->workbook);
	format_set_num_format(b->time,
	    b->f->step >= 86400	   ? "yyyy-mm-dd"
		: b->f->step >= 60 ? "yyyy-mm-dd hh:mm"
				   : "yyyy-mm-dd hh:mm:ss.000");
	b->columns = b->f->len;
	b->labelled = b->f->axis == DRAW_TIME && b->f->kind != DRAW_LINE &&
	    b->f->kind != DRAW_HEATMAP;
	if (b->columns > SHEET_COLUMNS - 2) {
		log_warning("%zu series do not fit into a sheet and are left "
			    "out",
		    b->columns - (SHEET_COLUMNS - 2));
		b->columns = SHEET_COLUMNS - 2;
	}
	write_rows(b);
	if (b->error != LXW_NO_ERROR || b->sheet == NULL)
		return;
	if (b->f->kind == DRAW_HEATMAP)
		add_heat(b);
	else
		add_chart(b);
}

static status
failed(const char *why)
{
	log_error("could not make the spreadsheet: %s", why);
	return STATUS_FAIL;
}

static status
write_book(struct draw_figure *f, const char *file)
{
	/* A row at a time: a sheet of a million takes no more memory. */
	lxw_workbook_options options = {.constant_memory = LXW_TRUE};
	struct book b = {.f = f};
	lxw_error error;

	b.workbook = workbook_new_opt(file, &options);
	if (b.workbook == NULL)
		return failed("out of memory or of temporary files");
	draw_grid(f, &b.grid);
	fill(&b);
	draw_grid_free(&b.grid);
	error = workbook_close(b.workbook);
	check(&b, error);
	return b.error == LXW_NO_ERROR ? STATUS_OK
				       : failed(lxw_strerror(b.error));
}

status
chart_xlsx(struct draw_figure *f, struct str *out)
{
	const char *dir = getenv("TMPDIR");
	char *file CLEANUP_FREE = mem_printf("%s/pg-chart.XXXXXX",
	    dir != NULL && dir[0] != '\0' ? dir : "/tmp");
	int fd = mkstemp(file);
	status s;

	if (fd < 0) {
		log_error("could not create a file like \"%s\": %s", file,
		    strerror(errno));
		return STATUS_FAIL;
	}
	(void)close(fd);
	s = write_book(f, file);
	if (s == STATUS_OK)
		s = path_read(file, MOST_BYTES, out);
	(void)unlink(file);
	return s;
}
