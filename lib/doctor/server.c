/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a server is, and what the user may do there.
 */
#include "doctor/doctor.h"

#include <stdint.h>

#include "pg/conn.h"
#include "pg/sql.h"

#define OLDEST_SERVER 130000
#define NEWEST_SERVER 190000 /* not yet */

/* Fixed text that gives rows. */
#define ask(pg, doing, out, literal) ask_text(pg, doing, out, "" literal "")

static status
ask_text(struct pg *pg, const char *doing, struct pg_result **out,
    const char *text)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;

	sql_add_literal(&sql, text);
	return pg_run(pg, doing, &sql, out);
}

static void
version(struct doctor *d, const struct pg *pg)
{
	int v = pg_version(pg);

	if (v < OLDEST_SERVER)
		doctor_say(d, LACKS, "server",
		    "%d.%d is too old, pgpipe "
		    "knows 13 to 18",
		    v / 10000, v % 10000);
	else
		doctor_say(d, FOUND, "server", "%d.%d%s  %s", v / 10000,
		    v % 10000,
		    v >= NEWEST_SERVER ? ", newer than pgpipe knows," : "",
		    pg_where(pg));
}

static void
lacks_answer(struct doctor *d, const char *what)
{
	doctor_say(d, LACKS, what, "the server did not answer");
}

static void
identity(struct doctor *d, struct pg *pg)
{
	const char *system = pg_system(pg);

	doctor_say(d, FOUND, "system", "%s, timeline %u, %s",
	    system != NULL ? system : "identifier hidden", pg_timeline(pg),
	    pg_standby(pg) ? "a standby (can be a source only)" : "a primary");
}

static void
role(struct doctor *d, struct pg *pg)
{
	struct pg_result *r CLEANUP_RESULT = NULL;

	if (ask(pg, "ask for the role", &r,
		"select r.rolsuper, r.rolbypassrls"
		" from pg_catalog.pg_roles r"
		" where r.rolname = current_user") != STATUS_OK ||
	    pg_rows(r) != 1) {
		lacks_answer(d, "role");
		return;
	}
	doctor_say(d, FOUND, "role", "%s%s%s", pg_user(pg),
	    pg_true(r, 0, 0) ? ", superuser" : ", no superuser",
	    pg_true(r, 0, 1) ? ", past row security" : "");
}

static void
timescale(struct doctor *d, struct pg *pg)
{
	struct pg_result *r CLEANUP_RESULT = NULL;

	if (ask(pg, "ask for extensions", &r,
		"select e.extversion"
		" from pg_catalog.pg_extension e"
		" where e.extname = 'timescaledb'") != STATUS_OK) {
		lacks_answer(d, "timescaledb");
		return;
	}
	if (pg_rows(r) == 0)
		doctor_say(d, FOUND, "timescaledb", "not in this database");
	else
		doctor_say(d, FOUND, "timescaledb",
		    "%s; hypertables are "
		    "refused by name",
		    pg_value(r, 0, 0));
}

static void
rights(struct doctor *d, struct pg *pg)
{
	struct pg_result *r CLEANUP_RESULT = NULL;

	if (ask(pg, "ask for rights", &r,
		"select pg_catalog.count(*),"
		" pg_catalog.count(*) filter (where"
		"  pg_catalog.has_table_privilege(c.oid, 'select')),"
		" pg_catalog.count(*) filter (where"
		"  pg_catalog.has_table_privilege(c.oid, 'insert')),"
		" pg_catalog.count(*) filter (where"
		"  pg_catalog.has_table_privilege(c.oid, 'truncate')),"
		" pg_catalog.has_database_privilege("
		"  pg_catalog.current_database(), 'create')"
		" from pg_catalog.pg_class c"
		" join pg_catalog.pg_namespace n on n.oid = c.relnamespace"
		" where c.relkind in ('r', 'p')"
		" and c.relpersistence <> 't'"
		" and n.nspname <> 'information_schema'"
		" and n.nspname !~ '^pg_'") != STATUS_OK) {
		lacks_answer(d, "rights");
		return;
	}
	doctor_say(d, FOUND, "rights",
	    "%lld table%s: read %lld, "
	    "insert into %lld, truncate %lld; %s create schemas",
	    (long long)pg_int(r, 0, 0), pg_int(r, 0, 0) == 1 ? "" : "s",
	    (long long)pg_int(r, 0, 1), (long long)pg_int(r, 0, 2),
	    (long long)pg_int(r, 0, 3), pg_true(r, 0, 4) ? "may" : "may not");
}

void
doctor_server(struct doctor *d, const struct pg_params *params,
    doctor_server_fn more, const char *arg)
{
	struct pg *pg CLEANUP(pg_cleanup) = NULL;

	if (pg_connect(params, &pg) != STATUS_OK) {
		doctor_say(d, LACKS, "connection",
		    "see the message; check "
		    "the connection string, PGHOST and its like, ~/.pgpass");
		return;
	}
	version(d, pg);
	identity(d, pg);
	role(d, pg);
	timescale(d, pg);
	if (more != NULL)
		more(d, pg, arg);
	rights(d, pg);
}
