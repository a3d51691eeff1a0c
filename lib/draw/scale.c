/* SPDX-License-Identifier: PostgreSQL */
/*
 * Numbers on an axis.
 */
#include "draw/scale.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* 1, 2 or 5 times a power of ten, whichever comes next to x. */
static double
nice_near(double x)
{
	double power = pow(10, floor(log10(x)));
	double m = x / power;

	/* Halfway by ratio: the roots of 2, 10 and 50. */
	if (m < 1.414)
		return power;
	if (m < 3.162)
		return 2 * power;
	return m < 7.071 ? 5 * power : 10 * power;
}

static bool
is_bytes(const char *unit)
{
	return unit != NULL &&
	    (strcmp(unit, "bytes") == 0 || strcmp(unit, "B") == 0);
}

/* What the numbers of an axis are divided by, and what then follows them. */
static double
divisor_of(double greatest, const char *unit, const char **suffix)
{
	static const char *const sizes[] = {"bytes", "kB", "MB", "GB", "TB",
	    "PB", "EB"};
	static const char *const powers[] = {"", "k", "M", "G", "T"};
	bool bytes = is_bytes(unit);
	double base = bytes ? 1024 : 1000, divisor = 1;
	size_t i = 0, last = bytes ? 6 : 4;

	/* 5,000 is better read than 5k; 10k is not worse than 10,000. */
	if (bytes || (greatest >= 1e4 && greatest < 1e16))
		for (; i < last && greatest >= base * divisor; i++)
			divisor *= base;
	*suffix = bytes ? sizes[i] : powers[i];
	return divisor;
}

static void
tick_text(char out[DRAW_TICK_TEXT], double value, double step)
{
	double places = -floor(log10(step) + 1e-9);

	/* Never "-0". */
	if (fabs(value) < step / 2)
		value = 0;
	if (fabs(value) >= 1e16 || places > 6)
		snprintf(out, DRAW_TICK_TEXT - 2, "%.6g", value);
	else
		snprintf(out, DRAW_TICK_TEXT - 2, "%.*f",
		    places > 0 ? (int)places : 0, value);
}

/* Ends that numbers can lie between. */
static void
widen(double *from, double *until)
{
	double swap = *from, room;

	if (*from > *until) {
		*from = *until;
		*until = swap;
	}
	/* Closer together than a double can tell ticks apart. */
	room = fmax(fabs(*from), fabs(*until)) * 1e-12;
	if (*until - *from > room)
		return;
	room = *from == 0 ? 1 : fabs(*from) * 0.1;
	*from -= room;
	*until += room;
}

/*
 * An end at a whole step, *tick, unless that leaves much of the picture empty:
 * then a little beyond the data, and the tick before (inwards) is the last.
 */
static double
end_of(double *tick, double inwards, double step, double end, double other)
{
	double whole = *tick * step, range = fabs(other - end);

	if (fabs(whole - end) <= range * 0.15)
		return inwards > 0 ? fmin(whole, end) : fmax(whole, end);
	*tick += inwards;
	return end - inwards * range * 0.05;
}

void
draw_scale_numbers(struct draw_scale *s, double from, double until,
    size_t target, const char *unit, bool loose)
{
	const char *suffix;
	double divisor, step, first, last;

	widen(&from, &until);
	divisor = divisor_of(fmax(fabs(from), fabs(until)), unit, &suffix);
	step = nice_near((until - from) / divisor / (double)target);
	first = from / divisor / step;
	last = until / divisor / step;
	/* What is a whole step but for a rounding error is one. */
	first = loose ? floor(first + 1e-6) : ceil(first - 1e-6);
	last = loose ? ceil(last - 1e-6) : floor(last + 1e-6);
	s->from = loose ? end_of(&first, 1, step * divisor, from, until) : from;
	s->until =
	    loose ? end_of(&last, -1, step * divisor, until, from) : until;
	s->len = 0;
	while (first + (double)s->len <= last && s->len < DRAW_TICKS) {
		double i = first + (double)s->len;
		struct draw_tick *t = &s->ticks[s->len++];

		t->at = i * step * divisor;
		t->major = i == 0;
		tick_text(t->text, i * step, step);
		if (suffix[0] != '\0' && !is_bytes(unit) && i != 0)
			strncat(t->text, suffix, 1);
	}
	snprintf(s->suffix, sizeof(s->suffix), "%s",
	    is_bytes(unit) ? suffix : "");
}

double
draw_scale_at(const struct draw_scale *s, double value)
{
	return (value - s->from) / (s->until - s->from);
}

/* --- numbers for people ---------------------------------------------------- */

/* Digits in groups of three. */
static void
add_grouped(struct str *out, const char *digits)
{
	size_t whole = strcspn(digits, ".");
	size_t sign = digits[0] == '-' ? 1 : 0;

	for (size_t i = 0; i < whole; i++) {
		if (i > sign && (whole - i) % 3 == 0)
			str_addc(out, ',');
		str_addc(out, digits[i]);
	}
	str_add(out, digits + whole);
}

static void
trim_zeros(char *digits)
{
	size_t n = strlen(digits);

	if (strchr(digits, '.') == NULL)
		return;
	while (digits[n - 1] == '0')
		digits[--n] = '\0';
	if (digits[n - 1] == '.')
		digits[n - 1] = '\0';
}

void
draw_number(struct str *out, double value)
{
	double size = fabs(value);
	char digits[64];
	int places;

	if (value == 0 || !isfinite(value)) {
		str_add(out, value == 0 ? "0" : "none");
		return;
	}
	if (size >= 1e15 || size < 1e-4) {
		str_addf(out, "%.3g", value);
		return;
	}
	places = 2 - (int)floor(log10(size));
	snprintf(digits, sizeof(digits), "%.*f", places > 0 ? places : 0,
	    value);
	trim_zeros(digits);
	add_grouped(out, digits);
}

void
draw_quantity(struct str *out, double value, const char *unit)
{
	const char *suffix;

	if (is_bytes(unit)) {
		value /= divisor_of(fabs(value), unit, &suffix);
		unit = suffix;
	}
	draw_number(out, value);
	if (unit != NULL && unit[0] != '\0')
		str_addf(out, "%s%s", unit[0] == '%' ? "" : " ", unit);
}
