/* SPDX-License-Identifier: PostgreSQL */
/*
 * pgcall CONNINFO VERB ARGUMENTS [VERB ARGUMENTS]...: what lib/pg does, from
 * the command line, one thing after the other on one connection.
 *
 *	run SQL			rows, columns between tabs, null as \N
 *	each SQL LIMIT		the same a row at a time, refusing after LIMIT
 *	out SQL MAX		COPY to stdout; what came goes to stderr
 *	some SQL MAX		only the first batch
 *	in SQL PIECE		COPY from stdin in pieces of PIECE bytes
 *	infail SQL PIECE	and in the end CopyFail
 *	table SCHEMA NAME	columns: name, type, binary or text, cast
 *	digest SCHEMA NAME	send and text, by the server and from COPY
 *	probe			may the server's hashes be compared?
 *	server			who it is
 *	quote TEXT		as a value, a parameter and an identifier
 *	error			the last error's fields
 *
 * Each verb's status goes to stderr; the worst is the exit status.
 * PGPIPE_TEST_PATIENCE is the time for connecting in ms, PGPIPE_TEST_LOCK
 * the lock timeout.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/signal.h"
#include "data/copyrows.h"
#include "pg/copy.h"
#include "pg/table.h"

static void
print_row(const struct pg_result *r, int row)
{
	int col;

	for (col = 0; col < pg_columns(r); col++) {
		const char *value = pg_value(r, row, col);

		printf("%s%s", col > 0 ? "\t" : "",
		    value == NULL ? "\\N" : value);
	}
	printf("\n");
}

static status
do_run(struct pg *pg, char **args)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql sql CLEANUP_SQL = SQL_INIT;
	status s;
	int row;

	sql_given(&sql, args[0]);
	s = pg_run(pg, "run it", &sql, &r);
	for (row = 0; s == STATUS_OK && row < pg_rows(r); row++) {
		print_row(r, row);
	}
	return s;
}

static status
take_each(void *arg, const struct pg_result *row)
{
	uint64_t *left = arg;

	if (*left == 0) {
		return STATUS_NO;
	}
	(*left)--;
	print_row(row, 0);
	return STATUS_OK;
}

static status
do_each(struct pg *pg, char **args)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	uint64_t limit = strtoull(args[1], NULL, 10);

	sql_given(&sql, args[0]);
	return pg_each(pg, "run it", &sql, take_each, &limit);
}

static void
check_batch(const struct pg_copy_batch *b)
{
	size_t i, last = 0;

	for (i = 0; i < b->count; i++) {
		if (b->ends[i] < last || b->ends[i] > b->size) {
			BUG("row %zu ends at %zu", i, b->ends[i]);
		}
		last = b->ends[i];
	}
	if (last != b->size) {
		BUG("%zu bytes, rows end at %zu", b->size, last);
	}
}

static status
copy_out(struct pg *pg, char **args, bool whole)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_copy_batch b = {0};
	size_t rows = 0, batches = 0, largest = 0;
	struct pg_copy *c;
	struct rusage usage;
	status s;

	sql_given(&sql, args[0]);
	s = pg_copy_out(pg, "copy it", &sql, &c);
	if (s != STATUS_OK) {
		return s;
	}
	do {
		s = pg_copy_next(c, strtoull(args[1], NULL, 10), &b);
		if (s == STATUS_OK && b.count > 0) {
			check_batch(&b);
			rows += b.count;
			batches++;
			largest = b.size > largest ? b.size : largest;
			s = io_out_write(b.bytes, b.size);
		}
	} while (s == STATUS_OK && b.count > 0 && whole);
	(void)getrusage(RUSAGE_SELF, &usage);
	if (s == STATUS_OK) {
		(void)fprintf(stderr,
		    "tag %llu rows %zu batches %zu "
		    "largest %zu peak %ld kB\n",
		    (unsigned long long)pg_copy_rows(c), rows, batches, largest,
		    usage.ru_maxrss);
	}
	pg_copy_free(c);
	return s;
}

static status
do_out(struct pg *pg, char **args)
{
	return copy_out(pg, args, true);
}

static status
do_some(struct pg *pg, char **args)
{
	return copy_out(pg, args, false);
}

static status
copy_in(struct pg *pg, char **args, const char *fail)
{
	size_t piece = strtoull(args[1], NULL, 10);
	char *bytes CLEANUP_FREE = mem_alloc(piece + 1);
	struct sql sql CLEANUP_SQL = SQL_INIT;
	uint64_t rows, total = 0;
	size_t got = 0;
	status s, end;

	sql_given(&sql, args[0]);
	s = pg_copy_in(pg, "load it", &sql);
	if (s != STATUS_OK) {
		return s;
	}
	do {
		s = io_read(0, bytes, piece, &got, "standard input");
		if (s == STATUS_OK && got > 0) {
			s = pg_copy_put(pg, bytes, got);
			total += got;
		}
	} while (s == STATUS_OK && got > 0);
	end = pg_copy_in_end(pg, fail, &rows);
	(void)fprintf(stderr, "put %llu rows %llu\n", (unsigned long long)total,
	    (unsigned long long)rows);
	if (fail == NULL && s != STATUS_OK && end != s) {
		BUG("put said %d, end said %d", (int)s, (int)end);
	}
	return s != STATUS_OK ? s : end;
}

static status
do_in(struct pg *pg, char **args)
{
	return copy_in(pg, args, NULL);
}

static status
do_infail(struct pg *pg, char **args)
{
	return copy_in(pg, args, "changed my mind");
}

static status
do_table(struct pg *pg, char **args)
{
	struct pg_table t;
	status s = pg_table_load(pg, args[0], args[1], &t);
	size_t i;

	if (s != STATUS_OK) {
		return s;
	}
	printf("%s kind %c%s%s%s%s%s%s%s\n", args[1], t.exists ? t.kind : '-',
	    t.has_subclass ? " subclass" : "",
	    t.is_partition ? " partition" : "", t.row_security ? " policy" : "",
	    t.hypertable ? " hypertable" : "",
	    t.hypertable_chunk ? " chunk" : "",
	    t.oid != 0 && t.filenode != 0 ? " stored" : "",
	    pg_table_binary(&t) ? " binary" : "");
	for (i = 0; i < t.ncolumns; i++) {
		const struct pg_column *c = &t.columns[i];

		printf("%s\t%s\t%s\t%s\t%s%s%s%s%s%c\n", c->name, c->type_name,
		    c->typmod_text, c->binary ? "binary" : "text",
		    c->canonical == NULL ? "-" : c->canonical,
		    c->generated ? " generated" : "",
		    c->not_null ? " notnull" : "",
		    c->has_default ? " default" : "",
		    c->identity ? " identity " : "",
		    c->identity ? c->identity : ' ');
	}
	pg_table_free(&t);
	return STATUS_OK;
}

static status
feed_digest(void *arg, const void *row, size_t n)
{
	return digest_rows_take(arg, row, n);
}

/* The digest that is taken from the rows as they pass. */
static status
digest_stream(struct pg *pg, const struct pg_table *t, enum digest_kind kind,
    struct digest *out)
{
	enum copy_format format = kind == DIGEST_SEND ? COPY_BINARY : COPY_TEXT;
	json_t *json CLEANUP(record_cleanup) = pg_table_columns_json(t);
	struct digest_column *columns CLEANUP_FREE = NULL;
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_copy_batch b = {0};
	struct digest_rows *d;
	struct copyrows *rows;
	struct pg_copy *c;
	uint64_t count;
	size_t n;
	status s = pg_table_digest_columns(json, &columns, &n);

	if (s != STATUS_OK) {
		return s;
	}
	sql_add(&sql, "copy ");
	sql_name(&sql, t->schema, t->name);
	if (n > 0) {
		sql_add(&sql, " (");
		pg_table_copy_list(t, &sql);
		sql_add(&sql, ")");
	}
	if (kind == DIGEST_SEND) {
		sql_add(&sql, " to stdout (format binary)");
	} else {
		sql_add(&sql, " to stdout");
	}
	s = pg_copy_out(pg, "read it", &sql, &c);
	if (s != STATUS_OK) {
		return s;
	}
	d = digest_rows_new(format, columns, n);
	rows = copyrows_new(format, feed_digest, d);
	do {
		s = pg_copy_next(c, 1024 * 1024, &b);
		if (s == STATUS_OK && b.count > 0) {
			s = copyrows_feed(rows, b.bytes, b.size);
		}
	} while (s == STATUS_OK && b.count > 0);
	if (s == STATUS_OK) {
		s = copyrows_finish(rows, &count);
	}
	*out = *digest_rows_sum(d);
	copyrows_free(rows);
	digest_rows_free(d);
	pg_copy_free(c);
	return s;
}

static status
digest_server(struct pg *pg, const struct pg_table *t, enum digest_kind kind,
    struct digest *out)
{
	const char **names CLEANUP_FREE =
	    mem_resize(NULL, t->ncolumns + 1, sizeof(*names));
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql sql CLEANUP_SQL = SQL_INIT;
	size_t i, n = 0;
	status s;

	for (i = 0; i < t->ncolumns; i++) {
		if (!t->columns[i].generated) {
			names[n++] = t->columns[i].name;
		}
	}
	sql_add(&sql, "select pg_catalog.count(*), pg_catalog.sum(");
	s = pg_table_digest_expr(t, kind, names, n, &sql);
	sql_add(&sql, ") from only ");
	sql_name(&sql, t->schema, t->name);
	if (s == STATUS_OK) {
		s = pg_run(pg, "compute it", &sql, &r);
	}
	if (s == STATUS_OK &&
	    !digest_from_sql(kind, pg_value(r, 0, 0), pg_value(r, 0, 1), out)) {
		BUG("no digest");
	}
	return s;
}

static status
compare_digests(struct pg *pg, const struct pg_table *t, enum digest_kind kind)
{
	char one[DIGEST_SHOWN], two[DIGEST_SHOWN];
	struct digest server, stream;
	status s = digest_server(pg, t, kind, &server);

	if (s == STATUS_OK) {
		s = digest_stream(pg, t, kind, &stream);
	}
	if (s == STATUS_OK) {
		digest_show(&server, one);
		digest_show(&stream, two);
		printf("%s %s\n", one, two);
		s = digest_eq(&server, &stream) ? STATUS_OK : STATUS_NO;
	}
	return s;
}

static status
do_digest(struct pg *pg, char **args)
{
	struct pg_table t;
	status s = pg_table_load(pg, args[0], args[1], &t);

	if (s != STATUS_OK) {
		return s;
	}
	if (pg_table_binary(&t)) {
		s = compare_digests(pg, &t, DIGEST_SEND);
	}
	if (s == STATUS_OK) {
		s = compare_digests(pg, &t, DIGEST_TEXT);
	}
	pg_table_free(&t);
	return s;
}

static status
do_quote(struct pg *pg, char **args)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql sql CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&sql, "select");
	sql_value(&sql, args[0]);
	sql_add(&sql, "::pg_catalog.text, ");
	sql_param(&sql, args[0]);
	sql_add(&sql, "::pg_catalog.text, ");
	sql_param(&sql, NULL);
	sql_add(&sql, "::pg_catalog.text, ");
	sql_value(&sql, NULL);
	sql_add(&sql, ", 1 -");
	sql_int(&sql, INT64_MIN + 2);
	sql_add(&sql, " as ");
	sql_ident(&sql, args[0]);
	s = pg_run(pg, "quote it", &sql, &r);
	if (s == STATUS_OK) {
		print_row(r, 0);
		printf("%s\n", pg_column_name(r, 4));
	}
	return s;
}

static status
do_probe(struct pg *pg, char **args)
{
	bool good;
	status s = pg_digest_probe(pg, &good);

	(void)args;
	if (s == STATUS_OK) {
		printf("%s\n", good ? "same" : "other");
	}
	return s;
}

static status
do_server(struct pg *pg, char **args)
{
	const char *system = pg_system(pg);

	(void)args;
	printf("system %s timeline %u standby %d version %d %s %s %s\n",
	    system == NULL ? "?" : system, pg_timeline(pg), pg_standby(pg),
	    pg_version(pg), pg_where(pg), pg_database(pg), pg_user(pg));
	return STATUS_OK;
}

static status
do_error(struct pg *pg, char **args)
{
	const struct pg_error *e = pg_last_error(pg);

	(void)args;
	printf("state %s class %d broken %d\nmessage %s\ndetail %s\nhint %s\n"
	       "context %s\nconstraint %s schema %s table %s column %s\n",
	    e->sqlstate, (int)e->class, pg_broken(pg), e->message,
	    e->detail ? e->detail : "-", e->hint ? e->hint : "-",
	    e->context ? e->context : "-", e->constraint ? e->constraint : "-",
	    e->schema ? e->schema : "-", e->table ? e->table : "-",
	    e->column ? e->column : "-");
	return STATUS_OK;
}

static const struct {
	const char *name;
	status (*call)(struct pg *pg, char **args);
	int nargs;
} verbs[] = {{"run", do_run, 1}, {"each", do_each, 2}, {"out", do_out, 2},
    {"some", do_some, 2}, {"in", do_in, 2}, {"infail", do_infail, 2},
    {"table", do_table, 2}, {"digest", do_digest, 2}, {"probe", do_probe, 0},
    {"server", do_server, 0}, {"quote", do_quote, 1}, {"error", do_error, 0}};

/* The verb at *args, which then points behind its arguments. */
static status
call(struct pg *pg, char ***args)
{
	const char *name = *(*args)++;
	size_t i;
	int n;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (strcmp(verbs[i].name, name) == 0) {
			char **own = *args;

			for (n = 0; n < verbs[i].nargs; n++) {
				if (*(*args)++ == NULL) {
					BUG("\"%s\" wants more", name);
				}
			}
			return verbs[i].call(pg, own);
		}
	}
	BUG("no verb \"%s\"", name);
}

static uint64_t
number_from(const char *name)
{
	const char *text = getenv(name);

	return text == NULL ? 0 : strtoull(text, NULL, 10);
}

int
main(int argc, char **argv)
{
	struct pg_params params = {.role = "source",
	    .connect_timeout = number_from("PGPIPE_TEST_PATIENCE"),
	    .lock_timeout = number_from("PGPIPE_TEST_LOCK")};
	struct pg *pg CLEANUP(pg_cleanup) = NULL;
	status worst;

	io_init(true);
	log_init("pgcall");
	log_set_verbose(getenv("PGPIPE_TEST_VERBOSE") != NULL);
	signal_init();
	if (argc < 2) {
		BUG("no connection string");
	}
	params.database = argv[1];
	argv += 2;
	worst = pg_connect(&params, &pg);
	while (pg != NULL && *argv != NULL) {
		const char *name = *argv;
		status s = call(pg, &argv);

		(void)fflush(stdout);
		(void)fprintf(stderr, "%s: status %d\n", name, (int)s);
		worst = status_worse(worst, s);
	}
	pg_cleanup(&pg);
	return io_finish(worst);
}
