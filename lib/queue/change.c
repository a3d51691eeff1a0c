/* SPDX-License-Identifier: PostgreSQL */
/*
 * The verbs that change what is in the queue: retry, drop, clear.  None waits
 * for a row that somebody works on, or takes it away from him.
 */
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "data/record.h"
#include "data/seen.h"
#include "queue/home.h"

/* The chunks named on the command line, as one parameter. */
static void
add_names(const struct queue_options *o, struct sql *q)
{
	json_t *names CLEANUP(record_cleanup) = json_array();
	char *text;
	size_t i;

	for (i = 0; i < o->chunks.len; i++) {
		json_t *name = json_object();

		record_set_text(name, "chunk", o->chunks.data[i]);
		(void)json_array_append_new(names, name);
	}
	text = json_dumps(names, JSON_COMPACT);
	sql_add(q, "(select g.chunk from pg_catalog.json_to_recordset(");
	sql_param(q, text);
	sql_add(q, "::json) as g (chunk text))");
	free(text);
}

/* Names that are in no row. */
static status
refuse_unknown(const struct queue_options *o, struct pg *pg)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	if (o->chunks.len == 0)
		return STATUS_OK;
	sql_add(&q, "select n.chunk from ");
	add_names(o, &q);
	sql_add(&q, " as n where not exists (select from ");
	home_table(o, &q, "queued");
	sql_add(&q, " as k where k.queue = ");
	sql_param(&q, o->name);
	sql_add(&q, " and k.chunk = n.chunk) limit 1");
	s = home_run(pg, "look into the queue", &q, &r);
	if (s != STATUS_OK || pg_rows(r) == 0)
		return s;
	log_error("there is no chunk \"%s\" in queue \"%s\"", pg_value(r, 0, 0),
	    o->name);
	log_hint("pg-queue list names them all");
	return STATUS_USAGE;
}

/* Rows that were wanted and are locked. */
static status
refuse_busy(const struct queue_options *o, int64_t busy, const char *what)
{
	if (busy == 0)
		return STATUS_OK;
	log_error("%" PRId64 " chunk%s of queue \"%s\" %s being worked on and "
		  "%s %s",
	    busy, busy == 1 ? "" : "s", o->name, busy == 1 ? "is" : "are",
	    busy == 1 ? "was" : "were", what);
	log_hint("stop those who work on them, or wait for them");
	return STATUS_RETRY;
}

/* Append ", free as (...)" after the query of ids "wanted": those of them
 * that are not locked. */
static void
add_free(const struct queue_options *o, struct sql *q)
{
	sql_add(q, "), free as (select k.id from ");
	home_table(o, q, "queued");
	sql_add(q, " as k where k.id in (select w.id from wanted as w)");
	sql_add(q, " for update skip locked)");
}

/* --- retry ---------------------------------------------------------------------------- */

/* A table's ctid slices are one piece of work: once one of them is done, they
 * are done anew together. */
static void
add_wanted(const struct queue_options *o, struct sql *q)
{
	sql_add(q, "with named as (select k.id, k.relation, k.by_ctid,");
	sql_add(q, " k.state from ");
	home_table(o, q, "queued");
	sql_add(q, " as k where k.queue = ");
	sql_param(q, o->name);
	if (o->chunks.len > 0) {
		sql_add(q, " and k.chunk in ");
		add_names(o, q);
	} else if (o->wrong)
		sql_add(q, " and k.wrong");
	else
		sql_add(q, " and (k.state = 'failed' or k.due is not null)");
	sql_add(q, "), wanted as (select n.id from named as n");
	sql_add(q, " union select k.id from ");
	home_table(o, q, "queued");
	sql_add(q, " as k join named as n on n.relation = k.relation");
	sql_add(q, " where k.queue = ");
	sql_param(q, o->name);
	sql_add(q, " and k.by_ctid and n.by_ctid and n.state = 'done'");
}

static status
retry(const struct queue_options *o, struct pg *pg, int64_t *n, int64_t *busy)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	add_wanted(o, &q);
	add_free(o, &q);
	sql_add(&q, ", done as (update ");
	home_table(o, &q, "queued");
	/* What is done is done anew, whatever a ledger says. */
	sql_add(&q, " as k set round = k.round + case when k.state = 'done'");
	sql_add(&q, " or (k.by_ctid and exists (select from named as n");
	sql_add(&q, " where n.relation = k.relation and n.by_ctid");
	sql_add(&q, " and n.state = 'done')) then 1 else 0 end,");
	sql_add(&q, " state = 'pending', tries = 0, due = null,");
	sql_add(&q, " answer = null, wrong = false, result = null,");
	sql_add(&q, " snapshot = null from free as f where k.id = f.id");
	sql_add(&q, " returning k.id) select");
	sql_add(&q, " (select pg_catalog.count(*) from done),");
	sql_add(&q, " (select pg_catalog.count(*) from wanted)");
	s = home_run(pg, "write the queue", &q, &r);
	if (s != STATUS_OK)
		return s;
	*n = pg_int(r, 0, 0);
	*busy = pg_int(r, 0, 1) - *n;
	return STATUS_OK;
}

status
queue_verb_retry(const struct queue_options *o)
{
	struct pg *pg CLEANUP(pg_cleanup) = NULL;
	int64_t n = 0, busy = 0;
	status s = home_open(o, &pg, NULL);

	if (s == STATUS_OK)
		s = refuse_unknown(o, pg);
	if (s == STATUS_OK)
		s = retry(o, pg, &n, &busy);
	if (s != STATUS_OK)
		return s;
	log_info("queue \"%s\": %" PRId64 " chunk%s pending again", o->name, n,
	    n == 1 ? " is" : "s are");
	return o->chunks.len > 0 ? refuse_busy(o, busy, "left alone")
				 : STATUS_OK;
}

/* --- drop ----------------------------------------------------------------------------- */

static status
drop(const struct queue_options *o, struct pg *pg, int64_t *n, int64_t *busy)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "with wanted as (select k.id from ");
	home_table(o, &q, "queued");
	sql_add(&q, " as k where k.queue = ");
	sql_param(&q, o->name);
	sql_add(&q, " and k.chunk in ");
	add_names(o, &q);
	add_free(o, &q);
	sql_add(&q, ", gone as (delete from ");
	home_table(o, &q, "queued");
	sql_add(&q, " as k using free as f where k.id = f.id");
	sql_add(&q, " returning k.queue, k.piece), next as (delete from ");
	home_table(o, &q, "queue_next");
	sql_add(&q, " as x using gone as g where x.queue = g.queue");
	sql_add(&q, " and x.piece = g.piece) select");
	sql_add(&q, " (select pg_catalog.count(*) from gone),");
	sql_add(&q, " (select pg_catalog.count(*) from wanted)");
	s = home_run(pg, "write the queue", &q, &r);
	if (s != STATUS_OK)
		return s;
	*n = pg_int(r, 0, 0);
	*busy = pg_int(r, 0, 1) - *n;
	return STATUS_OK;
}

status
queue_verb_drop(const struct queue_options *o)
{
	struct pg *pg CLEANUP(pg_cleanup) = NULL;
	int64_t n = 0, busy = 0;
	status s = home_open(o, &pg, NULL);

	if (s == STATUS_OK)
		s = refuse_unknown(o, pg);
	if (s == STATUS_OK)
		s = drop(o, pg, &n, &busy);
	if (s != STATUS_OK)
		return s;
	log_info("queue \"%s\": %" PRId64 " chunk%s dropped", o->name, n,
	    n == 1 ? " is" : "s are");
	return refuse_busy(o, busy, "not dropped");
}

/* --- clear ---------------------------------------------------------------------------- */

static status
refuse_paused(const struct queue_options *o, struct pg *pg)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	int64_t n;
	status s;

	sql_add(&q, "select pg_catalog.count(*) from ");
	home_table(o, &q, "queue_job");
	home_where(o, &q);
	s = home_run(pg, "look into the queue", &q, &r);
	if (s != STATUS_OK || (n = pg_int(r, 0, 0)) == 0)
		return s;
	log_error("queue \"%s\" remembers %" PRId64 " background job%s that "
		  "%s still paused",
	    o->name, n, n == 1 ? "" : "s", n == 1 ? "is" : "are");
	log_hint("pg-queue resume-jobs, then clear");
	return STATUS_FAIL;
}

/* All rows or none. */
static status
lock_all(const struct queue_options *o, struct pg *pg, int64_t *n,
    int64_t *undone)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "with wanted as (select k.id from ");
	home_table(o, &q, "queued");
	sql_add(&q, " as k where k.queue = ");
	sql_param(&q, o->name);
	add_free(o, &q);
	sql_add(&q, " select (select pg_catalog.count(*) from wanted),");
	sql_add(&q, " (select pg_catalog.count(*) from free),");
	sql_add(&q, " (select pg_catalog.count(*) from ");
	home_table(o, &q, "queued");
	home_where(o, &q);
	sql_add(&q, " and state <> 'done')");
	s = home_run(pg, "lock the queue", &q, &r);
	if (s != STATUS_OK)
		return s;
	*n = pg_int(r, 0, 0);
	*undone = pg_int(r, 0, 2);
	return refuse_busy(o, *n - pg_int(r, 0, 1), "not removed");
}

static status
remove_rows(const struct queue_options *o, struct pg *pg)
{
	struct sql rows CLEANUP_SQL = SQL_INIT, next CLEANUP_SQL = SQL_INIT;
	struct sql queue CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&rows, "delete from ");
	home_table(o, &rows, "queued");
	home_where(o, &rows);
	s = home_run(pg, "clear the queue", &rows, NULL);
	sql_add(&next, "delete from ");
	home_table(o, &next, "queue_next");
	home_where(o, &next);
	if (s == STATUS_OK)
		s = home_run(pg, "clear the queue", &next, NULL);
	sql_add(&queue, "delete from ");
	home_table(o, &queue, "queue");
	sql_add(&queue, " where name = ");
	sql_param(&queue, o->name);
	return s == STATUS_OK ? home_run(pg, "clear the queue", &queue, NULL)
			      : s;
}

status
queue_verb_clear(const struct queue_options *o)
{
	struct pg *pg CLEANUP(pg_cleanup) = NULL;
	int64_t n = 0, undone = 0;
	status s = home_open(o, &pg, NULL);

	if (s == STATUS_OK)
		s = pg_do(pg, "clear the queue", "begin read write");
	if (s == STATUS_OK)
		s = home_lock(o, pg);
	if (s == STATUS_OK)
		s = refuse_paused(o, pg);
	if (s == STATUS_OK)
		s = lock_all(o, pg, &n, &undone);
	if (s == STATUS_OK)
		s = remove_rows(o, pg);
	if (s == STATUS_OK)
		s = pg_do(pg, "clear the queue", "commit");
	if (s != STATUS_OK)
		return s;
	log_info("queue \"%s\" is cleared of %" PRId64 " chunk%s", o->name, n,
	    n == 1 ? "" : "s");
	if (undone > 0)
		log_warning("%" PRId64 " of them had not been done", undone);
	return STATUS_OK;
}
