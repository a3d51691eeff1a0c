/* SPDX-License-Identifier: PostgreSQL */
/*
 * Times as texts: what a server, jq, a logger or a spreadsheet write.
 */
#include "chart/when.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chart/request.h"
#include "draw/scale.h"

/* Between least and most digits; false: fewer, or a number too large. */
static bool
digits(const char **p, size_t least, size_t most, int *out)
{
	size_t n = 0;

	*out = 0;
	for (; n < most && isdigit((unsigned char)**p); n++, (*p)++)
		*out = *out * 10 + (**p - '0');
	return n >= least && !isdigit((unsigned char)**p);
}

static bool
skip(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

static bool
scan_date(const char **p, struct draw_time *t)
{
	static const int lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31,
	    30, 31};
	int year;

	if (!digits(p, 4, 7, &year) || !skip(p, '-') ||
	    !digits(p, 2, 2, &t->month) || !skip(p, '-') ||
	    !digits(p, 2, 2, &t->day))
		return false;
	t->year = year;
	return t->month >= 1 && t->month <= 12 && t->day >= 1 &&
	    t->day <= lengths[t->month - 1];
}

static bool
scan_clock(const char **p, struct draw_time *t)
{
	int second = 0;
	double place = 0.1;

	t->second = 0;
	if (!digits(p, 2, 2, &t->hour) || !skip(p, ':') ||
	    !digits(p, 2, 2, &t->minute) ||
	    (skip(p, ':') && !digits(p, 2, 2, &second)))
		return false;
	if (**p == '.' || **p == ',') {
		double part = 0;

		(*p)++;
		if (!isdigit((unsigned char)**p))
			return false;
		while (isdigit((unsigned char)**p)) {
			part += (**p - '0') * place;
			place /= 10;
			(*p)++;
		}
		t->second = part;
	}
	t->second += second;
	return t->hour <= 24 && t->minute <= 59 && second <= 60;
}

/* "Z", "+01", "-03:30", "+0530", "+00:19:32", or nothing. */
static bool
scan_zone(const char **p, double *offset)
{
	int hour, minute = 0, second = 0;
	double sign;

	*offset = 0;
	while (**p == ' ')
		(*p)++;
	if (**p == 'Z' || **p == 'z') {
		(*p)++;
		return true;
	}
	if (**p != '+' && **p != '-')
		return true;
	sign = *(*p)++ == '+' ? 1 : -1;
	if (!isdigit((unsigned char)(*p)[0]) ||
	    !isdigit((unsigned char)(*p)[1]))
		return false;
	hour = ((*p)[0] - '0') * 10 + ((*p)[1] - '0');
	*p += 2;
	if (skip(p, ':') || isdigit((unsigned char)**p)) {
		if (!digits(p, 2, 2, &minute))
			return false;
		if (skip(p, ':') && !digits(p, 2, 2, &second))
			return false;
	}
	*offset = sign * (hour * 3600.0 + minute * 60.0 + second);
	return hour < 24 && minute < 60 && second < 60;
}

static bool
is_infinite(const char *text, double *out)
{
	if (strcmp(text, "infinity") == 0)
		*out = (double)INFINITY;
	else if (strcmp(text, "-infinity") == 0)
		*out = -(double)INFINITY;
	else
		return false;
	return true;
}

bool
chart_time(const char *text, double *out)
{
	struct draw_time t = {0};
	const char *p = text;
	double offset = 0;

	if (is_infinite(text, out))
		return true;
	if (!scan_date(&p, &t))
		return false;
	if (*p == 'T' || *p == 't' ||
	    (*p == ' ' && isdigit((unsigned char)p[1]))) {
		p++;
		if (!scan_clock(&p, &t) || !scan_zone(&p, &offset))
			return false;
	}
	if (strcmp(p, " BC") == 0) {
		t.year = 1 - t.year;
		p += 3;
	}
	if (*p != '\0')
		return false;
	*out = draw_seconds_of(&t) - offset;
	return true;
}

bool
chart_number(const char *text, double *out)
{
	static const char *const words[] = {"NaN", "Infinity", "-Infinity",
	    "nan", "inf", "-inf", "Inf", "-Inf"};
	char *end;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(text, words[i]) == 0) {
			*out = strtod(text, NULL);
			return true;
		}
	if (text[strspn(text, "+-0123456789.eE")] != '\0' || text[0] == '\0')
		return false;
	*out = strtod(text, &end);
	/* Out of range is no infinity that somebody wrote. */
	if (isinf(*out))
		*out = copysign(1e300, *out);
	return end != text && *end == '\0';
}

/* --- lengths --------------------------------------------------------------- */

double
chart_nice_number(double units)
{
	double power = pow(10, floor(log10(units)));
	double m = units / power;

	return power *
	    (m <= 1 + 1e-9	    ? 1
		    : m <= 2 + 1e-9 ? 2
		    : m <= 5 + 1e-9 ? 5
				    : 10);
}

double
chart_nice_seconds(double seconds)
{
	static const double steps[] = {1, 2, 5, 10, 15, 30, 60, 120, 300, 600,
	    900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800,
	    1209600};

	if (seconds < 1)
		return fmax(chart_nice_number(fmax(seconds, 1e-6)), 1e-6);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (seconds <= steps[i] * (1 + 1e-9))
			return steps[i];
	return chart_nice_number(seconds / 604800) * 604800;
}

void
chart_show_seconds(char out[32], double seconds)
{
	static const struct {
		double length;
		const char *name;
	} units[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"},
	    {1e-3, "ms"}, {1e-6, "us"}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		double n = seconds / units[i].length;

		if (n >= 1 - 1e-9 && fabs(n - round(n)) < 1e-6) {
			snprintf(out, 32, "%.0f %s", n, units[i].name);
			return;
		}
	}
	snprintf(out, 32, "%g s", seconds);
}

double
chart_floor(double x, double step, bool time)
{
	double origin = time ? CHART_ORIGIN : 0;

	return origin + floor((x - origin) / step) * step;
}
