/* SPDX-License-Identifier: PostgreSQL */
/*
 * Finding a queue, or making it.
 */
#include "queue/home.h"

#include "base/log.h"
#include "base/mem.h"
#include "pg/store.h"

static const char *const tables[] = {"queue_format", "queue", "queued",
    "queue_next", "queue_round", "queue_job", NULL};

static const struct store store = {.what = "queue",
    .file = "/sql/queue.sql",
    .tables = tables,
    .format_table = "queue_format",
    .format = 1,
    .denied = "Let the owner of the database run \"pgpipe init\"."};

status
queue_sql(const char *schema, struct str *out)
{
	return store_sql(&store, schema, out);
}

status
queue_init(struct pg *pg, const char *schema)
{
	struct failure f CLEANUP(failure_clear) = {0};
	status s = store_open(&store, pg, schema, &f);

	if (s != STATUS_OK)
		failure_report(&f);
	return s;
}

void
home_table(const struct queue_options *o, struct sql *q, const char *table)
{
	sql_name(q, o->schema, table);
}

void
home_where(const struct queue_options *o, struct sql *q)
{
	sql_add(q, " where queue = ");
	sql_param(q, o->name);
}

status
home_run(struct pg *pg, const char *doing, const struct sql *q,
    struct pg_result **out)
{
	return pg_run(pg, doing, q, out);
}

status
home_lock(const struct queue_options *o, struct pg *pg)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "select from ");
	home_table(o, &q, "queue");
	sql_add(&q, " where name = ");
	sql_param(&q, o->name);
	sql_add(&q, " for no key update");
	s = home_run(pg, "lock the queue", &q, &r);
	if (s != STATUS_OK || pg_rows(r) == 1)
		return s;
	log_error("queue \"%s\" has been cleared meanwhile", o->name);
	return STATUS_RETRY;
}

/* --- marks ----------------------------------------------------------------- */

static void
add_space(const struct queue_options *o, struct sql *q)
{
	sql_add(q, "pg_catalog.hashtext('pgpipe queue ' || ");
	sql_value(q, o->schema);
	sql_add(q, ")");
}

void
home_mark(const struct queue_options *o, struct sql *q, int64_t id)
{
	sql_add(q, "select pg_catalog.pg_try_advisory_xact_lock(");
	add_space(o, q);
	sql_add(q, ", ");
	sql_int(q, id & INT32_MAX);
	sql_add(q, ")");
}

void
home_marked(const struct queue_options *o, struct sql *q)
{
	sql_add(q, "(select l.objid::bigint as id, l.pid,");
	sql_add(q, " a.client_addr, a.client_hostname, a.xact_start");
	sql_add(q, " from pg_catalog.pg_locks as l");
	sql_add(q, " left join pg_catalog.pg_stat_activity as a");
	sql_add(q, " on a.pid = l.pid");
	sql_add(q, " where l.locktype = 'advisory' and l.objsubid = 2");
	sql_add(q, " and l.database = (select d.oid");
	sql_add(q, " from pg_catalog.pg_database as d");
	sql_add(q, " where d.datname = pg_catalog.current_database())");
	sql_add(q, " and l.classid = (");
	add_space(o, q);
	sql_add(q, "::bigint & 4294967295)::oid)");
}

/* --- opening --------------------------------------------------------------- */

static status
no_queue(const struct queue_options *o)
{
	log_error("there is no queue \"%s\" in schema \"%s\"", o->name,
	    o->schema);
	log_hint("pg-queue put makes it");
	return STATUS_FAIL;
}

/* A host that vanishes must not keep its rows for hours: the server looks
 * after it as we look after the server. */
static status
keep_alive(struct pg *pg)
{
	return pg_do(pg, "set the session's keepalives",
	    "select pg_catalog.set_config('tcp_keepalives_idle', '60', false),"
	    " pg_catalog.set_config('tcp_keepalives_interval', '10', false),"
	    " pg_catalog.set_config('tcp_keepalives_count', '6', false)");
}

/* A queue that an earlier pgpipe has made gets what it lacks. */
static status
complete_tables(const struct queue_options *o, struct pg *pg)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "select from pg_catalog.pg_class as c");
	sql_add(&q, " join pg_catalog.pg_namespace as n");
	sql_add(&q, " on n.oid = c.relnamespace");
	sql_add(&q, " where c.relname = 'queue' and n.nspname = ");
	sql_param(&q, o->schema);
	s = home_run(pg, "look for the queue", &q, &r);
	if (s != STATUS_OK)
		return s;
	return pg_rows(r) == 0 ? no_queue(o) : queue_init(pg, o->schema);
}

status
home_tables(const struct queue_options *o, struct pg **out)
{
	struct failure f CLEANUP(failure_clear) = {0};
	bool present = false;
	status s = pg_connect(&o->target, out);

	if (s == STATUS_OK)
		s = keep_alive(*out);
	if (s != STATUS_OK)
		return s;
	s = store_look(&store, *out, o->schema, &present, &f);
	if (s != STATUS_OK)
		failure_report(&f);
	return s == STATUS_OK && !present ? complete_tables(o, *out) : s;
}

status
home_open(const struct queue_options *o, struct pg **out, char **run)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s = home_tables(o, out);

	if (s != STATUS_OK)
		return s;
	sql_add(&q, "select run from ");
	home_table(o, &q, "queue");
	sql_add(&q, " where name = ");
	sql_param(&q, o->name);
	s = home_run(*out, "look for the queue", &q, &r);
	if (s == STATUS_OK && pg_rows(r) == 0)
		s = no_queue(o);
	if (s == STATUS_OK && run != NULL)
		*run = mem_strdup(pg_value(r, 0, 0));
	return s;
}

status
home_make(const struct queue_options *o, struct pg **out)
{
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s = pg_connect(&o->target, out);

	if (s == STATUS_OK)
		s = queue_init(*out, o->schema);
	if (s != STATUS_OK)
		return s;
	sql_add(&q, "insert into ");
	home_table(o, &q, "queue");
	sql_add(&q, " (name, run) select ");
	sql_param(&q, o->name);
	sql_add(&q, "::text, 'queue ' || ");
	sql_param(&q, o->name);
	sql_add(&q, "::text || ' ' || pg_catalog.to_char(");
	sql_add(&q, "pg_catalog.clock_timestamp(),");
	sql_add(&q, " 'YYYY-MM-DD\"T\"HH24:MI:SS.MS')");
	sql_add(&q, " on conflict (name) do nothing");
	return home_run(*out, "make the queue", &q, NULL);
}
