/* SPDX-License-Identifier: PostgreSQL */
/* Rows for charts: CSV, times and numbers as texts, buckets. */
#include <math.h>

#include "base/log.h"
#include "chart/csv.h"
#include "chart/set.h"
#include "chart/when.h"
#include "tap.h"

static status
show(void *arg, char *const *fields, size_t n, uint64_t line)
{
	struct str *out = arg;

	str_addf(out, "%d:", (int)line);
	for (size_t i = 0; i < n; i++)
		str_addf(out, "[%s]", fields[i] != NULL ? fields[i] : "-");
	return STATUS_OK;
}

/* In pieces of each size the same comes out. */
static void
csv(const char *text, const char *expected, const char *what)
{
	size_t len = strlen(text);

	for (size_t piece = 1; piece <= len + 1; piece++) {
		struct str out CLEANUP(str_free) = STR_INIT;
		struct csv c CLEANUP(
		    csv_free) = {.name = "it", .row = show, .arg = &out};
		status s = STATUS_OK;

		for (size_t i = 0; s == STATUS_OK && i < len; i += piece)
			s = csv_push(&c, text + i,
			    piece < len - i ? piece : len - i);
		if (s == STATUS_OK)
			s = csv_finish(&c);
		if (s != STATUS_OK) {
			str_clear(&out);
			str_add(&out, "refused");
		}
		if (strcmp(str_text(&out), expected) != 0 || piece > len)
			is_text(str_text(&out), expected, what);
		if (strcmp(str_text(&out), expected) != 0)
			return;
	}
}

static void
tables(void)
{
	csv("a,b\n1,2\n", "1:[a][b]2:[1][2]", "two lines");
	csv("a,b\r\n1,2", "1:[a][b]2:[1][2]", "CR LF, and no end of line");
	csv("\xef\xbb\xbf"
	    "a\tb\n\"1,2\"\t\n",
	    "1:[a][b]2:[1,2][-]", "tabs, a mark, null");
	csv("a;b\n\"x\"\"y\";\"\"\n", "1:[a][b]2:[x\"y][]",
	    "semicolons, quotes, an empty text");
	csv("a\n\"1\n2\"\n\n3\n", "1:[a]2:[1\n2]5:[3]",
	    "a line end in quotes, a blank line");
	csv("a\n\"1", "refused", "an open quote");
	csv("a\n\"1\"2\n", "refused", "text behind a quote");
	csv("", "", "nothing");
}

static void
a_time(const char *text, double expected)
{
	double x = -1;

	ok(chart_time(text, &x) && fabs(x - expected) < 1e-6, "%s is %f", text,
	    x);
}

static void
times(void)
{
	static const char *const bad[] = {"", "now", "2026", "2026-13-01",
	    "2026-01-32", "2026-01-01 25:00", "2026-01-01 12", "20260101",
	    "2026-01-01x", "2026-01-01 12:00+", "2026-01-01 12:00:00.",
	    "2026-01-01 12:00 BCE", "1e9", "99999999-01-01"};
	double x;

	a_time("1970-01-01", 0);
	a_time("2026-03-01 00:00:00+00", 1772323200);
	a_time("2026-03-01T01:00:00.5+01:00", 1772323200.5);
	a_time("2026-02-28 20:30:00-0330", 1772323200);
	a_time("2026-03-01T00:00Z", 1772323200);
	a_time("4714-11-24 00:00:00+00 BC", -210866803200);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!chart_time(bad[i], &x), "no time: \"%s\"", bad[i]);
	ok(chart_time("-infinity", &x) && isinf(x), "an infinite one");
}

static void
numbers(void)
{
	static const char *const bad[] = {"", "x", "1x", "0x10", "1e", " 1",
	    "1 ", "--1", "1,5", "infinite"};
	double x;

	ok(chart_number("-1.5e3", &x) && fabs(x + 1500) < 1e-9, "a number");
	ok(chart_number("NaN", &x) && isnan(x), "none");
	ok(chart_number("1e999", &x) && isfinite(x), "one too large is finite");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!chart_number(bad[i], &x), "no number: \"%s\"", bad[i]);
}

static void
lengths(void)
{
	char text[32];

	is_number(chart_nice_seconds(61), 120, "two minutes");
	is_number(chart_nice_seconds(192), 300, "five");
	is_number(chart_nice_seconds(86401), 172800, "two days");
	is_number(chart_nice_seconds(1209601), 5 * 604800, "weeks");
	ok(chart_nice_seconds(0.013) <= 0.02, "milliseconds");
	chart_show_seconds(text, 5400);
	is_text(text, "90 min", "in whole units");
	chart_show_seconds(text, 0.005);
	is_text(text, "5 ms", "small ones");
	is_number(chart_floor(1772323200 + 3 * 86400 + 5, 604800, true),
	    1772409600, "weeks begin on Mondays");
	is_number(chart_floor(-1, 7, false), -7, "below zero");
}

static void
sets(void)
{
	struct chart_set set CLEANUP(chart_set_free) = {.len = 0};
	char name[32];

	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "disk %d", i);
		for (int k = 0; k < 6; k++)
			chart_set_add(&set, chart_set_line(&set, name), 5 - k,
			    i);
	}
	is_number(set.len, 1000, "each name once");
	chart_set_bucket(&set, 3, false, false, CHART_SUM);
	is_number(set.lines[7].len, 2, "two buckets");
	is_number(set.lines[7].points[1].y, 21, "of three");
	chart_set_choose(&set, 3, true);
	chart_set_sort(&set);
	is_number(set.len, 4, "three and the others");
	is_text(set.lines[0].name, "disk 997", "the greatest");
	ok(set.lines[3].others, "the others last");
	is_number(set.lines[3].points[0].y, 3 * 997 * 996 / 2, "summed up");
	is_number(set.left_out, 997, "and counted");
}

int
main(void)
{
	log_init("test");
	tables();
	times();
	numbers();
	lengths();
	sets();
	return tap_done();
}
