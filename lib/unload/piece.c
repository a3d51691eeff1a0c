/* SPDX-License-Identifier: PostgreSQL */
/*
 * One chunk.
 *
 * Nothing of it leaves before the server has sent its first rows, so that
 * whatever goes wrong until then may be tried again.  After that the rows
 * cannot be had back, and a failure is a member of the archive.
 */
#include "unload/piece.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/progress.h"
#include "data/copyrows.h"
#include "pg/copy.h"
#include "unload/batches.h"
#include "unload/line.h"
#include "unload/relation.h"

void
piece_init(struct piece *p, struct unload *u, const struct chunk *chunk)
{
	memset(p, 0, sizeof(*p));
	p->u = u;
	p->chunk = chunk;
	p->name = chunk_name(chunk);
	p->started = num_now();
}

/* What one try has gathered. */
static void
forget(struct piece *p)
{
	int i;

	if (p->described)
		pg_table_free(&p->table);
	p->described = p->vanished = false;
	pg_chunk_free(&p->hyper);
	free(p->extension);
	p->extension = NULL;
	free(p->order);
	p->order = NULL;
	pg_table_free(&p->batches);
	for (i = 0; i < ARCHIVE_PARTS; i++) {
		digest_rows_free(p->parts[i].digest);
		p->parts[i] = (struct piece_part){.part = (enum archive_part)i};
	}
	p->rows = p->bytes = 0;
}

void
piece_free(struct piece *p)
{
	forget(p);
	failure_clear(&p->why);
	free(p->name);
}

static status
describe(struct piece *p, struct pg *pg)
{
	const struct chunk *c = p->chunk;

	if (pg_table_load(pg, c->schema, c->table, &p->table) != STATUS_OK)
		return failure_from_pg(&p->why, pg, "look up %s", p->name);
	p->described = true;
	if (c->hypertable && batches_describe(p, pg) != STATUS_OK)
		return p->why.class;
	return relation_check(&p->table, p->name, c->hypertable, pg,
	    p->u->snapshot.standby, &p->why);
}

/* The first column that keeps a table from going in binary; NULL: none. */
static const struct pg_column *
unfit_column(const struct pg_table *t)
{
	size_t i;

	for (i = 0; i < t->ncolumns; i++)
		if (!t->columns[i].generated && !t->columns[i].binary)
			return &t->columns[i];
	return NULL;
}

static status
refuse_binary(struct piece *p, const struct pg_column *c)
{
	(void)failure_set(&p->why, STATUS_FAIL,
	    "%s cannot be copied in binary: column \"%s\" is of type %s",
	    p->name, c->name, c->typmod_text);
	failure_hint(&p->why, "use --format auto or text");
	return STATUS_FAIL;
}

static enum copy_format
automatic(const struct piece *p, const struct pg_column *unfit)
{
	if (unfit == NULL)
		return COPY_BINARY;
	log_verbose("%s is copied as text: column \"%s\" is of type %s",
	    p->name, unfit->name, unfit->typmod_text);
	return COPY_TEXT;
}

static status
choose_format(struct piece *p, const struct pg_table *t, enum copy_format *out)
{
	const struct pg_column *unfit = unfit_column(t);

	switch (p->u->options->format) {
	case UNLOAD_AUTO:
		*out = automatic(p, unfit);
		break;
	case UNLOAD_BINARY:
		*out = COPY_BINARY;
		if (unfit != NULL)
			return refuse_binary(p, unfit);
		break;
	case UNLOAD_TEXT:
		*out = COPY_TEXT;
		break;
	case UNLOAD_CSV:
		*out = COPY_CSV;
		break;
	}
	return STATUS_OK;
}

static struct digest_rows *
new_digest(const struct pg_table *t, enum copy_format format)
{
	struct digest_column *columns CLEANUP_FREE = NULL;
	size_t i, n = 0;

	columns = mem_alloc((t->ncolumns + 1) * sizeof(*columns));
	for (i = 0; i < t->ncolumns; i++)
		if (!t->columns[i].generated)
			columns[n++] = t->columns[i].digest;
	return digest_rows_new(format, columns, n);
}

/* A part will come: of which relation, and how. */
static status
plan_part(struct piece *p, enum archive_part which, const struct pg_table *t)
{
	struct piece_part *part = &p->parts[which];
	status s = choose_format(p, t, &part->format);

	if (s != STATUS_OK)
		return s;
	part->table = t;
	part->batches = which == ARCHIVE_BATCHES;
	/* What batches hold is no text for people. */
	if (part->batches && part->format == COPY_CSV)
		part->format = COPY_TEXT;
	if (part->batches)
		part->counter = batches_counter(t);
	if (p->u->options->digest)
		part->digest = new_digest(t, part->format);
	return STATUS_OK;
}

static bool
has_columns(const struct pg_table *t)
{
	size_t i;

	for (i = 0; i < t->ncolumns; i++)
		if (!t->columns[i].generated)
			return true;
	return false;
}

/* Only of the relation itself, or with what TimescaleDB makes of it. */
static bool
reads_only(const struct piece *p, const struct piece_part *part)
{
	return p->hyper.chunk.oid == 0 || part->batches || p->batches.exists ||
	    (p->hyper.batches.oid == 0 &&
		(p->hyper.status & PG_CHUNK_COMPRESSED) == 0);
}

static bool
needs_select(const struct piece *p, const struct piece_part *part)
{
	size_t i;

	if (!reads_only(p, part) || (!part->batches && p->chunk->where != NULL))
		return true;
	/* COPY of a chunk is refused while it is compressed. */
	if (p->batches.exists && !part->batches)
		return true;
	for (i = 0; i < part->table->ncolumns; i++)
		if (part->table->columns[i].as_bytes)
			return part->format == COPY_BINARY;
	return false;
}

/*
 * copy t (columns) to stdout, or copy (select columns from only t where
 * ...) to stdout.  COPY of a table reads that relation alone, so "only" is
 * not needed there.
 */
static void
add_source(struct sql *sql, const struct piece *p,
    const struct piece_part *part)
{
	const struct pg_table *t = part->table;

	if (!needs_select(p, part)) {
		sql_name(sql, t->schema, t->name);
		/* "()" is no list of columns; none given is all of none. */
		if (has_columns(t)) {
			sql_add(sql, " (");
			pg_table_copy_list(t, sql);
			sql_add(sql, ")");
		}
		return;
	}
	sql_add(sql, "(select ");
	if (part->format == COPY_BINARY)
		pg_table_select_list(t, sql);
	else
		pg_table_copy_list(t, sql);
	sql_add(sql, " from ");
	if (reads_only(p, part))
		sql_add(sql, "only ");
	sql_name(sql, t->schema, t->name);
	if (p->chunk->where != NULL) {
		sql_add(sql, " where (");
		sql_given(sql, p->chunk->where);
		/* On a line of its own, should the predicate end in a
		 * comment. */
		sql_add(sql, "\n)");
	}
	sql_add(sql, ")");
}

static void
add_copy(struct sql *sql, const struct piece *p, const struct piece_part *part)
{
	sql_add(sql, "copy ");
	add_source(sql, p, part);
	sql_add(sql, " to stdout (format ");
	switch (part->format) {
	case COPY_BINARY:
		sql_add(sql, "binary)");
		break;
	case COPY_TEXT:
		sql_add(sql, "text)");
		break;
	case COPY_CSV:
		sql_add(sql, "csv)");
		break;
	}
}

/* The archive has failed, and has said so. */
static status
broken(struct piece *p)
{
	atomic_store(&p->u->broken, true);
	return failure_set(&p->why, STATUS_FAIL,
	    "the archive could not be written");
}

static status
begin_output(struct piece *p)
{
	const struct piece_part *rows = &p->parts[ARCHIVE_ROWS];
	json_t *line CLEANUP(record_cleanup) =
	    line_fresh(p->chunk->record, &p->u->snapshot);

	if (p->described && p->table.exists && !p->vanished)
		line_describe(line, &p->table, rows->format,
		    p->u->options->digest);
	if (p->hyper.chunk.oid != 0 && !p->vanished)
		batches_show(p, line);
	turn_wait(p->u->turns, p->place);
	if (archive_write_chunk(p->u->archive, line, &p->out) != STATUS_OK)
		return broken(p);
	turn_over(p->u->turns, p->place);
	return STATUS_OK;
}

/*
 * How many rows a batch holds.  In binary the stream's header is in front
 * of its first payload, and the trailer, a field count of -1, is or ends its
 * last one.
 */
static size_t
count_rows(const struct piece_part *part, const struct pg_copy_batch *b,
    size_t *skip)
{
	size_t last, start;

	*skip = 0;
	if (part->format != COPY_BINARY)
		return b->count;
	if (part->payloads == 0)
		*skip = COPY_BINARY_HEADER;
	last = b->count - 1;
	start = last > 0 ? b->ends[last - 1] : *skip;
	if (b->ends[last] - start == 2 &&
	    memcmp(b->bytes + start, "\377\377", 2) == 0)
		return last;
	return b->count;
}

/* A row into the digest; of a batch also how many rows it stands for. */
static status
look_at_row(struct piece *p, struct piece_part *part, const char *row, size_t n)
{
	int64_t within;

	if (part->digest != NULL &&
	    digest_rows_take(part->digest, row, n) != STATUS_OK)
		return failure_set(&p->why, STATUS_FAIL,
		    "a row of %s could not be understood", p->name);
	if (!part->batches)
		return STATUS_OK;
	if (!copyrows_int4(part->format, row, n, part->counter, &within) ||
	    within < 0)
		return failure_set(&p->why, STATUS_FAIL,
		    "a batch of %s does not say how many rows it holds",
		    p->name);
	part->within += (uint64_t)within;
	return STATUS_OK;
}

static status
look_at_rows(struct piece *p, struct piece_part *part,
    const struct pg_copy_batch *b, size_t skip, size_t rows)
{
	size_t start = skip, i;
	status s = STATUS_OK;

	if (part->digest == NULL && !part->batches)
		return STATUS_OK;
	for (i = 0; s == STATUS_OK && i < rows; i++) {
		s = look_at_row(p, part, b->bytes + start, b->ends[i] - start);
		start = b->ends[i];
	}
	return s;
}

static status
take_batch(struct piece *p, struct piece_part *part,
    const struct pg_copy_batch *b)
{
	size_t skip, rows = count_rows(part, b, &skip);
	uint64_t before;
	status s;

	if (p->out == NULL && begin_output(p) != STATUS_OK)
		return p->why.class;
	if (archive_write_segment(p->out, part->part, b->bytes, b->size) !=
	    STATUS_OK)
		return broken(p);
	part->payloads += b->count;
	part->rows += rows;
	p->bytes += b->size;
	before = part->within;
	s = look_at_rows(p, part, b, skip, rows);
	progress_add(0, part->batches ? part->within - before : rows, b->size);
	return s;
}

static status
relay(struct piece *p, struct piece_part *part, struct pg *pg,
    struct pg_copy *copy)
{
	struct pg_copy_batch batch;
	status s;

	for (;;) {
		if (pg_copy_next(copy, p->u->options->segment, &batch) !=
		    STATUS_OK)
			return failure_from_pg(&p->why, pg, "copy %s", p->name);
		if (batch.count == 0)
			break;
		s = take_batch(p, part, &batch);
		if (s != STATUS_OK)
			return s;
	}
	if (pg_copy_rows(copy) != part->rows)
		return failure_set(&p->why, STATUS_FAIL,
		    "the server sent %llu rows of %s, but says that it sent "
		    "%llu",
		    (unsigned long long)part->rows, p->name,
		    (unsigned long long)pg_copy_rows(copy));
	return p->out == NULL ? begin_output(p) : STATUS_OK;
}

static status
copy(struct piece *p, struct piece_part *part, struct pg *pg)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_copy *stream = NULL;
	status s;

	add_copy(&sql, p, part);
	if (pg_copy_out(pg, NULL, &sql, &stream) != STATUS_OK)
		return failure_from_pg(&p->why, pg, "copy %s", p->name);
	s = relay(p, part, pg, stream);
	pg_copy_free(stream);
	return s;
}

static status
plan(struct piece *p, struct pg *pg)
{
	bool rest = true;
	status s = plan_part(p, ARCHIVE_ROWS, &p->table);

	if (s != STATUS_OK || !p->batches.exists)
		return s;
	s = plan_part(p, ARCHIVE_BATCHES, &p->batches);
	if (s == STATUS_OK)
		s = batches_row_digest(p, pg);
	if (s == STATUS_OK)
		s = batches_rest(p, pg, &rest);
	if (s == STATUS_OK && !rest)
		p->parts[ARCHIVE_ROWS].table = NULL;
	return s;
}

static status
copy_parts(struct piece *p, struct pg *pg)
{
	status s = STATUS_OK;
	int i;

	for (i = 0; s == STATUS_OK && i < ARCHIVE_PARTS; i++) {
		struct piece_part *part = &p->parts[i];

		if (part->table == NULL)
			continue;
		s = copy(p, part, pg);
		p->rows += part->batches ? part->within : part->rows;
	}
	return s;
}

static status
read_in_transaction(struct piece *p, struct pg *pg)
{
	status s = snapshot_join(&p->u->snapshot, pg, &p->why, &p->gone);

	if (s == STATUS_OK)
		s = describe(p, pg);
	if (s == STATUS_OK)
		s = relation_hold(pg, &p->table, p->name, &p->why);
	if (s == STATUS_OK && p->hyper.chunk.oid != 0)
		s = batches_hold(p, pg);
	if (s == STATUS_OK)
		s = plan(p, pg);
	return s == STATUS_OK ? copy_parts(p, pg) : s;
}

status
piece_read(struct piece *p, struct pg *pg)
{
	status s;

	forget(p);
	failure_clear(&p->why);
	s = read_in_transaction(p, pg);
	/* Nothing was written: how it ends decides nothing but the locks, and
	 * a connection that cannot end it is found broken by its next use. */
	if (!pg_broken(pg) && pg_do(pg, NULL, "rollback") != STATUS_OK)
		log_verbose("could not end the transaction that read %s",
		    p->name);
	if (s != STATUS_OK && p->chunk->hypertable && batches_vanished(p, pg))
		s = p->why.class;
	return s;
}

/* Of the rows; of a chunk with batches of all its parts. */
static bool
digest(const struct piece *p, struct digest *out)
{
	const struct piece_part *batches = &p->parts[ARCHIVE_BATCHES];
	const struct piece_part *rows = &p->parts[ARCHIVE_ROWS];

	if (rows->digest == NULL)
		return false;
	if (batches->table != NULL && !batches_portable(p)) {
		*out = p->by_rows;
		return p->by_rows.kind != DIGEST_NONE;
	}
	*out = *digest_rows_sum(rows->digest);
	if (batches->table != NULL)
		*out = digest_batches(p->rows, digest_rows_sum(batches->digest),
		    out);
	return true;
}

static json_t *
done(const struct piece *p)
{
	json_t *d = json_object();
	struct digest sum;
	char text[DIGEST_SHOWN];

	record_set_count(d, "rows", p->rows);
	record_set_count(d, "bytes", p->bytes);
	if (p->parts[ARCHIVE_BATCHES].table != NULL)
		record_set_count(d, "batches", p->parts[ARCHIVE_BATCHES].rows);
	if (digest(p, &sum)) {
		digest_show(&sum, text);
		record_set_text(d, "digest", text);
	} else
		(void)json_object_set_new(d, "digest", json_null());
	(void)json_object_set_new(d, "seconds",
	    json_real(round((num_now() - p->started) * 1000) / 1000));
	return d;
}

static json_t *
failed(const struct piece *p)
{
	json_t *last = failure_json(&p->why);

	if (p->vanished)
		(void)json_object_set_new(last, "vanished", json_true());
	return last;
}

status
piece_finish(struct piece *p, bool ok)
{
	struct archive_chunk *out;
	json_t *last CLEANUP(record_cleanup) = NULL;
	status s;

	if (p->out == NULL && begin_output(p) != STATUS_OK)
		return STATUS_FAIL;
	out = p->out;
	p->out = NULL;
	last = ok ? done(p) : failed(p);
	s = ok ? archive_write_done(out, last)
	       : archive_write_failed(out, last);
	return s == STATUS_OK ? s : broken(p);
}
