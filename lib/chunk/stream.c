/* SPDX-License-Identifier: PostgreSQL */
/*
 * Cursors and their merge.
 */
#include "chunk/stream.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"

struct feed {
	struct source *source; /* NULL: there is no more */
	size_t number;
	struct pg_result *rows;
	int at;
	struct piece piece; /* of row at */
};

struct stream {
	struct pg *pg;
	enum request_order order;
	status *flaw;
	struct feed *feeds;
	size_t count;
	struct feed *given; /* whose piece the caller has */
};

static void
cursor_name(struct sql *sql, size_t number)
{
	sql_add(sql, "pgpipe_chunks_");
	sql_int(sql, (int64_t)number);
}

/* A source's statement failed.  One of ours ends the listing, a user's only
 * itself. */
static status
refused(struct stream *s, struct feed *f, status st)
{
	if (f->source->ours || pg_broken(s->pg)) {
		pg_report(s->pg, "list tables");
		return st;
	}
	log_error("chunk source \"%s\" failed: %s", f->source->name,
	    pg_last_error(s->pg)->message);
	log_detail("It is the file \"%s\"; its tables are not listed.",
	    f->source->file);
	*s->flaw = status_worse(*s->flaw, st);
	f->source = NULL;
	return pg_do(s->pg, "go back to a savepoint",
	    "rollback to savepoint pgpipe_source");
}

static status
fetch(struct stream *s, struct feed *f)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;

	pg_result_free(f->rows);
	f->rows = NULL;
	f->at = 0;
	sql_add(&sql, "fetch forward 1000 from ");
	cursor_name(&sql, f->number);
	return pg_run(s->pg, NULL, &sql, &f->rows);
}

static status
fetch_more(struct stream *s, struct feed *f)
{
	status st = pg_do(s->pg, "set a savepoint", "savepoint pgpipe_source");

	if (st != STATUS_OK)
		return st;
	st = fetch(s, f);
	if (st != STATUS_OK)
		return refused(s, f, st);
	return pg_do(s->pg, "release a savepoint",
	    "release savepoint pgpipe_source");
}

/* The feed's piece is that of row at; no row is the end. */
static void
take(struct feed *f)
{
	if (f->source != NULL && f->at >= pg_rows(f->rows))
		f->source = NULL;
	if (f->source != NULL)
		piece_from_row(f->rows, f->at, &f->piece);
}

/* On to the feed's next piece. */
static status
advance(struct stream *s, struct feed *f)
{
	status st = STATUS_OK;

	if (f->source == NULL)
		return st;
	f->at++;
	if (f->at >= pg_rows(f->rows))
		st = fetch_more(s, f);
	if (st == STATUS_OK)
		take(f);
	return st;
}

/* The first rows come when all are there and have been put in order. */
static status
open_cursor(struct stream *s, const struct sql *sql, struct feed *f)
{
	status st = pg_do(s->pg, "set a savepoint", "savepoint pgpipe_source");

	if (st != STATUS_OK)
		return st;
	st = pg_run(s->pg, NULL, sql, NULL);
	return st == STATUS_OK ? fetch(s, f) : st;
}

static status
open_feed(struct stream *s, const struct statement *st,
    const struct bounds *bounds, struct feed *f)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	int tries = 0;
	status result;

	sql_add(&sql, "declare ");
	cursor_name(&sql, f->number);
	sql_add(&sql, " no scroll cursor for\n");
	statement_list(st, f->number, bounds, s->order, &sql);
	do
		result = open_cursor(s, &sql, f);
	while (timescale_again(s->pg, result, &tries, "pgpipe_source"));
	if (result != STATUS_OK)
		return refused(s, f, result);
	take(f);
	return pg_do(s->pg, "release a savepoint",
	    "release savepoint pgpipe_source");
}

status
stream_open(struct pg *pg, const struct statement *st,
    const struct bounds *bounds, enum request_order order, status *flaw,
    struct stream **out)
{
	const struct sources *sources = st->sources;
	struct stream *s = mem_zalloc(sizeof(*s));
	status result = STATUS_OK;

	*out = s;
	s->pg = pg;
	s->order = order;
	s->flaw = flaw;
	s->feeds = mem_resize(NULL, sources->count + 1, sizeof(*s->feeds));
	for (size_t i = 0; i < sources->count && result == STATUS_OK; i++) {
		struct feed *f = &s->feeds[s->count];

		if (sources->items[i].idle)
			continue;
		memset(f, 0, sizeof(*f));
		f->number = i;
		f->source = &sources->items[i];
		s->count++;
		result = open_feed(s, st, bounds, f);
	}
	return result;
}

static int
compare_numbers(const struct stream *s, const struct piece *a,
    const struct piece *b)
{
	bool less = a->number<b->number, more = a->number> b->number;

	if (a->has_number != b->has_number)
		return a->has_number ? -1 : 1;
	if (!less && !more)
		return 0;
	return less == (s->order == ORDER_NEWEST) ? 1 : -1;
}

static int
compare_texts(const struct stream *s, const char *a, const char *b)
{
	int by_text;

	if (a == NULL || b == NULL)
		return (a == NULL) - (b == NULL);
	by_text = strcmp(a, b);
	return s->order == ORDER_NEWEST ? -by_text : by_text;
}

/* As "order by" of the cursors has it. */
static int
compare(const struct stream *s, const struct piece *a, const struct piece *b)
{
	int c = compare_numbers(s, a, b);

	if (c == 0)
		c = compare_texts(s, a->order_text, b->order_text);
	return c != 0 ? c : strcmp(a->order_name, b->order_name);
}

status
stream_next(struct stream *s, const struct source **source, struct piece *piece)
{
	struct feed *first = NULL;
	status st = STATUS_OK;

	*source = NULL;
	if (s->given != NULL)
		st = advance(s, s->given);
	for (size_t i = 0; i < s->count; i++) {
		struct feed *f = &s->feeds[i];

		if (f->source != NULL &&
		    (first == NULL || compare(s, &f->piece, &first->piece) < 0))
			first = f;
	}
	s->given = first;
	if (st == STATUS_OK && first != NULL) {
		*source = first->source;
		*piece = first->piece;
	}
	return st;
}

void
stream_free(struct stream *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->count; i++)
		pg_result_free(s->feeds[i].rows);
	free(s->feeds);
	free(s);
}

void
stream_cleanup(struct stream **s)
{
	stream_free(*s);
	*s = NULL;
}
