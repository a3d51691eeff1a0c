/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a chart is asked for: by options, by a preset, by defaults, in this
 * order.
 */
#ifndef CHART_REQUEST_H
#define CHART_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "draw/figure.h"
#include "pg/conn.h"

enum chart_aggregate {
	CHART_AVG,
	CHART_MIN,
	CHART_MAX,
	CHART_SUM,
	CHART_COUNT,
	CHART_FIRST,
	CHART_LAST,
	CHART_MEDIAN,
	CHART_P95
};
/* "avg", "min" ... and NULL; the kinds "line", "area" ... as draw_kind. */
extern const char *const chart_aggregates[];
extern const char *const chart_kinds[];

enum chart_format { CHART_TEXT, CHART_SVG, CHART_PNG, CHART_XLSX };
/* "text", "svg", "png", "xlsx". */
extern const char *const chart_formats[];

struct chart_request {
	struct pg_params server;
	bool on_server; /* else the rows come from standard input */
	const char *table, *query, *metric;
	const char *time;
	struct strv values, by;
	const char *window, *until, *bucket;
	int aggregate, kind, format; /* -1: not said */
	const char *title, *unit;
	uint64_t top; /* 0: not said */
	const char *min_text, *max_text;
	double min, max; /* NAN: not said */
	uint64_t width, height;
	const char *output;
};

#define CHART_TOP 12

/*
 * A window or a bucket: a duration where time is a time ("24h"), a number
 * where it is one.  NULL is *out 0; seconds or units of the axis.  Reports,
 * with the option's name; STATUS_USAGE.
 */
status chart_length(const char *option, const char *text, enum draw_axis axis,
    double *out) MUST_CHECK;

#endif
