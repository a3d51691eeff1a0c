/* SPDX-License-Identifier: PostgreSQL */
/*
 * The model: points are collected as they come and put in order once.
 */
#include "draw/figure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "draw/scale.h"

/* Beyond this, sums and distances could leave the range of a double. */
#define GREATEST 1e300

struct draw_figure *
draw_new(enum draw_kind kind, enum draw_axis axis)
{
	struct draw_figure *f = mem_zalloc(sizeof(*f));

	f->kind = kind;
	f->axis = axis;
	f->from = f->until = f->min = f->max = (double)NAN;
	return f;
}

void
draw_free(struct draw_figure *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->len; i++) {
		free(f->series[i].name);
		free(f->series[i].points);
	}
	free(f->series);
	strv_free(&f->labels);
	free(f->title);
	free(f->note);
	free(f->unit);
	free(f->empty);
	free(f);
}

void
draw_cleanup(struct draw_figure **f)
{
	draw_free(*f);
	*f = NULL;
}

void
draw_set(char **field, const char *text)
{
	char *copy = text != NULL ? mem_strdup(text) : NULL;

	free(*field);
	*field = copy;
}

size_t
draw_series(struct draw_figure *f, const char *name)
{
	struct draw_series *s;

	if (f->len == f->cap) {
		f->cap = f->cap > 0 ? f->cap * 2 : 8;
		f->series = mem_resize(f->series, f->cap, sizeof(f->series[0]));
	}
	s = &f->series[f->len];
	memset(s, 0, sizeof(*s));
	s->name = mem_strdup(name != NULL ? name : "");
	s->sorted = true;
	return f->len++;
}

double
draw_label(struct draw_figure *f, const char *text)
{
	strv_add(&f->labels, text);
	return (double)(f->labels.len - 1);
}

void
draw_point(struct draw_figure *f, size_t series, double x, double y)
{
	struct draw_series *s = &f->series[series];

	if (!isfinite(x))
		return;
	if (!isfinite(y))
		y = (double)NAN;
	else if (fabs(y) > GREATEST)
		y = copysign(GREATEST, y);
	if (s->len == s->cap) {
		s->cap = s->cap > 0 ? s->cap * 2 : 64;
		s->points = mem_resize(s->points, s->cap, sizeof(s->points[0]));
	}
	if (s->len > 0 && s->points[s->len - 1].x >= x)
		s->sorted = false;
	s->points[s->len++] = (struct draw_point){x, y};
}

/* Merge two sorted halves; of equal x the left comes first. */
static void
merge(const struct draw_point *a, size_t n, const struct draw_point *b,
    size_t m, struct draw_point *out)
{
	size_t i = 0, j = 0, k = 0;

	while (i < n && j < m)
		out[k++] = b[j].x < a[i].x ? b[j++] : a[i++];
	while (i < n)
		out[k++] = a[i++];
	while (j < m)
		out[k++] = b[j++];
}

/* Stable, in n log n whatever the order, and without recursion. */
static void
sort_points(struct draw_point *points, size_t len)
{
	struct draw_point *other, *from = points, *to, *swap;

	if (len < 2)
		return;
	to = other = mem_resize(NULL, len, sizeof(points[0]));
	for (size_t width = 1; width < len; width *= 2) {
		for (size_t i = 0; i < len; i += 2 * width) {
			size_t n = width < len - i ? width : len - i;
			size_t m = width < len - i - n ? width : len - i - n;

			merge(from + i, n, from + i + n, m, to + i);
		}
		swap = from;
		from = to;
		to = swap;
	}
	if (from != points)
		memcpy(points, from, len * sizeof(points[0]));
	free(other);
}

static void
sort_series(struct draw_series *s)
{
	size_t kept = 0;

	if (s->sorted)
		return;
	sort_points(s->points, s->len);
	for (size_t i = 0; i < s->len; i++)
		if (i + 1 == s->len || s->points[i + 1].x > s->points[i].x)
			s->points[kept++] = s->points[i];
	s->len = kept;
	s->sorted = true;
}

void
draw_sort(struct draw_figure *f)
{
	for (size_t i = 0; i < f->len; i++)
		sort_series(&f->series[i]);
}

size_t
draw_count(const struct draw_figure *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->len; i++)
		for (size_t j = 0; j < f->series[i].len; j++)
			n += isfinite(f->series[i].points[j].y) ? 1 : 0;
	return n;
}

/* --- in words -------------------------------------------------------------- */

static const char *
kind_name(enum draw_kind kind)
{
	static const char *const names[] = {"Line chart", "Area chart",
	    "Bar chart", "Stacked chart", "Chart of shares", "Heat map"};

	return names[kind];
}

static void
describe_names(const struct draw_figure *f, struct str *out)
{
	size_t shown = f->len < 8 ? f->len : 8;

	str_addf(out, " of %zu series: ", f->len);
	for (size_t i = 0; i < shown; i++)
		str_addf(out, "%s%s", i > 0 ? ", " : "", f->series[i].name);
	if (shown < f->len)
		str_addf(out, " and %zu more", f->len - shown);
}

static void
describe_ranges(const struct draw_figure *f, struct str *out)
{
	double x0 = (double)INFINITY, x1 = -x0, y0 = x0, y1 = -x0;

	for (size_t i = 0; i < f->len; i++)
		for (size_t j = 0; j < f->series[i].len; j++) {
			const struct draw_point *p = &f->series[i].points[j];

			if (!isfinite(p->y))
				continue;
			x0 = fmin(x0, p->x);
			x1 = fmax(x1, p->x);
			y0 = fmin(y0, p->y);
			y1 = fmax(y1, p->y);
		}
	if (x0 > x1)
		return;
	if (f->axis == DRAW_TIME) {
		str_add(out, ", from ");
		draw_time_show(out, x0);
		str_add(out, " to ");
		draw_time_show(out, x1);
		str_add(out, " UTC");
	}
	str_add(out, "; smallest value ");
	draw_quantity(out, y0, f->unit);
	str_add(out, ", greatest ");
	draw_quantity(out, y1, f->unit);
}

void
draw_describe(struct draw_figure *f, struct str *out)
{
	draw_sort(f);
	str_add(out, kind_name(f->kind));
	if (draw_count(f) == 0) {
		str_add(out, " without data.");
		return;
	}
	if (f->len > 1)
		describe_names(f, out);
	else if (f->series[0].name[0] != '\0')
		str_addf(out, " of %s", f->series[0].name);
	describe_ranges(f, out);
	str_addc(out, '.');
}

/* --- all series over the same x -------------------------------------------- */

static int
compare_numbers(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void
collect_x(const struct draw_figure *f, struct draw_grid *out)
{
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < f->len; i++)
		n += f->series[i].len;
	out->x = mem_resize(NULL, n > 0 ? n : 1, sizeof(double));
	n = 0;
	for (size_t i = 0; i < f->len; i++)
		for (size_t j = 0; j < f->series[i].len; j++)
			out->x[n++] = f->series[i].points[j].x;
	qsort(out->x, n, sizeof(double), compare_numbers);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || out->x[i] > out->x[kept - 1])
			out->x[kept++] = out->x[i];
	out->len = kept;
}

void
draw_grid(struct draw_figure *f, struct draw_grid *out)
{
	draw_sort(f);
	collect_x(f, out);
	out->y = mem_resize(NULL, out->len * f->len + 1, sizeof(double));
	for (size_t i = 0; i < f->len; i++) {
		const struct draw_series *s = &f->series[i];
		size_t j = 0;

		for (size_t k = 0; k < out->len; k++) {
			bool here = j < s->len && s->points[j].x <= out->x[k];

			out->y[i * out->len + k] =
			    here ? s->points[j++].y : (double)NAN;
		}
	}
}

void
draw_grid_free(struct draw_grid *g)
{
	free(g->x);
	free(g->y);
	*g = (struct draw_grid){NULL, NULL, 0};
}

static double
whole_at(const struct draw_grid *g, size_t series, size_t k)
{
	double sum = 0;

	for (size_t i = 0; i < series; i++)
		sum += fmax(g->y[i * g->len + k], 0);
	return sum;
}

/* fmax(NAN, 0) is 0: a series that has nothing here adds nothing. */
void
draw_stack(struct draw_grid *g, size_t series, bool percent, double **low)
{
	double *lower = mem_resize(NULL, g->len * series + 1, sizeof(lower[0]));

	for (size_t k = 0; k < g->len; k++) {
		double whole = percent ? whole_at(g, series, k) : 0;
		double up = 0, down = 0;

		for (size_t i = 0; i < series; i++) {
			double *y = &g->y[i * g->len + k];
			double v = isfinite(*y) ? *y : 0;
			double *base = v < 0 ? &down : &up;

			if (percent)
				v = whole > 0 ? fmax(v, 0) / whole * 100 : 0;
			if (percent)
				base = &up;
			lower[i * g->len + k] = *base;
			*base += v;
			*y = *base;
		}
	}
	*low = lower;
}

/*
 * Between buckets nothing is missing as long as they follow each other; data
 * that comes less often than that, or is not in buckets, has a rhythm of its
 * own, which is the median distance.
 */
double
draw_reach(const struct draw_figure *f, const struct draw_point *points,
    size_t len)
{
	double *apart, median;
	size_t n = 0;

	if (len < 3)
		return len < 2 || f->step > 0 ? f->step * 1.5
					      : (double)INFINITY;
	apart = mem_resize(NULL, len, sizeof(apart[0]));
	for (size_t i = 1; i < len; i++)
		apart[n++] = points[i].x - points[i - 1].x;
	qsort(apart, n, sizeof(apart[0]), compare_numbers);
	median = apart[n / 2];
	free(apart);
	if (f->step > 0 && median <= f->step * 1.01)
		return f->step * 1.5;
	return median * 3;
}
