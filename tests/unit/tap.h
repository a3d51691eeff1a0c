/* SPDX-License-Identifier: PostgreSQL */
/*
 * The Test Anything Protocol for unit tests, in one header: a test is a
 * program of its own, which says what must be true and returns tap_done().
 *
 *	#include "tap.h"
 *	int
 *	main(void)
 *	{
 *		ok(1 + 1 == 2, "one and one is %d", 2);
 *		is_text(name, "x", "the name");
 *		is_number(count, 3, "the count");
 *		return tap_done();
 *	}
 */
#ifndef UNIT_TAP_H
#define UNIT_TAP_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static struct {
	unsigned run;
	unsigned failed;
} tap;

__attribute__((format(printf, 4, 5), unused)) static bool
tap_ok(const char *file, int line, bool good, const char *fmt, ...)
{
	va_list args;

	printf("%sok %u - ", good ? "" : "not ", ++tap.run);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	if (!good) {
		tap.failed++;
		printf("# at %s:%d\n", file, line);
	}
	return fflush(stdout) == 0 && good;
}

__attribute__((unused)) static bool
tap_text(const char *file, int line, const char *got, const char *expected,
    const char *what)
{
	bool same = got == expected ||
	    (got != NULL && expected != NULL && strcmp(got, expected) == 0);

	if (!tap_ok(file, line, same, "%s", what)) {
		printf("# expected: %s\n# got:      %s\n",
		    expected ? expected : "(null)", got ? got : "(null)");
	}
	return same;
}

__attribute__((unused)) static bool
tap_number(const char *file, int line, int64_t got, int64_t expected,
    const char *what)
{
	if (!tap_ok(file, line, got == expected, "%s", what)) {
		printf("# expected: %" PRId64 "\n# got:      %" PRId64 "\n",
		    expected, got);
	}
	return got == expected;
}

__attribute__((unused)) static int
tap_done(void)
{
	printf("1..%u\n", tap.run);
	return tap.failed == 0 && tap.run > 0 && fflush(stdout) == 0 ? 0 : 1;
}

#define ok(good, ...) tap_ok(__FILE__, __LINE__, (good), __VA_ARGS__)
#define is_text(got, expected, what) \
	tap_text(__FILE__, __LINE__, (got), (expected), (what))
#define is_number(got, expected, what)                                      \
	tap_number(__FILE__, __LINE__, (int64_t)(got), (int64_t)(expected), \
	    (what))

#endif
