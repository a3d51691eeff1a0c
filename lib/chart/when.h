/* SPDX-License-Identifier: PostgreSQL */
/*
 * Times and numbers as texts, and how long buckets are.
 */
#ifndef CHART_WHEN_H
#define CHART_WHEN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Seconds since 1970 UTC of an ISO 8601 time as PostgreSQL or others write
 * it: "2026-01-31", "2026-01-31 12:00:00.5+01", "2026-01-31T12:00Z",
 * "0044-03-15 BC"; without a zone it is UTC.  "infinity" and "-infinity" are
 * infinite.  False: it is none.
 */
bool chart_time(const char *text, double *out);
/* A decimal number, "NaN" or "Infinity" too; one beyond a double's range is
 * the greatest of its sign.  False: it is none. */
bool chart_number(const char *text, double *out);

/* A length that people count in, not less than seconds: of a bucket. */
double chart_nice_seconds(double seconds);
double chart_nice_number(double units);
/* "5 min", "1 h", "7 d". */
void chart_show_seconds(char out[32], double seconds);

/* Buckets begin at multiples of their length from here: a Monday, as
 * TimescaleDB has it. */
#define CHART_ORIGIN 946857600.0
/* The beginning of the bucket that x is in. */
double chart_floor(double x, double step, bool time);

#endif
