/* SPDX-License-Identifier: PostgreSQL */
/*
 * Making a schema of ours, and not trusting one that others made.
 */
#include "pg/store.h"

#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "pg/sql.h"

#define SQL_FILE_MAX (256 * 1024)
#define SCHEMA_MARK ":\"schema\""

status
store_sql(const struct store *st, const char *schema, struct str *out)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	struct sql ident CLEANUP_SQL = SQL_INIT;
	char *file CLEANUP_FREE = mem_printf("%s%s", path_share(), st->file);
	const char *at, *mark;
	status s;

	s = path_read(file, SQL_FILE_MAX, &text);
	if (s != STATUS_OK)
		return s;
	sql_ident(&ident, schema);
	at = str_text(&text);
	while ((mark = strstr(at, SCHEMA_MARK)) != NULL) {
		str_addn(out, at, (size_t)(mark - at));
		str_add(out, str_text(&ident.text));
		at = mark + strlen(SCHEMA_MARK);
	}
	str_add(out, at);
	return STATUS_OK;
}

static int
count_tables(const struct store *st)
{
	int n = 0;

	while (st->tables[n] != NULL)
		n++;
	return n;
}

static void
add_tables(const struct store *st, struct sql *q)
{
	int i;

	for (i = 0; st->tables[i] != NULL; i++) {
		if (i > 0)
			sql_add(q, ", ");
		sql_value(q, st->tables[i]);
	}
}

/* Which of it is there, and whose it is. */
static status
look(const struct store *st, struct pg *pg, const char *schema,
    struct failure *f, struct pg_result **out)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "select o.what, o.name, r.rolname,");
	sql_add(&q, " r.rolsuper or r.rolname = current_user");
	sql_add(&q, " or r.oid = (select d.datdba");
	sql_add(&q, " from pg_catalog.pg_database as d");
	sql_add(&q, " where d.datname = pg_catalog.current_database()),");
	sql_add(&q, " o.kind = 'r' from (");
	sql_add(&q, "select 'schema', n.nspname, n.nspowner, 'r'");
	sql_add(&q, " from pg_catalog.pg_namespace as n");
	sql_add(&q, " where n.nspname = ");
	sql_param(&q, schema);
	sql_add(&q, " union all select 'table', c.relname, c.relowner,");
	sql_add(&q, " c.relkind::text");
	sql_add(&q, " from pg_catalog.pg_class as c");
	sql_add(&q, " join pg_catalog.pg_namespace as n");
	sql_add(&q, " on n.oid = c.relnamespace");
	sql_add(&q, " where n.nspname = ");
	sql_param(&q, schema);
	sql_add(&q, " and c.relname in (");
	add_tables(st, &q);
	sql_add(&q, ")) as o (what, name, owner, kind)");
	sql_add(&q, " join pg_catalog.pg_roles as r on r.oid = o.owner");
	sql_add(&q, " order by o.what, o.name");
	return failure_run(f, pg, &q, out, "look for the %s", st->what);
}

/* Refuse what strangers own; *complete says whether all tables are there. */
static status
judge(const struct store *st, struct pg *pg, const char *schema,
    struct failure *f, bool *complete)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s = look(st, pg, schema, f, &r);
	int i;

	if (s != STATUS_OK)
		return s;
	*complete = pg_rows(r) == count_tables(st) + 1;
	for (i = 0; i < pg_rows(r); i++) {
		if (pg_true(r, i, 3) && !pg_true(r, i, 4))
			return failure_set(f, STATUS_FAIL,
			    "cannot use the %s in schema \"%s\": its "
			    "\"%s\" is no table",
			    st->what, schema, pg_value(r, i, 1));
		if (pg_true(r, i, 3))
			continue;
		s = failure_set(f, STATUS_FAIL,
		    "cannot trust the %s in schema \"%s\": its %s \"%s\" "
		    "belongs to \"%s\"",
		    st->what, schema, pg_value(r, i, 0), pg_value(r, i, 1),
		    pg_value(r, i, 2));
		failure_hint(f,
		    "It must belong to the user who connects, to "
		    "the owner of the database or to a superuser; "
		    "--ledger-schema takes another schema.");
		return s;
	}
	return STATUS_OK;
}

/* *current: it is what our file makes. */
static status
check_format(const struct store *st, struct pg *pg, const char *schema,
    bool *current, struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "select pg_catalog.max(format) from ");
	sql_name(&q, schema, st->format_table);
	s = failure_run(f, pg, &q, &r, "read the %s in schema \"%s\"", st->what,
	    schema);
	if (s != STATUS_OK)
		return s;
	if (pg_int(r, 0, 0) > st->format)
		return failure_set(f, STATUS_FAIL,
		    "the %s in schema \"%s\" was made by a newer pgpipe",
		    st->what, schema);
	*current = pg_int(r, 0, 0) == st->format;
	return STATUS_OK;
}

/* Is there nothing to make, and nothing to add? */
static status
judge_all(const struct store *st, struct pg *pg, const char *schema,
    bool *current, struct failure *f)
{
	bool complete = false;
	status s = judge(st, pg, schema, f, &complete);

	*current = false;
	return s == STATUS_OK && complete
	    ? check_format(st, pg, schema, current, f)
	    : s;
}

/* The next statement of text, which ends with ";\n"; false at the end. */
static bool
next_statement(const char **text, struct str *out)
{
	const char *end = strstr(*text, ";\n");

	if (end == NULL)
		return false;
	str_clear(out);
	str_addn(out, *text, (size_t)(end - *text));
	*text = end + 2;
	return true;
}

/* "if not exists" alone does not stand two creators at once, and the schema
 * is the same for all that is ours. */
static status
lock_name(const struct store *st, struct pg *pg, const char *schema,
    struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "select pg_catalog.pg_advisory_xact_lock(");
	sql_add(&q, "pg_catalog.hashtextextended('pgpipe ledger ' || ");
	sql_param(&q, schema);
	sql_add(&q, "::text, 0))");
	return failure_run(f, pg, &q, NULL, "lock the name of the %s",
	    st->what);
}

static status
run_file(const struct store *st, struct pg *pg, const char *schema,
    const char *text, struct failure *f)
{
	struct str statement CLEANUP(str_free) = STR_INIT;
	status s = STATUS_OK;

	while (s == STATUS_OK && next_statement(&text, &statement)) {
		struct sql q CLEANUP_SQL = SQL_INIT;

		sql_given(&q, str_text(&statement));
		s = failure_run(f, pg, &q, NULL, "make the %s in schema \"%s\"",
		    st->what, schema);
	}
	return s;
}

/* Where somebody else was first, its statements would wait for those who
 * use what he has made, and they for us. */
static status
make_once(const struct store *st, struct pg *pg, const char *schema,
    const char *text, struct failure *f)
{
	bool current = false;
	status s = lock_name(st, pg, schema, f);

	if (s == STATUS_OK)
		s = judge_all(st, pg, schema, &current, f);
	return s == STATUS_OK && !current ? run_file(st, pg, schema, text, f)
					  : s;
}

static status
create(const struct store *st, struct pg *pg, const char *schema,
    struct failure *f)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	status s;

	if (store_sql(st, schema, &text) != STATUS_OK)
		return failure_set(f, STATUS_FAIL,
		    "the SQL of the %s could not be read", st->what);
	s = failure_do(f, pg, "begin read write", "make the %s", st->what);
	if (s != STATUS_OK)
		return s;
	s = make_once(st, pg, schema, str_text(&text), f);
	if (s == STATUS_OK)
		return failure_do(f, pg, "commit", "make the %s", st->what);
	if (strcmp(f->sqlstate, "42501") == 0 && st->denied != NULL)
		failure_hint(f, "%s", st->denied);
	failure_roll_back(pg);
	return s;
}

status
store_look(const struct store *st, struct pg *pg, const char *schema,
    bool *present, struct failure *f)
{
	bool current;
	status s = judge(st, pg, schema, f, present);

	return s == STATUS_OK && *present
	    ? check_format(st, pg, schema, &current, f)
	    : s;
}

status
store_open(const struct store *st, struct pg *pg, const char *schema,
    struct failure *f)
{
	bool current = false;
	status s = judge_all(st, pg, schema, &current, f);

	if (s == STATUS_OK && !current) {
		s = create(st, pg, schema, f);
		if (s == STATUS_OK)
			s = judge_all(st, pg, schema, &current, f);
	}
	return s;
}
