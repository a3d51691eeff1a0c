/* SPDX-License-Identifier: PostgreSQL */
/*
 * Decides by what a piece is cut, and where.
 */
#include "chunk/cut.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/signal.h"

#define TID_RANGES 140000 /* the first version to scan a range of blocks */
#define PARTS_MAX 10000	  /* by values; blocks are as many as it takes */

uint64_t
cut_blocks(uint64_t split, uint64_t block_size, uint64_t heap_bytes,
    uint64_t bytes)
{
	uint64_t blocks, times = 1;

	/* The power of two that is nearest to bytes / heap_bytes. */
	while (heap_bytes > 0 &&
	    (double)bytes > (double)heap_bytes * (double)times * 1.4142135624)
		times *= 2;
	blocks = split / block_size / times;
	return blocks == 0 ? 1 : blocks;
}

static status
print(struct cutter *c, const struct origin *origin, const struct piece *piece,
    const struct slice *slice)
{
	status s;

	if (signal_stop() != 0)
		s = STATUS_RETRY; /* io_finish raises the signal */
	else
		s = line_print(origin, c->bounds, piece, slice);
	if (s == STATUS_OK)
		c->lines++;
	else
		c->stop = true;
	return s;
}

static status
print_whole(struct cutter *c, const struct origin *origin,
    const struct piece *piece)
{
	const struct slice slice = {.by = SLICE_NONE, .share = 1};

	return print(c, origin, piece, &slice);
}

/* Slice n of a newest-first listing is counted from the end. */
static uint64_t
in_order(const struct cutter *c, uint64_t i, uint64_t n)
{
	return c->request->order == ORDER_NEWEST ? n - 1 - i : i;
}

static status
print_blocks(struct cutter *c, const struct origin *origin,
    const struct piece *p)
{
	uint64_t width = cut_blocks(c->request->split, p->block_size,
	    p->blocks * p->block_size, (uint64_t)p->bytes);
	uint64_t n = (p->blocks + width - 1) / width;
	status s = STATUS_OK;

	if (n < 2)
		return print_whole(c, origin, p);
	for (uint64_t i = 0; i < n && s == STATUS_OK; i++) {
		uint64_t k = in_order(c, i, n);
		bool last = k + 1 == n;
		uint64_t blocks = last ? p->blocks - k * width : width;
		const struct slice slice = {.by = SLICE_CTID,
		    .from_block = k * width,
		    .to_block = last ? 0 : (k + 1) * width,
		    .share = (double)blocks / (double)p->blocks};

		s = print(c, origin, p, &slice);
	}
	return s;
}

static status
print_ranges(struct cutter *c, const struct origin *origin,
    const struct piece *p, const struct key *key, const struct points *points)
{
	uint64_t n = points_count(points) + 1;
	bool by_time = c->request->by == BY_TIME;
	bool bounded = p->from_cuts || p->until_cuts;
	status s = STATUS_OK;

	for (uint64_t i = 0; i < n && s == STATUS_OK; i++) {
		uint64_t k = in_order(c, i, n);
		struct slice slice = {.by = by_time ? SLICE_TIME : SLICE_KEY,
		    .key = key,
		    .never_null = bounded ? p->column : NULL,
		    .share = 1.0 / (double)n};

		if (k > 0)
			slice.from = points_at(points, k - 1);
		if (k + 1 < n)
			slice.to = points_at(points, k);
		if (k > 1)
			slice.before = points_at(points, k - 2);
		s = print(c, origin, p, &slice);
	}
	return s;
}

/* It stays in one piece, although it is larger than --split. */
static status
print_uncut(struct cutter *c, const struct origin *origin,
    const struct piece *p, bool asked, const char *why)
{
	char *name CLEANUP_FREE = piece_name(p);

	if (asked)
		log_warning("%s is not split: %s", name, why);
	else
		log_verbose("%s is not split: %s", name, why);
	return print_whole(c, origin, p);
}

/* Where to cut by a key, with what the bounds leave of the piece. */
static status
find_points(struct cutter *c, const struct piece *p, const struct key *key,
    struct points *points, char **refused)
{
	struct sql where CLEANUP_SQL = SQL_INIT;
	uint64_t parts =
	    ((uint64_t)p->bytes + c->request->split - 1) / c->request->split;
	struct points_request q = {.oid = p->oid,
	    .schema = p->schema,
	    .table = p->table,
	    .key = key,
	    .blocks = p->blocks,
	    .parts = parts > PARTS_MAX ? PARTS_MAX : parts};

	if (p->from_cuts || p->until_cuts) {
		const struct bounds_type *t = &c->bounds->types[p->type_no];

		bounds_predicate(t, p->column, p->from_cuts, p->until_cuts,
		    &where);
		q.where = str_text(&where.text);
		if (key->count == 1 &&
		    str_eq(key->columns[0].name, p->column)) {
			q.from = p->from_cuts ? t->from : NULL;
			q.until = p->until_cuts ? t->until : NULL;
		}
	}
	return points_find(c->pg, c->texts, &q, points, refused);
}

static status
print_by_key(struct cutter *c, const struct origin *origin,
    const struct piece *p, const struct key *key, bool asked)
{
	struct points points CLEANUP(points_free) = {0, STRV_INIT};
	char *refused CLEANUP_FREE = NULL;
	status s = find_points(c, p, key, &points, &refused);

	if (s != STATUS_OK)
		return s;
	if (refused != NULL)
		return print_uncut(c, origin, p, asked, refused);
	if (points_count(&points) == 0)
		return print_uncut(c, origin, p, asked,
		    "neither statistics nor a sample tell where");
	if (asked && c->request->by == BY_KEY && !key_indexed(key)) {
		char *name CLEANUP_FREE = piece_name(p);

		log_warning("each of the %zu slices of %s reads all of it: "
			    "its index does not serve COLLATE \"C\"",
		    points_count(&points) + 1, name);
		log_hint("cut it by --by ctid");
	}
	return print_ranges(c, origin, p, key, &points);
}

/* By the primary key or the time column. */
static status
print_by_column(struct cutter *c, const struct origin *origin,
    const struct piece *p, bool asked)
{
	struct key key CLEANUP(key_free) = {NULL, 0};
	bool by_time = c->request->by == BY_TIME;
	const char *why;
	status s = key_load(c->pg, c->texts, p->oid,
	    by_time ? c->request->time_column : NULL, &key);

	if (s != STATUS_OK)
		return s;
	if (key.count == 0)
		why = by_time ? "it does not have the time column"
			      : "it has no primary key";
	else
		why = key_unfit(&key);
	if (why == NULL && !asked && !key_indexed(&key))
		why = "its primary key cannot be read in ranges";
	if (why != NULL)
		return print_uncut(c, origin, p, asked, why);
	return print_by_key(c, origin, p, &key, asked);
}

/* Rows that no bound can take in, because they have no value. */
static status
tell_nulls(struct cutter *c, const struct piece *p, bool whole)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	char *name CLEANUP_FREE = piece_name(p);
	char *doing CLEANUP_FREE = mem_printf("count the rows of %s", name);
	status s = pg_do(c->pg, "set a savepoint", "savepoint pgpipe_nulls");

	if (s != STATUS_OK)
		return s;
	sql_add(&sql, "select pg_catalog.count(*) from ");
	if (!whole)
		sql_add(&sql, "only ");
	sql_name(&sql, p->schema, p->table);
	sql_add(&sql, " where ");
	sql_ident(&sql, p->column);
	sql_add(&sql, " is null");
	if (p->predicate != NULL) {
		sql_add(&sql, " and (");
		sql_given(&sql, p->predicate);
		sql_add(&sql, ")");
	}
	s = pg_run(c->pg, doing, &sql, &r);
	if (s == STATUS_OK && pg_int(r, 0, 0) > 0)
		log_warning("left out of %s: rows without \"%s\": %s", name,
		    p->column, pg_value(r, 0, 0));
	if (pg_broken(c->pg))
		return s;
	/* Also after a success: it lets go of the table's lock. */
	return status_worse(s,
	    pg_do(c->pg, "go back to a savepoint",
		"rollback to savepoint pgpipe_nulls"));
}

/* Said once, to who asked for it; there may be thousands. */
static status
print_unsplit(struct cutter *c, const struct origin *origin,
    const struct piece *p)
{
	bool asked = !c->told &&
	    (c->request->by != BY_CTID || c->request->split != REQUEST_SPLIT);

	c->told = c->told || asked;
	return print_uncut(c, origin, p, asked, "such chunks are taken whole");
}

static status
cut(struct cutter *c, const struct origin *origin, const struct piece *p)
{
	uint64_t split = c->request->split;

	if (split == 0 || p->bytes < 0 || (uint64_t)p->bytes <= split ||
	    p->part != NULL || p->predicate != NULL)
		return print_whole(c, origin, p);
	if (origin->source->whole)
		return print_unsplit(c, origin, p);
	if (p->refers_to_itself && c->request->by != BY_TIME)
		return print_uncut(c, origin, p, c->request->by == BY_KEY,
		    "a foreign key refers to the table itself, so each slice "
		    "would need rows of others");
	if (c->request->by != BY_CTID)
		return print_by_column(c, origin, p, true);
	if (!p->heap)
		return print_uncut(c, origin, p, false,
		    "its access method is not heap");
	if (pg_version(c->pg) < TID_RANGES)
		return print_by_column(c, origin, p, false);
	return print_blocks(c, origin, p);
}

status
cut_piece(struct cutter *c, const struct origin *origin,
    const struct piece *piece)
{
	status told = STATUS_OK;

	/* Never without its bounds: it would be copied whole. */
	if ((piece->from_cuts || piece->until_cuts) &&
	    piece->type_no == PIECE_NO_TYPE) {
		char *name CLEANUP_FREE = piece_name(piece);

		log_error("cannot list %s by --from and --until: it has come "
			  "meanwhile",
		    name);
		return STATUS_RETRY;
	}
	if (piece->may_be_null && (piece->from_cuts || piece->until_cuts))
		told = tell_nulls(c, piece, origin->source->whole);
	if (pg_broken(c->pg))
		return told;
	return status_worse(told, cut(c, origin, piece));
}
