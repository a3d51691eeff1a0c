/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a walsender tells beside its streams.
 */
#include "pg/replication.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "data/walname.h"
#include "pg/private.h"

#define DUPLICATE_OBJECT "42710"

status
replication_connect(const struct pg_params *params, struct pg **out)
{
	struct pg_params p = *params;
	status s;

	p.replication = true;
	s = pg_connect(&p, out);
	if (s != STATUS_OK) {
		if (s == STATUS_FAIL)
			log_hint("this is a replication connection: its user "
				 "needs the REPLICATION attribute, and a line "
				 "of pg_hba.conf for the database "
				 "\"replication\"");
		return s;
	}
	if (pg_version(*out) / 10000 > REPLICATION_NEWEST) {
		log_error("the server is PostgreSQL %d, newer than this "
			  "program knows (%d)",
		    pg_version(*out) / 10000, REPLICATION_NEWEST);
		pg_close(*out);
		*out = NULL;
		return STATUS_FAIL;
	}
	return STATUS_OK;
}

static status
unexpected(struct pg *pg, const char *doing)
{
	status s = pg_error_own(pg, STATUS_FAIL,
	    "the server's answer is not one that belongs there");

	pg_report(pg, doing);
	return s;
}

status
replication_identify(struct pg *pg, struct replication_system *out)
{
	static const char doing[] = "identify the server";
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql sql CLEANUP_SQL = SQL_INIT;
	uint64_t timeline;
	status s;

	sql_add(&sql, "IDENTIFY_SYSTEM");
	s = pg_run_simple(pg, doing, &sql, &r);
	if (s != STATUS_OK)
		return s;
	if (pg_rows(r) != 1 || pg_columns(r) < 3 || pg_value(r, 0, 0) == NULL ||
	    pg_value(r, 0, 1) == NULL ||
	    !num_u64(pg_value(r, 0, 1), 1, UINT32_MAX, &timeline) ||
	    pg_value(r, 0, 2) == NULL ||
	    !wal_lsn_parse(pg_value(r, 0, 2), &out->lsn))
		return unexpected(pg, doing);
	out->timeline = (uint32_t)timeline;
	(void)snprintf(out->identifier, sizeof(out->identifier), "%s",
	    pg_value(r, 0, 0));
	return STATUS_OK;
}

status
replication_show(struct pg *pg, const char *name, struct str *out)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	char *doing CLEANUP_FREE = mem_printf("read \"%s\"", name);
	struct sql sql CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&sql, "SHOW ");
	sql_ident(&sql, name);
	s = pg_run_simple(pg, doing, &sql, &r);
	if (s != STATUS_OK)
		return s;
	if (pg_rows(r) != 1 || pg_value(r, 0, 0) == NULL)
		return unexpected(pg, doing);
	str_clear(out);
	str_add(out, pg_value(r, 0, 0));
	return STATUS_OK;
}

status
replication_segment_size(struct pg *pg, uint32_t *size)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	uint64_t bytes;
	status s;

	s = replication_show(pg, "wal_segment_size", &text);
	if (s != STATUS_OK)
		return s;
	if (!num_size(str_text(&text), &bytes) || !wal_size_valid(bytes)) {
		log_error("the server's WAL segments have an unknown size: "
			  "\"%s\"",
		    str_text(&text));
		return STATUS_FAIL;
	}
	*size = (uint32_t)bytes;
	return STATUS_OK;
}

static void
add_slot(struct sql *sql, const struct pg *pg, const char *name, bool temporary)
{
	sql_add(sql, "CREATE_REPLICATION_SLOT ");
	sql_ident(sql, name);
	if (temporary) {
		sql_add(sql, " TEMPORARY");
	}
	sql_add(sql, " PHYSICAL ");
	if (pg_version(pg) >= 150000) {
		sql_add(sql, "(RESERVE_WAL)");
	} else {
		sql_add(sql, "RESERVE_WAL");
	}
}

status
replication_temporary_slot(struct pg *pg, const char *name)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;

	add_slot(&sql, pg, name, true);
	return pg_run_simple(pg, "create a temporary replication slot", &sql,
	    NULL);
}

status
replication_keep_slot(struct pg *pg, const char *name)
{
	char *doing CLEANUP_FREE =
	    mem_printf("create the replication slot \"%s\"", name);
	struct sql sql CLEANUP_SQL = SQL_INIT;
	status s;

	add_slot(&sql, pg, name, false);
	s = pg_run_simple(pg, NULL, &sql, NULL);
	if (s == STATUS_OK ||
	    str_eq(pg_last_error(pg)->sqlstate, DUPLICATE_OBJECT)) {
		return STATUS_OK;
	}
	pg_report(pg, doing);
	return s;
}

status
replication_drop_slot(struct pg *pg, const char *name)
{
	char *doing CLEANUP_FREE =
	    mem_printf("drop the replication slot \"%s\"", name);
	struct sql sql CLEANUP_SQL = SQL_INIT;

	sql_add(&sql, "DROP_REPLICATION_SLOT ");
	sql_ident(&sql, name);
	return pg_run_simple(pg, doing, &sql, NULL);
}

status
replication_slot_position(struct pg *pg, const char *name, uint32_t *timeline,
    uint64_t *lsn)
{
	char *doing CLEANUP_FREE =
	    mem_printf("read the replication slot \"%s\"", name);
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql sql CLEANUP_SQL = SQL_INIT;
	uint64_t number;
	status s;

	*timeline = 0;
	*lsn = 0;
	if (pg_version(pg) < 150000) {
		return STATUS_OK;
	}
	sql_add(&sql, "READ_REPLICATION_SLOT ");
	sql_ident(&sql, name);
	s = pg_run_simple(pg, doing, &sql, &r);
	if (s != STATUS_OK) {
		return s;
	}
	if (pg_rows(r) != 1 || pg_columns(r) < 3) {
		return unexpected(pg, doing);
	}
	if (pg_value(r, 0, 0) == NULL) {
		log_error("the server has no replication slot \"%s\"", name);
		log_hint("--create-slot makes it");
		return STATUS_FAIL;
	}
	if (pg_value(r, 0, 1) == NULL || pg_value(r, 0, 2) == NULL) {
		return STATUS_OK;
	}
	if (!wal_lsn_parse(pg_value(r, 0, 1), lsn) ||
	    !num_u64(pg_value(r, 0, 2), 1, UINT32_MAX, &number)) {
		return unexpected(pg, doing);
	}
	*timeline = (uint32_t)number;
	return STATUS_OK;
}

status
replication_history(struct pg *pg, uint32_t timeline, struct str *name,
    struct str *content)
{
	static const char doing[] = "read the history of the timeline";
	struct sql sql CLEANUP_SQL = SQL_INIT;
	PGresult *res, *kept = NULL;
	status s;

	sql_add(&sql, "TIMELINE_HISTORY ");
	sql_int(&sql, timeline);
	s = pg_send_simple(pg, &sql);
	/* The content is bytea in text form, but the bytes as they are, so
	 * its length counts. */
	while (s == STATUS_OK && (res = pg_next_result(pg)) != NULL) {
		if (PQresultStatus(res) != PGRES_TUPLES_OK)
			s = PQresultStatus(res) == PGRES_FATAL_ERROR
			    ? pg_error_result(pg, res)
			    : STATUS_OK;
		PQclear(kept);
		kept = res;
	}
	if (s == STATUS_OK && pg->lost)
		s = STATUS_RETRY;
	if (s != STATUS_OK) {
		PQclear(kept);
		pg_report(pg, doing);
		return s;
	}
	if (kept == NULL || PQntuples(kept) != 1 || PQnfields(kept) < 2) {
		PQclear(kept);
		return unexpected(pg, doing);
	}
	str_clear(name);
	str_clear(content);
	str_add(name, PQgetvalue(kept, 0, 0));
	str_addn(content, PQgetvalue(kept, 0, 1),
	    (size_t)PQgetlength(kept, 0, 1));
	PQclear(kept);
	return STATUS_OK;
}

/* --- UPLOAD_MANIFEST ------------------------------------------------------- */

static status
put(struct pg *pg, const void *bytes, size_t n)
{
	int done;
	short ready;

	while ((done = PQputCopyData(pg->conn, bytes, (int)n)) == 0)
		if (!pg_wait(pg, POLLOUT, &ready))
			return STATUS_RETRY;
	if (done < 0)
		return pg_error_lost(pg, NULL);
	while ((done = PQflush(pg->conn)) > 0)
		if (!pg_wait(pg, POLLOUT, &ready))
			return STATUS_RETRY;
	return done < 0 ? pg_error_lost(pg, NULL) : STATUS_OK;
}

/* All results of a command; the first failure counts. */
static status
judge_all(struct pg *pg)
{
	status s = STATUS_OK;
	PGresult *res;

	while ((res = pg_next_result(pg)) != NULL) {
		if (s == STATUS_OK && PQresultStatus(res) == PGRES_FATAL_ERROR)
			s = pg_error_result(pg, res);
		PQclear(res);
	}
	return s == STATUS_OK && pg->lost ? STATUS_RETRY : s;
}

static status
send_manifest(struct pg *pg, replication_read_fn read, void *arg,
    bool *reported)
{
	const void *bytes;
	size_t n;
	status s;

	for (;;) {
		s = read(arg, &bytes, &n);
		if (s != STATUS_OK) {
			*reported = true;
			(void)PQputCopyEnd(pg->conn, "it cannot be read");
			(void)judge_all(pg);
			return s;
		}
		if (n == 0)
			break;
		s = put(pg, bytes, n);
		if (s != STATUS_OK)
			return s;
	}
	if (PQputCopyEnd(pg->conn, NULL) < 0)
		return pg_error_lost(pg, NULL);
	return judge_all(pg);
}

status
replication_upload_manifest(struct pg *pg, replication_read_fn read, void *arg)
{
	static const char doing[] = "give the server the manifest of the "
				    "backup before";
	struct sql sql CLEANUP_SQL = SQL_INIT;
	bool reported = false;
	PGresult *res;
	status s;

	sql_add(&sql, "UPLOAD_MANIFEST");
	s = pg_send_simple(pg, &sql);
	if (s == STATUS_OK) {
		res = pg_next_result(pg);
		if (PQresultStatus(res) == PGRES_COPY_IN)
			s = send_manifest(pg, read, arg, &reported);
		else if (res != NULL)
			s = pg_error_result(pg, res);
		else
			s = pg->lost ? STATUS_RETRY : pg_error_lost(pg, NULL);
		PQclear(res);
	}
	if (s != STATUS_OK && !reported)
		pg_report(pg, doing);
	return s;
}
