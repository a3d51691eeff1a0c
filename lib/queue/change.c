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
#include "queue/claim.h"
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

/* What became of the rows that a verb was to change. */
struct change {
	int64_t n;     /* changed as they were to be */
	int64_t again; /* others that are done anew on their account */
	int64_t busy;  /* left alone: locked */
	int64_t tied;  /* left alone for others of their table, that are */
};

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

static status
refuse_tied(const struct queue_options *o, int64_t tied)
{
	if (tied == 0)
		return STATUS_OK;
	log_error("%" PRId64 " slice%s by ctid of queue \"%s\" %s left alone: "
		  "others of the table are being worked on",
	    tied, tied == 1 ? "" : "s", o->name, tied == 1 ? "was" : "were");
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

/*
 * A table's ctid slices are one piece of work, of one round: once one of those
 * named is done they are done anew, all of them or, if one is being worked on,
 * none.
 *
 * Append, after "with named as (...": "anew" are the tables that it is so for
 * and their next round, "wanted" the rows concerned, "free" those that may be
 * changed, with the next round or null.
 */
static void
add_free_tables(const struct queue_options *o, struct sql *q)
{
	sql_add(q, "), anew as (select k.relation,");
	sql_add(q, " pg_catalog.max(k.round) + 1 as round,");
	sql_add(q, " pg_catalog.count(*) as slices from ");
	home_table(o, q, "queued");
	sql_add(q, " as k where k.queue = ");
	sql_param(q, o->name);
	sql_add(q, " and k.by_ctid and k.relation in (select n.relation");
	sql_add(q, " from named as n where n.by_ctid and n.state = 'done')");
	sql_add(q, " group by k.relation), wanted as (select n.id");
	sql_add(q, " from named as n union select k.id from ");
	home_table(o, q, "queued");
	sql_add(q, " as k join anew as a on a.relation = k.relation");
	sql_add(q, " where k.queue = ");
	sql_param(q, o->name);
	sql_add(q, " and k.by_ctid), locked as (select k.id, k.by_ctid,");
	sql_add(q, " k.relation from ");
	home_table(o, q, "queued");
	sql_add(q, " as k where k.id in (select w.id from wanted as w)");
	sql_add(q, " for update skip locked), stuck as (");
	sql_add(q, "select a.relation from anew as a left join (");
	sql_add(q, "select l.relation, pg_catalog.count(*) as slices");
	sql_add(q, " from locked as l where l.by_ctid group by 1) as l");
	sql_add(q, " on l.relation = a.relation");
	sql_add(q, " where a.slices > coalesce(l.slices, 0)),");
	sql_add(q, " free as (select l.id, a.round");
	sql_add(q, " from locked as l left join anew as a");
	sql_add(q, " on a.relation = l.relation and l.by_ctid");
	sql_add(q, " where a.relation is null or a.relation not in (");
	sql_add(q, "select s.relation from stuck as s))");
}

/* Append the set clause for what is to be tried again. */
static void
add_pending(struct sql *q)
{
	sql_add(q, " state = 'pending', tries = 0, due = null,");
	sql_add(q, " answer = null, wrong = false, result = null,");
	sql_add(q, " snapshot = null");
}

/* Append what both verbs count, but for n and again. */
static void
add_left(struct sql *q)
{
	sql_add(q, ", (select pg_catalog.count(*) from named as n");
	sql_add(q, " where n.id not in (select l.id from locked as l)),");
	sql_add(q, " (select pg_catalog.count(*) from locked)");
	sql_add(q, " - (select pg_catalog.count(*) from free)");
}

/* In a transaction that keeps out who else changes the queue. */
static status
change(const struct queue_options *o, struct pg *pg,
    void (*add)(const struct queue_options *o, struct sql *q),
    struct change *out)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s = pg_do(pg, "write the queue", "begin read write");

	if (s == STATUS_OK)
		s = home_lock(o, pg);
	/* A line that waits would give its row a round of its own. */
	if (s == STATUS_OK)
		s = claim_absorb(o, pg);
	add(o, &q);
	if (s == STATUS_OK)
		s = home_run(pg, "write the queue", &q, &r);
	if (s != STATUS_OK) {
		failure_roll_back(pg);
		return s;
	}
	out->n = pg_int(r, 0, 0);
	out->again = pg_int(r, 0, 1);
	out->busy = pg_int(r, 0, 2);
	out->tied = pg_int(r, 0, 3);
	return pg_do(pg, "write the queue", "commit");
}

/* --- retry ---------------------------------------------------------------------------- */

static void
add_retry(const struct queue_options *o, struct sql *q)
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
	add_free_tables(o, q);
	sql_add(q, ", done as (update ");
	home_table(o, q, "queued");
	/* What is done is done anew, whatever a ledger says. */
	sql_add(q, " as k set round = coalesce(f.round, k.round +");
	sql_add(q, " case when k.state = 'done' then 1 else 0 end),");
	add_pending(q);
	sql_add(q, " from free as f where k.id = f.id returning k.id)");
	sql_add(q, " select (select pg_catalog.count(*) from done), 0");
	add_left(q);
}

status
queue_verb_retry(const struct queue_options *o)
{
	struct pg *pg CLEANUP(pg_cleanup) = NULL;
	struct change c = {0};
	status s = home_open(o, &pg, NULL);

	if (s == STATUS_OK)
		s = refuse_unknown(o, pg);
	if (s == STATUS_OK)
		s = change(o, pg, add_retry, &c);
	if (s != STATUS_OK)
		return s;
	log_info("queue \"%s\": %" PRId64 " chunk%s pending again", o->name,
	    c.n, c.n == 1 ? " is" : "s are");
	/* What failed and is being tried is tried again already. */
	if (o->chunks.len > 0)
		s = refuse_busy(o, c.busy, "left alone");
	return status_worse(s, refuse_tied(o, c.tied));
}

/* --- drop ----------------------------------------------------------------------------- */

static void
add_drop(const struct queue_options *o, struct sql *q)
{
	sql_add(q, "with named as (select k.id, k.relation, k.by_ctid,");
	sql_add(q, " k.state from ");
	home_table(o, q, "queued");
	sql_add(q, " as k where k.queue = ");
	sql_param(q, o->name);
	sql_add(q, " and k.chunk in ");
	add_names(o, q);
	add_free_tables(o, q);
	sql_add(q, ", gone as (delete from ");
	home_table(o, q, "queued");
	sql_add(q, " as k using free as f where k.id = f.id");
	sql_add(q, " and k.id in (select n.id from named as n)");
	sql_add(q, " returning k.queue, k.piece), again as (update ");
	home_table(o, q, "queued");
	sql_add(q, " as k set round = f.round,");
	add_pending(q);
	sql_add(q, " from free as f where k.id = f.id");
	sql_add(q, " and k.id not in (select n.id from named as n)");
	/* The ledger has what is dropped, and it may come again in another
	 * cut. */
	sql_add(q, " returning k.id), rounds as (insert into ");
	home_table(o, q, "queue_round");
	sql_add(q, " (queue, relation, round) select ");
	sql_param(q, o->name);
	sql_add(q, ", a.relation, a.round from anew as a");
	sql_add(q, " where a.relation not in (select s.relation");
	sql_add(q, " from stuck as s) on conflict (queue, relation)");
	sql_add(q, " do update set round = excluded.round),");
	sql_add(q, " next as (delete from ");
	home_table(o, q, "queue_next");
	sql_add(q, " as x using gone as g where x.queue = g.queue");
	sql_add(q, " and x.piece = g.piece)");
	sql_add(q, " select (select pg_catalog.count(*) from gone),");
	sql_add(q, " (select pg_catalog.count(*) from again)");
	add_left(q);
}

static void
say_dropped(const struct queue_options *o, const struct change *c)
{
	struct str text CLEANUP(str_free) = STR_INIT;

	str_addf(&text, "%" PRId64 " chunk%s dropped", c->n,
	    c->n == 1 ? " is" : "s are");
	if (c->again > 0)
		str_addf(&text,
		    ", and %" PRId64 " other slice%s by ctid of the same table "
		    "%s done anew",
		    c->again, c->again == 1 ? "" : "s",
		    c->again == 1 ? "is" : "are");
	log_info("queue \"%s\": %s", o->name, str_text(&text));
}

status
queue_verb_drop(const struct queue_options *o)
{
	struct pg *pg CLEANUP(pg_cleanup) = NULL;
	struct change c = {0};
	status s = home_open(o, &pg, NULL);

	if (s == STATUS_OK)
		s = refuse_unknown(o, pg);
	if (s == STATUS_OK)
		s = change(o, pg, add_drop, &c);
	if (s != STATUS_OK)
		return s;
	say_dropped(o, &c);
	s = refuse_busy(o, c.busy, "not dropped");
	return status_worse(s, refuse_tied(o, c.tied));
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
	struct sql rounds CLEANUP_SQL = SQL_INIT, queue CLEANUP_SQL = SQL_INIT;
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
	sql_add(&rounds, "delete from ");
	home_table(o, &rounds, "queue_round");
	home_where(o, &rounds);
	if (s == STATUS_OK)
		s = home_run(pg, "clear the queue", &rounds, NULL);
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
