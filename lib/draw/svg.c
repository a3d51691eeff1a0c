/* SPDX-License-Identifier: PostgreSQL */
/*
 * A figure as SVG: from the top title, note, legend, unit, plot, ticks, and
 * the range of time that is shown.
 */
#include "draw/svg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draw/svg_private.h"
#include "draw/text.h"

#define MARGIN 16.0
#define WIDTH 900.0
#define HEIGHT 420.0
#define NAME_WIDTH 190.0 /* of a row of a heat map */

/* --- lengths of the axes --------------------------------------------------- */

void
svg_extent(const struct draw_figure *f, double *least, double *greatest)
{
	*least = (double)INFINITY;
	*greatest = -*least;
	for (size_t i = 0; i < f->len; i++)
		for (size_t j = 0; j < f->series[i].len; j++) {
			double y = f->series[i].points[j].y;

			if (!isfinite(y))
				continue;
			*least = fmin(*least, y);
			*greatest = fmax(*greatest, y);
		}
}

static bool
has_cells(const struct draw_figure *f)
{
	return f->kind == DRAW_BAR || f->kind == DRAW_HEATMAP;
}

static bool
is_stack(const struct draw_figure *f)
{
	return f->kind == DRAW_STACKED || f->kind == DRAW_PERCENT;
}

/* The width of a bar, in x: the step, else the least distance. */
static double
cell_of(const struct svg *g)
{
	double least = (double)INFINITY;

	if (g->f->axis == DRAW_LABELS)
		return 1;
	if (g->f->step > 0)
		return g->f->step;
	for (size_t k = 1; k < g->grid.len; k++)
		least = fmin(least, g->grid.x[k] - g->grid.x[k - 1]);
	if (isfinite(least))
		return least;
	return g->f->axis == DRAW_TIME ? 60 : 1;
}

static void
range_of_x(const struct svg *g, double *from, double *until)
{
	const struct draw_figure *f = g->f;

	*from = (double)INFINITY;
	*until = -*from;
	if (f->axis == DRAW_LABELS) {
		*from = -0.5;
		*until = (double)f->labels.len - 0.5;
		return;
	}
	for (size_t i = 0; i < f->len; i++)
		if (f->series[i].len > 0) {
			const struct draw_series *s = &f->series[i];

			*from = fmin(*from, s->points[0].x);
			*until = fmax(*until, s->points[s->len - 1].x);
		}
	if (has_cells(f))
		*until += g->cell;
	if (isfinite(f->from))
		*from = f->from;
	if (isfinite(f->until))
		*until = f->until;
}

/* Labels as ticks: as many as have room. */
static void
scale_labels(struct draw_scale *s, const struct draw_figure *f, double room)
{
	size_t most = (size_t)fmax(room / 70, 1), stride;

	if (most > DRAW_TICKS)
		most = DRAW_TICKS;
	stride = (f->labels.len + most - 1) / most;
	s->from = -0.5;
	s->until = (double)f->labels.len - 0.5;
	s->len = 0;
	s->suffix[0] = '\0';
	for (size_t i = 0; i < f->labels.len && s->len < most; i += stride) {
		struct draw_tick *t = &s->ticks[s->len++];
		struct str text CLEANUP(str_free) = STR_INIT;

		draw_fit(&text, f->labels.data[i], 9);
		t->at = (double)i;
		t->major = false;
		/* At most 9 characters of at most 4 bytes. */
		snprintf(t->text, sizeof(t->text), "%s", str_text(&text));
	}
}

static void
scale_x(struct svg *g)
{
	double from, until, room = g->right - g->left;

	range_of_x(g, &from, &until);
	switch (g->f->axis) {
	case DRAW_TIME:
		draw_scale_times(&g->x, from, until, (size_t)(room / 75));
		break;
	case DRAW_NUMBER:
		draw_scale_numbers(&g->x, from, until, (size_t)(room / 90),
		    NULL, false);
		break;
	case DRAW_LABELS:
		scale_labels(&g->x, g->f, room);
		break;
	}
}

static void
range_of_stack(const struct svg *g, double *least, double *greatest)
{
	*least = *greatest = 0;
	for (size_t i = 0; i < g->f->len * g->grid.len; i++) {
		*least = fmin(*least, g->grid.y[i]);
		*greatest = fmax(*greatest, g->grid.y[i]);
	}
}

/* A line that comes near to zero is better seen with it. */
static void
range_of_y(const struct svg *g, double *least, double *greatest)
{
	const struct draw_figure *f = g->f;

	if (is_stack(f))
		range_of_stack(g, least, greatest);
	else
		svg_extent(f, least, greatest);
	if (f->kind == DRAW_PERCENT)
		*greatest = 100;
	if (f->kind != DRAW_LINE || *least < 0.4 * *greatest)
		*least = fmin(*least, 0);
	if (f->kind != DRAW_LINE || *greatest > 0.4 * *least)
		*greatest = fmax(*greatest, 0);
}

/* Leave the ticks that lie within. */
static void
cut_ticks(struct draw_scale *s)
{
	size_t kept = 0;
	double room = (s->until - s->from) * 1e-9;

	for (size_t i = 0; i < s->len; i++)
		if (s->ticks[i].at >= s->from - room &&
		    s->ticks[i].at <= s->until + room)
			s->ticks[kept++] = s->ticks[i];
	s->len = kept;
}

static void
scale_y(struct svg *g)
{
	const struct draw_figure *f = g->f;
	double least, greatest;
	size_t target = (size_t)fmax((g->bottom - g->top) / 55, 2);
	bool low = isfinite(f->min), high = isfinite(f->max);

	range_of_y(g, &least, &greatest);
	if (low)
		least = f->min;
	if (high)
		greatest = f->max;
	/* Asked for ends that the data lies beyond. */
	if (least >= greatest && low != high) {
		least = low ? least : greatest - 1;
		greatest = low ? least + 1 : greatest;
	}
	draw_scale_numbers(&g->y, least, greatest, target, f->unit,
	    !(low && high));
	if (low)
		g->y.from = fmin(f->min, g->y.until - 1e-12);
	if (high)
		g->y.until = fmax(f->max, g->y.from + 1e-12);
	cut_ticks(&g->y);
}

/* --- axes ------------------------------------------------------------------ */

static double
widest_tick(const struct draw_scale *s)
{
	double widest = 0;

	for (size_t i = 0; i < s->len; i++)
		widest = fmax(widest, draw_width(s->ticks[i].text));
	return widest * SVG_SMALL;
}

static void
draw_y_axis(struct svg *g)
{
	for (size_t i = 0; i < g->y.len; i++) {
		const struct draw_tick *t = &g->y.ticks[i];
		double y = svg_y(g, t->at);

		svg_line(g->out, "pgd-grid", g->left, y, g->right, y);
		svg_text(g->out, "pgd-tick", g->left - 8, y + 4, "end",
		    t->text);
	}
}

/* The rows of a heat map have names. */
static void
draw_row_names(struct svg *g)
{
	double row = (g->bottom - g->top) / (double)g->f->len;
	double next = 0;

	for (size_t i = 0; i < g->f->len; i++) {
		struct str name CLEANUP(str_free) = STR_INIT;
		double y = g->top + ((double)i + 0.5) * row + 4;

		if (y < next)
			continue;
		draw_fit(&name, g->f->series[i].name, NAME_WIDTH / SVG_SMALL);
		svg_text(g->out, "pgd-tick", g->left - 8, y, "end",
		    str_text(&name));
		next = y + SVG_SMALL + 2;
	}
}

/* Text below its tick, but within the picture and beside its neighbour. */
static void
draw_x_ticks(struct svg *g)
{
	double end = 0;

	for (size_t i = 0; i < g->x.len; i++) {
		const struct draw_tick *t = &g->x.ticks[i];
		double x = svg_x(g, t->at);
		double half = draw_width(t->text) * SVG_SMALL / 2;
		double middle = fmin(x, g->width - 4 - half);

		if (g->f->axis != DRAW_LABELS)
			svg_line(g->out, "pgd-axis", x, g->bottom, x,
			    g->bottom + 5);
		if (middle - half < end)
			continue;
		svg_text(g->out, t->major ? "pgd-tick pgd-major" : "pgd-tick",
		    middle, g->bottom + 19, "middle", t->text);
		end = middle + half + 8;
	}
}

static void
draw_x_axis(struct svg *g)
{
	struct str range CLEANUP(str_free) = STR_INIT;

	svg_line(g->out, "pgd-axis", g->left, g->bottom, g->right, g->bottom);
	draw_x_ticks(g);
	if (g->f->axis != DRAW_TIME)
		return;
	draw_time_show(&range, g->x.from);
	str_add(&range, " – ");
	draw_time_show(&range, g->x.until);
	str_add(&range, " UTC");
	svg_text(g->out, "pgd-note", g->left, g->bottom + 37, "start",
	    str_text(&range));
}

/* Zero, where it is not an end. */
static void
draw_zero(struct svg *g)
{
	double y;

	if (g->f->kind == DRAW_HEATMAP || g->y.from >= 0 || g->y.until <= 0)
		return;
	y = svg_y(g, 0);
	svg_line(g->out, "pgd-axis", g->left, y, g->right, y);
}

/* --- the whole ------------------------------------------------------------- */

static void
draw_marks(struct svg *g)
{
	str_addf(g->out, "<g clip-path=\"url(#%s-clip)\">\n", g->id);
	switch (g->f->kind) {
	case DRAW_LINE:
	case DRAW_AREA:
		svg_marks_lines(g, g->f->kind == DRAW_AREA);
		break;
	case DRAW_BAR:
		svg_marks_bars(g);
		break;
	case DRAW_STACKED:
	case DRAW_PERCENT:
		svg_marks_stack(g);
		break;
	case DRAW_HEATMAP:
		svg_marks_heat(g);
		break;
	}
	str_add(g->out, "</g>\n");
}

/* A little more than the plot, so that lines at its edge are whole. */
static void
define_clip(struct svg *g)
{
	str_addf(g->out, "<clipPath id=\"%s-clip\"><rect", g->id);
	svg_attribute(g->out, "x", g->left - 3);
	svg_attribute(g->out, "y", g->top - 3);
	svg_attribute(g->out, "width", g->right - g->left + 6);
	svg_attribute(g->out, "height", g->bottom - g->top + 6);
	str_add(g->out, "/></clipPath>\n");
}

static void
draw_unit(struct svg *g)
{
	const char *unit = g->y.suffix[0] != '\0' ? g->y.suffix : g->f->unit;
	struct str text CLEANUP(str_free) = STR_INIT;

	if (unit == NULL || unit[0] == '\0')
		return;
	draw_fit(&text, unit, 40);
	svg_text(g->out, "pgd-note", g->left, g->top - 8, "start",
	    str_text(&text));
}

static void
draw_standing(struct svg *g)
{
	bool heat = g->f->kind == DRAW_HEATMAP;
	bool unit = g->f->unit != NULL && g->f->unit[0] != '\0' && !heat;
	double names = 0;

	g->top += unit ? 20 : 8;
	g->bottom =
	    g->height - MARGIN - (g->f->axis == DRAW_TIME ? 36.0 : 18.0);
	g->right = g->width - MARGIN - 4;
	if (heat)
		for (size_t i = 0; i < g->f->len; i++)
			names = fmax(names,
			    draw_width(g->f->series[i].name) * SVG_SMALL);
	if (!heat)
		scale_y(g);
	g->left =
	    MARGIN + 8 + (heat ? fmin(names, NAME_WIDTH) : widest_tick(&g->y));
	scale_x(g);
	define_clip(g);
	if (unit)
		draw_unit(g);
	if (heat)
		draw_row_names(g);
	else
		draw_y_axis(g);
	draw_marks(g);
	draw_zero(g);
	draw_x_axis(g);
}

static void
draw_nothing(struct svg *g)
{
	svg_text(g->out, "pgd-empty", g->width / 2, (g->top + g->height) / 2,
	    "middle", g->f->empty != NULL ? g->f->empty : "no data");
}

static void
prepare(struct svg *g)
{
	draw_sort(g->f);
	if (g->f->kind == DRAW_LINE || g->f->kind == DRAW_AREA)
		return;
	draw_grid(g->f, &g->grid);
	g->cell = cell_of(g);
	if (is_stack(g->f))
		draw_stack(&g->grid, g->f->len, g->f->kind == DRAW_PERCENT,
		    &g->low);
}

/* The opening tag and what is said to who does not see the picture. */
static void
open_svg(struct svg *g, const struct draw_options *o)
{
	struct str words CLEANUP(str_free) = STR_INIT;
	const char *title = g->f->title != NULL ? g->f->title : "Chart";

	draw_describe(g->f, &words);
	str_addf(g->out,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"pgd%s\" "
	    "viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" "
	    "role=\"img\" aria-labelledby=\"%s-title %s-desc\">\n",
	    o->embedded ? " pgd-in" : "", g->width, g->height, g->width,
	    g->height, g->id, g->id);
	str_addf(g->out, "<title id=\"%s-title\">", g->id);
	draw_xml(g->out, title);
	str_addf(g->out, "</title>\n<desc id=\"%s-desc\">", g->id);
	draw_xml(g->out, str_text(&words));
	str_add(g->out, "</desc>\n");
	if (o->embedded)
		return;
	str_add(g->out, "<style>\n");
	draw_css(g->out, NULL);
	str_add(g->out, "</style>\n");
	svg_rect(g->out, "pgd-ground", 0, 0, g->width, g->height);
}

static void
draw_head(struct svg *g)
{
	const char *texts[] = {g->f->title, g->f->note};
	static const char *const classes[] = {"pgd-title", "pgd-note"};
	static const double sizes[] = {16, SVG_LEGEND}, down[] = {14, 12};

	for (size_t i = 0; i < 2; i++) {
		struct str text CLEANUP(str_free) = STR_INIT;

		if (texts[i] == NULL || texts[i][0] == '\0')
			continue;
		draw_fit(&text, texts[i], (g->width - 2 * MARGIN) / sizes[i]);
		g->top += down[i];
		svg_text(g->out, classes[i], MARGIN, g->top, "start",
		    str_text(&text));
		g->top += 8;
	}
}

/* What the kind needs where nobody said how high. */
static double
natural_height(const struct draw_figure *f)
{
	if (svg_lies(f))
		return svg_lying_height(f);
	if (f->kind == DRAW_HEATMAP)
		return fmin(150 + 22.0 * (double)f->len, 1600);
	return HEIGHT;
}

void
draw_svg(struct draw_figure *f, const struct draw_options *o, struct str *out)
{
	struct svg g = {.f = f,
	    .out = out,
	    .id = o->id != NULL ? o->id : "pgd",
	    .width = o->width > 0 ? o->width : WIDTH,
	    .height = o->height > 0 ? o->height : natural_height(f),
	    .top = MARGIN};

	/* Less has no room for axes. */
	g.width = fmax(g.width, 240);
	g.height = fmax(g.height, 120);
	open_svg(&g, o);
	draw_head(&g);
	if (draw_count(f) == 0) {
		draw_nothing(&g);
	} else {
		prepare(&g);
		g.top += f->kind == DRAW_HEATMAP ? svg_heat_legend(&g, g.top)
						 : svg_legend(&g, g.top);
		if (svg_lies(f))
			svg_lying(&g);
		else
			draw_standing(&g);
	}
	str_add(out, "</svg>\n");
	draw_grid_free(&g.grid);
	free(g.low);
}
