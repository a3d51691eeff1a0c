/* SPDX-License-Identifier: PostgreSQL */
/*
 * A listing from beginning to end: one read-only transaction with one
 * snapshot, in which first what was asked is checked and then the pieces
 * pass, one by one.
 */
#include "chunk/listing.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/signal.h"
#include "chunk/cagg.h"
#include "chunk/cut.h"
#include "chunk/statement.h"
#include "chunk/stream.h"
#include "chunk/survey.h"

struct listing {
	const struct request *request;
	struct texts texts;
	struct patterns patterns;
	struct sources sources;
	struct bounds bounds;
	struct timescale timescale;
	struct pg *pg;
	status flaw; /* what went wrong without ending the listing */
};

static void
listing_free(struct listing *l)
{
	pg_close(l->pg);
	bounds_free(&l->bounds);
	sources_free(&l->sources);
	patterns_free(&l->patterns);
	texts_free(&l->texts);
}

/* All that needs no server. */
static status
prepare(struct listing *l)
{
	status s = patterns_parse(l->request, &l->patterns);

	if (s == STATUS_OK)
		s = texts_load(&l->texts);
	if (s == STATUS_OK)
		s = sources_load(&l->sources, &l->flaw);
	return s;
}

static status
join_snapshot(struct pg *pg, const char *snapshot)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;

	sql_add(&sql, "set transaction snapshot ");
	sql_value(&sql, snapshot);
	return pg_run(pg, "join the snapshot", &sql, NULL);
}

/*
 * The planner guesses wildly how many rows a recursive query gives, and a
 * nested loop over 100,000 tables twice would never end.  Hash joins are never
 * much slower here.
 */
static status
begin(struct pg *pg, const char *snapshot)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	status s = pg_do(pg, "begin a transaction",
	    "begin isolation level repeatable read read only");

	if (s == STATUS_OK && snapshot != NULL)
		s = join_snapshot(pg, snapshot);
	if (s != STATUS_OK)
		return s;
	sql_add(&sql, "select\n");
	sql_add(&sql,
	    "pg_catalog.set_config('enable_nestloop', 'off', true),\n");
	sql_add(&sql, "pg_catalog.set_config('jit', 'off', true),\n");
	sql_add(&sql, "pg_catalog.set_config(\n");
	sql_add(&sql, "'max_parallel_workers_per_gather', '0', true),\n");
	sql_add(&sql, "pg_catalog.set_config(\n");
	sql_add(&sql, "'cursor_tuple_fraction', '1', true),\n");
	sql_add(&sql, "pg_catalog.set_config(\n");
	sql_add(&sql, "'standard_conforming_strings', 'on', true)\n");
	return pg_run(pg, "set up the session", &sql, NULL);
}

/* What the server must know before the first line is printed. */
static status
survey(struct listing *l, const struct statement *st)
{
	status s = survey_sources(l->pg, &l->sources, &l->flaw);

	if (s == STATUS_OK)
		s = survey_patterns(l->pg, st);
	if (s == STATUS_OK)
		s = survey_tables(l->pg, st, &l->sources);
	if (s == STATUS_OK && l->timescale.present)
		s = survey_roots(l->pg, st, &l->flaw);
	if (s == STATUS_OK &&
	    (l->bounds.from != NULL || l->bounds.until != NULL))
		s = survey_bounds(l->pg, st, &l->bounds);
	return s;
}

static bool
is_utf8(const char *text)
{
	json_t *string CLEANUP(record_cleanup) = json_string(text);

	return string != NULL;
}

/* Why a piece cannot have a line, or NULL. */
static const char *
refusal(const struct piece *p)
{
	if (p->refuse != NULL)
		return p->refuse;
	if (!is_utf8(p->schema) || !is_utf8(p->table))
		return "its name is not UTF-8";
	if (p->bound != NULL && strlen(p->bound) > LINE_BOUND_MAX)
		return "its partition bound is too long for a line";
	return NULL;
}

/* A piece that gets no line: said is why.  True if it is one. */
static bool
left_out(const struct piece *p, status *flaw)
{
	char *name CLEANUP_FREE = piece_name(p);
	char *id CLEANUP_FREE = piece_id(p);
	const char *why = refusal(p);

	if (why != NULL) {
		log_error("cannot list %s: %s", id, why);
		*flaw = status_worse(*flaw, STATUS_FAIL);
	} else if (p->leave != NULL)
		log_warning("left out: %s is %s", id, p->leave);
	else if (p->kind == 'f')
		log_warning("left out: %s is a foreign table", name);
	else if (p->persistence == 't')
		log_warning("left out: %s is a temporary table", name);
	else
		return false;
	return true;
}

static status
print_all(struct listing *l, struct stream *stream, struct cutter *cutter)
{
	struct origin origin = {NULL, pg_system(l->pg), pg_database(l->pg),
	    pg_timeline(l->pg)};
	const struct source *source;
	struct piece piece;
	status s;

	for (;;) {
		s = stream_next(stream, &source, &piece);
		if (s != STATUS_OK || source == NULL)
			return s;
		if (left_out(&piece, &l->flaw))
			continue;
		origin.source = source;
		s = cut_piece(cutter, &origin, &piece);
		if (s != STATUS_OK && (cutter->stop || pg_broken(l->pg)))
			return s;
		l->flaw = status_worse(l->flaw, s);
	}
}

static status
list(struct listing *l, const struct statement *st, uint64_t *lines)
{
	struct stream *stream CLEANUP(stream_cleanup) = NULL;
	bool bounded = l->bounds.from != NULL || l->bounds.until != NULL;
	struct cutter cutter = {l->pg, l->request, &l->texts,
	    bounded ? &l->bounds : NULL, 0, false, false};
	status s = stream_open(l->pg, st, cutter.bounds, l->request->order,
	    &l->flaw, &stream);

	/* From here on questions are about one table each. */
	if (s == STATUS_OK)
		s = pg_do(l->pg, "set up the session",
		    "set local enable_nestloop = on");
	if (s == STATUS_OK)
		s = print_all(l, stream, &cutter);
	*lines = cutter.lines;
	return s;
}

static status
list_chunks(struct listing *l, const struct statement *st, uint64_t *lines)
{
	status s = survey(l, st);

	return s == STATUS_OK ? list(l, st, lines) : s;
}

static status
list_caggs(struct listing *l, const struct statement *st, uint64_t *lines)
{
	status s = survey_patterns(l->pg, st);

	return s == STATUS_OK ? cagg_print_all(l->pg, st, lines) : s;
}

static status
work(struct listing *l)
{
	const struct statement st = {&l->texts, &l->patterns, &l->sources,
	    l->request, &l->timescale};
	uint64_t lines = 0;
	status s = prepare(l);

	if (s == STATUS_OK)
		s = pg_connect(&l->request->server, &l->pg);
	if (s == STATUS_OK)
		s = patterns_check(&l->patterns, l->pg);
	if (s == STATUS_OK) {
		/* Whether it may be asked or not, not in the transaction. */
		(void)pg_system(l->pg);
		s = begin(l->pg, l->request->snapshot);
	}
	if (s == STATUS_OK)
		s = timescale_look(l->pg, l->request, &l->timescale);
	if (s == STATUS_OK)
		s = l->request->caggs ? list_caggs(l, &st, &lines)
				      : list_chunks(l, &st, &lines);
	s = status_worse(s, l->flaw);
	if (s == STATUS_OK && signal_stop() == 0)
		s = record_print_end("pg-chunks", lines, NULL);
	return s;
}

status
listing_run(const struct request *request)
{
	struct listing l CLEANUP(listing_free) = {.request = request,
	    .bounds = {request->time_column, request->from, request->until,
		NULL, 0}};

	return work(&l);
}
