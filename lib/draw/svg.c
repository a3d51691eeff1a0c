/* SPDX-License-Identifier: PostgreSQL */
/*
 * A figure as SVG: from the top title, note, legend, unit, plot, ticks, and
 * the range of time that is shown.
 */
#include "draw/svg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "draw/svg_private.h"
#include "draw/text.h"

#define MARGIN 16.0
#define WIDTH 900.0
#define HEIGHT 420.0
#define NAME_WIDTH 190.0 /* of a row of a heat map */

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
	for (size_t i = 0; i < g->d.y.len; i++) {
		const struct draw_tick *t = &g->d.y.ticks[i];
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
	double row = (g->bottom - g->top) / (double)g->d.f->len;
	double next = 0;

	for (size_t i = 0; i < g->d.f->len; i++) {
		struct str name CLEANUP(str_free) = STR_INIT;
		double y = g->top + ((double)i + 0.5) * row + 4;

		if (y < next)
			continue;
		draw_fit(&name, g->d.f->series[i].name, NAME_WIDTH / SVG_SMALL);
		svg_text(g->out, "pgd-tick", g->left - 8, y, "end",
		    str_text(&name));
		next = y + SVG_SMALL + 2;
	}
}

/* Text below its tick, but within the picture and beside its neighbour. */
static void
draw_x_ticks(struct svg *g)
{
	bool time = g->d.f->axis == DRAW_TIME;
	double end = 0;

	for (size_t i = 0; i < g->d.x.len; i++) {
		const struct draw_tick *t = &g->d.x.ticks[i];
		double x = svg_x(g, t->at);
		double half = draw_width(t->text) * SVG_SMALL / 2;
		double middle = fmin(x, g->width - 4 - half);

		if (g->d.f->axis != DRAW_LABELS)
			svg_line(g->out, "pgd-axis", x, g->bottom, x,
			    g->bottom + 5);
		if (middle - half < end)
			continue;
		svg_text(g->out,
		    time && t->major ? "pgd-tick pgd-major" : "pgd-tick",
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
	if (g->d.f->axis != DRAW_TIME)
		return;
	draw_time_show(&range, g->d.x.from);
	str_add(&range, " – ");
	draw_time_show(&range, g->d.x.until);
	str_add(&range, " UTC");
	svg_text(g->out, "pgd-note", g->left, g->bottom + 37, "start",
	    str_text(&range));
}

/* Zero, where it is not an end. */
static void
draw_zero(struct svg *g)
{
	double y;

	if (g->d.f->kind == DRAW_HEATMAP || g->d.y.from >= 0 ||
	    g->d.y.until <= 0)
		return;
	y = svg_y(g, 0);
	svg_line(g->out, "pgd-axis", g->left, y, g->right, y);
}

/* --- the whole ------------------------------------------------------------- */

static void
draw_marks(struct svg *g)
{
	str_addf(g->out, "<g clip-path=\"url(#%s-clip)\">\n", g->id);
	switch (g->d.f->kind) {
	case DRAW_LINE:
	case DRAW_AREA:
		svg_marks_lines(g, g->d.f->kind == DRAW_AREA);
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
	const char *unit =
	    g->d.y.suffix[0] != '\0' ? g->d.y.suffix : g->d.f->unit;
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
	bool heat = g->d.f->kind == DRAW_HEATMAP;
	bool unit = g->d.f->unit != NULL && g->d.f->unit[0] != '\0' && !heat;
	double names = 0, room;

	g->top += unit ? 22 : 14;
	g->bottom =
	    g->height - MARGIN - (g->d.f->axis == DRAW_TIME ? 36.0 : 18.0);
	g->right = g->width - MARGIN - 4;
	if (heat)
		for (size_t i = 0; i < g->d.f->len; i++)
			names = fmax(names,
			    draw_width(g->d.f->series[i].name) * SVG_SMALL);
	if (!heat)
		draw_frame_y(&g->d, (size_t)fmax((g->bottom - g->top) / 55, 2));
	g->left = MARGIN + 8 +
	    (heat ? fmin(names, NAME_WIDTH) : widest_tick(&g->d.y));
	room = g->right - g->left;
	draw_frame_x(&g->d, (size_t)(room / 75), (size_t)(room / 90),
	    (size_t)(room / 70));
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
	    "middle", g->d.f->empty != NULL ? g->d.f->empty : "no data");
}

/* The opening tag and what is said to who does not see the picture. */
static void
open_svg(struct svg *g, const struct draw_options *o)
{
	struct str words CLEANUP(str_free) = STR_INIT;
	const char *title = g->d.f->title != NULL ? g->d.f->title : "Chart";

	draw_describe(g->d.f, &words);
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
	const char *texts[] = {g->d.f->title, g->d.f->note};
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
	if (draw_lies(f))
		return svg_lying_height(f);
	if (f->kind == DRAW_HEATMAP)
		return fmin(150 + 22.0 * (double)f->len, 1600);
	return HEIGHT;
}

void
draw_svg(struct draw_figure *f, const struct draw_options *o, struct str *out)
{
	struct svg g = {.d.f = f,
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
		draw_frame_open(&g.d);
		g.top += f->kind == DRAW_HEATMAP ? svg_heat_legend(&g, g.top)
						 : svg_legend(&g, g.top);
		if (draw_lies(f))
			svg_lying(&g);
		else
			draw_standing(&g);
	}
	str_add(out, "</svg>\n");
	draw_frame_close(&g.d);
}
