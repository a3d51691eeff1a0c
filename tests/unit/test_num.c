/* SPDX-License-Identifier: PostgreSQL */
/* Numbers from outside, and numbers for people. */
#include "base/num.h"

#include "tap.h"

static void
unsigned_numbers(void)
{
	static const char *const bad[] = {"", " ", "+1", "-1", " 1", "1 ", "1x",
	    "x", "0x10", "1.0", "1e3", "18446744073709551616",
	    "99999999999999999999999", "\n1", "1\n", "٣"};
	uint64_t n = 77;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!num_u64(bad[i], 0, UINT64_MAX, &n), "no number: \"%s\"",
		    bad[i]);
	is_number(n, 77, "and nothing is written");
	ok(num_u64("0", 0, 10, &n) && n == 0, "0");
	ok(num_u64("007", 0, 10, &n) && n == 7, "leading zeros");
	ok(num_u64("18446744073709551615", 0, UINT64_MAX, &n) &&
		n == UINT64_MAX,
	    "the greatest");
	ok(!num_u64("11", 0, 10, &n), "above the range");
	ok(!num_u64("1", 2, 10, &n), "below the range");
	ok(num_u64("2", 2, 10, &n) && num_u64("10", 2, 10, &n),
	    "its ends belong to it");
}

static void
signed_numbers(void)
{
	int64_t n = 77;

	ok(num_i64("-9223372036854775808", INT64_MIN, INT64_MAX, &n) &&
		n == INT64_MIN,
	    "the least");
	ok(num_i64("9223372036854775807", INT64_MIN, INT64_MAX, &n) &&
		n == INT64_MAX,
	    "the greatest");
	ok(num_i64("-0", INT64_MIN, INT64_MAX, &n) && n == 0, "minus zero");
	n = 77;
	ok(!num_i64("9223372036854775808", INT64_MIN, INT64_MAX, &n) &&
		!num_i64("-9223372036854775809", INT64_MIN, INT64_MAX, &n),
	    "one beyond");
	ok(!num_i64("", INT64_MIN, INT64_MAX, &n) &&
		!num_i64("-", INT64_MIN, INT64_MAX, &n) &&
		!num_i64("--1", INT64_MIN, INT64_MAX, &n) &&
		!num_i64("- 1", INT64_MIN, INT64_MAX, &n),
	    "no number");
	ok(!num_i64("-6", -5, 5, &n) && !num_i64("6", -5, 5, &n),
	    "out of range");
	is_number(n, 77, "and nothing is written");
}

static void
sizes(void)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {{"0", 0}, {"4096", 4096}, {"1B", 1}, {"64kB", 65536},
	    {"256MB", UINT64_C(268435456)}, {"1GB", UINT64_C(1073741824)},
	    {"2TB", UINT64_C(2199023255552)},
	    {"9223372036854775807", INT64_MAX}};
	static const char *const bad[] = {"", "kB", "-1kB", "1 kB", "1k", "1Mb",
	    "1.5GB", "1GBx", "9223372036854775808", "8388608TB",
	    "99999999999999999TB", "inf", "nan"};
	uint64_t n = 77;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!num_size(bad[i], &n), "no size: \"%s\"", bad[i]);
	is_number(n, 77, "and nothing is written");
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(num_size(good[i].text, &n) && n == good[i].bytes, "%s",
		    good[i].text);
}

static void
durations(void)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} good[] = {{"0", 0}, {"5", 5000}, {"250ms", 250}, {"90s", 90000},
	    {"15min", 900000}, {"2h", 7200000}, {"7d", 604800000}};
	static const char *const bad[] = {"", "s", "-1s", "1 s", "1m", "1hour",
	    "1.5h", "9999999999999d", "18446744073709551615", "1000000d"};
	uint64_t n = 77;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!num_duration(bad[i], &n), "no duration: \"%s\"", bad[i]);
	is_number(n, 77, "and nothing is written");
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(num_duration(good[i].text, &n) && n == good[i].ms, "%s",
		    good[i].text);
}

static void
size_is(uint64_t bytes, const char *expected)
{
	char text[32];

	num_show_size(text, bytes);
	is_text(text, expected, expected);
}

static void
duration_is(double seconds, const char *expected)
{
	char text[32];

	num_show_duration(text, seconds);
	is_text(text, expected, expected);
}

static void
shown(void)
{
	size_is(0, "0 B");
	size_is(1023, "1023 B");
	size_is(1024, "1.0 kB");
	size_is(655360, "640 kB");
	size_is(1048575, "1.0 MB");
	size_is(UINT64_C(1610612736), "1.5 GB");
	size_is(UINT64_MAX, "16.0 EB");
	duration_is(-1, "0.0 s");
	duration_is(1.23, "1.2 s");
	duration_is(59.96, "1 min 0 s");
	duration_is(200, "3 min 20 s");
	duration_is(7500, "2 h 5 min");
	duration_is(266400, "3 d 2 h");
	ok(num_now() <= num_now(), "time does not run backwards");
}

int
main(void)
{
	unsigned_numbers();
	signed_numbers();
	sizes();
	durations();
	shown();
	return tap_done();
}
