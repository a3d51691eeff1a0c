/* SPDX-License-Identifier: PostgreSQL */
/*
 * Numbers from outside, and numbers for people.
 */
#include "base/num.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* A longer wait than a century is a slip of the keyboard. */
#define DURATION_MAX (UINT64_C(36525) * 24 * 60 * 60 * 1000)

struct unit {
	const char *name;
	uint64_t factor;
};

/* Read digits; the rest of the text, or NULL without digits or on overflow. */
static const char *
digits(const char *text, uint64_t *out)
{
	uint64_t value = 0, digit;
	const char *at;

	for (at = text; *at >= '0' && *at <= '9'; at++) {
		digit = (uint64_t)(*at - '0');
		if (value > (UINT64_MAX - digit) / 10)
			return NULL;
		value = value * 10 + digit;
	}
	*out = value;
	return at > text ? at : NULL;
}

bool
num_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	const char *rest;
	uint64_t value;

	rest = digits(text, &value);
	if (rest == NULL || *rest != '\0' || value < min || value > max)
		return false;
	*out = value;
	return true;
}

bool
num_i64(const char *text, int64_t min, int64_t max, int64_t *out)
{
	bool negative = text[0] == '-';
	uint64_t size;
	int64_t value;

	if (!num_u64(text + negative, 0,
		(uint64_t)INT64_MAX + (negative ? 1 : 0), &size))
		return false;
	/* -size, without ever holding 2^63. */
	if (negative && size > 0)
		value = -(int64_t)(size - 1) - 1;
	else
		value = (int64_t)size;
	if (value < min || value > max)
		return false;
	*out = value;
	return true;
}

static bool
scaled(const char *text, const struct unit *units, uint64_t max, uint64_t *out)
{
	const char *rest;
	uint64_t value;

	rest = digits(text, &value);
	if (rest == NULL)
		return false;
	for (; units->name != NULL; units++) {
		if (strcmp(rest, units->name) != 0)
			continue;
		if (value > max / units->factor)
			return false;
		*out = value * units->factor;
		return true;
	}
	return false;
}

bool
num_size(const char *text, uint64_t *bytes)
{
	static const struct unit units[] = {{"", 1}, {"B", 1},
	    {"kB", UINT64_C(1) << 10}, {"MB", UINT64_C(1) << 20},
	    {"GB", UINT64_C(1) << 30}, {"TB", UINT64_C(1) << 40}, {NULL, 0}};

	return scaled(text, units, INT64_MAX, bytes);
}

bool
num_duration(const char *text, uint64_t *milliseconds)
{
	static const struct unit units[] = {{"", 1000}, {"ms", 1}, {"s", 1000},
	    {"min", 60 * 1000}, {"h", 3600 * 1000}, {"d", 24 * 3600 * 1000},
	    {NULL, 0}};

	return scaled(text, units, DURATION_MAX, milliseconds);
}

void
num_show_size(char out[32], uint64_t bytes)
{
	static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB"};
	double value = (double)bytes / 1024;
	size_t i = 0;

	if (bytes < 1024) {
		(void)snprintf(out, 32, "%u B", (unsigned)bytes);
		return;
	}
	/* 1023.95 would be shown as 1024. */
	while (value >= 1023.95 && i < sizeof(units) / sizeof(units[0]) - 1) {
		value /= 1024;
		i++;
	}
	(void)snprintf(out, 32, value < 99.95 ? "%.1f %s" : "%.0f %s", value,
	    units[i]);
}

void
num_show_duration(char out[32], double seconds)
{
	uint64_t s;

	if (!(seconds > 0))
		seconds = 0;
	if (seconds < 59.95) {
		(void)snprintf(out, 32, "%.1f s", seconds);
		return;
	}
	s = seconds < 1e15 ? (uint64_t)(seconds + 0.5) : UINT64_C(1) << 50;
	if (s < 3600)
		(void)snprintf(out, 32, "%u min %u s", (unsigned)(s / 60),
		    (unsigned)(s % 60));
	else if (s < 86400)
		(void)snprintf(out, 32, "%u h %u min", (unsigned)(s / 3600),
		    (unsigned)(s % 3600 / 60));
	else
		(void)snprintf(out, 32, "%llu d %u h",
		    (unsigned long long)(s / 86400),
		    (unsigned)(s % 86400 / 3600));
}

double
num_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
