/* SPDX-License-Identifier: PostgreSQL */
/*
 * The questions that come before a listing.
 */
#include "chunk/survey.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "pg/copy.h"

#define NAMED_MAX 100 /* tables that one fault is told of, one by one */

/* The columns of share/sql/chunks-matches.sql. */
enum { MATCH_ORD, MATCH_TABLES, MATCH_SCHEMA, MATCH_NAME, MATCH_WHAT };

/* A pattern that matches no table: what else it matches, in a second look. */
static status
report_unmatched(const struct pattern *p, const struct pg_result *r, int row,
    const struct request *request)
{
	const char *wanted = request->caggs ? "continuous aggregate" : "table";
	struct str name CLEANUP(str_free) = STR_INIT;
	const char *what = pg_value(r, row, MATCH_WHAT);

	if (what == NULL && request->if_exists) {
		log_info("pattern \"%s\" matches no %s", p->text, wanted);
		return STATUS_OK;
	}
	log_error("pattern \"%s\" matches no %s", p->text, wanted);
	if (what != NULL) {
		sql_show_name(&name, pg_value(r, row, MATCH_SCHEMA),
		    pg_value(r, row, MATCH_NAME));
		log_detail("%s is %s.", str_text(&name), what);
		if (request->caggs && str_eq(what, "a hypertable"))
			log_hint("--cascade-up lists the continuous aggregates "
				 "that are made from it");
	}
	return STATUS_USAGE;
}

static status
match(struct pg *pg, const struct statement *st, bool everything,
    struct pg_result **out)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;

	statement_matches(st, everything, &sql);
	return pg_run(pg, "look up the patterns", &sql, out);
}

status
survey_patterns(struct pg *pg, const struct statement *st)
{
	struct pg_result *tables CLEANUP_RESULT = NULL;
	struct pg_result *all CLEANUP_RESULT = NULL;
	status worst = STATUS_OK, s;

	if (st->patterns->count == 0)
		return STATUS_OK;
	s = match(pg, st, false, &tables);
	for (int row = 0; s == STATUS_OK && row < pg_rows(tables); row++) {
		size_t ord = (size_t)pg_int(tables, row, MATCH_ORD);

		if (pg_int(tables, row, MATCH_TABLES) > 0)
			continue;
		if (all == NULL)
			s = match(pg, st, true, &all);
		if (s == STATUS_OK)
			worst = status_worse(worst,
			    report_unmatched(&st->patterns->items[ord], all,
				row, st->request));
	}
	return status_worse(s, worst);
}

/* The columns of share/sql/chunks-apart.sql. */
enum { APART_WHAT, APART_HINT };

/* Data that is asked for and stays out: said, so that nobody thinks it came. */
static status
survey_apart(struct pg *pg, const struct statement *st)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s;

	statement_apart(st, &sql);
	s = pg_run(pg, "look up what stays out", &sql, &r);
	if (s != STATUS_OK)
		return s;
	for (int row = 0; row < pg_rows(r); row++) {
		log_warning("left out: %s", pg_value(r, row, APART_WHAT));
		log_hint("%s", pg_value(r, row, APART_HINT));
	}
	return STATUS_OK;
}

/* A source that no table goes to is not asked. */
static status
survey_shares(struct pg *pg, const struct statement *st,
    struct sources *sources)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s;

	statement_shares(st, &sql);
	s = pg_run(pg, "look up tables", &sql, &r);
	if (s != STATUS_OK)
		return s;
	for (size_t i = 0; i < sources->count; i++) {
		bool share = false;

		for (int row = 0; row < pg_rows(r); row++)
			share = share || pg_int(r, row, 0) == (int64_t)i;
		if (!share)
			sources->items[i].idle = true;
	}
	return s;
}

status
survey_tables(struct pg *pg, const struct statement *st,
    struct sources *sources)
{
	status s = survey_apart(pg, st);

	return s == STATUS_OK ? survey_shares(pg, st, sources) : s;
}

/* Does COPY of the table give any row?  Queries need not show them:
 * TimescaleDB knows that there are none. */
static status
find_rows(struct pg *pg, const char *schema, const char *table,
    const char *doing, bool *found)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_copy *copy = NULL;
	struct pg_copy_batch batch = {.count = 0};
	status s;

	sql_add(&sql, "copy ");
	sql_name(&sql, schema, table);
	sql_add(&sql, " to stdout");
	s = pg_copy_out(pg, doing, &sql, &copy);
	if (s == STATUS_OK)
		s = pg_copy_next(copy, 1, &batch);
	pg_copy_free(copy);
	*found = batch.count > 0;
	return s;
}

/* A hypertable's own table should hold no rows. */
static status
survey_root(struct pg *pg, const char *schema, const char *table, status *flaw)
{
	struct str name CLEANUP(str_free) = STR_INIT;
	char *doing CLEANUP_FREE = NULL;
	bool found = false;
	status s = pg_do(pg, "set a savepoint", "savepoint pgpipe_root");

	if (s != STATUS_OK)
		return s;
	sql_show_name(&name, schema, table);
	doing = mem_printf("see whether %s itself holds rows", str_text(&name));
	s = find_rows(pg, schema, table, doing, &found);
	if (pg_broken(pg))
		return s;
	if (found) {
		log_error("%s holds rows that are in none of its chunks",
		    str_text(&name));
		log_detail("\"copy %s to stdout\" shows them, other statements "
			   "may not.",
		    str_text(&name));
		log_hint("put them into chunks first, or leave the table out "
			 "with -x");
		s = STATUS_FAIL;
	}
	*flaw = status_worse(*flaw, s);
	return pg_do(pg, "go back to a savepoint",
	    "rollback to savepoint pgpipe_root");
}

status
survey_roots(struct pg *pg, const struct statement *st, status *flaw)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s;

	statement_roots(st, &sql);
	s = pg_run(pg, "look up hypertables", &sql, &r);
	for (int row = 0; s == STATUS_OK && row < pg_rows(r); row++)
		s = survey_root(pg, pg_value(r, row, 0), pg_value(r, row, 1),
		    flaw);
	return s;
}

static bool
has_extension(const struct pg_result *r, const char *name)
{
	for (int row = 0; row < pg_rows(r); row++)
		if (str_eq(pg_value(r, row, 0), name))
			return true;
	return false;
}

/* Ask for a source's tables, and go back to before that. */
static status
probe(struct pg *pg, struct source *source, status *flaw)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	status s = pg_do(pg, "set a savepoint", "savepoint pgpipe_probe");

	if (s != STATUS_OK)
		return s;
	statement_probe(source, &sql);
	s = pg_run(pg, NULL, &sql, NULL);
	if (s != STATUS_OK && pg_broken(pg)) {
		pg_report(pg, "ask a chunk source for its tables");
		return s;
	}
	if (s != STATUS_OK) {
		log_error("chunk source \"%s\" cannot be used: %s",
		    source->name, pg_last_error(pg)->message);
		log_detail("This is about \"for:\" in the file \"%s\".",
		    source->file);
		source->idle = true;
		*flaw = status_worse(*flaw, s);
	}
	return pg_do(pg, "go back to a savepoint",
	    "rollback to savepoint pgpipe_probe");
}

status
survey_sources(struct pg *pg, struct sources *sources, status *flaw)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s;

	sql_add(&sql, "select e.extname from pg_catalog.pg_extension e");
	s = pg_run(pg, "look up extensions", &sql, &r);
	for (size_t i = 0; i < sources->count && s == STATUS_OK; i++) {
		struct source *source = &sources->items[i];

		if (source->extension != NULL &&
		    !has_extension(r, source->extension))
			source->idle = true;
		else if (!source->ours)
			s = probe(pg, source, flaw);
	}
	return s;
}

/* The columns of share/sql/chunks-keys.sql. */
enum {
	KEYS_SCHEMA,
	KEYS_TABLE,
	KEYS_WANTED,
	KEYS_COLUMN,
	KEYS_TYPE,
	KEYS_COLLATION,
	KEYS_TIMED,
	KEYS_RELID
};

struct keys_survey {
	struct bounds *bounds;
	uint64_t faults;
	bool typed; /* the second time: the types are known */
};

/* One more fault; is it among those that are told one by one? */
static bool
tell(struct keys_survey *k)
{
	return ++k->faults <= NAMED_MAX;
}

static void
tell_no_column(struct keys_survey *k, const char *table, const char *wanted)
{
	if (!tell(k))
		return;
	if (wanted == NULL) {
		log_error("%s has no range partition key for --from and "
			  "--until",
		    table);
		log_hint("name a column with --time-column");
	} else
		log_error("%s has no column \"%s\" for --from and --until",
		    table, wanted);
}

static void
tell_unfit(struct keys_survey *k, const struct bounds_type *t,
    const char *table, const char *column)
{
	const struct bounds *b = k->bounds;
	bool both = b->from != NULL && b->until != NULL;

	if (!tell(k))
		return;
	log_error("%s cannot be listed by %s \"%s\"%s%s%s: column \"%s\" is "
		  "of type %s",
	    table, b->from != NULL ? "--from" : "--until",
	    b->from != NULL ? b->from : b->until, both ? " and --until \"" : "",
	    both ? b->until : "", both ? "\"" : "", column,
	    t->key.columns[0].type);
}

static status
survey_row(void *arg, const struct pg_result *r)
{
	struct keys_survey *k = arg;
	const char *column = pg_value(r, 0, KEYS_COLUMN);
	struct str name CLEANUP(str_free) = STR_INIT;
	const struct bounds_type *t;

	sql_show_name(&name, pg_value(r, 0, KEYS_SCHEMA),
	    pg_value(r, 0, KEYS_TABLE));
	if (column == NULL) {
		if (!k->typed)
			tell_no_column(k, str_text(&name),
			    pg_value(r, 0, KEYS_WANTED));
		return STATUS_OK;
	}
	t = bounds_type(k->bounds, pg_value(r, 0, KEYS_TYPE),
	    pg_value(r, 0, KEYS_COLLATION), pg_true(r, 0, KEYS_TIMED),
	    pg_value(r, 0, KEYS_RELID), column);
	if (k->typed && t->unfit)
		tell_unfit(k, t, str_text(&name), column);
	return STATUS_OK;
}

/* What a chunk source's own query refuses is told when its turn comes. */
static status
survey_source(struct pg *pg, const struct statement *st, size_t source,
    struct keys_survey *k)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	int tries = 0;
	status s = pg_do(pg, "set a savepoint", "savepoint pgpipe_keys");

	if (s != STATUS_OK)
		return s;
	statement_keys(st, source, k->bounds->column, &sql);
	do
		s = pg_each(pg, NULL, &sql, survey_row, k);
	while (timescale_again(pg, s, &tries, "pgpipe_keys"));
	if (s != STATUS_OK &&
	    (pg_broken(pg) || st->sources->items[source].ours)) {
		pg_report(pg, "look up the columns for --from and --until");
		return s;
	}
	return pg_do(pg, "go back to a savepoint",
	    "rollback to savepoint pgpipe_keys");
}

static status
survey_keys(struct pg *pg, const struct statement *st, struct keys_survey *k)
{
	status s = STATUS_OK;

	for (size_t i = 0; i < st->sources->count && s == STATUS_OK; i++)
		if (!st->sources->items[i].idle)
			s = survey_source(pg, st, i, k);
	return s;
}

/* 20250101 is a day and a number; that both kinds of columns take the same
 * text is more often a slip than meant. */
static void
tell_mixed(const struct bounds *b)
{
	const struct key_column *number = NULL, *day = NULL;

	for (size_t i = 0; i < b->count; i++) {
		const struct key_column *c = &b->types[i].key.columns[0];

		if (c->category == 'N')
			number = c;
		if (c->category == 'D')
			day = c;
	}
	if (number != NULL && day != NULL)
		log_warning("the bounds are taken as %s for \"%s\" and as %s "
			    "for \"%s\"",
		    number->type, number->name, day->type, day->name);
}

static status
all_told(const struct keys_survey *k)
{
	if (k->faults > NAMED_MAX)
		log_detail("There are %llu more such tables.",
		    (unsigned long long)(k->faults - NAMED_MAX));
	return k->faults > 0 ? STATUS_USAGE : STATUS_OK;
}

status
survey_bounds(struct pg *pg, const struct statement *st, struct bounds *bounds)
{
	struct keys_survey k = {bounds, 0, false};
	bool unfit = false;
	status s = survey_keys(pg, st, &k);

	/* Questions about one column each. */
	if (s == STATUS_OK)
		s = pg_do(pg, "set up the session",
		    "set local enable_nestloop = on");
	if (s == STATUS_OK)
		s = bounds_read(bounds, pg, st->texts);
	if (s == STATUS_OK)
		s = pg_do(pg, "set up the session",
		    "set local enable_nestloop = off");
	for (size_t i = 0; i < bounds->count; i++)
		unfit = unfit || bounds->types[i].unfit;
	if (s == STATUS_OK && unfit) {
		k.typed = true;
		s = survey_keys(pg, st, &k);
	}
	if (s != STATUS_OK)
		return s;
	if (k.faults == 0)
		tell_mixed(bounds);
	return all_told(&k);
}
