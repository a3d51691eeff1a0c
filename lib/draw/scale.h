/* SPDX-License-Identifier: PostgreSQL */
/*
 * Scales: which values an axis shows, where its ticks are, what they say.
 */
#ifndef DRAW_SCALE_H
#define DRAW_SCALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define DRAW_TICKS 64
#define DRAW_TICK_TEXT 40

struct draw_tick {
	double at;
	char text[DRAW_TICK_TEXT];
	bool major; /* where a greater unit begins: a day among hours */
};

struct draw_scale {
	double from, until; /* the ends; from < until */
	struct draw_tick ticks[DRAW_TICKS];
	size_t len;
	char suffix[8]; /* what was taken out of all texts: "GB" */
};

/*
 * About target ticks at steps of 1, 2 or 5 times a power of ten.  Where loose
 * the range is made wider, to whole steps if those are near; ticks lie within.  A unit
 * "bytes" (or "B") counts in powers of 1024.  Any finite ends do, equal or
 * swapped ones too.
 */
void draw_scale_numbers(struct draw_scale *s, double from, double until,
    size_t target, const char *unit, bool loose);
/*
 * At most target ticks at whole milliseconds up to centuries of UTC's
 * proleptic Gregorian calendar; from and until stay as they are.
 */
void draw_scale_times(struct draw_scale *s, double from, double until,
    size_t target);

/* Where value lies between the ends: 0 at from, 1 at until. */
double draw_scale_at(const struct draw_scale *s, double value);

/* A number for people: "1.53", "12,345"; three significant digits, or all of
 * those before the point. */
void draw_number(struct str *out, double value);
/* The same with its unit: "1.5 °C", "3.2 GB". */
void draw_quantity(struct str *out, double value, const char *unit);

/* A civil time, UTC.  Year 0 is 1 BC. */
struct draw_time {
	int64_t year;
	int month, day, hour, minute;
	double second;
};
struct draw_time draw_time_of(double seconds);
double draw_seconds_of(const struct draw_time *t);
/* "2026-01-31 12:00", as exact as it has to be. */
void draw_time_show(struct str *out, double seconds);

#endif
