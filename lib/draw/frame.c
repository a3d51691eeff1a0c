/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which values a picture shows, and where its ticks are.
 */
#include "draw/frame.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "draw/text.h"

bool
draw_is_line(const struct draw_figure *f)
{
	return f->kind == DRAW_LINE || f->kind == DRAW_AREA;
}

bool
draw_is_stack(const struct draw_figure *f)
{
	return f->kind == DRAW_STACKED || f->kind == DRAW_PERCENT;
}

bool
draw_lies(const struct draw_figure *f)
{
	return f->axis == DRAW_LABELS && !draw_is_line(f) &&
	    f->kind != DRAW_HEATMAP;
}

/* The width of a bar, in x: the step, else the least distance. */
static double
cell_of(const struct draw_frame *d)
{
	double least = (double)INFINITY;

	if (d->f->axis == DRAW_LABELS)
		return 1;
	if (d->f->step > 0)
		return d->f->step;
	for (size_t k = 1; k < d->grid.len; k++)
		least = fmin(least, d->grid.x[k] - d->grid.x[k - 1]);
	if (isfinite(least))
		return least;
	return d->f->axis == DRAW_TIME ? 60 : 1;
}

void
draw_frame_open(struct draw_frame *d)
{
	draw_sort(d->f);
	if (draw_is_line(d->f))
		return;
	draw_grid(d->f, &d->grid);
	d->cell = cell_of(d);
	if (draw_is_stack(d->f))
		draw_stack(&d->grid, d->f->len, d->f->kind == DRAW_PERCENT,
		    &d->low);
}

void
draw_frame_close(struct draw_frame *d)
{
	draw_grid_free(&d->grid);
	free(d->low);
	d->low = NULL;
}

/* --- x --------------------------------------------------------------------- */

static void
range_of_x(const struct draw_frame *d, double *from, double *until)
{
	const struct draw_figure *f = d->f;

	*from = (double)INFINITY;
	*until = -*from;
	for (size_t i = 0; i < f->len; i++)
		if (f->series[i].len > 0) {
			const struct draw_series *s = &f->series[i];

			*from = fmin(*from, s->points[0].x);
			*until = fmax(*until, s->points[s->len - 1].x);
		}
	if (f->kind == DRAW_BAR || f->kind == DRAW_HEATMAP)
		*until += d->cell;
	if (isfinite(f->from))
		*from = f->from;
	if (isfinite(f->until))
		*until = f->until;
}

/* Labels as ticks: as many as have room. */
static void
scale_labels(struct draw_scale *s, const struct draw_figure *f, size_t most)
{
	size_t stride;

	most = most < 1 ? 1 : most > DRAW_TICKS ? DRAW_TICKS : most;
	stride = (f->labels.len + most - 1) / most;
	s->from = -0.5;
	s->until = (double)f->labels.len - 0.5;
	s->len = 0;
	s->suffix[0] = '\0';
	for (size_t i = 0; i < f->labels.len && s->len < most; i += stride) {
		struct draw_tick *t = &s->ticks[s->len++];
		struct str text CLEANUP(str_free) = STR_INIT;

		/* At most 9 characters of at most 4 bytes. */
		draw_fit_columns(&text, f->labels.data[i], 9, false);
		t->at = (double)i;
		t->major = false;
		snprintf(t->text, sizeof(t->text), "%s", str_text(&text));
	}
}

void
draw_frame_x(struct draw_frame *d, size_t times, size_t numbers, size_t labels)
{
	double from, until;

	if (d->f->axis == DRAW_LABELS) {
		scale_labels(&d->x, d->f, labels);
		return;
	}
	range_of_x(d, &from, &until);
	if (d->f->axis == DRAW_TIME)
		draw_scale_times(&d->x, from, until, times);
	else
		draw_scale_numbers(&d->x, from, until, numbers, NULL, false);
}

/* --- y --------------------------------------------------------------------- */

static void
range_of_series(const struct draw_figure *f, double *least, double *greatest)
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

static void
range_of_grid(const struct draw_frame *d, double *least, double *greatest)
{
	*least = *greatest = 0;
	for (size_t i = 0; i < d->f->len * d->grid.len; i++)
		if (isfinite(d->grid.y[i])) {
			*least = fmin(*least, d->grid.y[i]);
			*greatest = fmax(*greatest, d->grid.y[i]);
		}
	if (d->f->kind == DRAW_PERCENT)
		*greatest = 100;
}

/* A line that comes near to zero is better seen with it. */
static void
range_of_line(const struct draw_figure *f, double *least, double *greatest)
{
	bool area = f->kind == DRAW_AREA;

	range_of_series(f, least, greatest);
	if (area || *least < 0.4 * *greatest)
		*least = fmin(*least, 0);
	if (area || *greatest > 0.4 * *least)
		*greatest = fmax(*greatest, 0);
}

/* Leave the ticks that lie within. */
static void
cut_ticks(struct draw_scale *s)
{
	double room = (s->until - s->from) * 1e-9;
	size_t kept = 0;

	for (size_t i = 0; i < s->len; i++)
		if (s->ticks[i].at >= s->from - room &&
		    s->ticks[i].at <= s->until + room)
			s->ticks[kept++] = s->ticks[i];
	s->len = kept;
}

/* What was asked for wins, unless the two ends leave nothing between. */
static void
scale_within(const struct draw_figure *f, struct draw_scale *s, double least,
    double greatest, size_t ticks)
{
	bool low = isfinite(f->min), high = isfinite(f->max);

	if (low)
		least = f->min;
	if (high)
		greatest = f->max;
	if (least >= greatest && low && !high)
		greatest = least + fmax(fabs(least) * 0.1, 1);
	if (least >= greatest && high && !low)
		least = greatest - fmax(fabs(greatest) * 0.1, 1);
	draw_scale_numbers(s, least, greatest, ticks, f->unit, !(low && high));
	if (low && f->min < s->until)
		s->from = f->min;
	if (high && f->max > s->from)
		s->until = f->max;
	cut_ticks(s);
}

void
draw_frame_y(struct draw_frame *d, size_t ticks)
{
	double least, greatest;

	if (draw_is_line(d->f))
		range_of_line(d->f, &least, &greatest);
	else
		range_of_grid(d, &least, &greatest);
	scale_within(d->f, &d->y, least, greatest, ticks);
}

void
draw_frame_lying(struct draw_frame *d, struct draw_scale *s, size_t ticks)
{
	double least, greatest;

	range_of_grid(d, &least, &greatest);
	scale_within(d->f, s, least, greatest, ticks);
}

void
draw_frame_heat(struct draw_frame *d)
{
	double least, greatest;

	range_of_series(d->f, &least, &greatest);
	if (isfinite(d->f->min))
		least = d->f->min;
	if (isfinite(d->f->max))
		greatest = d->f->max;
	if (least >= greatest)
		greatest = least + fmax(fabs(least) * 1e-3, 1);
	d->y.from = least;
	d->y.until = greatest;
	d->y.len = 0;
}

size_t
draw_heat_of(const struct draw_frame *d, double value, size_t steps)
{
	double at = draw_scale_at(&d->y, value) * (double)steps;

	return at <= 0 ? 0 : at >= (double)steps ? steps - 1 : (size_t)at;
}

/* --- runs ------------------------------------------------------------------ */

size_t
draw_run_end(const struct draw_point *p, size_t len, size_t i, double reach)
{
	size_t end = i + 1;

	while (isfinite(p[i].y) && end < len && isfinite(p[end].y) &&
	    p[end].x - p[end - 1].x <= reach)
		end++;
	return end;
}

struct draw_point *
draw_columns_of(const struct draw_frame *d)
{
	struct draw_point *out =
	    mem_resize(NULL, d->grid.len + 1, sizeof(out[0]));

	for (size_t k = 0; k < d->grid.len; k++)
		out[k] = (struct draw_point){d->grid.x[k], 0};
	return out;
}
