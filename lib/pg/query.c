/* SPDX-License-Identifier: PostgreSQL */
/*
 * Statements and their rows.  All go by the extended protocol, so that one
 * text is one statement, with values as parameters.
 */
#include "pg/private.h"

#include <poll.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

struct pg_result {
	PGresult *res;
};

static status
begin(struct pg *pg)
{
	pg_error_clear(pg);
	pg->aborted = false;
	pg->stop = 0;
	return pg->lost ? pg_error_lost(pg, "") : STATUS_OK;
}

static status
judge_send(struct pg *pg, int sent)
{
	if (sent) {
		return STATUS_OK;
	}
	if (PQstatus(pg->conn) == CONNECTION_BAD) {
		return pg_error_lost(pg, NULL);
	}
	return pg_error_own(pg, STATUS_FAIL, PQerrorMessage(pg->conn));
}

status
pg_send(struct pg *pg, const struct sql *sql)
{
	int n = (int)sql->params.len;
	status s = begin(pg);

	if (s != STATUS_OK) {
		return s;
	}
	return judge_send(pg,
	    PQsendQueryParams(pg->conn, str_text(&sql->text), n, NULL,
		(const char *const *)sql->params.data, NULL, NULL, 0));
}

status
pg_send_simple(struct pg *pg, const struct sql *sql)
{
	status s = begin(pg);

	if (s != STATUS_OK) {
		return s;
	}
	return judge_send(pg, PQsendQuery(pg->conn, str_text(&sql->text)));
}

/* A result that says failure: keep the first one's reason. */
static status
judge(struct pg *pg, const PGresult *res)
{
	switch (PQresultStatus(res)) {
	case PGRES_COMMAND_OK:
	case PGRES_TUPLES_OK:
	case PGRES_SINGLE_TUPLE:
	case PGRES_EMPTY_QUERY:
		return STATUS_OK;
	case PGRES_COPY_IN:
	case PGRES_COPY_OUT:
	case PGRES_COPY_BOTH:
		BUG("a COPY was run as a query");
	default:
		return pg_error_result(pg, res);
	}
}

/* Take all results of the running statement; the last good one is *out. */
static status
collect(struct pg *pg, PGresult **out)
{
	status s = STATUS_OK;
	PGresult *res;

	while ((res = pg_next_result(pg)) != NULL) {
		if (s == STATUS_OK) {
			s = judge(pg, res);
		}
		PQclear(*out);
		*out = res;
	}
	if (s == STATUS_OK && pg->lost) {
		s = STATUS_RETRY;
	}
	if (s == STATUS_OK && *out == NULL) {
		s = pg_error_lost(pg, NULL);
	}
	return s;
}

/* Report and pass on. */
static status
failed(struct pg *pg, const char *doing, status s)
{
	if (doing != NULL) {
		pg_report(pg, doing);
	}
	return s;
}

/* Once a statement was sent with status s: its result. */
static status
finish_run(struct pg *pg, const char *doing, status s, struct pg_result **out)
{
	PGresult *res = NULL;

	if (out != NULL) {
		*out = NULL;
	}
	if (s == STATUS_OK) {
		s = collect(pg, &res);
	}
	if (s == STATUS_OK && out != NULL) {
		*out = mem_alloc(sizeof(**out));
		(*out)->res = res;
		return STATUS_OK;
	}
	PQclear(res);
	return s == STATUS_OK ? s : failed(pg, doing, s);
}

status
pg_run(struct pg *pg, const char *doing, const struct sql *sql,
    struct pg_result **out)
{
	return finish_run(pg, doing, pg_send(pg, sql), out);
}

status
pg_run_simple(struct pg *pg, const char *doing, const struct sql *sql,
    struct pg_result **out)
{
	return finish_run(pg, doing, pg_send_simple(pg, sql), out);
}

status
pg_run_again(struct pg *pg, const char *doing, const char *name,
    const struct sql *sql, bool *prepared, struct pg_result **out)
{
	status s = begin(pg);

	*out = NULL;
	if (s == STATUS_OK && !*prepared) {
		s = judge_send(pg,
		    PQsendPrepare(pg->conn, name, str_text(&sql->text), 0,
			NULL));
		s = finish_run(pg, doing, s, NULL);
		if (s != STATUS_OK) {
			return s;
		}
		*prepared = true;
	}
	if (s == STATUS_OK) {
		s = judge_send(pg,
		    PQsendQueryPrepared(pg->conn, name, (int)sql->params.len,
			(const char *const *)sql->params.data, NULL, NULL, 0));
	}
	return finish_run(pg, doing, s, out);
}

status
pg_do_text(struct pg *pg, const char *doing, const char *text)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;

	sql_given(&sql, text);
	return pg_run(pg, doing, &sql, NULL);
}

/* Hand each row to fn until it refuses one. */
static status
each_row(struct pg *pg, pg_row_fn fn, void *arg, status *refused)
{
	status s = STATUS_OK;
	PGresult *res;

	while ((res = pg_next_result(pg)) != NULL) {
		struct pg_result row = {res};

		if (s == STATUS_OK && *refused == STATUS_OK) {
			s = judge(pg, res);
		}
		if (s == STATUS_OK && *refused == STATUS_OK &&
		    PQresultStatus(res) == PGRES_SINGLE_TUPLE) {
			*refused = fn(arg, &row);
			if (*refused != STATUS_OK) {
				pg_cancel(pg);
			}
		}
		PQclear(res);
	}
	if (s == STATUS_OK && *refused == STATUS_OK && pg->lost) {
		s = STATUS_RETRY;
	}
	return s;
}

status
pg_each(struct pg *pg, const char *doing, const struct sql *sql, pg_row_fn fn,
    void *arg)
{
	status refused = STATUS_OK;
	status s = pg_send(pg, sql);

	if (s == STATUS_OK) {
		if (!PQsetSingleRowMode(pg->conn)) {
			BUG("no single-row mode");
		}
		s = each_row(pg, fn, arg, &refused);
	}
	if (refused != STATUS_OK) {
		return refused;
	}
	return s == STATUS_OK ? s : failed(pg, doing, s);
}

int
pg_rows(const struct pg_result *r)
{
	return PQntuples(r->res);
}

int
pg_columns(const struct pg_result *r)
{
	return PQnfields(r->res);
}

const char *
pg_value(const struct pg_result *r, int row, int col)
{
	if (PQgetisnull(r->res, row, col)) {
		return NULL;
	}
	return PQgetvalue(r->res, row, col);
}

bool
pg_true(const struct pg_result *r, int row, int col)
{
	return str_eq(pg_value(r, row, col), "t");
}

int64_t
pg_int(const struct pg_result *r, int row, int col)
{
	const char *value = pg_value(r, row, col);

	return value == NULL ? 0 : strtoll(value, NULL, 10);
}

uint64_t
pg_affected(const struct pg_result *r)
{
	return strtoull(PQcmdTuples(r->res), NULL, 10);
}

const char *
pg_column_name(const struct pg_result *r, int col)
{
	return PQfname(r->res, col);
}

uint32_t
pg_column_type(const struct pg_result *r, int col)
{
	return PQftype(r->res, col);
}

void
pg_result_free(struct pg_result *r)
{
	if (r != NULL) {
		PQclear(r->res);
		free(r);
	}
}

void
pg_result_cleanup(struct pg_result **r)
{
	pg_result_free(*r);
	*r = NULL;
}
