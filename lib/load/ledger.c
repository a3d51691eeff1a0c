/* SPDX-License-Identifier: PostgreSQL */
/*
 * Making the ledger's schema, and not trusting one that others made.
 */
#include "load/ledger.h"

#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/path.h"
#include "pg/sql.h"

#define SQL_FILE "/sql/ledger.sql"
#define SQL_FILE_MAX (256 * 1024)
#define SCHEMA_MARK ":\"schema\""

/* Every table of the file; each must be there and be owned well. */
#define TABLE_NAMES                                                 \
	"'format', 'run', 'chunk', 'sliced', 'failed', 'deferred'," \
	" 'attaching', 'unlogged'"
#define TABLES 8

status
ledger_sql(const char *schema, struct str *out)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	struct sql ident CLEANUP_SQL = SQL_INIT;
	char *file CLEANUP_FREE = mem_printf("%s" SQL_FILE, path_share());
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

/* Which of it is there, and whose it is. */
static status
look(struct pg *pg, const char *schema, struct failure *f,
    struct pg_result **out)
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
	sql_add(&q, " and c.relname in (" TABLE_NAMES "))");
	sql_add(&q, " as o (what, name, owner, kind)");
	sql_add(&q, " join pg_catalog.pg_roles as r on r.oid = o.owner");
	sql_add(&q, " order by o.what, o.name");
	return failure_run(f, pg, &q, out, "look for the ledger");
}

/* Refuse what strangers own; *complete says whether all tables are there. */
static status
judge(struct pg *pg, const char *schema, struct failure *f, bool *complete)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s = look(pg, schema, f, &r);
	int i;

	if (s != STATUS_OK)
		return s;
	*complete = pg_rows(r) == TABLES + 1;
	for (i = 0; i < pg_rows(r); i++) {
		if (pg_true(r, i, 3) && !pg_true(r, i, 4))
			return failure_set(f, STATUS_FAIL,
			    "cannot use the ledger in schema \"%s\": its "
			    "\"%s\" is no table",
			    schema, pg_value(r, i, 1));
		if (pg_true(r, i, 3))
			continue;
		s = failure_set(f, STATUS_FAIL,
		    "cannot trust the ledger in schema \"%s\": its %s \"%s\" "
		    "belongs to \"%s\"",
		    schema, pg_value(r, i, 0), pg_value(r, i, 1),
		    pg_value(r, i, 2));
		failure_hint(f,
		    "It must belong to the user who connects, to "
		    "the owner of the database or to a superuser; "
		    "--ledger-schema takes another schema.");
		return s;
	}
	return STATUS_OK;
}

static status
check_format(struct pg *pg, const char *schema, struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "select pg_catalog.max(format) from ");
	sql_name(&q, schema, "format");
	s = failure_run(f, pg, &q, &r, "read the ledger in schema \"%s\"",
	    schema);
	if (s != STATUS_OK)
		return s;
	if (pg_int(r, 0, 0) > LEDGER_FORMAT)
		return failure_set(f, STATUS_FAIL,
		    "the ledger in schema \"%s\" was made by a newer pgpipe",
		    schema);
	return STATUS_OK;
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

static status
run_file(struct pg *pg, const char *schema, const char *text, struct failure *f)
{
	struct str statement CLEANUP(str_free) = STR_INIT;
	struct sql lock CLEANUP_SQL = SQL_INIT;
	status s;

	/* "if not exists" alone does not stand two creators at once. */
	sql_add(&lock, "select pg_catalog.pg_advisory_xact_lock(");
	sql_add(&lock, "pg_catalog.hashtextextended('pgpipe ledger ' || ");
	sql_param(&lock, schema);
	sql_add(&lock, "::text, 0))");
	s = failure_run(f, pg, &lock, NULL, "lock the ledger's name");
	while (s == STATUS_OK && next_statement(&text, &statement)) {
		struct sql q CLEANUP_SQL = SQL_INIT;

		sql_given(&q, str_text(&statement));
		s = failure_run(f, pg, &q, NULL,
		    "make the ledger in schema \"%s\"", schema);
	}
	return s;
}

static status
create(struct pg *pg, const char *schema, struct failure *f)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	status s;

	if (ledger_sql(schema, &text) != STATUS_OK)
		return failure_set(f, STATUS_FAIL,
		    "the ledger's SQL could not be read");
	s = failure_do(f, pg, "begin read write", "make the ledger");
	if (s != STATUS_OK)
		return s;
	s = run_file(pg, schema, str_text(&text), f);
	if (s == STATUS_OK)
		return failure_do(f, pg, "commit", "make the ledger");
	if (strcmp(f->sqlstate, "42501") == 0)
		failure_hint(f,
		    "Let the owner of the database run "
		    "\"pgpipe init\", or do without with --no-ledger.");
	failure_roll_back(pg);
	return s;
}

status
ledger_open(struct pg *pg, const char *schema, struct failure *f)
{
	bool complete = false;
	status s = judge(pg, schema, f, &complete);

	if (s == STATUS_OK && !complete) {
		s = create(pg, schema, f);
		if (s == STATUS_OK)
			s = judge(pg, schema, f, &complete);
	}
	return s == STATUS_OK ? check_format(pg, schema, f) : s;
}

status
ledger_init(struct pg *pg, const char *schema)
{
	struct failure f CLEANUP(failure_clear) = {0};
	status s = ledger_open(pg, schema, &f);

	if (s != STATUS_OK)
		failure_report(&f);
	return s;
}

status
ledger_present(struct pg *pg, const char *schema, bool *present)
{
	struct failure f CLEANUP(failure_clear) = {0};
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s = look(pg, schema, &f, &r);

	if (s != STATUS_OK) {
		failure_report(&f);
		return s;
	}
	*present = pg_rows(r) == TABLES + 1;
	return STATUS_OK;
}
