/* SPDX-License-Identifier: PostgreSQL */
/*
 * The verbs that print lines: what is to be done, what was answered, and all
 * of it with how it stands.
 */
#include <inttypes.h>
#include <string.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "data/record.h"
#include "queue/home.h"
#include "queue/standing.h"

/* All that is read is of one moment. */
static status
open_reading(const struct queue_options *o, struct pg **pg)
{
	status s = home_open(o, pg, NULL);

	return s == STATUS_OK
	    ? pg_do(*pg, "read the queue",
		  "begin isolation level repeatable read read only")
	    : s;
}

/* A line as it is kept. */
static status
print_line(void *arg, const struct pg_result *row)
{
	uint64_t *lines = arg;

	(*lines)++;
	return io_out_line(pg_value(row, 0, 0));
}

status
queue_verb_pending(const struct queue_options *o)
{
	struct pg *pg CLEANUP(pg_cleanup) = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	uint64_t lines = 0;
	status s = open_reading(o, &pg);

	if (s != STATUS_OK)
		return s;
	sql_add(&q, "select coalesce(n.line, k.line) from ");
	home_table(o, &q, "queued");
	sql_add(&q, " as k left join ");
	home_table(o, &q, "queue_next");
	sql_add(&q, " as n on n.queue = k.queue and n.piece = k.piece");
	sql_add(&q, " where k.queue = ");
	sql_param(&q, o->name);
	sql_add(&q, " and (k.state = 'pending' or n.queue is not null)");
	sql_add(&q, " order by k.bytes desc nulls last, k.id");
	s = pg_each(pg, "read the queue", &q, print_line, &lines);
	return s == STATUS_OK ? record_print_end("pg-queue", lines, NULL) : s;
}

/* A list that is not whole never looks whole. */
static status
end_results(const struct queue_options *o, const struct standing *now,
    uint64_t lines)
{
	struct str text CLEANUP(str_free) = STR_INIT;

	/* A new line that waits may be of a chunk whose old one is done. */
	if (o->partial || (now->done == now->chunks && now->renewed == 0))
		return record_print_end("pg-queue", lines, NULL);
	standing_show(now, &text);
	log_error("queue \"%s\" is not done: %s", o->name, str_text(&text));
	log_hint("--partial gives the results that are there as a whole list");
	return status_worse(STATUS_RETRY, now->worst);
}

status
queue_verb_results(const struct queue_options *o)
{
	struct pg *pg CLEANUP(pg_cleanup) = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	struct standing now;
	uint64_t lines = 0;
	status s = open_reading(o, &pg);

	if (s == STATUS_OK)
		s = standing_read(o, pg, &now);
	if (s != STATUS_OK)
		return s;
	sql_add(&q, "select result from ");
	home_table(o, &q, "queued");
	home_where(o, &q);
	sql_add(&q, " and state = 'done' order by ended, id");
	s = pg_each(pg, "read the queue", &q, print_line, &lines);
	return s == STATUS_OK ? end_results(o, &now, lines) : s;
}

/* --- list ------------------------------------------------------------------------------ */

struct listing {
	uint64_t lines;
};

static void
set_json(json_t *line, const char *field, const char *text)
{
	json_error_t unused;

	if (text != NULL)
		(void)json_object_set_new(line, field,
		    record_load(text, strlen(text), &unused));
}

static void
set_text(json_t *line, const char *field, const char *text)
{
	if (text != NULL)
		record_set_text(line, field, text);
}

static status
print_row(void *arg, const struct pg_result *r)
{
	struct listing *l = arg;
	json_error_t error;
	const char *text = pg_value(r, 0, 0);
	json_t *line CLEANUP(record_cleanup) =
	    record_load(text, strlen(text), &error);

	if (line == NULL) {
		log_error("a line of the queue is no record: %s", error.text);
		return STATUS_FAIL;
	}
	record_set_text(line, "state", pg_value(r, 0, 1));
	record_set_int(line, "tries", pg_int(r, 0, 2));
	set_text(line, "due", pg_value(r, 0, 3));
	set_text(line, "worker", pg_value(r, 0, 4));
	set_text(line, "began", pg_value(r, 0, 5));
	set_text(line, "ended", pg_value(r, 0, 6));
	set_json(line, "error", pg_value(r, 0, 7));
	set_text(line, "status", pg_value(r, 0, 8));
	l->lines++;
	return record_print(line);
}

/* The state that people see: a lock and a date make three of "pending". */
static void
add_state(const struct queue_options *o, struct sql *q)
{
	sql_add(q, "case when k.state <> 'pending' then k.state");
	sql_add(q, " when m.pid is not null then 'running'");
	sql_add(q, " when k.due > pg_catalog.clock_timestamp()");
	sql_add(q, " then 'waiting' else 'pending' end, k.tries,");
	sql_add(q, " k.due::text, case when m.pid is null then k.worker");
	sql_add(q, " else pg_catalog.concat_ws(' ', 'session', m.pid, 'of',");
	sql_add(q, " coalesce(m.client_hostname, pg_catalog.host(");
	sql_add(q, "m.client_addr), 'the same host')) end,");
	sql_add(q, " case when m.pid is null then k.began");
	sql_add(q, " else m.xact_start end::text, k.ended::text, k.error,");
	sql_add(q, " k.answer from ");
	home_table(o, q, "queued");
}

status
queue_verb_list(const struct queue_options *o)
{
	struct pg *pg CLEANUP(pg_cleanup) = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	struct listing l = {0};
	status s = open_reading(o, &pg);

	if (s != STATUS_OK)
		return s;
	sql_add(&q, "select k.line, ");
	add_state(o, &q);
	sql_add(&q, " as k left join ");
	home_marked(o, &q);
	sql_add(&q, " as m on m.id = k.id & 2147483647");
	sql_add(&q, " and k.state = 'pending' where k.queue = ");
	sql_param(&q, o->name);
	sql_add(&q, " order by k.id");
	s = pg_each(pg, "read the queue", &q, print_row, &l);
	return s == STATUS_OK ? record_print_end("pg-queue", l.lines, NULL) : s;
}
