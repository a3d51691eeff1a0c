/* SPDX-License-Identifier: PostgreSQL */
/*
 * A session that cannot change anything, waits for nobody, and knows where it
 * is.
 */
#include "report/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/record.h"
#include "report/config.h"
#include "report/rows.h"

/* --- beginning --------------------------------------------------------------------- */

/*
 * Who holds a snapshot while it does nothing must not do so for long.  To compile
 * queries that run once takes longer than to run them.
 */
static status
set_up(struct session *s)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	char timeout[32];

	(void)snprintf(timeout, sizeof(timeout), "%llu",
	    (unsigned long long)s->timeout);
	sql_add(&sql, "select pg_catalog.set_config('statement_timeout', ");
	sql_param(&sql, timeout);
	sql_add(&sql, ", false), pg_catalog.set_config(");
	sql_add(&sql, "'default_transaction_read_only', 'on', false),");
	sql_add(&sql, " pg_catalog.set_config(");
	sql_add(&sql, "'idle_in_transaction_session_timeout', '60s', false),");
	sql_add(&sql, " pg_catalog.set_config('jit', 'off', false)");
	return pg_run(s->pg, "prepare the session", &sql, NULL);
}

/*
 * For how long counters have counted that were never reset: since the server
 * started, or since it began anew after a crash of a process, which takes all
 * counters, and only those of the server as a whole say when.
 */
static void
add_age(struct sql *sql)
{
	sql_add(sql, " extract(epoch from pg_catalog.clock_timestamp()");
	sql_add(sql, " - coalesce(s.stats_reset,");
	sql_add(sql,
	    " (select greatest(pg_catalog.pg_postmaster_start_time(),");
	sql_add(sql, " least(b.stats_reset, a.stats_reset))");
	sql_add(sql, " from pg_catalog.pg_stat_bgwriter as b,");
	sql_add(sql, " pg_catalog.pg_stat_archiver as a)))::float8 as age,");
}

static void
add_facts(struct sql *sql)
{
	sql_add(sql, "select d.datname as database,");
	sql_add(sql,
	    " pg_catalog.pg_encoding_to_char(d.encoding) as encoding,");
	sql_add(sql, " d.datcollate::pg_catalog.text as collation,");
	sql_add(sql, " pg_catalog.shobj_description(d.oid, 'pg_database')");
	sql_add(sql, " as comment, s.stats_reset,");
	sql_add(sql, " (select pg_catalog.json_object_agg(x.extname,");
	sql_add(sql, " x.extversion order by x.extname)");
	sql_add(sql, " from pg_catalog.pg_extension as x) as extensions,");
	add_age(sql);
	sql_add(sql, " (select pg_catalog.count(*) from pg_catalog.pg_class");
	sql_add(sql, " where relkind in ('r', 'i', 'm', 'p', 'I'))");
	sql_add(sql, " as relations");
	sql_add(sql, " from pg_catalog.pg_database as d");
	sql_add(sql, " left join pg_catalog.pg_stat_database as s");
	sql_add(sql, " on s.datid = d.oid");
	sql_add(sql, " where d.datname = pg_catalog.current_database()");
}

static void
add_server_facts(struct sql *sql)
{
	sql_add(sql, "select pg_catalog.current_setting(");
	sql_add(sql, "'server_version_num')::int4 as version,");
	sql_add(sql, " pg_catalog.current_setting('server_version')");
	sql_add(sql, " as version_text,");
	sql_add(sql, " pg_catalog.pg_is_in_recovery() as standby,");
	sql_add(sql, " pg_catalog.pg_postmaster_start_time() as started,");
	sql_add(sql, " current_user::pg_catalog.text as \"user\",");
	sql_add(sql, " pg_catalog.clock_timestamp() as collected");
}

static status
ask_facts(struct session *s)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql sql CLEANUP_SQL = SQL_INIT;
	status st;

	add_server_facts(&sql);
	st = pg_run(s->pg, "ask what the server is", &sql, &r);
	if (st != STATUS_OK)
		return st;
	s->server = rows_object(r, 0);
	pg_result_cleanup(&r);
	sql_clear(&sql);
	add_facts(&sql);
	st = pg_run(s->pg, "ask what the database is", &sql, &r);
	if (st == STATUS_OK && pg_rows(r) == 1)
		s->facts = rows_object(r, 0);
	else if (st == STATUS_OK)
		s->facts = json_object();
	return st;
}

static void
settle_facts(struct session *s)
{
	json_t *facts = s->facts;

	s->major = pg_version(s->pg) / 10000;
	s->standby = record_flag(s->server, "standby");
	s->relations = record_int(facts, "relations");
	s->stats_age = json_number_value(json_object_get(facts, "age"));
	(void)json_object_del(facts, "age");
	if (!json_is_object(json_object_get(facts, "extensions")))
		(void)json_object_set_new(facts, "extensions", json_object());
	record_set_text(s->server, "system", pg_system(s->pg));
	record_set_text(s->server, "where", pg_where(s->pg));
}

status
session_open(const struct pg_params *params, uint64_t timeout,
    struct session *out)
{
	struct pg_params p = *params;
	status s;

	*out =
	    (struct session){.timeout = timeout, .privileges = json_object()};
	p.lock_timeout = REPORT_LOCK_TIMEOUT;
	s = pg_connect(&p, &out->pg);
	if (s != STATUS_OK)
		return s;
	pg_stoppable(out->pg, true);
	s = set_up(out);
	if (s == STATUS_OK)
		s = ask_facts(out);
	if (s == STATUS_OK)
		settle_facts(out);
	return s;
}

void
session_close(struct session *s)
{
	pg_close(s->pg);
	json_decref(s->facts);
	json_decref(s->server);
	json_decref(s->privileges);
	free(s->failure);
	memset(s, 0, sizeof(*s));
}

/* --- statements ---------------------------------------------------------------------- */

bool
session_lost(const struct session *s)
{
	return pg_broken(s->pg);
}

status
session_snapshot(struct session *s)
{
	status st = pg_do(s->pg, "take a snapshot",
	    "begin transaction isolation level repeatable read read only");

	s->in_snapshot = st == STATUS_OK;
	return st;
}

void
session_autocommit(struct session *s)
{
	if (s->in_snapshot && !session_lost(s))
		(void)!pg_do(s->pg, NULL, "rollback");
	s->in_snapshot = false;
}

static void
keep_failure(struct session *s)
{
	const struct pg_error *e = pg_last_error(s->pg);

	free(s->failure);
	s->failure = mem_strdup(e->message == NULL ? "" : e->message);
	memcpy(s->sqlstate, e->sqlstate, sizeof(s->sqlstate));
}

status
session_ask(struct session *s, const struct sql *sql, struct pg_result **out)
{
	status st = STATUS_OK, undone = STATUS_OK;

	*out = NULL;
	if (s->in_snapshot)
		st = pg_do(s->pg, NULL, "savepoint asked");
	if (st == STATUS_OK)
		st = pg_run(s->pg, NULL, sql, out);
	if (st != STATUS_OK)
		keep_failure(s);
	if (s->in_snapshot && !session_lost(s))
		undone = pg_do(s->pg, NULL, "rollback to savepoint asked");
	return st == STATUS_OK ? undone : st;
}

/* Another thing to know before a question; false where it is not answered. */
static bool
ask_flag(struct session *s, const struct sql *sql)
{
	struct pg_result *r CLEANUP_RESULT = NULL;

	return pg_run(s->pg, NULL, sql, &r) == STATUS_OK && pg_rows(r) == 1 &&
	    pg_true(r, 0, 0);
}

static bool
ask_privilege(struct session *s, const char *privilege)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;

	if (strcmp(privilege, "superuser") == 0) {
		sql_add(&sql, "select rolsuper from pg_catalog.pg_roles");
		sql_add(&sql, " where rolname = current_user");
	} else if (strncmp(privilege, "execute ", 8) == 0) {
		sql_add(&sql, "select pg_catalog.has_function_privilege(");
		sql_add(&sql, "pg_catalog.to_regprocedure(");
		sql_param(&sql, privilege + 8);
		sql_add(&sql, "), 'execute')");
	} else {
		sql_add(&sql, "select pg_catalog.pg_has_role(r.oid, 'usage')");
		sql_add(&sql, " from pg_catalog.pg_roles as r");
		sql_add(&sql, " where r.rolname = ");
		sql_param(&sql, privilege);
	}
	return ask_flag(s, &sql);
}

bool
session_may(struct session *s, const char *privilege)
{
	const json_t *known = json_object_get(s->privileges, privilege);

	if (known == NULL) {
		(void)json_object_set_new(s->privileges, privilege,
		    json_boolean(ask_privilege(s, privilege)));
		known = json_object_get(s->privileges, privilege);
	}
	return json_is_true(known);
}

const char *
session_extension(const struct session *s, const char *name)
{
	return record_text(json_object_get(s->facts, "extensions"), name);
}
