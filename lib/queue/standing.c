/* SPDX-License-Identifier: PostgreSQL */
/*
 * Counting, and the verb that shows it.
 */
#include "queue/standing.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/signal.h"
#include "queue/home.h"

#define FAILURES_SHOWN 10

/* The last so many seconds are what "lately" means. */
#define add_lately(q) sql_add(q, "interval '5 minutes'")

/* --- reading ------------------------------------------------------------------------ */

static void
add_running(const struct queue_options *o, struct sql *q)
{
	sql_add(q, "(k.id & 2147483647) in (select m.id from ");
	home_marked(o, q);
	sql_add(q, " as m)");
}

static void
add_counts(struct sql *q)
{
	sql_add(q, "select pg_catalog.count(*),");
	sql_add(q, " coalesce(pg_catalog.sum(k.bytes), 0)::bigint,");
	sql_add(q, " pg_catalog.count(*) filter (where k.state = 'pending'");
	sql_add(q, " and not k.running and not k.later),");
	sql_add(q, " pg_catalog.count(*) filter (where k.running),");
	sql_add(q, " pg_catalog.count(*) filter (where k.state = 'pending'");
	sql_add(q, " and not k.running and k.later),");
	sql_add(q, " pg_catalog.count(*) filter (where k.state = 'done'),");
	sql_add(q, " pg_catalog.count(*) filter (where k.wrong),");
	sql_add(q, " pg_catalog.count(*) filter (where k.state = 'failed'),");
	sql_add(q, " pg_catalog.count(*) filter (where k.state = 'pending'");
	sql_add(q, " and k.by_ctid),");
	sql_add(q, " coalesce(pg_catalog.sum((k.result ->> 'rows')::numeric)");
	sql_add(q, " filter (where k.state = 'done'), 0)::bigint,");
	sql_add(q, " coalesce(pg_catalog.sum(k.bytes)");
	sql_add(q, " filter (where k.state = 'done'), 0)::bigint,");
	/* Since when there was work, but not longer than lately. */
	sql_add(q, " pg_catalog.sum(k.bytes) filter (where k.recent)");
	sql_add(q, " / nullif(pg_catalog.date_part('epoch', ");
	sql_add(q, "pg_catalog.clock_timestamp() - greatest(");
	sql_add(q, "pg_catalog.min(k.began) filter (where k.recent),");
	sql_add(q, " pg_catalog.clock_timestamp() - ");
	add_lately(q);
	sql_add(q, ")), 0),");
	sql_add(q, " coalesce(pg_catalog.bool_or(k.class = '2'), false),");
	sql_add(q, " coalesce(pg_catalog.bool_or(k.class = '3'), false)");
}

static void
add_rows(const struct queue_options *o, struct sql *q)
{
	sql_add(q, " from (select k.*, k.state = 'pending' and ");
	add_running(o, q);
	sql_add(q, " as running, coalesce(k.due > ");
	sql_add(q, "pg_catalog.clock_timestamp(), false) as later,");
	sql_add(q, " k.state = 'done' and k.ended >");
	sql_add(q, " pg_catalog.clock_timestamp() - ");
	add_lately(q);
	sql_add(q, " as recent, case when k.state = 'failed'");
	sql_add(q, " then k.error ->> 'class' end as class from ");
	home_table(o, q, "queued");
	sql_add(q, " as k where k.queue = ");
	sql_param(q, o->name);
	sql_add(q, ") as k");
}

static status
read_others(const struct queue_options *o, struct pg *pg, struct standing *out)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "select (select pg_catalog.count(*) from ");
	home_table(o, &q, "queue_next");
	home_where(o, &q);
	sql_add(&q, "), (select pg_catalog.count(*) from ");
	home_table(o, &q, "queue_job");
	home_where(o, &q);
	sql_add(&q, ")");
	s = home_run(pg, "look into the queue", &q, &r);
	if (s != STATUS_OK)
		return s;
	out->renewed = pg_int(r, 0, 0);
	out->jobs = pg_int(r, 0, 1);
	return STATUS_OK;
}

static void
estimate(struct standing *s)
{
	s->left = -1;
	if (s->rate > 0 && s->bytes > 0)
		s->left = (double)(s->bytes - s->bytes_done) / s->rate;
}

status
standing_read(const struct queue_options *o, struct pg *pg,
    struct standing *out)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	*out = (struct standing){.rate = -1, .left = -1};
	add_counts(&q);
	add_rows(o, &q);
	s = home_run(pg, "look into the queue", &q, &r);
	if (s != STATUS_OK)
		return s;
	out->chunks = pg_int(r, 0, 0);
	out->bytes = pg_int(r, 0, 1);
	out->pending = pg_int(r, 0, 2);
	out->running = pg_int(r, 0, 3);
	out->later = pg_int(r, 0, 4);
	out->done = pg_int(r, 0, 5);
	out->wrong = pg_int(r, 0, 6);
	out->failed = pg_int(r, 0, 7);
	out->by_ctid = pg_int(r, 0, 8);
	out->rows_done = pg_int(r, 0, 9);
	out->bytes_done = pg_int(r, 0, 10);
	if (pg_value(r, 0, 11) != NULL)
		out->rate = strtod(pg_value(r, 0, 11), NULL);
	if (out->failed > 0)
		out->worst = STATUS_RETRY;
	if (pg_true(r, 0, 13))
		out->worst = STATUS_FAIL;
	if (pg_true(r, 0, 12))
		out->worst = STATUS_USAGE;
	estimate(out);
	return read_others(o, pg, out);
}

status
standing_status(const struct standing *s)
{
	return status_worse(s->worst, s->wrong > 0 ? STATUS_NO : STATUS_OK);
}

bool
standing_over(const struct standing *s)
{
	return s->pending + s->running + s->later + s->renewed == 0;
}

/* --- showing ------------------------------------------------------------------------- */

static void
add_count(struct str *out, int64_t n, const char *what)
{
	if (n > 0)
		str_addf(out, ", %" PRId64 " %s", n, what);
}

void
standing_show(const struct standing *s, struct str *out)
{
	str_addf(out, "%" PRId64 " of %" PRId64 " chunk%s done", s->done,
	    s->chunks, s->chunks == 1 ? "" : "s");
	add_count(out, s->wrong, "of them answered with no");
	add_count(out, s->failed, "given up");
	add_count(out, s->running, "being worked on");
	add_count(out, s->later, "to be tried again");
	add_count(out, s->pending, "pending");
	add_count(out, s->renewed, "with new bounds");
}

static void
add_rate(const struct standing *s, struct str *out)
{
	char done[32], all[32], rate[32], left[32];

	num_show_size(done, (uint64_t)(s->bytes_done < 0 ? 0 : s->bytes_done));
	num_show_size(all, (uint64_t)(s->bytes < 0 ? 0 : s->bytes));
	str_addf(out, "%s of %s, %" PRId64 " rows", done, all, s->rows_done);
	if (s->rate > 0) {
		num_show_size(rate, (uint64_t)s->rate);
		str_addf(out, ", %s/s", rate);
	}
	if (s->left > 0 && !standing_over(s)) {
		num_show_duration(left, s->left);
		str_addf(out, ", %s left", left);
	}
}

/* Those given up, and those that are tried again; all of them as JSON. */
static status
read_failures(const struct queue_options *o, struct pg *pg,
    struct pg_result **out)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "select chunk, state, tries, error ->> 'message' from ");
	home_table(o, &q, "queued");
	home_where(o, &q);
	sql_add(&q, " and error is not null and state <> 'done'");
	sql_add(&q, " order by state, ended desc limit ");
	sql_int(&q, FAILURES_SHOWN);
	return home_run(pg, "look into the queue", &q, out);
}

static json_t *
failures_json(const struct pg_result *r)
{
	json_t *all = json_array();
	int i;

	for (i = 0; i < pg_rows(r); i++) {
		json_t *one = json_object();

		record_set_text(one, "chunk", pg_value(r, i, 0));
		record_set_text(one, "state",
		    strcmp(pg_value(r, i, 1), "failed") == 0 ? "failed"
							     : "waiting");
		record_set_int(one, "tries", pg_int(r, i, 2));
		record_set_text(one, "message", pg_value(r, i, 3));
		(void)json_array_append_new(all, one);
	}
	return all;
}

static void
set_real(json_t *line, const char *field, double value)
{
	(void)json_object_set_new(line, field,
	    value < 0 ? json_null()
		      : json_real((double)(int64_t)(value * 10) / 10));
}

static status
print_json(const struct queue_options *o, const char *run,
    const struct standing *s, const struct pg_result *failures)
{
	json_t *line CLEANUP(record_cleanup) = json_object();

	record_set_text(line, "queue", o->name);
	record_set_text(line, "run", run);
	record_set_int(line, "chunks", s->chunks);
	record_set_int(line, "pending", s->pending);
	record_set_int(line, "running", s->running);
	record_set_int(line, "waiting", s->later);
	record_set_int(line, "renewed", s->renewed);
	record_set_int(line, "done", s->done);
	record_set_int(line, "wrong", s->wrong);
	record_set_int(line, "failed", s->failed);
	record_set_count(line, "rows_done", (uint64_t)s->rows_done);
	record_set_count(line, "bytes", (uint64_t)s->bytes);
	record_set_count(line, "bytes_done", (uint64_t)s->bytes_done);
	set_real(line, "rate", s->rate);
	set_real(line, "left", standing_over(s) ? 0 : s->left);
	record_set_int(line, "jobs_paused", s->jobs);
	(void)json_object_set_new(line, "failures", failures_json(failures));
	return record_print(line);
}

/* Names and messages come from databases; a terminal is easily fooled. */
static void
add_harmless(struct str *out, const char *text)
{
	for (; text != NULL && *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			str_addf(out, "\\x%02x", (unsigned)*text);
		else
			str_addc(out, *text);
}

static status
print_text(const struct queue_options *o, const struct standing *s,
    const struct pg_result *failures)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	int i;

	if (o->watch)
		str_add(&text, "\033[H\033[J");
	str_add(&text, "queue \"");
	add_harmless(&text, o->name);
	str_add(&text, "\": ");
	standing_show(s, &text);
	str_addc(&text, '\n');
	add_rate(s, &text);
	if (s->jobs > 0)
		str_addf(&text, "\n%" PRId64 " background jobs are paused",
		    s->jobs);
	for (i = 0; i < pg_rows(failures); i++) {
		str_addf(&text, "\n%s: ",
		    strcmp(pg_value(failures, i, 1), "failed") == 0 ? "given up"
								    : "failed");
		add_harmless(&text, pg_value(failures, i, 0));
		str_add(&text, ": ");
		add_harmless(&text, pg_value(failures, i, 3));
	}
	return io_out_line(str_text(&text));
}

static status
show_once(const struct queue_options *o, struct pg *pg, const char *run,
    struct standing *s)
{
	struct pg_result *failures CLEANUP_RESULT = NULL;
	status st = standing_read(o, pg, s);

	if (st == STATUS_OK)
		st = read_failures(o, pg, &failures);
	if (st != STATUS_OK)
		return st;
	return isatty(STDOUT_FILENO) ? print_text(o, s, failures)
				     : print_json(o, run, s, failures);
}

status
queue_verb_status(const struct queue_options *o)
{
	struct pg *pg CLEANUP(pg_cleanup) = NULL;
	char *run CLEANUP_FREE = NULL;
	struct standing now;
	status s = home_open(o, &pg, &run);

	while (s == STATUS_OK) {
		struct pollfd stop = {signal_stop_fd(), POLLIN, 0};

		s = show_once(o, pg, run, &now);
		if (s != STATUS_OK || !o->watch || standing_over(&now) ||
		    signal_stop() != 0)
			break;
		(void)poll(&stop, 1, (int)o->interval);
	}
	return s;
}
