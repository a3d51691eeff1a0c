/* SPDX-License-Identifier: PostgreSQL */
/*
 * Times on an axis, and the calendar they come from: the proleptic Gregorian
 * one, UTC without leap seconds, as PostgreSQL has it.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "draw/scale.h"

#define MINUTE 60.0
#define HOUR 3600.0
#define DAY 86400.0
#define MONTH (30.436875 * DAY)
#define YEAR (365.2425 * DAY)
/* Years beyond these are beyond what a server knows, and are cut off. */
#define MOST_DAYS 4e8

/*
 * Days since 1970 to a civil date and back: years are taken to begin in
 * March, so that the leap day is their last, in eras of 400 years.
 */
static void
date_of(int64_t days, struct draw_time *t)
{
	int64_t shifted = days + 719468;
	int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	int64_t in_era = shifted - era * 146097;
	int64_t year =
	    (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * in_year + 2) / 153;

	t->day = (int)(in_year - (153 * month + 2) / 5 + 1);
	t->month = (int)(month < 10 ? month + 3 : month - 9);
	t->year = year + era * 400 + (t->month <= 2 ? 1 : 0);
}

static int64_t
days_of(int64_t year, int month, int day)
{
	int64_t y = year - (month <= 2 ? 1 : 0);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t in_era = y - era * 400;
	int64_t in_year =
	    (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 +
	    in_year - 719468;
}

struct draw_time
draw_time_of(double seconds)
{
	struct draw_time t;
	double days, rest;

	days = fmin(fmax(floor(seconds / DAY), -MOST_DAYS), MOST_DAYS);
	rest = fmin(fmax(seconds - days * DAY, 0), DAY);
	date_of((int64_t)days, &t);
	t.hour = (int)(rest / HOUR);
	if (t.hour > 23)
		t.hour = 23;
	rest -= t.hour * HOUR;
	t.minute = (int)(rest / MINUTE);
	if (t.minute > 59)
		t.minute = 59;
	t.second = rest - t.minute * MINUTE;
	return t;
}

double
draw_seconds_of(const struct draw_time *t)
{
	return (double)days_of(t->year, t->month, t->day) * DAY +
	    t->hour * HOUR + t->minute * MINUTE + t->second;
}

static void
show_year(char *out, size_t n, int64_t year)
{
	if (year > 0)
		snprintf(out, n, "%04lld", (long long)year);
	else
		snprintf(out, n, "%lld BC", (long long)(1 - year));
}

/* "2026-01-31", with " BC" at the end where it is. */
void
draw_time_show(struct str *out, double seconds)
{
	struct draw_time t;
	int64_t year;

	/* Milliseconds are as exact as anybody reads. */
	seconds = round(seconds * 1000) / 1000;
	t = draw_time_of(seconds);
	year = t.year > 0 ? t.year : 1 - t.year;
	str_addf(out, "%04lld-%02d-%02d", (long long)year, t.month, t.day);
	if (t.hour != 0 || t.minute != 0 || t.second != 0)
		str_addf(out, " %02d:%02d", t.hour, t.minute);
	if (t.second >= 0.0005) {
		double whole = floor(t.second + 0.0005);
		int ms = (int)round((t.second - whole) * 1000);

		str_addf(out, ":%02d", (int)whole);
		if (ms > 0)
			str_addf(out, ".%03d", ms);
	}
	if (t.year <= 0)
		str_add(out, " BC");
}

/* --- ticks ----------------------------------------------------------------- */

enum calendar { BY_SECONDS, BY_DAYS, BY_MONTHS, BY_YEARS };

struct rhythm {
	enum calendar by;
	double n;      /* of these */
	double length; /* seconds, about */
};

static const struct rhythm rhythms[] = {
    {BY_SECONDS, 0.001, 0.001},
    {BY_SECONDS, 0.002, 0.002},
    {BY_SECONDS, 0.005, 0.005},
    {BY_SECONDS, 0.01, 0.01},
    {BY_SECONDS, 0.02, 0.02},
    {BY_SECONDS, 0.05, 0.05},
    {BY_SECONDS, 0.1, 0.1},
    {BY_SECONDS, 0.2, 0.2},
    {BY_SECONDS, 0.5, 0.5},
    {BY_SECONDS, 1, 1},
    {BY_SECONDS, 2, 2},
    {BY_SECONDS, 5, 5},
    {BY_SECONDS, 10, 10},
    {BY_SECONDS, 15, 15},
    {BY_SECONDS, 30, 30},
    {BY_SECONDS, MINUTE, MINUTE},
    {BY_SECONDS, 2 * MINUTE, 2 * MINUTE},
    {BY_SECONDS, 5 * MINUTE, 5 * MINUTE},
    {BY_SECONDS, 10 * MINUTE, 10 * MINUTE},
    {BY_SECONDS, 15 * MINUTE, 15 * MINUTE},
    {BY_SECONDS, 30 * MINUTE, 30 * MINUTE},
    {BY_SECONDS, HOUR, HOUR},
    {BY_SECONDS, 2 * HOUR, 2 * HOUR},
    {BY_SECONDS, 3 * HOUR, 3 * HOUR},
    {BY_SECONDS, 6 * HOUR, 6 * HOUR},
    {BY_SECONDS, 12 * HOUR, 12 * HOUR},
    {BY_DAYS, 1, DAY},
    {BY_DAYS, 2, 2 * DAY},
    {BY_DAYS, 7, 7 * DAY},
    {BY_DAYS, 14, 14 * DAY},
    {BY_MONTHS, 1, MONTH},
    {BY_MONTHS, 2, 2 * MONTH},
    {BY_MONTHS, 3, 3 * MONTH},
    {BY_MONTHS, 6, 6 * MONTH},
    {BY_YEARS, 1, YEAR},
};

#define RHYTHMS (sizeof(rhythms) / sizeof(rhythms[0]))

static struct rhythm
choose(double range, size_t target)
{
	struct rhythm r;
	double years;

	for (size_t i = 0; i < RHYTHMS; i++)
		if (range / rhythms[i].length <= (double)target)
			return rhythms[i];
	years = range / YEAR / (double)target;
	r = (struct rhythm){BY_YEARS, pow(10, floor(log10(years))), 0};
	while (r.n < years)
		r.n *= r.n * 2 < years ? (r.n * 5 < years ? 10 : 5) : 2;
	return r;
}

/* The first tick at or after a time; Mondays for weeks. */
static double
first_tick(const struct rhythm *r, double from)
{
	struct draw_time t = draw_time_of(from);
	struct draw_time month = {t.year, 1, 1, 0, 0, 0};
	double at;

	switch (r->by) {
	case BY_SECONDS:
		return ceil(from / r->n - 1e-6) * r->n;
	case BY_DAYS:
		/* 1970-01-05 was a Monday. */
		at = r->n >= 7 ? 4 : 0;
		return (ceil((from / DAY - at) / r->n - 1e-9) * r->n + at) *
		    DAY;
	case BY_MONTHS:
		month.month = (t.month - 1) / (int)r->n * (int)r->n + 1;
		break;
	case BY_YEARS:
		month.year = (int64_t)(floor((double)t.year / r->n) * r->n);
		break;
	}
	return draw_seconds_of(&month);
}

static double
next_tick(const struct rhythm *r, double at)
{
	struct draw_time t;

	if (r->by == BY_SECONDS)
		return round(at / r->n + 1) * r->n;
	if (r->by == BY_DAYS)
		return at + r->n * DAY;
	t = draw_time_of(at);
	if (r->by == BY_YEARS) {
		t.year += (int64_t)r->n;
		return draw_seconds_of(&t);
	}
	t.month += (int)r->n;
	t.year += (t.month - 1) / 12;
	t.month = (t.month - 1) % 12 + 1;
	return draw_seconds_of(&t);
}

static void
date_text(char *out, size_t n, const struct draw_time *t)
{
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May",
	    "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

	snprintf(out, n, "%d %s", t->day, months[t->month - 1]);
}

static void
clock_text(char *out, size_t n, const struct rhythm *r,
    const struct draw_time *t)
{
	int ms = (int)round(fmod(t->second, 1) * 1000) % 1000;

	if (r->n >= MINUTE)
		snprintf(out, n, "%02d:%02d", t->hour, t->minute);
	else if (r->n >= 1)
		snprintf(out, n, "%02d:%02d:%02d", t->hour, t->minute,
		    (int)round(t->second));
	else
		snprintf(out, n, "%02d:%02d.%03d", t->minute,
		    (int)(t->second + 0.0005), ms);
}

/* Hours say the date where a day begins, dates the year where that does. */
static void
set_text(struct draw_tick *tick, const struct rhythm *r)
{
	/* Half a microsecond, so that 0.3 s is not 0.299 s. */
	struct draw_time t = draw_time_of(tick->at + 5e-7);
	bool new_year = t.month == 1 && t.day == 1;
	bool midnight =
	    t.hour == 0 && t.minute == 0 && floor(t.second * 1000) < 1;
	char *out = tick->text;
	size_t n = sizeof(tick->text);

	tick->major = r->by == BY_SECONDS ? midnight : new_year;
	if (r->by == BY_YEARS) {
		tick->major = false;
		show_year(out, n, t.year);
	} else if (r->by == BY_SECONDS && !midnight) {
		clock_text(out, n, r, &t);
	} else if (new_year && r->by != BY_SECONDS) {
		show_year(out, n, t.year);
	} else {
		date_text(out, n, &t);
		if (r->by == BY_MONTHS)
			memmove(out, strchr(out, ' ') + 1,
			    strlen(strchr(out, ' ')));
	}
}

void
draw_scale_times(struct draw_scale *s, double from, double until, size_t target)
{
	struct rhythm r;
	double at;

	if (until <= from) {
		from -= 30;
		until = from + 60;
	}
	s->from = from;
	s->until = until;
	s->suffix[0] = '\0';
	s->len = 0;
	r = choose(until - from, target < DRAW_TICKS ? target : DRAW_TICKS);
	at = first_tick(&r, from);
	while (at < from)
		at = next_tick(&r, at);
	while (at <= until && s->len < DRAW_TICKS) {
		s->ticks[s->len].at = at;
		set_text(&s->ticks[s->len++], &r);
		at = next_tick(&r, at);
	}
}
