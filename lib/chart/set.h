/* SPDX-License-Identifier: PostgreSQL */
/*
 * Points of many series while they are collected: found by name, put in
 * buckets where that was not the server's work, and chosen.
 */
#ifndef CHART_SET_H
#define CHART_SET_H

#include "chart/request.h"

struct chart_line {
	char *name;
	bool others; /* the sum of what was not chosen */
	struct draw_point *points;
	size_t len, cap;
};

struct chart_set {
	struct chart_line *lines;
	size_t len, cap;
	uint32_t *slots; /* a hash table of lines' numbers + 1 */
	size_t slot_count;
	size_t left_out; /* series that were not chosen */
	uint64_t odd;	 /* values that are no finite number */
};

/* The line of this name, made where there is none. */
size_t chart_set_line(struct chart_set *set, const char *name);
void chart_set_add(struct chart_set *set, size_t line, double x, double y);
void chart_set_clear(struct chart_set *set);
void chart_set_free(struct chart_set *set); /* also the cleanup */

/* False when there is no point. */
bool chart_set_range(const struct chart_set *set, double *from, double *until);
/* Only points with from <= x, and x <= until or, exclusively, below it. */
void chart_set_cut(struct chart_set *set, double from, double until,
    bool exclusive);
/* One point for each bucket: where the bucket begins, or its first point is. */
void chart_set_bucket(struct chart_set *set, double step, bool time, bool first,
    enum chart_aggregate aggregate);
/* The least distance between buckets that follow each other, of each series or
 * of all together; infinite where no two do. */
double chart_set_least(struct chart_set *set, double step, bool time,
    bool together);
/* The greatest distance between neighbours that is usual in most series, by
 * the median of each; 0 where no series has three points. */
double chart_set_rhythm(struct chart_set *set);
/* Keep the top series, by their mean size or, where sums (of a stack), by
 * their whole; of a stack the others are summed up in one more. */
void chart_set_choose(struct chart_set *set, size_t top, bool stack);
/* By name, numbers in them as numbers; the others last. */
void chart_set_sort(struct chart_set *set);

#endif
