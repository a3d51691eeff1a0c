/* SPDX-License-Identifier: PostgreSQL */
/* Figures: scales and ticks, times, colours, text, gaps, stacks, pictures. */
#include <math.h>
#include <stdlib.h>

#include "draw/colour.h"
#include "draw/scale.h"
#include "draw/svg.h"
#include "draw/terminal.h"
#include "draw/text.h"
#include "tap.h"

/* "0 2 4" */
static const char *
ticks(const struct draw_scale *s, struct str *out)
{
	str_clear(out);
	for (size_t i = 0; i < s->len; i++)
		str_addf(out, "%s%s", i > 0 ? " " : "", s->ticks[i].text);
	return str_text(out);
}

/* 16 bits that are the same in each run. */
static uint32_t
some(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 16;
}

static void
number_scales(void)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	struct draw_scale s;
	uint32_t seed = 1;

	draw_scale_numbers(&s, 0, 10, 5, NULL, true);
	is_text(ticks(&s, &text), "0 2 4 6 8 10", "steps of two");
	draw_scale_numbers(&s, 0, 1, 5, NULL, true);
	is_text(ticks(&s, &text), "0.0 0.2 0.4 0.6 0.8 1.0", "tenths");
	draw_scale_numbers(&s, -3, 3, 3, NULL, true);
	is_text(ticks(&s, &text), "-2 0 2", "no step that is empty");
	ok(s.from < -3 && s.until > 3, "but the data has room");
	draw_scale_numbers(&s, 0, 45000, 5, NULL, true);
	is_text(ticks(&s, &text), "0 10k 20k 30k 40k 50k", "thousands");
	draw_scale_numbers(&s, 0, 3.0 * 1024 * 1024, 3, "bytes", true);
	is_text(ticks(&s, &text), "0 1 2 3", "bytes");
	is_text(s.suffix, "MB", "in megabytes");
	draw_scale_numbers(&s, 5, 5, 5, NULL, true);
	ok(s.from < 5 && s.until > 5 && s.len >= 2, "a range of one value");
	draw_scale_numbers(&s, 0, 0, 5, NULL, true);
	ok(s.from < 0 && s.until > 0, "of zero");
	draw_scale_numbers(&s, -1e300, 1e300, 5, NULL, true);
	ok(isfinite(s.until - s.from) && s.len >= 3 && s.len < 20, "huge");
	draw_scale_numbers(&s, 1e18, 1e18 + 512, 5, NULL, true);
	ok(s.len >= 2 && s.len < 20 && s.until > s.from, "far from zero");
	draw_scale_numbers(&s, 0, 5e-320, 5, NULL, true);
	ok(s.len < DRAW_TICKS && s.until > s.from, "close to nothing");
	draw_scale_numbers(&s, 10, 0, 5, NULL, true);
	ok(s.from <= 0 && s.until >= 10, "swapped ends");
	for (int i = 0; i < 2000; i++) {
		double a = (some(&seed) / 65536.0 - 0.5) *
		    pow(10, (int)(some(&seed) % 40) - 20);
		double b = a + pow(10, (int)(some(&seed) % 40) - 20);

		draw_scale_numbers(&s, a, b, 6, NULL, true);
		if (!(s.from <= a && s.until >= b) || s.len > 16 ||
		    (s.len < 2 && b - a > fabs(a) * 1e-9)) {
			ok(false, "%g to %g: %zu ticks", a, b, s.len);
			return;
		}
	}
	ok(true, "any range has some ticks, and not too many");
}

static double
seconds(int64_t year, int month, int day, int hour)
{
	struct draw_time t = {year, month, day, hour, 0, 0};

	return draw_seconds_of(&t);
}

static void
times(void)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	struct draw_time t;

	is_number(seconds(1970, 1, 1, 0), 0, "the epoch");
	is_number(seconds(2026, 3, 1, 0), 1772323200, "a day in March");
	is_number(seconds(-4713, 11, 24, 0), -210866803200, "the first day");
	for (int64_t year = -5000; year < 300000; year += 97) {
		t = draw_time_of(seconds(year, 2, 28, 0) + 86400);
		if (t.year != year || (t.day != 29 && t.day != 1)) {
			ok(false, "year %" PRId64, year);
			return;
		}
	}
	ok(true, "dates there and back");
	draw_time_show(&text, -62135596800 - 86400);
	is_text(text.data, "0001-12-31 BC", "the day before year 1");
	str_clear(&text);
	draw_time_show(&text, 1772323200 + 0.25);
	is_text(text.data, "2026-03-01 00:00:00.250", "milliseconds");
	t = draw_time_of(1e300);
	ok(t.year > 1000000, "what is beyond all calendars is far away");
}

static void
time_scales(void)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	struct draw_scale s;
	double from = seconds(2026, 1, 31, 18);

	draw_scale_times(&s, from, from + 86400, 8);
	is_text(ticks(&s, &text),
	    "18:00 21:00 1 Feb 03:00 06:00 09:00 12:00 15:00 18:00",
	    "hours, and the date at midnight");
	ok(s.ticks[2].major && !s.ticks[1].major, "which stands out");
	draw_scale_times(&s, from, from + 31 * 86400, 8);
	is_text(ticks(&s, &text), "2 Feb 9 Feb 16 Feb 23 Feb 2 Mar",
	    "weeks begin on Mondays");
	draw_scale_times(&s, from, from + 400 * 86400.0, 8);
	is_text(ticks(&s, &text), "Mar May Jul Sep Nov 2027 Mar",
	    "months, and the year");
	draw_scale_times(&s, from, from + 3600 * 24 * 365.25 * 3000, 8);
	is_text(ticks(&s, &text), "2500 3000 3500 4000 4500 5000", "years");
	draw_scale_times(&s, from, from + 0.01, 8);
	is_text(s.ticks[1].text, "00:00.002", "milliseconds");
	draw_scale_times(&s, from, from, 8);
	ok(s.len > 0 && s.until > s.from, "one moment");
	for (int i = 0; i < 70; i++) {
		double range = 1e-3 * pow(1.7, i);

		draw_scale_times(&s, from, from + range, 10);
		for (size_t k = 1; k < s.len; k++)
			if (s.ticks[k].at <= s.ticks[k - 1].at ||
			    s.ticks[k].at > s.until || s.len > 12) {
				ok(false, "range %g", range);
				return;
			}
	}
	ok(true, "ticks ascend within any range");
}

/* --- colours --------------------------------------------------------------- */

static double
linear(const char *colour, int channel)
{
	char hex[3] = {colour[1 + 2 * channel], colour[2 + 2 * channel], 0};
	double v = (double)strtoul(hex, NULL, 16) / 255;

	return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double
lab_part(double t)
{
	return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116;
}

/* What an eye that lacks a cone sees, after Vienot and Brettel, as Lab. */
static void
seen(const char *colour, const double matrix[9], double lab[3])
{
	double rgb[3], c[3], x, y, z;

	for (int i = 0; i < 3; i++)
		rgb[i] = linear(colour, i);
	for (int i = 0; i < 3; i++)
		c[i] = fmin(fmax(matrix[3 * i] * rgb[0] +
				    matrix[3 * i + 1] * rgb[1] +
				    matrix[3 * i + 2] * rgb[2],
				0),
		    1);
	x = lab_part((0.4124 * c[0] + 0.3576 * c[1] + 0.1805 * c[2]) / 0.9505);
	y = lab_part(0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]);
	z = lab_part((0.0193 * c[0] + 0.1192 * c[1] + 0.9505 * c[2]) / 1.089);
	lab[0] = 116 * y - 16;
	lab[1] = 500 * (x - y);
	lab[2] = 200 * (y - z);
}

static void
colours(void)
{
	static const double eyes[4][9] = {{1, 0, 0, 0, 1, 0, 0, 0, 1},
	    {0.10889, 0.89111, 0, 0.10889, 0.89111, 0, 0.00447, -0.00447, 1},
	    {0.29031, 0.70969, 0, 0.29031, 0.70969, 0, -0.02197, 0.02197, 1},
	    {1.01354, 0.14268, -0.15622, -0.01181, 0.87561, 0.13619, 0.07707,
		0.81208, 0.11085}};
	static const char *const names[] = {"all cones", "no red", "no green",
	    "no blue"};
	static const char *const grounds[] = {"#ffffff", "#14171c"};

	for (int dark = 0; dark < 2; dark++)
		for (int eye = 0; eye < 4; eye++) {
			double least = 1e9, ground = 1e9;

			for (size_t i = 0; i < DRAW_COLOURS; i++)
				for (size_t j = 0; j <= i; j++) {
					double a[3], b[3], d;

					seen(draw_colour(i, dark), eyes[eye],
					    a);
					seen(j < i ? draw_colour(j, dark)
						   : grounds[dark],
					    eyes[eye], b);
					d = hypot(hypot(a[0] - b[0],
						      a[1] - b[1]),
					    a[2] - b[2]);
					if (j < i)
						least = fmin(least, d);
					else
						ground = fmin(ground, d);
				}
			ok(least > 10, "%s, %s: %.1f apart", names[eye],
			    dark ? "dark" : "light", least);
			ok(ground > 25, "and %.1f from the ground", ground);
		}
}

/* --- text ------------------------------------------------------------------ */

static void
texts(void)
{
	struct str out CLEANUP(str_free) = STR_INIT;

	draw_xml(&out, "<a b=\"c\">&'\x1b[0m\xff\xe2\x80\xae\xed\xa0\x80\n");
	is_text(out.data,
	    "&lt;a b=&quot;c&quot;&gt;&amp;&#39;�[0m���"
	    "�� ",
	    "markup, escapes, bad bytes and turned text do no harm");
	str_clear(&out);
	draw_fit_columns(&out, "漢字かな", 5, false);
	is_text(out.data, "漢字…", "wide characters count twice");
	str_clear(&out);
	draw_fit_columns(&out, "Größe", 20, true);
	is_text(out.data, "Gr??e", "ASCII where nothing else is");
	str_clear(&out);
	draw_fit(&out, "a very long name of something", 8);
	ok(draw_width(out.data) <= 8.1 && strstr(out.data, "…") != NULL,
	    "text is cut to a width: %s", out.data);
	str_clear(&out);
	draw_quantity(&out, 1536, "bytes");
	is_text(out.data, "1.5 kB", "bytes for people");
	str_clear(&out);
	draw_quantity(&out, -1234567.8, "°C");
	is_text(out.data, "-1,234,568 °C", "groups of digits");
	str_clear(&out);
	draw_quantity(&out, 12.5, "%");
	is_text(out.data, "12.5%", "percent");
}

/* --- figures --------------------------------------------------------------- */

static void
points(void)
{
	struct draw_figure *f CLEANUP(draw_cleanup) =
	    draw_new(DRAW_STACKED, DRAW_NUMBER);
	struct draw_grid g CLEANUP(draw_grid_free) = {NULL, NULL, 0};
	double *low CLEANUP_FREE = NULL;
	size_t a = draw_series(f, "a"), b = draw_series(f, "b");

	draw_point(f, a, 3, 30);
	draw_point(f, a, 1, 10);
	draw_point(f, a, 2, 20);
	draw_point(f, a, 1, 11);
	draw_point(f, a, (double)NAN, 5);
	draw_point(f, b, 2, -5);
	draw_point(f, b, 4, (double)INFINITY);
	draw_sort(f);
	is_number(f->series[a].len, 3, "a time is there once");
	is_number(f->series[a].points[0].y, 11, "as it came last");
	is_number(draw_count(f), 4, "numbers");
	draw_grid(f, &g);
	is_number(g.len, 4, "all x together");
	ok(isnan(g.y[4]) && isnan(g.y[7]), "what is not there is no number");
	draw_stack(&g, 2, false, &low);
	is_number(g.y[5], -5, "below zero it goes down");
	is_number(low[5], 0, "from zero");
}

static void
gaps(void)
{
	struct draw_point even[] = {{0, 1}, {60, 1}, {120, 1}, {240, 1},
	    {300, 1}};
	struct draw_figure f = {.step = 60};

	is_number(draw_reach(&f, even, 5), 90, "a bucket that lacks is a gap");
	f.step = 10;
	is_number(draw_reach(&f, even, 5), 180,
	    "rows that come more seldom than buckets have a rhythm");
	f.step = 0;
	is_number(draw_reach(&f, even, 5), 180, "as rows without buckets");
}

static void
pictures(void)
{
	for (int kind = DRAW_LINE; kind <= DRAW_HEATMAP; kind++)
		for (int axis = DRAW_TIME; axis <= DRAW_LABELS; axis++)
			for (int n = 0; n < 4; n++) {
				struct draw_figure *f CLEANUP(draw_cleanup) =
				    draw_new((enum draw_kind)kind,
					(enum draw_axis)axis);
				struct str a CLEANUP(str_free) = STR_INIT;
				struct str b CLEANUP(str_free) = STR_INIT;
				struct draw_options o = {.width = 300};
				struct draw_terminal t = {.columns = 20,
				    .rows = 5};

				for (int i = 0; i < n; i++) {
					size_t s = draw_series(f, "s");

					(void)draw_label(f, "l");
					for (int k = 0; k < i; k++)
						draw_point(f, s, k, k - 1);
				}
				draw_svg(f, &o, &a);
				draw_svg(f, &o, &b);
				draw_terminal(f, &t, &b);
				if (strncmp(a.data, b.data, a.len) != 0)
					ok(false, "kind %d axis %d", kind,
					    axis);
			}
	ok(true, "every kind on every axis, twice the same");
}

int
main(void)
{
	number_scales();
	times();
	time_scales();
	colours();
	texts();
	points();
	gaps();
	pictures();
	return tap_done();
}
