/* SPDX-License-Identifier: PostgreSQL */
/*
 * What stands for the data: lines, areas, bars, stacks and cells.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "draw/colour.h"
#include "draw/svg_private.h"
#include "draw/text.h"

/* Bars and cells have their values to be read with a pointer, up to so many. */
#define MOST_TITLES 2500

static void
point(struct str *out, char verb, double x, double y)
{
	str_addc(out, verb);
	svg_length(out, x);
	str_addc(out, ' ');
	svg_length(out, y);
}

/* --- lines ----------------------------------------------------------------- */

/* What is drawn of a series: points that are joined, run by run. */
struct runs {
	struct draw_point *points;
	size_t *ends; /* of each run, in points */
	size_t len;   /* runs */
};

static void
runs_free(struct runs *r)
{
	free(r->points);
	free(r->ends);
}

/*
 * More points than four for each pixel of width are not seen: of those of a
 * run that are in one pixel the first, the least, the greatest and the last
 * are kept, so that no peak is lost.  How many were put into out.
 */
static size_t
thin(const struct svg *g, const struct draw_point *p, size_t len,
    struct draw_point *out)
{
	size_t n = 0, i = 0;

	while (i < len) {
		double column = floor(svg_x(g, p[i].x));
		size_t first = i, least = i, greatest = i;

		for (i++; i < len && floor(svg_x(g, p[i].x)) <= column; i++) {
			if (p[i].y < p[least].y)
				least = i;
			if (p[i].y > p[greatest].y)
				greatest = i;
		}
		out[n++] = p[first];
		for (size_t k = first + 1; k + 1 < i; k++)
			if (k == least || k == greatest)
				out[n++] = p[k];
		if (i - first > 1)
			out[n++] = p[i - 1];
	}
	return n;
}

/* What is joined is decided before points are left away. */
static void
find_runs(const struct svg *g, const struct draw_series *s, struct runs *out)
{
	double reach = draw_reach(g->d.f, s->points, s->len);
	bool dense = (double)s->len > 4 * (g->right - g->left);
	size_t n = 0, end;

	out->points = mem_resize(NULL, s->len + 1, sizeof(out->points[0]));
	out->ends = mem_resize(NULL, s->len + 1, sizeof(out->ends[0]));
	out->len = 0;
	for (size_t i = 0; i < s->len; i = end) {
		end = draw_run_end(s->points, s->len, i, reach);
		if (!isfinite(s->points[i].y))
			continue;
		if (dense)
			n += thin(g, s->points + i, end - i, out->points + n);
		else {
			memcpy(out->points + n, s->points + i,
			    (end - i) * sizeof(out->points[0]));
			n += end - i;
		}
		out->ends[out->len++] = n;
	}
}

static void
draw_area(struct svg *g, const struct draw_point *p, size_t n, size_t series)
{
	double zero = fmin(fmax(0, g->d.y.from), g->d.y.until);

	str_add(g->out, "<path");
	svg_series_class(g, "pgd-area", series);
	str_add(g->out, " d=\"");
	point(g->out, 'M', svg_x(g, p[0].x), svg_y(g, zero));
	for (size_t i = 0; i < n; i++)
		point(g->out, 'L', svg_x(g, p[i].x), svg_y(g, p[i].y));
	point(g->out, 'L', svg_x(g, p[n - 1].x), svg_y(g, zero));
	str_add(g->out, "Z\"/>\n");
}

static void
draw_run(struct svg *g, const struct draw_point *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		point(g->out, i == 0 ? 'M' : 'L', svg_x(g, p[i].x),
		    svg_y(g, p[i].y));
}

/* What stands alone would not be seen as a line. */
static void
draw_dot(struct svg *g, const struct draw_point *p, size_t series)
{
	str_add(g->out, "<circle");
	svg_series_class(g, "pgd-dot", series);
	svg_attribute(g->out, "cx", svg_x(g, p->x));
	svg_attribute(g->out, "cy", svg_y(g, p->y));
	str_add(g->out, " r=\"2.4\"/>\n");
}

static void
begin_line(struct svg *g, size_t series)
{
	str_add(g->out, "<path");
	svg_series_class(g, "pgd-line", series);
	if (draw_dash(series) != NULL)
		str_addf(g->out, " stroke-dasharray=\"%s\"", draw_dash(series));
	str_add(g->out, " d=\"");
}

static void
draw_one_line(struct svg *g, size_t series, bool area)
{
	struct runs r CLEANUP(runs_free) = {NULL, NULL, 0};
	size_t start, lines = 0;

	find_runs(g, &g->d.f->series[series], &r);
	start = 0;
	for (size_t i = 0; area && i < r.len; start = r.ends[i++])
		if (r.ends[i] - start > 1)
			draw_area(g, r.points + start, r.ends[i] - start,
			    series);
	start = 0;
	for (size_t i = 0; i < r.len; start = r.ends[i++]) {
		if (r.ends[i] - start == 1)
			continue;
		if (lines++ == 0)
			begin_line(g, series);
		draw_run(g, r.points + start, r.ends[i] - start);
	}
	if (lines > 0)
		str_add(g->out, "\"/>\n");
	start = 0;
	for (size_t i = 0; i < r.len; start = r.ends[i++])
		if (r.ends[i] - start == 1)
			draw_dot(g, &r.points[start], series);
}

void
svg_marks_lines(struct svg *g, bool area)
{
	for (size_t i = 0; i < g->d.f->len; i++)
		draw_one_line(g, i, area);
}

/* --- bars ------------------------------------------------------------------ */

/* "north, 2026-01-31 12:00: 5 °C" */
static void
add_title(struct svg *g, size_t series, double x, double y)
{
	struct str text CLEANUP(str_free) = STR_INIT;

	if (g->d.f->len * g->d.grid.len > MOST_TITLES)
		return;
	if (g->d.f->series[series].name[0] != '\0')
		str_addf(&text, "%s, ", g->d.f->series[series].name);
	if (g->d.f->axis == DRAW_TIME)
		draw_time_show(&text, x);
	else if (g->d.f->axis == DRAW_NUMBER)
		draw_number(&text, x);
	else if (x >= 0 && x < (double)g->d.f->labels.len)
		str_add(&text, g->d.f->labels.data[(size_t)x]);
	str_add(&text, ": ");
	draw_quantity(&text, y, g->d.f->unit);
	str_add(g->out, "<title>");
	draw_xml(g->out, str_text(&text));
	str_add(g->out, "</title>");
}

static void
draw_bar(struct svg *g, size_t series, double left, double width, double x,
    double y)
{
	double zero = svg_y(g, fmin(fmax(0, g->d.y.from), g->d.y.until));
	double end = svg_y(g, y);

	str_add(g->out, "<rect");
	svg_series_class(g, "pgd-fill", series);
	svg_attribute(g->out, "x", left);
	svg_attribute(g->out, "y", fmin(zero, end));
	svg_attribute(g->out, "width", width);
	/* A value that is there is seen, however small. */
	svg_attribute(g->out, "height", fmax(fabs(end - zero), 0.5));
	str_addc(g->out, '>');
	add_title(g, series, x, y);
	str_add(g->out, "</rect>\n");
}

void
svg_marks_bars(struct svg *g)
{
	double cell = svg_x(g, g->d.x.from + g->d.cell) - g->left;
	double gap = cell > 6 ? fmin(cell * 0.2, 16) : 0;
	double width = (cell - gap) / (double)g->d.f->len;

	for (size_t i = 0; i < g->d.f->len; i++)
		for (size_t k = 0; k < g->d.grid.len; k++) {
			double y = g->d.grid.y[i * g->d.grid.len + k];
			double left = svg_x(g, g->d.grid.x[k]) + gap / 2;

			if (isfinite(y))
				draw_bar(g, i, left + width * (double)i,
				    fmax(width, 0.5), g->d.grid.x[k], y);
		}
}

/* --- stacks ---------------------------------------------------------------- */

/* A column of the grid in which no series has anything is a gap. */
static void
draw_band(struct svg *g, size_t series, size_t first, size_t end)
{
	const double *high = g->d.grid.y + series * g->d.grid.len;
	const double *low = g->d.low + series * g->d.grid.len;
	/* A column alone is as wide as the time it stands for. */
	double wide =
	    end - first == 1 ? svg_x(g, g->d.x.from + g->d.cell) - g->left : 0;

	wide = end - first == 1 ? fmin(fmax(wide, 3), 40) : 0;
	str_add(g->out, "<path");
	svg_series_class(g, "pgd-fill pgd-edge", series);
	str_add(g->out, " d=\"");
	for (size_t k = first; k < end; k++)
		point(g->out, k == first ? 'M' : 'L',
		    svg_x(g, g->d.grid.x[k]) - wide / 2, svg_y(g, high[k]));
	if (wide > 0)
		point(g->out, 'L', svg_x(g, g->d.grid.x[first]) + wide / 2,
		    svg_y(g, high[first]));
	for (size_t k = end; k-- > first;)
		point(g->out, 'L', svg_x(g, g->d.grid.x[k]) + wide / 2,
		    svg_y(g, low[k]));
	if (wide > 0)
		point(g->out, 'L', svg_x(g, g->d.grid.x[first]) - wide / 2,
		    svg_y(g, low[first]));
	str_add(g->out, "Z\"/>\n");
}

void
svg_marks_stack(struct svg *g)
{
	struct draw_point *columns = draw_columns_of(&g->d);
	double reach;
	size_t end;

	reach = draw_reach(g->d.f, columns, g->d.grid.len);
	for (size_t first = 0; first < g->d.grid.len; first = end) {
		end = draw_run_end(columns, g->d.grid.len, first, reach);
		for (size_t i = 0; i < g->d.f->len; i++)
			draw_band(g, i, first, end);
	}
	free(columns);
}

/* --- cells ----------------------------------------------------------------- */

void
svg_marks_heat(struct svg *g)
{
	double row = (g->bottom - g->top) / (double)g->d.f->len;
	double half = g->d.f->axis == DRAW_LABELS ? 0.5 : 0;
	double gap = row > 8 ? 1 : 0;

	for (size_t i = 0; i < g->d.f->len; i++)
		for (size_t k = 0; k < g->d.grid.len; k++) {
			double y = g->d.grid.y[i * g->d.grid.len + k];
			double x = g->d.grid.x[k] - half;
			double left = svg_x(g, x);

			if (!isfinite(y))
				continue;
			str_addf(g->out, "<rect fill=\"%s\"",
			    draw_heat(draw_heat_of(&g->d, y, DRAW_HEATS)));
			svg_attribute(g->out, "x", left);
			svg_attribute(g->out, "y", g->top + row * (double)i);
			svg_attribute(g->out, "width",
			    fmax(svg_x(g, x + g->d.cell) - left, 0.5));
			svg_attribute(g->out, "height", fmax(row - gap, 0.5));
			str_addc(g->out, '>');
			add_title(g, i, g->d.grid.x[k], y);
			str_add(g->out, "</rect>\n");
		}
}
