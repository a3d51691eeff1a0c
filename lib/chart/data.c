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

/*
 * Rows that come about as often as buckets would, or less, are drawn as they
 * come: buckets of round lengths would have now one of them and now two.  What
 * stands on one another needs buckets all the same, where the series do not
 * come together.
 */
void
chart_choose_rhythm(const struct chart_request *r, struct chart_data *d,
    struct chart_rhythm *out)
{
	bool time = d->plan.axis == DRAW_TIME;
	bool lines = r->kind == DRAW_LINE || r->kind == DRAW_AREA;
	double rhythm = chart_is_auto(r) ? chart_set_rhythm(&d->set) : 0;
	double grain = fmin(rhythm, d->step) / CHART_GRAINS;

	*out = (struct chart_rhythm){d->step, false, false};
	if (rhythm <= 0 || rhythm * CHART_FEW < d->step)
		return;
	if (chart_set_least(&d->set, grain, time, !lines) >= rhythm / 2)
		*out = (struct chart_rhythm){grain, true,
		    lines || d->set.len == 1};
	else if (rhythm > d->step * 1.01)
		out->step = time ? chart_nice_seconds(rhythm)
				 : chart_nice_number(rhythm);
}

status
chart_from_input(const struct chart_request *r, size_t buckets,
    struct chart_data *d)
{
	const char *name = "standard input";
	struct chart_rhythm rhythm;
	status s;

	d->from = d->until = (double)NAN;
	s = chart_input(r, STDIN_FILENO, name, &d->plan, &d->set);
	if (s == STATUS_OK)
		s = cut_window(r, d, name, buckets);
	if (s != STATUS_OK)
		return s;
	d->series = d->set.len;
	chart_choose_rhythm(r, d, &rhythm);
	if (rhythm.step > 0)
		chart_set_bucket(&d->set, rhythm.step,
		    d->plan.axis == DRAW_TIME, rhythm.own,
		    (enum chart_aggregate)r->aggregate);
	d->step = rhythm.kept ? 0 : rhythm.step;
	return STATUS_OK;
}
