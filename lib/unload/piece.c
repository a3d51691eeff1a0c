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
	if (p->described)
		pg_table_free(&p->table);
	p->described = false;
	digest_rows_free(p->digest);
	p->digest = NULL;
	p->payloads = p->rows = p->bytes = 0;
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
	return relation_check(&p->table, p->name, pg, p->u->snapshot.standby,
	    &p->why);
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
choose_format(struct piece *p)
{
	const struct pg_column *unfit = unfit_column(&p->table);

	switch (p->u->options->format) {
	case UNLOAD_AUTO:
		p->format = automatic(p, unfit);
		break;
	case UNLOAD_BINARY:
		p->format = COPY_BINARY;
		if (unfit != NULL)
			return refuse_binary(p, unfit);
		break;
	case UNLOAD_TEXT:
		p->format = COPY_TEXT;
		break;
	case UNLOAD_CSV:
		p->format = COPY_CSV;
		break;
	}
	return STATUS_OK;
}

static void
begin_digest(struct piece *p)
{
	const struct pg_table *t = &p->table;
	struct digest_column *columns CLEANUP_FREE = NULL;
	size_t i, n = 0;

	if (!p->u->options->digest)
		return;
	columns = mem_alloc((t->ncolumns + 1) * sizeof(*columns));
	for (i = 0; i < t->ncolumns; i++)
		if (!t->columns[i].generated)
			columns[n++] = t->columns[i].digest;
	p->digest = digest_rows_new(p->format, columns, n);
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

/*
 * copy t (columns) to stdout, or copy (select columns from only t where
 * ...) to stdout.  COPY of a table reads that relation alone, so "only" is
 * not needed there.
 */
static void
add_source(struct sql *sql, const struct piece *p)
{
	const struct pg_table *t = &p->table;

	if (p->chunk->where == NULL) {
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
	pg_table_copy_list(t, sql);
	sql_add(sql, " from only ");
	sql_name(sql, t->schema, t->name);
	sql_add(sql, " where (");
	sql_given(sql, p->chunk->where);
	/* On a line of its own, should the predicate end in a comment. */
	sql_add(sql, "\n))");
}

static void
add_copy(struct sql *sql, const struct piece *p)
{
	sql_add(sql, "copy ");
	add_source(sql, p);
	sql_add(sql, " to stdout (format ");
	switch (p->format) {
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
	json_t *line CLEANUP(record_cleanup) =
	    line_fresh(p->chunk->record, &p->u->snapshot);

	if (p->described && p->table.exists)
		line_describe(line, &p->table, p->format,
		    p->u->options->digest);
	if (archive_write_chunk(p->u->archive, line, &p->out) != STATUS_OK)
		return broken(p);
	return STATUS_OK;
}

/*
 * How many rows a batch holds.  In binary the stream's header is in front
 * of its first payload, and the trailer, a field count of -1, is or ends its
 * last one.
 */
static size_t
count_rows(const struct piece *p, const struct pg_copy_batch *b, size_t *skip)
{
	size_t last, start;

	*skip = 0;
	if (p->format != COPY_BINARY)
		return b->count;
	if (p->payloads == 0)
		*skip = COPY_BINARY_HEADER;
	last = b->count - 1;
	start = last > 0 ? b->ends[last - 1] : *skip;
	if (b->ends[last] - start == 2 &&
	    memcmp(b->bytes + start, "\377\377", 2) == 0)
		return last;
	return b->count;
}

static status
digest_batch(struct piece *p, const struct pg_copy_batch *b, size_t skip,
    size_t rows)
{
	size_t start = skip, i;

	for (i = 0; i < rows; i++) {
		if (digest_rows_take(p->digest, b->bytes + start,
			b->ends[i] - start) != STATUS_OK)
			return failure_set(&p->why, STATUS_FAIL,
			    "a row of %s could not be understood", p->name);
		start = b->ends[i];
	}
	return STATUS_OK;
}

static status
take_batch(struct piece *p, const struct pg_copy_batch *b)
{
	size_t skip, rows = count_rows(p, b, &skip);

	if (p->out == NULL && begin_output(p) != STATUS_OK)
		return p->why.class;
	if (archive_write_segment(p->out, p->part, b->bytes, b->size) != STATUS_OK)
		return broken(p);
	p->payloads += b->count;
	p->rows += rows;
	p->bytes += b->size;
	progress_add(0, rows, b->size);
	return p->digest == NULL ? STATUS_OK : digest_batch(p, b, skip, rows);
}

static status
relay(struct piece *p, struct pg *pg, struct pg_copy *copy)
{
	struct pg_copy_batch batch;
	status s;

	for (;;) {
		if (pg_copy_next(copy, p->u->options->segment, &batch) !=
		    STATUS_OK)
			return failure_from_pg(&p->why, pg, "copy %s", p->name);
		if (batch.count == 0)
			break;
		s = take_batch(p, &batch);
		if (s != STATUS_OK)
			return s;
	}
	if (pg_copy_rows(copy) != p->rows)
		return failure_set(&p->why, STATUS_FAIL,
		    "the server sent %llu rows of %s, but says that it sent "
		    "%llu",
		    (unsigned long long)p->rows, p->name,
		    (unsigned long long)pg_copy_rows(copy));
	return p->out == NULL ? begin_output(p) : STATUS_OK;
}

static status
copy(struct piece *p, struct pg *pg)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_copy *stream = NULL;
	status s;

	add_copy(&sql, p);
	if (pg_copy_out(pg, NULL, &sql, &stream) != STATUS_OK)
		return failure_from_pg(&p->why, pg, "copy %s", p->name);
	s = relay(p, pg, stream);
	pg_copy_free(stream);
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
	if (s == STATUS_OK)
		s = choose_format(p);
	if (s != STATUS_OK)
		return s;
	begin_digest(p);
	return copy(p, pg);
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
	return s;
}

static json_t *
done(const struct piece *p)
{
	json_t *d = json_object();
	char digest[DIGEST_SHOWN];

	record_set_count(d, "rows", p->rows);
	record_set_count(d, "bytes", p->bytes);
	if (p->digest != NULL) {
		digest_show(digest_rows_sum(p->digest), digest);
		record_set_text(d, "digest", digest);
	} else
		(void)json_object_set_new(d, "digest", json_null());
	(void)json_object_set_new(d, "seconds",
	    json_real(round((num_now() - p->started) * 1000) / 1000));
	return d;
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
	last = ok ? done(p) : failure_json(&p->why);
	s = ok ? archive_write_done(out, last)
	       : archive_write_failed(out, last);
	return s == STATUS_OK ? s : broken(p);
}
