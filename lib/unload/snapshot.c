/* SPDX-License-Identifier: PostgreSQL */
/*
 * The holder of the snapshot and those who join it.
 */
#include "unload/snapshot.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "data/archive.h"

static char *
copy_value(const struct pg_result *r, int column)
{
	const char *value = pg_value(r, 0, column);

	return value == NULL ? NULL : mem_strdup(value);
}

/* Which server and database this is. */
static status
identify(struct snapshot *s)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	const char *system;
	status st;

	sql_add(&sql, "select pg_catalog.current_database(),");
	sql_add(&sql, " pg_catalog.pg_postmaster_start_time(),");
	sql_add(&sql, " pg_catalog.clock_timestamp(),");
	/* Before the snapshot: what is in the WAL later may be in neither. */
	sql_add(&sql, " case when pg_catalog.pg_is_in_recovery()");
	sql_add(&sql, " then pg_catalog.pg_last_wal_replay_lsn()");
	sql_add(&sql, " else pg_catalog.pg_current_wal_lsn() end");
	st = pg_run(s->holder, "ask which server this is", &sql, &r);
	if (st != STATUS_OK)
		return st;
	s->database = copy_value(r, 0);
	s->started = copy_value(r, 1);
	s->clock = copy_value(r, 2);
	s->lsn = copy_value(r, 3);
	system = pg_system(s->holder);
	s->system = system == NULL ? NULL : mem_strdup(system);
	s->timeline = pg_timeline(s->holder);
	s->version = pg_version(s->holder);
	s->standby = pg_standby(s->holder);
	return STATUS_OK;
}

static void
add_join(struct sql *sql, const char *id)
{
	sql_add(sql, "set transaction snapshot ");
	sql_value(sql, id);
}

#define BEGIN "begin isolation level repeatable read read only"

static status
join_given(struct snapshot *s, const char *id)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	char *doing CLEANUP_FREE = mem_printf("join snapshot \"%s\"", id);
	status st;

	add_join(&sql, id);
	st = pg_run(s->holder, doing, &sql, NULL);
	if (st == STATUS_FAIL)
		log_hint("whoever exported it must still be in that "
			 "transaction, on the same server and database");
	return st;
}

/*
 * A joined snapshot is exported anew, so that it lives as long as this
 * stream needs it, whatever becomes of the transaction that it came from.
 */
static status export(struct snapshot *s)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status st;

	sql_add(&sql, "select pg_catalog.pg_export_snapshot(),");
	sql_add(&sql, " pg_catalog.pg_current_snapshot()");
	st = pg_run(s->holder, "export a snapshot", &sql, &r);
	if (st != STATUS_OK)
		return st;
	s->exported = copy_value(r, 0);
	s->visible = copy_value(r, 1);
	return STATUS_OK;
}

status
snapshot_take(const struct pg_params *params, const char *join,
    struct snapshot *out)
{
	status st;

	memset(out, 0, sizeof(*out));
	st = pg_connect(params, &out->holder);
	if (st == STATUS_OK)
		st = identify(out);
	if (st == STATUS_OK)
		st = pg_do(out->holder, "begin a transaction", BEGIN);
	if (st == STATUS_OK && join != NULL)
		st = join_given(out, join);
	if (st == STATUS_OK)
		st = export(out);
	if (st == STATUS_OK)
		out->id = mem_strdup(join != NULL ? join : out->exported);
	else
		snapshot_free(out);
	return st;
}

void
snapshot_free(struct snapshot *s)
{
	pg_close(s->holder);
	free(s->id);
	free(s->exported);
	free(s->visible);
	free(s->lsn);
	free(s->system);
	free(s->database);
	free(s->started);
	free(s->clock);
	memset(s, 0, sizeof(*s));
}

status
snapshot_join(const struct snapshot *s, struct pg *pg, struct failure *why,
    bool *gone)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;

	*gone = false;
	if (pg_do(pg, NULL, BEGIN) != STATUS_OK)
		return failure_from_pg(why, pg, "begin a transaction");
	add_join(&sql, s->exported);
	if (pg_run(pg, NULL, &sql, NULL) == STATUS_OK)
		return STATUS_OK;
	(void)failure_from_pg(why, pg, "join the snapshot");
	/* A server that answers, and says no, has lost it. */
	*gone = !pg_broken(pg) && why->class == STATUS_FAIL;
	if (*gone)
		why->class = STATUS_RETRY;
	return why->class;
}

static void
set_text_or_null(json_t *record, const char *field, const char *text)
{
	if (text != NULL)
		record_set_text(record, field, text);
	else
		(void)json_object_set_new(record, field, json_null());
}

void
snapshot_stamp(const struct snapshot *s, json_t *record)
{
	record_set_text(record, "snapshot", s->id);
	record_set_text(record, "pg_snapshot", s->visible);
	set_text_or_null(record, "lsn", s->lsn);
}

static void
set_time(json_t *record)
{
	time_t now = time(NULL);
	char text[32];
	struct tm tm;

	if (gmtime_r(&now, &tm) != NULL &&
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
		record_set_text(record, "time", text);
}

json_t *
snapshot_stream(const struct snapshot *s)
{
	json_t *stream = json_object(), *source = json_object();

	record_set_int(stream, "format", ARCHIVE_FORMAT);
	record_set_text(stream, "tool", log_program());
	record_set_text(stream, "version", PGPIPE_VERSION);
	set_text_or_null(source, "system", s->system);
	record_set_int(source, "timeline", s->timeline);
	record_set_text(source, "database", s->database);
	record_set_int(source, "server_version", s->version);
	(void)json_object_set_new(source, "standby", json_boolean(s->standby));
	set_text_or_null(source, "started", s->started);
	set_text_or_null(source, "clock", s->clock);
	(void)json_object_set_new(stream, "source", source);
	snapshot_stamp(s, stream);
	set_time(stream);
	return stream;
}
