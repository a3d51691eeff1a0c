/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a chart is made of, from wherever it came.
 */
#ifndef CHART_DATA_H
#define CHART_DATA_H

#include "chart/plan.h"
#include "chart/set.h"

struct chart_data {
	struct chart_columns columns;
	struct chart_plan plan;
	struct chart_set set; /* in buckets */
	double step;	      /* of a bucket; 0: points as they are */
	double from, until;   /* the window; NAN: open */
	size_t series;	      /* that there are, shown or not */
};
void chart_data_free(struct chart_data *d); /* also the cleanup */

/* How long a bucket is for so many of them in a range, where r leaves it
 * open; 0: none is wanted.  Reports. */
status chart_step(const struct chart_request *r, enum draw_axis axis,
    double range, size_t buckets, double *step) MUST_CHECK;
/* Where the window that ends at until begins: at a whole bucket. */
status chart_window(const struct chart_request *r, enum draw_axis axis,
    double until, double *from) MUST_CHECK;
/* --until as a number of the axis, NAN where it is open.  Reports. */
status chart_until(const struct chart_request *r, enum draw_axis axis,
    double *until) MUST_CHECK;
bool chart_is_raw(const struct chart_request *r); /* --bucket none */
bool chart_is_auto(const struct chart_request *r);
/* "2026-01-01 12:00 UTC", or a number. */
void chart_show_x(struct str *out, enum draw_axis axis, double x);
/* Report that there is nothing, in the window or at all; STATUS_NO.  From to
 * until is where the rows are, from > until: nowhere. */
status chart_nothing(const struct chart_request *r, const char *where,
    enum draw_axis axis, double from, double until);

/* Rows for each bucket that are few enough to be drawn one by one, and parts
 * of a bucket that tell them apart. */
#define CHART_FEW 2.5
#define CHART_GRAINS 16

/* What the distances of the rows make of auto buckets. */
struct chart_rhythm {
	double step;
	bool kept; /* rows come less often: they are drawn as they come */
	bool own;  /* and at their own times */
};
/* Of the rows in d->set, or of buckets that tell them apart. */
void chart_choose_rhythm(const struct chart_request *r, struct chart_data *d,
    struct chart_rhythm *out);

/* From a server: asks for buckets of the chosen series alone. */
status chart_from_server(const struct chart_request *r, size_t buckets,
    struct chart_data *out) MUST_CHECK;
/* From standard input. */
status chart_from_input(const struct chart_request *r, size_t buckets,
    struct chart_data *out) MUST_CHECK;

#endif
