/* SPDX-License-Identifier: PostgreSQL */
/*
 * From a request to a file: rows, a figure, bytes.
 */
#include "chart/chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/num.h"
#include "base/output.h"
#include "base/signal.h"
#include "chart/data.h"
#include "chart/preset.h"
#include "chart/when.h"
#include "chart/xlsx.h"
#include "draw/png.h"
#include "draw/svg.h"
#include "draw/terminal.h"

const char *const chart_aggregates[] = {"avg", "min", "max", "sum", "count",
    "first", "last", "median", "p95", NULL};
const char *const chart_kinds[] = {"line", "area", "bar", "stacked", "percent",
    "heatmap", NULL};
const char *const chart_formats[] = {"text", "svg", "png", "xlsx", NULL};

/* --- what is asked for ----------------------------------------------------- */

/* By the suffix of the file, in any case. */
static status
choose_format(struct chart_request *r)
{
	const char *dot, *slash;
	bool terminal = r->output == NULL || strcmp(r->output, "-") == 0;

	if (r->format >= 0)
		return STATUS_OK;
	if (terminal) {
		r->format = CHART_TEXT;
		return STATUS_OK;
	}
	slash = strrchr(r->output, '/');
	dot = strrchr(slash != NULL ? slash : r->output, '.');
	for (int i = CHART_SVG; dot != NULL && chart_formats[i] != NULL; i++)
		if (strcasecmp(dot + 1, chart_formats[i]) == 0)
			r->format = i;
	if (dot != NULL && strcasecmp(dot, ".txt") == 0)
		r->format = CHART_TEXT;
	if (r->format >= 0)
		return STATUS_OK;
	log_error("the name \"%s\" does not say what to write", r->output);
	log_hint("it ends in .svg, .png, .xlsx or .txt, or --format says it; "
		 "\"-o -\" draws in the terminal");
	return STATUS_USAGE;
}

static void
fill_defaults(struct chart_request *r)
{
	if (r->aggregate < 0)
		r->aggregate = CHART_AVG;
	if (r->kind < 0)
		r->kind = DRAW_LINE;
	if (r->top == 0)
		r->top = r->kind == DRAW_HEATMAP ? 40 : CHART_TOP;
}

static status
check(const struct chart_request *r)
{
	double length;
	uint64_t ms;

	if (r->table != NULL && r->query != NULL)
		return option_fault("--table and --query exclude each other");
	/* A bad one is known before anything is read. */
	if (r->window != NULL && !num_duration(r->window, &ms) &&
	    !chart_number(r->window, &length))
		return option_fault("--window \"%s\" is no duration",
		    r->window);
	if (!chart_is_auto(r) && !chart_is_raw(r) &&
	    !num_duration(r->bucket, &ms) && !chart_number(r->bucket, &length))
		return option_fault("--bucket \"%s\" is no duration",
		    r->bucket);
	if (isfinite(r->min) && isfinite(r->max) && r->min >= r->max)
		return option_fault("--min must be below --max");
	return STATUS_OK;
}

/* --- the figure ------------------------------------------------------------ */

/* How many buckets the width has room for: two pixels for a point of a line,
 * some more for a bar. */
static size_t
buckets_of(const struct chart_request *r, const struct draw_terminal *t)
{
	size_t width = r->width > 0 ? (size_t)r->width : 900;

	if (r->format == CHART_TEXT)
		return t->columns > 20 ? t->columns - 8 : 72;
	if (r->kind == DRAW_BAR)
		return width / 15;
	return r->kind == DRAW_HEATMAP ? width / 6 : width / 2;
}

static void
describe(const struct chart_request *r, const struct chart_data *d,
    struct str *out)
{
	static const char *const words[] = {"mean", "least", "greatest", "sum",
	    "number", "first", "last", "median", "95th percentile"};

	if (d->step > 0) {
		char length[32];

		chart_show_seconds(length, d->step);
		str_addf(out, "%s of ", words[r->aggregate]);
		if (d->plan.axis == DRAW_TIME)
			str_add(out, length);
		else
			str_addf(out, "%g", d->step);
	}
	if (d->set.left_out > 0 || d->series > d->set.len)
		str_addf(out, "%sthe %llu greatest of %zu series",
		    out->len > 0 ? "; " : "", (unsigned long long)r->top,
		    d->series);
}

static char *
title_of(const struct chart_request *r, const struct chart_data *d)
{
	struct str out = STR_INIT;

	if (r->title != NULL)
		return mem_strdup(r->title);
	if (d->plan.value_count == 1 && d->set.len > 0 && d->plan.by_count == 0)
		str_add(&out, d->set.lines[0].name);
	else if (r->values.len > 0)
		str_add(&out, r->values.data[0]);
	else if (r->table != NULL)
		str_add(&out, r->table);
	for (size_t i = 0; i < r->by.len; i++)
		str_addf(&out, "%s%s", i == 0 ? " by " : ", ", r->by.data[i]);
	return str_take(&out);
}

/* Points of d, which gives them away. */
static struct draw_figure *
figure_of(const struct chart_request *r, struct chart_data *d)
{
	struct draw_figure *f = draw_new((enum draw_kind)r->kind, d->plan.axis);
	struct str note CLEANUP(str_free) = STR_INIT;
	bool percent = r->kind == DRAW_PERCENT;

	describe(r, d, &note);
	f->title = title_of(r, d);
	draw_set(&f->note, str_text(&note));
	draw_set(&f->unit, percent ? "%" : r->unit);
	f->min = r->min;
	f->max = r->max;
	f->step = d->step;
	f->from = d->from;
	f->until = d->until;
	for (size_t i = 0; i < d->set.len; i++) {
		const struct chart_line *l = &d->set.lines[i];
		size_t series = draw_series(f, l->name);

		f->series[series].muted = l->others;
		for (size_t j = 0; j < l->len; j++)
			draw_point(f, series, l->points[j].x, l->points[j].y);
	}
	return f;
}

/* --- output ---------------------------------------------------------------- */

static status
picture(const struct chart_request *r, const struct draw_terminal *t,
    struct draw_figure *f, struct str *out)
{
	struct draw_options o = {.width = (unsigned)r->width,
	    .height = (unsigned)r->height};
	struct str svg CLEANUP(str_free) = STR_INIT;

	switch ((enum chart_format)r->format) {
	case CHART_TEXT:
		draw_terminal(f, t, out);
		return STATUS_OK;
	case CHART_SVG:
		draw_svg(f, &o, out);
		return STATUS_OK;
	case CHART_PNG:
		draw_svg(f, &o, &svg);
		return draw_png(&svg, 2, out);
	case CHART_XLSX:
		return chart_xlsx(f, out);
	}
	return STATUS_OK;
}

static status
write_out(const struct chart_request *r, const struct str *bytes)
{
	struct output o CLEANUP(output_free);
	bool terminal = r->output == NULL || strcmp(r->output, "-") == 0;
	status s;

	if (terminal) {
		memset(&o, 0, sizeof(o));
		o.fd = -1;
		return io_out_write(str_text(bytes), bytes->len);
	}
	s = output_open(&o, r->output);
	if (s == STATUS_OK)
		s = io_write(o.fd, str_text(bytes), bytes->len, o.name);
	return s == STATUS_OK ? output_keep(&o, true) : s;
}

static status
draw(struct chart_request *r)
{
	struct chart_data d CLEANUP(chart_data_free) = {.step = 0};
	struct draw_figure *f CLEANUP(draw_cleanup) = NULL;
	struct str bytes CLEANUP(str_free) = STR_INIT;
	struct draw_terminal t = {0};
	bool stack = r->kind == DRAW_STACKED || r->kind == DRAW_PERCENT;
	status s;

	draw_terminal_probe(STDOUT_FILENO, &t);
	if (r->output != NULL && strcmp(r->output, "-") != 0)
		t.colour = false;
	s = r->on_server ? chart_from_server(r, buckets_of(r, &t), &d)
			 : chart_from_input(r, buckets_of(r, &t), &d);
	if (s == STATUS_OK && signal_stop() != 0)
		s = STATUS_RETRY;
	if (s != STATUS_OK)
		return s;
	chart_set_choose(&d.set, (size_t)r->top * d.plan.value_count, stack);
	chart_set_sort(&d.set);
	f = figure_of(r, &d);
	if (f->note[0] != '\0' && d.series > d.set.len)
		log_info("drawn is the %s; --top draws more", f->note);
	if (draw_count(f) == 0) {
		log_error("no value is a number that can be drawn");
		return STATUS_NO;
	}
	s = picture(r, &t, f, &bytes);
	return s == STATUS_OK ? write_out(r, &bytes) : s;
}

status
chart_run(struct chart_request *r)
{
	struct yaml preset CLEANUP(yaml_forget) = YAML_INIT;
	status s = STATUS_OK;

	if (r->metric != NULL)
		s = chart_preset(r, &preset);
	if (s == STATUS_OK)
		s = choose_format(r);
	if (s == STATUS_OK) {
		fill_defaults(r);
		s = check(r);
	}
	return s == STATUS_OK ? draw(r) : s;
}
