/* SPDX-License-Identifier: PostgreSQL */
/*
 * Windows and buckets, and rows from standard input, which are put in them
 * here.
 */
#include "chart/data.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/num.h"
#include "chart/input.h"
#include "chart/when.h"
#include "draw/scale.h"

void
chart_data_free(struct chart_data *d)
{
	chart_columns_free(&d->columns);
	chart_plan_free(&d->plan);
	chart_set_free(&d->set);
}

status
chart_length(const char *option, const char *text, enum draw_axis axis,
    double *out)
{
	uint64_t ms;

	*out = 0;
	if (text == NULL)
		return STATUS_OK;
	if (axis == DRAW_TIME && num_duration(text, &ms) && ms > 0) {
		*out = (double)ms / 1000;
		return STATUS_OK;
	}
	if (axis != DRAW_TIME && chart_number(text, out) && *out > 0 &&
	    isfinite(*out))
		return STATUS_OK;
	log_error("--%s \"%s\" is no %s", option, text,
	    axis == DRAW_TIME ? "duration" : "number above 0");
	log_hint(axis == DRAW_TIME
		? "a duration is \"90s\", \"15min\", \"2h\" or \"7d\""
		: "where time is a number, a length of it is one, too");
	return STATUS_USAGE;
}

bool
chart_is_raw(const struct chart_request *r)
{
	return r->bucket != NULL && strcmp(r->bucket, "none") == 0;
}

bool
chart_is_auto(const struct chart_request *r)
{
	return r->bucket == NULL || strcmp(r->bucket, "auto") == 0;
}

status
chart_step(const struct chart_request *r, enum draw_axis axis, double range,
    size_t buckets, double *step)
{
	double least = range / (double)buckets;

	*step = 0;
	if (chart_is_raw(r))
		return STATUS_OK;
	if (!chart_is_auto(r))
		return chart_length("bucket", r->bucket, axis, step);
	if (axis == DRAW_TIME)
		*step = range > 0 ? chart_nice_seconds(least) : 60;
	else
		*step = range > 0 ? chart_nice_number(least) : 1;
	return STATUS_OK;
}

status
chart_window(const struct chart_request *r, enum draw_axis axis, double until,
    double *from)
{
	double window;
	status s = chart_length("window", r->window, axis, &window);

	*from = window > 0 ? until - window : (double)NAN;
	return s;
}

status
chart_until(const struct chart_request *r, enum draw_axis axis, double *until)
{
	*until = (double)NAN;
	if (r->until == NULL)
		return STATUS_OK;
	if ((axis == DRAW_TIME ? chart_time(r->until, until)
			       : chart_number(r->until, until)) &&
	    isfinite(*until))
		return STATUS_OK;
	log_error("--until \"%s\" is no %s", r->until,
	    axis == DRAW_TIME ? "time" : "number");
	if (axis == DRAW_TIME)
		log_hint("a time is \"2026-01-31\" or \"2026-01-31 "
			 "12:00:00+01\"");
	return STATUS_USAGE;
}

void
chart_show_x(struct str *out, enum draw_axis axis, double x)
{
	if (axis == DRAW_TIME) {
		draw_time_show(out, x);
		str_add(out, " UTC");
	} else {
		str_addf(out, "%.15g", x);
	}
}

status
chart_nothing(const struct chart_request *r, const char *where,
    enum draw_axis axis, double from, double until)
{
	struct str range CLEANUP(str_free) = STR_INIT;

	if (from > until) {
		log_error("%s has no rows with a time and a value", where);
		return STATUS_NO;
	}
	chart_show_x(&range, axis, from);
	str_add(&range, " to ");
	chart_show_x(&range, axis, until);
	log_error("%s has nothing to draw in the window%s%s%s%s", where,
	    r->window != NULL ? " of " : "", r->window != NULL ? r->window : "",
	    r->until != NULL ? " until " : "",
	    r->until != NULL ? r->until : "");
	log_detail("its rows are from %s", str_text(&range));
	return STATUS_NO;
}

/* --- standard input -------------------------------------------------------- */

static status
cut_window(const struct chart_request *r, struct chart_data *d,
    const char *name, size_t buckets)
{
	enum draw_axis axis = d->plan.axis;
	double least, greatest, until;
	status s;

	if (!chart_set_range(&d->set, &least, &greatest))
		return chart_nothing(r, name, axis, 1, 0);
	s = chart_until(r, axis, &until);
	if (s == STATUS_OK)
		s = chart_window(r, axis, isnan(until) ? greatest : until,
		    &d->from);
	if (s != STATUS_OK)
		return s;
	d->until = until;
	s = chart_step(r, axis,
	    (isnan(until) ? greatest : fmin(until, greatest)) -
		(isnan(d->from) ? least : fmax(d->from, least)),
	    buckets, &d->step);
	if (s != STATUS_OK)
		return s;
	if (!isnan(d->from) && d->step > 0)
		d->from = chart_floor(d->from, d->step, axis == DRAW_TIME);
	chart_set_cut(&d->set, isnan(d->from) ? least : d->from,
	    isnan(until) ? greatest : until, !isnan(until));
	return d->set.len > 0 ? STATUS_OK
			      : chart_nothing(r, name, axis, least, greatest);
}

status
chart_from_input(const struct chart_request *r, size_t buckets,
    struct chart_data *d)
{
	const char *name = "standard input";
	double rhythm;
	status s;

	d->from = d->until = (double)NAN;
	s = chart_input(r, STDIN_FILENO, name, &d->plan, &d->set);
	if (s == STATUS_OK)
		s = cut_window(r, d, name, buckets);
	if (s != STATUS_OK)
		return s;
	d->series = d->set.len;
	/* Buckets shorter than the data's own rhythm would be mostly empty. */
	rhythm = chart_set_rhythm(&d->set);
	if (chart_is_auto(r) && rhythm > d->step)
		d->step = d->plan.axis == DRAW_TIME ? chart_nice_seconds(rhythm)
						    : chart_nice_number(rhythm);
	if (d->step > 0)
		chart_set_bucket(&d->set, d->step, d->plan.axis == DRAW_TIME,
		    (enum chart_aggregate)r->aggregate);
	return STATUS_OK;
}
