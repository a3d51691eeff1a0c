/* SPDX-License-Identifier: PostgreSQL */
/*
 * Marks in a raster of characters.  A character holds two by four dots of
 * braille, eight eighths of a bar, or itself.
 */
#include <math.h>
#include <stdlib.h>

#include "draw/colour.h"
#include "draw/terminal_private.h"

char
text_mark(size_t i)
{
	static const char marks[] = "*+ox#@%&=~";

	return marks[i % (sizeof(marks) - 1)];
}

struct cell *
text_cell(struct text *x, size_t column, size_t row)
{
	return &x->cells[row * x->width + column];
}

/* Dots have no place of their own where characters tell series apart. */
static bool
has_dots(const struct text *x)
{
	return !x->t->ascii && !x->marked;
}

/* --- lines ----------------------------------------------------------------- */

/* Dots to a character, across and down. */
static void
resolution(const struct text *x, long *across, long *down)
{
	*across = has_dots(x) ? 2 : 1;
	*down = has_dots(x) ? 4 : 1;
}

/* Column and row of dots, from the upper left; beyond the plot is nothing. */
static void
set_dot(struct text *x, long column, long row, size_t series)
{
	static const uint8_t bits[4][2] = {{0x01, 0x08}, {0x02, 0x10},
	    {0x04, 0x20}, {0x40, 0x80}};
	long across, down;
	struct cell *cell;

	resolution(x, &across, &down);
	if (column < 0 || row < 0 || column >= (long)x->width * across ||
	    row >= (long)x->height * down)
		return;
	cell = text_cell(x, (size_t)(column / across), (size_t)(row / down));
	cell->series = (uint16_t)series;
	if (has_dots(x))
		cell->dots |= bits[row % 4][column % 2];
	else
		cell->c = (uint32_t)text_mark(series);
}

static long
place(double at, long dots)
{
	/* Far outside is as good as just outside. */
	return lround(fmin(fmax(at, -1), 2) * (double)(dots - 1));
}

static void
dot_of(const struct text *x, const struct draw_point *p, long *column,
    long *row)
{
	long across, down;

	resolution(x, &across, &down);
	*column = place(draw_scale_at(&x->d.x, p->x), (long)x->width * across);
	*row = place(1 - draw_scale_at(&x->d.y, p->y), (long)x->height * down);
}

/* As many dots as the longer way has. */
static void
join(struct text *x, const struct draw_point *a, const struct draw_point *b,
    size_t series)
{
	long ax, ay, bx, by, n;

	dot_of(x, a, &ax, &ay);
	dot_of(x, b, &bx, &by);
	n = labs(bx - ax) > labs(by - ay) ? labs(bx - ax) : labs(by - ay);
	for (long i = 0; i <= n; i++) {
		double part = n > 0 ? (double)i / (double)n : 0;

		set_dot(x, ax + lround((double)(bx - ax) * part),
		    ay + lround((double)(by - ay) * part), series);
	}
}

/* From a point to the ground. */
static void
fill_below(struct text *x, const struct draw_point *a,
    const struct draw_point *b, size_t series)
{
	long ax, bx, row;

	dot_of(x, a, &ax, &row);
	dot_of(x, b, &bx, &row);
	for (long column = ax; column <= bx; column++) {
		double part =
		    bx > ax ? (double)(column - ax) / (double)(bx - ax) : 0;
		struct draw_point top = {a->x + (b->x - a->x) * part,
		    a->y + (b->y - a->y) * part};
		struct draw_point ground = {top.x, 0};

		join(x, &top, &ground, series);
	}
}

void
text_lines(struct text *x)
{
	bool area = x->d.f->kind == DRAW_AREA;

	for (size_t i = 0; i < x->d.f->len; i++) {
		const struct draw_series *s = &x->d.f->series[i];
		double reach = draw_reach(x->d.f, s->points, s->len);
		size_t end;

		for (size_t k = 0; k < s->len; k = end) {
			end = draw_run_end(s->points, s->len, k, reach);
			if (isfinite(s->points[k].y))
				join(x, &s->points[k], &s->points[k], i);
			for (size_t j = k + 1; j < end; j++) {
				join(x, &s->points[j - 1], &s->points[j], i);
				if (area)
					fill_below(x, &s->points[j - 1],
					    &s->points[j], i);
			}
		}
	}
}

/* --- bars and stacks ------------------------------------------------------- */

/* One column of a bar between two values: whole characters where the middle
 * lies within, an eighth more or less at its upper end. */
static void
draw_column(struct text *x, size_t column, double low, double high,
    size_t series)
{
	double a = draw_scale_at(&x->d.y, fmin(low, high)) * (double)x->height;
	double b = draw_scale_at(&x->d.y, fmax(low, high)) * (double)x->height;
	bool eighths = has_dots(x) && x->d.low == NULL;

	for (size_t row = 0; row < x->height; row++) {
		struct cell *cell = text_cell(x, column, x->height - 1 - row);
		double part = b - (double)row;

		if (a > (double)row + 0.5 || part <= (eighths ? 0.0625 : 0.5))
			continue;
		cell->series = (uint16_t)series;
		if (!has_dots(x))
			cell->c = (uint32_t)text_mark(series);
		else if (eighths && part < 1)
			cell->c = 0x2580 + (uint32_t)fmax(1, round(part * 8));
		else
			cell->c = 0x2588;
	}
}

/* Which column of the grid shows at a column of text; false: a gap.  Stacks
 * reach from point to point, bars as far as they are wide. */
static bool
grid_at(const struct text *x, double at, size_t *found, double *within)
{
	const struct draw_grid *g = &x->d.grid;
	double wide = x->d.cell;
	size_t k = 0;

	while (k + 1 < g->len && g->x[k + 1] <= at)
		k++;
	*found = k;
	*within = (at - g->x[k]) / wide;
	return at >= g->x[k] && *within < 1;
}

static void
draw_at(struct text *x, size_t column, size_t k, double within)
{
	size_t n = x->d.f->len, len = x->d.grid.len;

	for (size_t i = 0; i < n; i++) {
		double y = x->d.grid.y[i * len + k];
		double low = x->d.low != NULL ? x->d.low[i * len + k] : 0;

		/* Bars of several series share their place. */
		if (x->d.low == NULL && i != (size_t)(within * (double)n))
			continue;
		if (isfinite(y) && y != low)
			draw_column(x, column, low, y, i);
	}
}

void
text_columns(struct text *x)
{
	double range = x->d.x.until - x->d.x.from;
	double one = range / (double)x->width;

	/* A bar is never thinner than a character. */
	if (x->d.cell < one)
		x->d.cell = one;
	for (size_t column = 0; column < x->width; column++) {
		double at = x->d.x.from + ((double)column + 0.5) * one;
		double within;
		size_t k;

		if (grid_at(x, at, &k, &within))
			draw_at(x, column, k, within);
	}
}

/* --- heat maps ------------------------------------------------------------- */

void
text_heat(struct text *x)
{
	static const char shades[] = ".:-=+*#%@";
	static const uint32_t blocks[] = {0x2591, 0x2592, 0x2593, 0x2588};
	double one = (x->d.x.until - x->d.x.from) / (double)x->width;
	double half = x->d.f->axis == DRAW_LABELS ? 0.5 : 0;

	if (x->d.cell < one)
		x->d.cell = one;
	for (size_t column = 0; column < x->width; column++) {
		double at = x->d.x.from + ((double)column + 0.5) * one + half;
		double within;
		size_t k;

		if (!grid_at(x, at, &k, &within))
			continue;
		for (size_t i = 0; i < x->height && i < x->d.f->len; i++) {
			double y = x->d.grid.y[i * x->d.grid.len + k];
			struct cell *cell = text_cell(x, column, i);

			if (!isfinite(y))
				continue;
			cell->heat = true;
			cell->series =
			    (uint16_t)draw_heat_of(&x->d, y, DRAW_HEATS);
			if (x->t->ascii)
				cell->c = (uint32_t)shades[draw_heat_of(&x->d,
				    y, sizeof(shades) - 1)];
			else
				cell->c = x->t->colour
				    ? 0x2588
				    : blocks[draw_heat_of(&x->d, y, 4)];
		}
	}
}
