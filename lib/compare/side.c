/* SPDX-License-Identifier: PostgreSQL */
/*
 * A server's digest of some rows: two numbers, computed where the rows are.
 */
#include "compare/side.h"

#include "base/log.h"
#include "base/mem.h"
#include "data/copyrows.h"
#include "pg/copy.h"

#define READ_SIZE ((size_t)1024 * 1024)
/* A server that went away: how long to wait for its return. */
#define AGAIN_MS 20000

static const char *
role(const struct side *s)
{
	return s->server->params.role == NULL ? "server" :
						s->server->params.role;
}

static void
tell_no_hashes(const struct side *s)
{
	if (atomic_exchange(&s->server->told, true))
		return;
	log_warning("the %s cannot give hashes that compare with those of "
		    "other servers: rows are read instead", role(s));
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
	s->table = (struct pg_table){0};
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

static status
refuse_hypertable(const struct pg_table *t)
{
	struct str name = STR_INIT;

	sql_show_name(&name, t->schema, t->name);
	log_error("cannot check %s: it is %s of TimescaleDB", str_text(&name),
	    t->hypertable ? "a hypertable" : "a chunk of a hypertable");
	str_free(&name);
	return STATUS_FAIL;
}

status
side_table(struct side *s, const char *schema, const char *name,
    const struct pg_table **out)
{
	status st;

	*out = &s->table;
	if (s->table.exists && str_eq(s->table.schema, schema) &&
	    str_eq(s->table.name, name))
		return STATUS_OK;
	pg_table_free(&s->table);
	s->table = (struct pg_table){0};
	st = pg_table_load(s->pg, schema, name, &s->table);
	if (st == STATUS_OK &&
	    (s->table.hypertable || s->table.hypertable_chunk)) {
		st = refuse_hypertable(&s->table);
		s->table.exists = false; /* to be asked for again */
	}
	return st;
}

/* An array as text, of names or of numbers. */
static void
add_name_array(struct str *out, const struct shape *shape)
{
	const char *p;
	size_t i;

	str_addc(out, '{');
	for (i = 0; i < shape->n; i++) {
		str_add(out, i > 0 ? ",\"" : "\"");
		for (p = shape->names[i]; *p != '\0'; p++) {
			if (*p == '"' || *p == '\\')
				str_addc(out, '\\');
			str_addc(out, *p);
		}
		str_addc(out, '"');
	}
	str_addc(out, '}');
}

static void
add_oid_array(struct str *out, const struct shape *shape)
{
	size_t i;

	str_addc(out, '{');
	for (i = 0; i < shape->n; i++)
		str_addf(out, i > 0 ? ",%lu" : "%lu",
		    (unsigned long)shape->columns[i].digest);
	str_addc(out, '}');
}

/* The canonical type of column a: what pg_table_load works out, for all but
 * domains over domains and the like, which then just are not alike. */
static void
add_canonical(struct sql *sql)
{
	sql_add(sql, "case when t.typtype = 'e'");
	sql_add(sql, " then 'pg_catalog.text'::pg_catalog.regtype::oid");
	sql_add(sql, " when t.typtype = 'd' then t.typbasetype");
	sql_add(sql, " when e.typtype = 'e'");
	sql_add(sql, " then 'pg_catalog.text[]'::pg_catalog.regtype::oid");
	sql_add(sql, " when e.typtype = 'd'");
	sql_add(sql, " then (select b.typarray from pg_catalog.pg_type b");
	sql_add(sql, " where b.oid = e.typbasetype)");
	sql_add(sql, " else t.oid end");
}

static void
like_query(const char *schema, const char *name, const struct shape *shape,
    enum digest_kind kind, struct sql *sql)
{
	struct str names = STR_INIT, oids = STR_INIT;

	add_name_array(&names, shape);
	add_oid_array(&oids, shape);
	sql_add(sql, "select c.relkind, (select pg_catalog.count(*)");
	sql_add(sql, " from pg_catalog.pg_attribute a");
	sql_add(sql, " join rows from (pg_catalog.unnest(");
	sql_param(sql, str_text(&names));
	sql_add(sql, "::pg_catalog.text[]), pg_catalog.unnest(");
	sql_param(sql, str_text(&oids));
	sql_add(sql, "::pg_catalog.oid[])) as w(n, t) on a.attname = w.n");
	sql_add(sql, " join pg_catalog.pg_type t on t.oid = a.atttypid");
	sql_add(sql, " left join pg_catalog.pg_type e");
	sql_add(sql, " on e.oid = t.typelem and e.typarray = t.oid");
	sql_add(sql, " where a.attrelid = c.oid and a.attnum > 0");
	sql_add(sql, " and not a.attisdropped");
	if (kind == DIGEST_SEND) {
		sql_add(sql, " and w.t = ");
		add_canonical(sql);
	}
	sql_add(sql, ") from pg_catalog.pg_class c");
	sql_add(sql, " join pg_catalog.pg_namespace n");
	sql_add(sql, " on n.oid = c.relnamespace");
	sql_add(sql, " where n.nspname = ");
	sql_param(sql, schema);
	sql_add(sql, "::pg_catalog.text and c.relname = ");
	sql_param(sql, name);
	sql_add(sql, "::pg_catalog.text");
	str_free(&names);
	str_free(&oids);
}

status
side_like(struct side *s, const char *schema, const char *name,
    const struct shape *shape, enum digest_kind kind,
    enum side_likeness *out, char *relkind)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status st;

	*out = SIDE_OTHER;
	if (!s->hashes || s->timescale ||
	    (kind == DIGEST_SEND && !shape_castable(shape)))
		return STATUS_OK;
	like_query(schema, name, shape, kind, &sql);
	st = pg_run(s->pg, "look at a relation's columns", &sql, &r);
	if (st != STATUS_OK)
		return st;
	if (pg_rows(r) == 0) {
		*out = SIDE_MISSING;
		return STATUS_OK;
	}
	*relkind = pg_value(r, 0, 0)[0];
	if ((*relkind == 'r' || *relkind == 'p') &&
	    (uint64_t)pg_int(r, 0, 1) == shape->n)
		*out = SIDE_SAME;
	return STATUS_OK;
}

void
side_from(const struct rowset *rows, struct sql *out)
{
	sql_add(out, " from ");
	if (rows->table->kind == 'r')
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
