/* SPDX-License-Identifier: PostgreSQL */
/*
 * A server's digest of some rows: two numbers, computed where the rows are.
 */
#include "compare/side.h"

#include "base/log.h"
#include "base/mem.h"
#include "compare/catalog.h"
#include "data/copyrows.h"
#include "pg/copy.h"

#define READ_SIZE ((size_t)1024 * 1024)
/* A server that went away: how long to wait for its return. */
#define AGAIN_MS 20000

static const char *
role(const struct side *s)
{
	return s->server->params.role == NULL ? "server"
					      : s->server->params.role;
}

static void
tell_no_hashes(const struct side *s)
{
	if (atomic_exchange(&s->server->told, true))
		return;
	log_warning("the %s cannot give hashes that compare with those of "
		    "other servers: rows are read instead",
	    role(s));
	log_detail("its hash functions may not be called, or it has another "
		   "byte order");
}

static status
ask_timescale(struct side *s)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status st;

	sql_add(&sql, "select exists (select from pg_catalog.pg_extension");
	sql_add(&sql, " where extname = 'timescaledb')");
	st = pg_run(s->pg, "look for extensions", &sql, &r);
	if (st == STATUS_OK)
		s->timescale = pg_true(r, 0, 0);
	return st;
}

static status
prepare(struct side *s)
{
	status st = pg_do(s->pg, "prepare the session",
	    "set default_transaction_read_only to on");

	/* Compiling costs more than most chunks, and a sum gains nothing. */
	if (st == STATUS_OK)
		st = pg_do(s->pg, "prepare the session", "set jit to off");
	if (st == STATUS_OK)
		st = ask_timescale(s);
	if (st == STATUS_OK)
		st = pg_digest_probe(s->pg, &s->hashes);
	if (st == STATUS_OK && !s->hashes)
		tell_no_hashes(s);
	return st;
}

status
side_open(struct side *s, struct server *server)
{
	struct pg_params params = server->params;
	bool again = s->pg != NULL;
	status st;

	side_close(s);
	s->server = server;
	if (again)
		params.connect_timeout = AGAIN_MS;
	st = pg_connect(&params, &s->pg);
	if (st != STATUS_OK)
		s->pg = NULL;
	else
		st = prepare(s);
	if (st != STATUS_OK) {
		atomic_store(&server->why, (int)st);
		side_close(s);
	}
	return st;
}

void
side_close(struct side *s)
{
	pg_table_free(&s->table);
	type_cache_free(&s->types);
	pg_close(s->pg);
	s->pg = NULL;
}

status
side_begin(struct side *s, const char *snapshot)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	status st = pg_do(s->pg, "begin a transaction",
	    "begin transaction isolation level repeatable read read only");

	if (st != STATUS_OK || snapshot == NULL)
		return st;
	sql_add(&sql, "set transaction snapshot ");
	sql_value(&sql, snapshot);
	return pg_run(s->pg, "join the snapshot", &sql, NULL);
}

void
side_end(struct side *s)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;

	if (s->pg == NULL || pg_broken(s->pg))
		return;
	sql_add(&sql, "rollback");
	if (pg_run(s->pg, NULL, &sql, NULL) != STATUS_OK)
		log_verbose("could not end a transaction on the %s", role(s));
}

void
side_from(const struct rowset *rows, struct sql *out)
{
	sql_add(out, " from ");
	if (rows->table->kind == 'r' && !rows->table->hypertable &&
	    !rows->table->hypertable_chunk)
		sql_add(out, "only ");
	sql_name(out, rows->table->schema, rows->table->name);
	sql_add(out, " as t");
}

void
side_where(const struct rowset *rows, struct sql *out)
{
	if (rows->where == NULL)
		return;
	sql_add(out, " where (");
	sql_given(out, rows->where);
	/* The line feed ends a comment that the predicate may end with. */
	sql_add(out, "\n)");
}

status
side_hash(const struct rowset *rows, struct sql *out)
{
	return pg_table_digest_expr(rows->table, rows->kind, rows->shape->names,
	    rows->shape->n, out);
}

static char *
doing(const char *verb, const struct rowset *rows)
{
	struct str text = STR_INIT;

	str_add(&text, verb);
	str_addc(&text, ' ');
	sql_show_name(&text, rows->table->schema, rows->table->name);
	return str_take(&text);
}

static status
ask_digest(struct side *s, const struct rowset *rows, struct digest *out)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	char *what CLEANUP_FREE = doing("take the digest of", rows);
	status st;

	sql_add(&sql, "select pg_catalog.count(*), pg_catalog.sum(");
	st = side_hash(rows, &sql);
	if (st != STATUS_OK)
		return st;
	sql_add(&sql, ")");
	side_from(rows, &sql);
	side_where(rows, &sql);
	st = pg_run(s->pg, what, &sql, &r);
	if (st != STATUS_OK)
		return st;
	if (!digest_from_sql(rows->kind, pg_value(r, 0, 0), pg_value(r, 0, 1),
		out)) {
		log_error("could not understand the digest of %s", what);
		return STATUS_FAIL;
	}
	return STATUS_OK;
}

/* Reading: rows in binary or text as they come from the server. */

static status
take_row(void *arg, const void *row, size_t n)
{
	return digest_rows_take(arg, row, n);
}

static void
copy_query(const struct rowset *rows, struct sql *sql)
{
	size_t i;

	sql_add(sql, "copy (select ");
	for (i = 0; i < rows->shape->n; i++) {
		if (i > 0)
			sql_add(sql, ", ");
		sql_add(sql, "t.");
		sql_ident(sql, rows->shape->names[i]);
	}
	side_from(rows, sql);
	side_where(rows, sql);
	if (rows->kind == DIGEST_SEND)
		sql_add(sql, ") to stdout with (format binary)");
	else
		sql_add(sql, ") to stdout");
}

static struct digest_column *
digest_columns(const struct rowset *rows)
{
	struct digest_column *columns =
	    mem_zalloc((rows->shape->n + 1) * sizeof(*columns));
	size_t i;

	for (i = 0; i < rows->shape->n; i++)
		columns[i] =
		    pg_table_column(rows->table, rows->shape->names[i])->digest;
	return columns;
}

static status
read_stream(struct pg_copy *copy, struct copyrows *cut)
{
	uint64_t rows;

	for (;;) {
		struct pg_copy_batch b;
		status st = pg_copy_next(copy, READ_SIZE, &b);

		if (st != STATUS_OK)
			return st;
		if (b.count == 0)
			return copyrows_finish(cut, &rows);
		st = copyrows_feed(cut, b.bytes, b.size);
		if (st != STATUS_OK)
			return status_worse(st, STATUS_FAIL);
	}
}

static status
read_digest(struct side *s, const struct rowset *rows, struct digest *out)
{
	enum copy_format format =
	    rows->kind == DIGEST_SEND ? COPY_BINARY : COPY_TEXT;
	char *what CLEANUP_FREE = doing("read", rows);
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct digest_column *columns;
	struct digest_rows *digest;
	struct copyrows *cut;
	struct pg_copy *copy = NULL;
	status st;

	if (shape_lacking(rows->shape, rows->table) != NULL)
		BUG("a column that is not there");
	columns = digest_columns(rows);
	digest = digest_rows_new(format, columns, rows->shape->n);
	cut = copyrows_new(format, take_row, digest);
	copy_query(rows, &sql);
	st = pg_copy_out(s->pg, what, &sql, &copy);
	if (st == STATUS_OK)
		st = read_stream(copy, cut);
	if (st == STATUS_OK)
		*out = *digest_rows_sum(digest);
	pg_copy_free(copy);
	copyrows_free(cut);
	digest_rows_free(digest);
	free(columns);
	return st;
}

status
side_digest(struct side *s, const struct rowset *rows, struct digest *out)
{
	if (s->hashes)
		return ask_digest(s, rows, out);
	return read_digest(s, rows, out);
}

status
side_empty(struct side *s, const struct rowset *rows, bool *empty)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	char *what CLEANUP_FREE = doing("look for a row of", rows);
	status st;

	*empty = false;
	sql_add(&sql, "select not exists (select");
	side_from(rows, &sql);
	side_where(rows, &sql);
	sql_add(&sql, ")");
	st = pg_run(s->pg, what, &sql, &r);
	if (st == STATUS_OK)
		*empty = pg_true(r, 0, 0);
	return st;
}

/* pg_class is read by the snapshot, pg_relation_filenode() is of now. */
status
side_intact(struct side *s, const struct rowset *rows, const char **broken)
{
	struct sql name CLEANUP_SQL = SQL_INIT;
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status st;

	*broken = NULL;
	sql_name(&name, rows->table->schema, rows->table->name);
	sql_add(&sql, "with part(oid) as materialized (select ");
	sql_param(&sql, str_text(&name.text));
	sql_add(&sql, "::pg_catalog.regclass::pg_catalog.oid");
	sql_add(&sql, " union select p.relid::pg_catalog.oid");
	sql_add(&sql, " from pg_catalog.pg_partition_tree($1) as p)");
	sql_add(&sql, " select pg_catalog.bool_or(c.relkind = 'r'");
	sql_add(&sql, " and c.relfilenode <>");
	sql_add(&sql, " pg_catalog.pg_relation_filenode(c.oid)),");
	sql_add(&sql, " pg_catalog.bool_or(");
	pg_table_add_renamed(&sql);
	sql_add(&sql, ") from part join pg_catalog.pg_class as c");
	sql_add(&sql, " on c.oid = part.oid");
	st = pg_run(s->pg, "look whether a relation was changed", &sql, &r);
	if (st == STATUS_OK && pg_true(r, 0, 0))
		*broken = "it was truncated or rewritten after the snapshot "
			  "was taken";
	else if (st == STATUS_OK && pg_true(r, 0, 1))
		*broken = "columns of it were renamed, dropped or replaced "
			  "after the snapshot was taken";
	return st;
}

json_t *
side_error(const struct side *s, status class)
{
	json_t *error = json_object();
	const struct pg_error *e = s->pg == NULL ? NULL : pg_last_error(s->pg);

	if (e != NULL && e->class != STATUS_OK) {
		record_set_text(error, "message", e->message);
		if (e->sqlstate[0] != '\0')
			record_set_text(error, "sqlstate", e->sqlstate);
		if (e->hint != NULL)
			record_set_text(error, "hint", e->hint);
	} else if (s->pg == NULL) {
		char *text CLEANUP_FREE =
		    mem_printf("could not connect to the %s", role(s));

		record_set_text(error, "message", text);
	} else {
		record_set_text(error, "message", "it cannot be checked");
	}
	record_set_int(error, "class", class);
	return error;
}
