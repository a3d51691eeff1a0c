/* SPDX-License-Identifier: PostgreSQL */
/*
 * One call of refresh_continuous_aggregate() after the other.
 *
 * A call takes only what the server holds to be out of date, and passes over
 * ranges that another refresh has locked, without a word: so whether
 * something was left is asked afterwards.
 */
#include "refresh/steps.h"

#include <poll.h>
#include <string.h>

#include "base/log.h"
#include "base/num.h"
#include "base/progress.h"
#include "base/signal.h"

#define TRIES 5	       /* of a step that a passing fault ended */
#define WAIT_LEAST 0.1 /* seconds between tries; doubled each time */
#define WAIT_MOST 5.0

/* What one call covers. */
struct step {
	int64_t from, to;
	bool follows; /* another one, which ended where it begins */
	bool force;
};

/* Wait, unless a stop is asked for. */
static void
pause_for(double seconds)
{
	struct pollfd fd = {signal_stop_fd(), POLLIN, 0};

	(void)poll(&fd, 1, (int)(seconds * 1000));
}

static double
wait_time(unsigned int try)
{
	double seconds = WAIT_LEAST;

	while (try-- > 0 && seconds < WAIT_MOST)
		seconds *= 2;
	return seconds < WAIT_MOST ? seconds : WAIT_MOST;
}

/* --- one call ---------------------------------------------------------------------- */

/*
 * TimescaleDB shrinks a window to whole buckets as if they began where they
 * do without an offset, and then refreshes all buckets that what is left
 * touches.  So a single bucket with an offset would shrink to nothing, and
 * between two steps a range would stay that is held to be out of date: such a
 * call begins a bucket earlier.
 */
static bool
begins_earlier(const struct view *v, const struct step *step)
{
	return v->bucket.fixed && v->bucket.shifted &&
	    (uint64_t)step->from - (uint64_t)v->type->least >
	    (uint64_t)v->bucket.width &&
	    (step->follows ||
		(uint64_t)step->to - (uint64_t)step->from <
		    2 * (uint64_t)v->bucket.width);
}

static int64_t
call_from(const struct view *v, const struct step *step)
{
	return begins_earlier(v, step) ? step->from - v->bucket.width
				       : step->from;
}

static void
call_statement(const struct steps *s, const struct step *step, struct sql *sql)
{
	const struct view *v = s->view;
	struct sql name CLEANUP_SQL = SQL_INIT;
	int64_t from = call_from(v, step);

	sql_name(&name, v->self.schema, v->self.name);
	sql_add(sql, "call ");
	sql_name(sql, s->site->schema, "refresh_continuous_aggregate");
	sql_add(sql, "(");
	sql_value(sql, str_text(&name.text));
	sql_add(sql, "::pg_catalog.regclass, ");
	if (from <= v->type->least)
		sql_add(sql, "null");
	else
		time_type_value(v->type, from, sql);
	sql_add(sql, ", ");
	time_type_value(v->type, step->to, sql);
	if (step->force)
		sql_add(sql, ", force => true");
	sql_add(sql, ")");
}

static status
call(struct steps *s, const struct step *step, struct failure *f)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct str name CLEANUP(str_free) = STR_INIT;

	call_statement(s, step, &sql);
	sql_show_name(&name, s->view->self.schema, s->view->self.name);
	return failure_run(f, s->site->pg, &sql, NULL, "refresh %s",
	    str_text(&name));
}

/* Every range of the step that must be clean now, inclusive. */
static void
must_be_clean(const struct view *v, const struct step *step, int64_t *from,
    int64_t *to)
{
	*from = step->from;
	*to = step->to - 1;
	/* No bucket begins before the least time, so none holds that. */
	if (step->from <= v->type->least &&
	    (uint64_t)step->to - (uint64_t)step->from >
		(uint64_t)v->bucket.width)
		*from = step->from + v->bucket.width;
	if (!v->bucket.fixed || !v->bucket.shifted)
		return;
	/* Of a window with an offset, what the server did not shrink away. */
	*from = begins_earlier(v, step) ? step->from - 1
					: step->from + v->bucket.width - 1;
	*to = step->to - v->bucket.width;
}

static status
is_left(struct steps *s, const struct step *step, bool *left, struct failure *f)
{
	int64_t from, to;
	bool all;

	*left = false;
	if (step->force)
		return STATUS_OK;
	must_be_clean(s->view, step, &from, &to);
	return view_invalid(s->site, s->view, from, to, left, &all, f);
}

/* --- one step ---------------------------------------------------------------------- */

static status
connect_again(struct steps *s, struct failure *f)
{
	struct site site = {0};
	status st;

	if (s->site->pg != NULL && !pg_broken(s->site->pg))
		return STATUS_OK;
	st = site_open(&site, s->params, f);
	if (st != STATUS_OK)
		return st;
	site_close(s->site);
	*s->site = site;
	return STATUS_OK;
}

static status
attempt(struct steps *s, const struct step *step, bool *left, struct failure *f)
{
	status st = connect_again(s, f);

	if (st == STATUS_OK)
		st = call(s, step, f);
	if (st == STATUS_OK)
		st = is_left(s, step, left, f);
	return st;
}

/* A lock that was waited for long enough is not waited for again. */
static bool
may_pass(const struct failure *f)
{
	return f->class == STATUS_RETRY && strcmp(f->sqlstate, "55P03") != 0 &&
	    signal_stop() == 0;
}

static bool
has_patience(const struct steps *s, double since)
{
	return signal_stop() == 0 &&
	    (s->patience <= 0 || num_now() - since < s->patience);
}

static status
tell_held(const struct steps *s, struct failure *f)
{
	struct str name CLEANUP(str_free) = STR_INIT;
	status st;

	sql_show_name(&name, s->view->self.schema, s->view->self.name);
	st = failure_set(f, STATUS_RETRY,
	    "could not refresh %s: another refresh holds a part of it",
	    str_text(&name));
	failure_hint(f, "look for its policy, and run this again");
	return st;
}

/* Until it is done, or it is certain that it is not. */
static status
take_step(struct steps *s, const struct step *step, struct failure *f)
{
	double since = num_now();
	unsigned int try;

	for (try = 0;; try++) {
		bool left = false;
		status st = attempt(s, step, &left, f);

		if (st == STATUS_OK && !left)
			return STATUS_OK;
		if (st != STATUS_OK && (try + 1 >= TRIES || !may_pass(f)))
			return st;
		if (st == STATUS_OK && !has_patience(s, since))
			return tell_held(s, f);
		if (st != STATUS_OK)
			log_verbose("%s; trying again", f->message);
		else
			log_verbose("another refresh of \"%s\" is running",
			    s->view->self.name);
		pause_for(wait_time(try));
	}
}

/* --- all of them ------------------------------------------------------------------- */

/*
 * The server may hold a bucket to be up to date whose rows came past its
 * triggers; also beyond the watermark, where it has refreshed before there was
 * anything.
 */
static status
choose_force(struct steps *s, struct step *step, struct failure *f)
{
	bool any, all;
	status st;

	st = view_invalid(s->site, s->view, step->from, step->to - 1, &any,
	    &all, f);
	step->force = s->site->forces && !all;
	if (!s->site->forces && s->site->log && !all &&
	    step->from >= s->view->watermark)
		s->unforced = true;
	return st;
}

static status
next_step(struct steps *s, int64_t from, struct step *step, struct failure *f)
{
	const struct view *v = s->view;
	uint64_t n = s->buckets;
	int64_t limit = s->window.to;
	status st = STATUS_OK;

	/* What is forced ends at the watermark. */
	if (from < v->watermark && v->watermark < limit)
		limit = v->watermark;

	/* Before the least time there are no edges to count from. */
	if (from <= v->type->least)
		n = UINT64_MAX;
	/* A single bucket with an offset takes another one with it. */
	if (v->bucket.fixed && v->bucket.shifted && n == 1)
		n = 2;
	*step =
	    (struct step){.from = from, .to = limit, .follows = s->done > 0};
	if (n != UINT64_MAX)
		st = bucket_after(s->site, &v->bucket, v->type, from, n, limit,
		    &step->to, f);
	if (st == STATUS_OK && !s->dry_run)
		st = choose_force(s, step, f);
	return st;
}

static void
say_step(const struct steps *s, const struct step *step)
{
	log_verbose("refreshing \"%s\", step %llu%s", s->view->self.name,
	    (unsigned long long)s->done + 1, step->force ? ", forced" : "");
}

status
steps_run(struct steps *s, struct failure *f)
{
	int64_t at = s->window.from;

	s->done = 0;
	s->interrupted = s->unforced = false;
	while (at < s->window.to) {
		struct step step;
		status st;

		s->interrupted = signal_stop() != 0;
		if (s->interrupted)
			return STATUS_OK;
		st = connect_again(s, f);
		if (st == STATUS_OK)
			st = next_step(s, at, &step, f);
		if (st == STATUS_OK && !s->dry_run) {
			say_step(s, &step);
			st = take_step(s, &step, f);
		}
		if (st != STATUS_OK)
			return st;
		at = step.to;
		s->done++;
		progress_add(1, 0, 0);
	}
	return STATUS_OK;
}
