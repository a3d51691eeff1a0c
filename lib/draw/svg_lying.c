/* SPDX-License-Identifier: PostgreSQL */
/*
 * Bars that lie: a label is read without turning the head, and there is room
 * for as many as there are.
 */
#include <math.h>

#include "draw/svg_private.h"
#include "draw/text.h"

#define MARGIN 16.0
#define BAR 22.0
#define LABEL_WIDTH 260.0

static bool
side_by_side(const struct draw_figure *f)
{
	return f->kind == DRAW_BAR && f->len > 1;
}

double
svg_lying_height(const struct draw_figure *f)
{
	double rows = (double)f->labels.len;
	double bars = side_by_side(f) ? (double)f->len : 1;
	double row = side_by_side(f) ? bars * 13 + 9 : BAR;

	return fmin(130 + (side_by_side(f) ? 20 : 0) + rows * row, 4000);
}

static double
widest_label(const struct draw_figure *f)
{
	double widest = 0;

	for (size_t i = 0; i < f->labels.len; i++)
		widest = fmax(widest, draw_width(f->labels.data[i]));
	return fmin(widest * SVG_LEGEND, LABEL_WIDTH);
}

static void
draw_axis(struct svg *g)
{
	const char *suffix = g->d.x.suffix;
	double end = 0;

	for (size_t i = 0; i < g->d.x.len; i++) {
		const struct draw_tick *t = &g->d.x.ticks[i];
		double x = svg_x(g, t->at);
		struct str text CLEANUP(str_free) = STR_INIT;
		double half;

		svg_line(g->out, t->major ? "pgd-axis" : "pgd-grid", x, g->top,
		    x, g->bottom);
		str_add(&text, t->text);
		if (suffix[0] != '\0')
			str_addf(&text, " %s", suffix);
		half = draw_width(str_text(&text)) * SVG_SMALL / 2;
		if (x - half < end)
			continue;
		svg_text(g->out, "pgd-tick", fmin(x, g->width - 4 - half),
		    g->bottom + 17, "middle", str_text(&text));
		end = x + half + 8;
	}
}

static void
draw_labels(struct svg *g, double row)
{
	double next = 0;

	for (size_t i = 0; i < g->d.f->labels.len; i++) {
		struct str text CLEANUP(str_free) = STR_INIT;
		double y = g->top + ((double)i + 0.5) * row + 4;

		if (y < next)
			continue;
		draw_fit(&text, g->d.f->labels.data[i],
		    LABEL_WIDTH / SVG_LEGEND);
		svg_text(g->out, "pgd-name", g->left - 8, y, "end",
		    str_text(&text));
		next = y + SVG_LEGEND;
	}
}

static void
draw_bar(struct svg *g, size_t series, size_t label, double from, double value,
    double top, double height)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	double a = svg_x(g, from), b = svg_x(g, value);

	str_add(g->out, "<rect");
	svg_series_class(g, "pgd-fill", series);
	svg_attribute(g->out, "x", fmin(a, b));
	svg_attribute(g->out, "y", top);
	svg_attribute(g->out, "width", fmax(fabs(b - a), 0.5));
	svg_attribute(g->out, "height", height);
	str_add(&text, g->d.f->labels.data[label]);
	if (g->d.f->series[series].name[0] != '\0')
		str_addf(&text, ", %s", g->d.f->series[series].name);
	str_add(&text, ": ");
	draw_quantity(&text, value - from, g->d.f->unit);
	str_add(g->out, "><title>");
	draw_xml(g->out, str_text(&text));
	str_add(g->out, "</title></rect>\n");
}

/* The value behind a bar that stands alone in its row. */
static void
draw_value(struct svg *g, double value, double y)
{
	struct str text CLEANUP(str_free) = STR_INIT;

	draw_quantity(&text, value, g->d.f->unit);
	svg_text(g->out, "pgd-tick", svg_x(g, fmax(value, 0)) + 5, y, "start",
	    str_text(&text));
}

static void
draw_bars(struct svg *g, double row)
{
	size_t len = g->d.grid.len;
	double gap = row > 8 ? fmin(row * 0.24, 8) : row * 0.1;
	double bar =
	    (row - gap) / (side_by_side(g->d.f) ? (double)g->d.f->len : 1);

	for (size_t i = 0; i < g->d.f->len; i++)
		for (size_t k = 0; k < len; k++) {
			double value = g->d.grid.y[i * len + k];
			double low =
			    g->d.low != NULL ? g->d.low[i * len + k] : 0;
			double top = g->top + g->d.grid.x[k] * row + gap / 2;
			size_t label = (size_t)fmax(g->d.grid.x[k], 0);

			if (!isfinite(value) || label >= g->d.f->labels.len ||
			    (g->d.low != NULL && value == low))
				continue;
			if (side_by_side(g->d.f))
				top += bar * (double)i;
			draw_bar(g, i, label, low, value, top, bar);
			if (g->d.low == NULL && g->d.f->len == 1 && row >= 14)
				draw_value(g, value, top + bar / 2 + 4);
		}
}

void
svg_lying(struct svg *g)
{
	double row;

	g->top += 8;
	g->left = MARGIN + 8 + widest_label(g->d.f);
	/* Room for the value behind the longest bar. */
	g->right = g->width - MARGIN - (g->d.f->len == 1 ? 62.0 : 12.0);
	g->bottom = g->height - MARGIN - 18;
	row = (g->bottom - g->top) / (double)g->d.f->labels.len;
	/* Numbers run to the right. */
	draw_frame_lying(&g->d, &g->d.x,
	    (size_t)fmax((g->right - g->left) / 90, 2));
	draw_axis(g);
	draw_labels(g, row);
	draw_bars(g, row);
}
