/* SPDX-License-Identifier: PostgreSQL */
/*
 * The holder of a snapshot does nothing but to be there.
 */
#include "compare/holder.h"

#include <pthread.h>

#include "base/mem.h"

struct holder {
	pthread_mutex_t lock;
	const struct pg_params *params;
	struct pg *pg;
	bool tried;
	status failed;
	char *id, *visible, *lsn;
};

struct holder *
holder_new(const struct pg_params *params)
{
	struct holder *s = mem_zalloc(sizeof(*s));

	(void)pthread_mutex_init(&s->lock, NULL);
	s->params = params;
	return s;
}

void
holder_free(struct holder *s)
{
	if (s == NULL)
		return;
	pg_close(s->pg);
	free(s->id);
	free(s->visible);
	free(s->lsn);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}

static char *
copy(const char *text)
{
	return text == NULL ? NULL : mem_strdup(text);
}

static status
ask(struct holder *s)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status st;

	sql_add(&sql, "select pg_catalog.pg_export_snapshot(),");
	sql_add(&sql, " pg_catalog.pg_current_snapshot(),");
	sql_add(&sql, " case when pg_catalog.pg_is_in_recovery()");
	sql_add(&sql, " then pg_catalog.pg_last_wal_replay_lsn()");
	sql_add(&sql, " else pg_catalog.pg_current_wal_lsn() end");
	st = pg_run(s->pg, "export a snapshot", &sql, &r);
	if (st != STATUS_OK)
		return st;
	s->id = copy(pg_value(r, 0, 0));
	s->visible = copy(pg_value(r, 0, 1));
	s->lsn = copy(pg_value(r, 0, 2));
	return STATUS_OK;
}

static status
take(struct holder *s)
{
	status st = pg_connect(s->params, &s->pg);

	if (st != STATUS_OK) {
		s->pg = NULL;
		return st;
	}
	st = pg_do(s->pg, "begin a transaction",
	    "begin transaction isolation level repeatable read read only");
	return st == STATUS_OK ? ask(s) : st;
}

status
holder_snapshot(struct holder *s, const char **id, json_t **fields)
{
	status st;

	(void)pthread_mutex_lock(&s->lock);
	if (!s->tried)
		s->failed = take(s);
	s->tried = true;
	st = s->failed;
	(void)pthread_mutex_unlock(&s->lock);
	if (st != STATUS_OK)
		return st;
	*id = s->id;
	*fields = json_object();
	record_set_text(*fields, "snapshot", s->id);
	record_set_text(*fields, "pg_snapshot", s->visible);
	if (s->lsn != NULL)
		record_set_text(*fields, "lsn", s->lsn);
	return STATUS_OK;
}
