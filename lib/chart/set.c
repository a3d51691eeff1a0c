/* SPDX-License-Identifier: PostgreSQL */
/*
 * Series in the making.
 */
#include "chart/set.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chart/when.h"

/* --- finding --------------------------------------------------------------- */

/* FNV-1a: names are short, and a slow table harms nobody but its maker. */
static size_t
hash(const char *name)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3u;
	return (size_t)(h ^ h >> 32);
}

static void
put_slot(struct chart_set *set, size_t line)
{
	size_t i = hash(set->lines[line].name) & (set->slot_count - 1);

	while (set->slots[i] != 0)
		i = (i + 1) & (set->slot_count - 1);
	set->slots[i] = (uint32_t)line + 1;
}

static void
grow(struct chart_set *set)
{
	set->slot_count = set->slot_count > 0 ? set->slot_count * 2 : 64;
	free(set->slots);
	set->slots = mem_zalloc(set->slot_count * sizeof(set->slots[0]));
	for (size_t i = 0; i < set->len; i++)
		put_slot(set, i);
}

static size_t
add_line(struct chart_set *set, const char *name)
{
	if (set->len == set->cap) {
		set->cap = set->cap > 0 ? set->cap * 2 : 16;
		set->lines =
		    mem_resize(set->lines, set->cap, sizeof(set->lines[0]));
	}
	memset(&set->lines[set->len], 0, sizeof(set->lines[0]));
	set->lines[set->len].name = mem_strdup(name);
	return set->len++;
}

size_t
chart_set_line(struct chart_set *set, const char *name)
{
	size_t i, line;

	if (set->len * 2 >= set->slot_count)
		grow(set);
	i = hash(name) & (set->slot_count - 1);
	for (; set->slots[i] != 0; i = (i + 1) & (set->slot_count - 1))
		if (strcmp(set->lines[set->slots[i] - 1].name, name) == 0)
			return set->slots[i] - 1;
	line = add_line(set, name);
	put_slot(set, line);
	return line;
}

void
chart_set_add(struct chart_set *set, size_t line, double x, double y)
{
	struct chart_line *l = &set->lines[line];

	if (!isfinite(y))
		set->odd++;
	if (l->len == l->cap) {
		l->cap = l->cap > 0 ? l->cap * 2 : 16;
		l->points = mem_resize(l->points, l->cap, sizeof(l->points[0]));
	}
	l->points[l->len++] = (struct draw_point){x, y};
}

static void
free_line(struct chart_line *l)
{
	free(l->name);
	free(l->points);
}

void
chart_set_clear(struct chart_set *set)
{
	for (size_t i = 0; i < set->len; i++)
		free_line(&set->lines[i]);
	free(set->lines);
	free(set->slots);
	memset(set, 0, sizeof(*set));
}

void
chart_set_free(struct chart_set *set)
{
	chart_set_clear(set);
}

/* --- ranges ---------------------------------------------------------------- */

bool
chart_set_range(const struct chart_set *set, double *from, double *until)
{
	*from = (double)INFINITY;
	*until = -*from;
	for (size_t i = 0; i < set->len; i++)
		for (size_t j = 0; j < set->lines[i].len; j++) {
			*from = fmin(*from, set->lines[i].points[j].x);
			*until = fmax(*until, set->lines[i].points[j].x);
		}
	return *from <= *until;
}

/* Leave the lines that keep says; the table of names is gone then. */
static void
keep_lines(struct chart_set *set, const bool *keep)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->len; i++)
		if (keep[i])
			set->lines[kept++] = set->lines[i];
		else
			free_line(&set->lines[i]);
	set->len = kept;
	set->slot_count = 0;
	free(set->slots);
	set->slots = NULL;
}

void
chart_set_cut(struct chart_set *set, double from, double until, bool exclusive)
{
	bool *keep = mem_zalloc(set->len + 1);

	for (size_t i = 0; i < set->len; i++) {
		struct chart_line *l = &set->lines[i];
		size_t kept = 0;

		for (size_t j = 0; j < l->len; j++) {
			double x = l->points[j].x;

			if (x >= from && (exclusive ? x < until : x <= until))
				l->points[kept++] = l->points[j];
		}
		l->len = kept;
		keep[i] = kept > 0;
	}
	keep_lines(set, keep);
	free(keep);
}

/* --- buckets --------------------------------------------------------------- */

static int
compare_numbers(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Between two neighbours as percentile_cont has it. */
static double
percentile(double *y, size_t n, double part)
{
	double at = part * (double)(n - 1);
	size_t low = (size_t)at;

	qsort(y, n, sizeof(y[0]), compare_numbers);
	if (low + 1 >= n)
		return y[n - 1];
	return y[low] + (y[low + 1] - y[low]) * (at - (double)low);
}

static double
sum_of(const double *y, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += y[i];
	return sum;
}

/* Of n finite numbers in the order of their times; n > 0.  They may be put in
 * another order. */
static double
aggregate_of(double *y, size_t n, enum chart_aggregate aggregate)
{
	double out = y[0];

	switch (aggregate) {
	case CHART_AVG:
		return sum_of(y, n) / (double)n;
	case CHART_SUM:
		return sum_of(y, n);
	case CHART_MIN:
		for (size_t i = 1; i < n; i++)
			out = fmin(out, y[i]);
		return out;
	case CHART_MAX:
		for (size_t i = 1; i < n; i++)
			out = fmax(out, y[i]);
		return out;
	case CHART_COUNT:
		return (double)n;
	case CHART_FIRST:
		return y[0];
	case CHART_LAST:
		return y[n - 1];
	case CHART_MEDIAN:
		return percentile(y, n, 0.5);
	case CHART_P95:
		return percentile(y, n, 0.95);
	}
	return out;
}

struct ordered {
	struct draw_point point;
	size_t at;
};

static int
compare_ordered(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;

	if (x->point.x != y->point.x)
		return x->point.x < y->point.x ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* By time; what has the same time stays in its order. */
static void
sort_line(struct chart_line *l)
{
	struct ordered *all;
	size_t i = 1;

	while (i < l->len && l->points[i - 1].x <= l->points[i].x)
		i++;
	if (i >= l->len)
		return;
	all = mem_resize(NULL, l->len, sizeof(all[0]));
	for (i = 0; i < l->len; i++)
		all[i] = (struct ordered){l->points[i], i};
	qsort(all, l->len, sizeof(all[0]), compare_ordered);
	for (i = 0; i < l->len; i++)
		l->points[i] = all[i].point;
	free(all);
}

static void
bucket_line(struct chart_line *l, double step, bool time, bool first,
    enum chart_aggregate aggregate)
{
	double *y = mem_resize(NULL, l->len + 1, sizeof(y[0]));
	size_t out = 0, i = 0;

	sort_line(l);
	while (i < l->len) {
		double begin = chart_floor(l->points[i].x, step, time);
		double x = first ? l->points[i].x : begin;
		size_t n = 0;

		for (; i < l->len &&
		     chart_floor(l->points[i].x, step, time) <= begin;
		     i++)
			if (isfinite(l->points[i].y))
				y[n++] = l->points[i].y;
		if (n > 0)
			l->points[out++] = (struct draw_point){x,
			    aggregate_of(y, n, aggregate)};
	}
	l->len = out;
	free(y);
}

void
chart_set_bucket(struct chart_set *set, double step, bool time, bool first,
    enum chart_aggregate aggregate)
{
	for (size_t i = 0; i < set->len; i++)
		bucket_line(&set->lines[i], step, time, first, aggregate);
}

/* Between numbers that are not the same. */
static double
least_of(double *x, size_t n)
{
	double least = (double)INFINITY;

	qsort(x, n, sizeof(x[0]), compare_numbers);
	for (size_t i = 1; i < n; i++)
		if (x[i] > x[i - 1])
			least = fmin(least, x[i] - x[i - 1]);
	return least;
}

double
chart_set_least(struct chart_set *set, double step, bool time, bool together)
{
	double least = (double)INFINITY;
	double *x;
	size_t n = 0;

	for (size_t i = 0; i < set->len; i++)
		n += set->lines[i].len;
	x = mem_resize(NULL, n + 1, sizeof(x[0]));
	n = 0;
	for (size_t i = 0; i < set->len; i++) {
		const struct chart_line *l = &set->lines[i];

		for (size_t k = 0; k < l->len; k++)
			x[n++] = chart_floor(l->points[k].x, step, time);
		if (!together) {
			least = fmin(least, least_of(x, n));
			n = 0;
		}
	}
	if (together)
		least = least_of(x, n);
	free(x);
	return least;
}

double
chart_set_rhythm(struct chart_set *set)
{
	double *medians = mem_resize(NULL, set->len + 1, sizeof(medians[0]));
	double rhythm = 0;
	size_t n = 0;

	for (size_t i = 0; i < set->len; i++) {
		struct chart_line *l = &set->lines[i];
		double *apart;

		if (l->len < 3)
			continue;
		sort_line(l);
		apart = mem_resize(NULL, l->len, sizeof(apart[0]));
		for (size_t j = 1; j < l->len; j++)
			apart[j - 1] = l->points[j].x - l->points[j - 1].x;
		medians[n++] = percentile(apart, l->len - 1, 0.5);
		free(apart);
	}
	if (n > 0)
		rhythm = percentile(medians, n, 0.75);
	free(medians);
	return rhythm;
}

/* --- choosing -------------------------------------------------------------- */

struct weight {
	double size;
	size_t line;
	const char *name;
};

static int
compare_weights(const void *a, const void *b)
{
	const struct weight *x = a, *y = b;

	if (x->size != y->size)
		return x->size > y->size ? -1 : 1;
	return strcmp(x->name, y->name);
}

static double
size_of(const struct chart_line *l, bool whole)
{
	double sum = 0;
	size_t n = 0;

	for (size_t i = 0; i < l->len; i++)
		if (isfinite(l->points[i].y)) {
			sum += fabs(l->points[i].y);
			n++;
		}
	return whole || n == 0 ? sum : sum / (double)n;
}

/* All points of what is left out, of the same time summed up. */
static void
sum_others(struct chart_set *set, const bool *keep, struct chart_line *out)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->len; i++)
		for (size_t j = 0; !keep[i] && j < set->lines[i].len; j++) {
			struct draw_point p = set->lines[i].points[j];

			if (!isfinite(p.y))
				continue;
			if (out->len == out->cap) {
				out->cap = out->cap > 0 ? out->cap * 2 : 64;
				out->points = mem_resize(out->points, out->cap,
				    sizeof(p));
			}
			out->points[out->len++] = p;
		}
	sort_line(out);
	for (size_t i = 0; i < out->len; i++)
		if (kept > 0 && out->points[kept - 1].x >= out->points[i].x)
			out->points[kept - 1].y += out->points[i].y;
		else
			out->points[kept++] = out->points[i];
	out->len = kept;
}

static bool *
choose(const struct chart_set *set, size_t top, bool whole)
{
	struct weight *w = mem_resize(NULL, set->len, sizeof(w[0]));
	bool *keep = mem_zalloc(set->len);

	for (size_t i = 0; i < set->len; i++)
		w[i] = (struct weight){size_of(&set->lines[i], whole), i,
		    set->lines[i].name};
	qsort(w, set->len, sizeof(w[0]), compare_weights);
	for (size_t i = 0; i < top; i++)
		keep[w[i].line] = true;
	free(w);
	return keep;
}

void
chart_set_choose(struct chart_set *set, size_t top, bool stack)
{
	struct chart_line others = {.others = true};
	bool *keep;

	/* A server has chosen already. */
	for (size_t i = 0; i < set->len; i++)
		if (set->lines[i].others)
			return;
	if (set->len <= top)
		return;
	set->left_out += set->len - top;
	keep = choose(set, top, stack);
	if (stack)
		sum_others(set, keep, &others);
	keep_lines(set, keep);
	free(keep);
	if (others.len > 0) {
		size_t line = add_line(set, "others");

		free(set->lines[line].name);
		others.name = mem_strdup("others");
		set->lines[line] = others;
	}
}

/* --- order ----------------------------------------------------------------- */

/* "disk 2" before "disk 10". */
static int
compare_names(const char *a, const char *b)
{
	const char *x = a, *y = b;

	while (*x != '\0' && *y != '\0') {
		size_t n, m;

		if (!isdigit((unsigned char)*x) ||
		    !isdigit((unsigned char)*y)) {
			if (*x != *y)
				break;
			x++;
			y++;
			continue;
		}
		while (*x == '0')
			x++;
		while (*y == '0')
			y++;
		n = strspn(x, "0123456789");
		m = strspn(y, "0123456789");
		if (n != m)
			return n < m ? -1 : 1;
		if (strncmp(x, y, n) != 0)
			return strncmp(x, y, n);
		x += n;
		y += m;
	}
	if (*x != *y)
		return (unsigned char)*x < (unsigned char)*y ? -1 : 1;
	return strcmp(a, b);
}

static int
compare_lines(const void *a, const void *b)
{
	const struct chart_line *x = a, *y = b;

	if (x->others != y->others)
		return x->others ? 1 : -1;
	return compare_names(x->name, y->name);
}

void
chart_set_sort(struct chart_set *set)
{
	if (set->len > 0)
		qsort(set->lines, set->len, sizeof(set->lines[0]),
		    compare_lines);
}
