/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which columns are the time, the values and the names of series: as they
 * were named, or by their types.
 */
#ifndef CHART_PLAN_H
#define CHART_PLAN_H

#include "chart/request.h"

enum chart_type {
	CHART_OTHER, /* a name, or nothing that can be drawn */
	CHART_TIME,  /* with a zone */
	CHART_LOCAL, /* a time without one: taken as UTC */
	CHART_DATE,
	CHART_INTEGER,
	CHART_FLOAT,
	CHART_NUMERIC,
	CHART_INTERVAL, /* drawn in seconds */
	CHART_FLAG	/* drawn as 0 and 1 */
};

struct chart_column {
	char *name;
	enum chart_type type;
};

struct chart_columns {
	struct chart_column *data;
	size_t len, cap;
};

void chart_columns_add(struct chart_columns *c, const char *name,
    enum chart_type type);
void chart_columns_free(struct chart_columns *c); /* also the cleanup */

#define CHART_VALUES 8

struct chart_plan {
	size_t time;
	enum draw_axis axis;
	size_t *values, value_count;
	size_t *by, by_count;
	bool rows; /* no value: rows are counted */
};

/*
 * Choose; where names the rows in messages ("table \"x\"").  A name that is
 * no column is reported with those that there are; STATUS_USAGE.
 */
status chart_plan(const struct chart_request *r,
    const struct chart_columns *columns, const char *where,
    struct chart_plan *out) MUST_CHECK;
void chart_plan_free(struct chart_plan *p); /* also the cleanup */

/* The name of a series: names (NULL: none) of its by columns, and its value's
 * where there are several. */
void chart_plan_name(const struct chart_plan *p,
    const struct chart_columns *columns, const char *const *names, size_t value,
    struct str *out);

#endif
