/* SPDX-License-Identifier: PostgreSQL */
/*
 * Chunks of hypertables as the snapshot shows them.
 */
#include "unload/batches.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "unload/relation.h"

#define UNDEFINED_TABLE "42P01"

/*
 * Batches that overlap are told to nobody at the target: it would hold them to
 * be in order, and give rows of sorted queries in a wrong one.
 */
static bool
wants_batches(const struct piece *p)
{
	if ((p->hyper.status & PG_CHUNK_COMPRESSED) == 0 ||
	    p->hyper.batches.oid == 0 || p->chunk->where != NULL ||
	    p->u->options->decompress || p->u->options->format == UNLOAD_CSV)
		return false;
	if ((p->hyper.status & PG_CHUNK_UNORDERED) != 0)
		log_verbose("%s is read as rows: its batches are out of order",
		    p->name);
	else if (p->u->options->reader != NULL && p->extension != NULL &&
	    pg_timescale_compare(p->extension, p->u->options->reader) > 0)
		log_verbose("%s is read as rows: the target's TimescaleDB is "
			    "older (%s)",
		    p->name, p->u->options->reader);
	else
		return true;
	return false;
}

static status
moved(struct piece *p)
{
	(void)failure_set(&p->why, STATUS_RETRY,
	    "%s was %s after the snapshot was taken", p->name,
	    (p->hyper.status & PG_CHUNK_COMPRESSED) != 0 ? "decompressed"
							 : "compressed");
	failure_hint(&p->why, "copy it again under a new snapshot");
	return STATUS_RETRY;
}

/*
 * A column that was added after compressing has its default in the chunk, and
 * nulls in its batches: the target would show nulls.
 */
static void
add_filled(struct sql *sql, const struct piece *p)
{
	sql_add(sql, "select c.attname from pg_catalog.pg_attribute as c");
	sql_add(sql, " join pg_catalog.pg_attribute as b");
	sql_add(sql, " on b.attname = c.attname and b.attnum > 0");
	sql_add(sql, " and not b.attisdropped and b.attrelid = ");
	sql_int(sql, p->hyper.batches.oid);
	sql_add(sql, " where c.attnum > 0 and not c.attisdropped");
	sql_add(sql, " and c.atthasmissing and c.attrelid = ");
	sql_int(sql, p->hyper.chunk.oid);
}

static status
look_for_nulls(struct piece *p, struct pg *pg, const struct pg_result *names,
    bool *lacking)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	int i;

	sql_add(&sql, "select exists (select from only ");
	sql_name(&sql, p->hyper.batches.schema, p->hyper.batches.name);
	sql_add(&sql, " where false");
	for (i = 0; i < pg_rows(names); i++) {
		sql_add(&sql, " or ");
		sql_ident(&sql, pg_value(names, i, 0));
		sql_add(&sql, " is null");
	}
	sql_add(&sql, ")");
	if (pg_run(pg, NULL, &sql, &r) != STATUS_OK) {
		(void)failure_from_pg(&p->why, pg,
		    "look at the compressed rows of %s", p->name);
		return str_eq(p->why.sqlstate, UNDEFINED_TABLE) ? moved(p)
								: p->why.class;
	}
	*lacking = pg_true(r, 0, 0);
	return STATUS_OK;
}

static status
lacks_defaults(struct piece *p, struct pg *pg, bool *lacking)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *names CLEANUP_RESULT = NULL;

	*lacking = false;
	if (!p->hyper.fills)
		return STATUS_OK;
	add_filled(&sql, p);
	if (pg_run(pg, NULL, &sql, &names) != STATUS_OK)
		return failure_from_pg(&p->why, pg, "look up %s", p->name);
	return look_for_nulls(p, pg, names, lacking);
}

static status
describe_batches(struct piece *p, struct pg *pg)
{
	bool lacking;
	const struct pg_relation *b = &p->hyper.batches;
	status s;

	if (pg_table_load(pg, b->schema, b->name, &p->batches) != STATUS_OK)
		return failure_from_pg(&p->why, pg,
		    "look up the compressed rows of %s", p->name);
	if (!p->batches.exists)
		return failure_set(&p->why, STATUS_RETRY,
		    "the compressed rows of %s were replaced after the "
		    "snapshot was taken",
		    p->name);
	pg_table_batches(&p->batches);
	s = lacks_defaults(p, pg, &lacking);
	if (s != STATUS_OK)
		return s;
	free(p->order);
	if (pg_batch_order(pg, b, &p->order) != STATUS_OK)
		return failure_from_pg(&p->why, pg,
		    "look up the compressed rows of %s", p->name);
	if (!lacking && pg_table_column(&p->batches, PG_BATCH_COUNT) != NULL)
		return STATUS_OK;
	/* Or it is a form that is not known.  TimescaleDB makes rows of it. */
	log_verbose("%s is read as rows: %s", p->name,
	    lacking ? "columns were added since it was compressed"
		    : "its batches lack \"" PG_BATCH_COUNT "\"");
	pg_table_free(&p->batches);
	return STATUS_OK;
}

/* Merged or split, it does not hold what its line says, whatever its name. */
static status
rebounded(struct piece *p)
{
	(void)failure_set(&p->why, STATUS_RETRY,
	    "the bounds of %s have changed since it was listed", p->name);
	failure_hint(&p->why, "list the chunks again");
	return STATUS_RETRY;
}

status
batches_describe(struct piece *p, struct pg *pg)
{
	const struct pg_timescale *t;

	if (!p->table.exists)
		return STATUS_OK;
	if (pg_chunk_load(pg, p->table.oid, p->chunk->slices, &p->hyper) !=
	    STATUS_OK)
		return failure_from_pg(&p->why, pg,
		    "look up %s in TimescaleDB's catalog", p->name);
	if (p->hyper.chunk.oid == 0)
		return failure_set(&p->why, STATUS_FAIL,
		    "%s is no chunk of a hypertable", p->name);
	if (!p->hyper.equal)
		return rebounded(p);
	if (pg_timescale(pg, &t) == STATUS_OK && t->version != NULL)
		p->extension = mem_strdup(t->version);
	return wants_batches(p) ? describe_batches(p, pg) : STATUS_OK;
}

/*
 * chunk_status() looks past the snapshot.  Late rows may have come since
 * ("partial"), which hurts nobody; only where rows are must be as it was.
 */
static status
is_as_it_was(struct piece *p, struct pg *pg)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;

	sql_add(&sql, "select _timescaledb_functions.chunk_status(");
	sql_int(&sql, p->hyper.chunk.oid);
	sql_add(&sql, "::pg_catalog.oid::pg_catalog.regclass)");
	if (pg_run(pg, NULL, &sql, &r) != STATUS_OK)
		return failure_from_pg(&p->why, pg, "look at %s", p->name);
	if (((pg_int(r, 0, 0) ^ p->hyper.status) & PG_CHUNK_COMPRESSED) == 0)
		return STATUS_OK;
	return moved(p);
}

/* Compressed rows that are read through the chunk. */
static status
hold_hidden(struct piece *p, struct pg *pg)
{
	const struct pg_relation *b = &p->hyper.batches;
	struct pg_table hidden = {0};
	status s;

	if (b->oid == 0)
		return STATUS_OK;
	if (pg_table_load(pg, b->schema, b->name, &hidden) != STATUS_OK)
		return failure_from_pg(&p->why, pg,
		    "look up the compressed rows of %s", p->name);
	s = hidden.exists ? relation_hold(pg, &hidden, p->name, &p->why)
			  : STATUS_OK;
	pg_table_free(&hidden);
	return s;
}

status
batches_hold(struct piece *p, struct pg *pg)
{
	status s;

	if (p->batches.exists)
		s = relation_hold(pg, &p->batches, p->name, &p->why);
	else
		s = hold_hidden(p, pg);
	if (s != STATUS_OK && str_eq(p->why.sqlstate, UNDEFINED_TABLE))
		return moved(p);
	return s == STATUS_OK ? is_as_it_was(p, pg) : s;
}

status
batches_rest(struct piece *p, struct pg *pg, bool *rest)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;

	sql_add(&sql, "select exists (select from only ");
	sql_name(&sql, p->table.schema, p->table.name);
	sql_add(&sql, ")");
	if (pg_run(pg, NULL, &sql, &r) != STATUS_OK)
		return failure_from_pg(&p->why, pg, "look at %s", p->name);
	*rest = pg_true(r, 0, 0);
	return STATUS_OK;
}

static bool
is_gone(const struct piece *p, struct pg *pg)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct str name CLEANUP(str_free) = STR_INIT;

	sql_show_name(&name, p->chunk->schema, p->chunk->table);
	sql_add(&sql, "select pg_catalog.to_regclass(");
	sql_param(&sql, str_text(&name));
	sql_add(&sql, ") is null");
	return pg_run(pg, NULL, &sql, &r) == STATUS_OK && pg_true(r, 0, 0);
}

/* Are there others in its place?  They may have its rows. */
static status
find_others(const struct piece *p, struct pg *pg, bool *others)
{
	const struct chunk *c = p->chunk;
	struct pg_hypertable h = {.dimensions = 0};
	struct pg_chunk *chunks = NULL;
	size_t n = 0;
	status s;

	s = pg_hypertable_load(pg, c->parent_schema, c->parent_table, &h);
	if (s == STATUS_OK && h.relation.oid != 0)
		s = pg_hypertable_chunks(pg, &h, c->slices, &chunks, &n);
	*others = n > 0;
	pg_chunks_free(chunks, n);
	pg_hypertable_free(&h);
	return s;
}

bool
batches_vanished(struct piece *p, struct pg *pg)
{
	bool others;

	if (p->out != NULL || p->gone || pg_broken(pg) || !is_gone(p, pg) ||
	    find_others(p, pg, &others) != STATUS_OK)
		return false;
	p->vanished = !others;
	if (p->vanished) {
		(void)failure_set(&p->why, STATUS_FAIL,
		    "%s was dropped since it was listed", p->name);
		return true;
	}
	(void)failure_set(&p->why, STATUS_RETRY,
	    "%s is not there any more, and others have its place since it was "
	    "listed",
	    p->name);
	failure_hint(&p->why,
	    "list the chunks again; pg-queue drop takes it from a queue");
	return true;
}

/* An array of what users have defined names that by its number. */
bool
batches_portable(const struct piece *p)
{
	size_t i;

	for (i = 0; i < p->table.ncolumns; i++) {
		const struct pg_column *c = &p->table.columns[i];

		if (!c->binary || (c->digest.array && c->digest.element != 0))
			return false;
	}
	return true;
}

static status
ask_row_digest(struct piece *p, struct pg *pg)
{
	const struct pg_table *t = &p->table;
	enum digest_kind kind = pg_table_binary(t) ? DIGEST_SEND : DIGEST_TEXT;
	const char **names CLEANUP_FREE =
	    mem_alloc((t->ncolumns + 1) * sizeof(*names));
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	size_t i, n = 0;

	for (i = 0; i < t->ncolumns; i++)
		if (!t->columns[i].generated)
			names[n++] = t->columns[i].name;
	sql_add(&sql, "select pg_catalog.count(*), pg_catalog.sum(");
	if (pg_table_digest_expr(t, kind, names, n, &sql) != STATUS_OK)
		BUG("a column of its own is not there");
	sql_add(&sql, ") from ");
	sql_name(&sql, t->schema, t->name);
	if (pg_run(pg, NULL, &sql, &r) != STATUS_OK)
		return failure_from_pg(&p->why, pg, "take the digest of %s",
		    p->name);
	if (!digest_from_sql(kind, pg_value(r, 0, 0), pg_value(r, 0, 1),
		&p->by_rows))
		return failure_set(&p->why, STATUS_FAIL,
		    "the digest of %s could not be understood", p->name);
	return STATUS_OK;
}

status
batches_row_digest(struct piece *p, struct pg *pg)
{
	bool ok = false;
	status s;

	p->by_rows = (struct digest){DIGEST_NONE, 0, 0};
	if (!p->batches.exists || !p->u->options->digest || batches_portable(p))
		return STATUS_OK;
	/* A refusal would end the transaction. */
	s = failure_do(&p->why, pg, "savepoint probe", "take a digest");
	if (s == STATUS_OK && pg_digest_probe(pg, &ok) != STATUS_OK)
		s = failure_from_pg(&p->why, pg, "take a digest");
	if (s == STATUS_OK)
		s = failure_do(&p->why, pg, "rollback to savepoint probe",
		    "take a digest");
	return s == STATUS_OK && ok ? ask_row_digest(p, pg) : s;
}

size_t
batches_counter(const struct pg_table *batches)
{
	size_t i, n = 0;

	for (i = 0; i < batches->ncolumns; i++) {
		if (str_eq(batches->columns[i].name, PG_BATCH_COUNT))
			return n;
		n += !batches->columns[i].generated;
	}
	return n;
}

void
batches_show(const struct piece *p, json_t *line)
{
	const int state = p->hyper.status;
	json_t *batches;

	(void)json_object_set_new(line, "compressed",
	    json_boolean((state & PG_CHUNK_COMPRESSED) != 0));
	(void)json_object_set_new(line, "partial",
	    json_boolean((state & PG_CHUNK_PARTIAL) != 0));
	(void)json_object_del(line, "batches");
	if (!p->batches.exists)
		return;
	batches = json_object();
	(void)json_object_set_new(batches, "columns",
	    pg_table_columns_json(&p->batches));
	record_set_text(batches, "format",
	    p->parts[ARCHIVE_BATCHES].format == COPY_BINARY ? "binary"
							    : "text");
	if (p->extension != NULL)
		record_set_text(batches, "extension", p->extension);
	if (p->order != NULL)
		record_set_text(batches, "order", p->order);
	(void)json_object_set(batches, "settings",
	    p->hyper.settings == NULL ? json_null() : p->hyper.settings);
	(void)json_object_set(batches, "sizes",
	    p->hyper.sizes == NULL ? json_null() : p->hyper.sizes);
	(void)json_object_set_new(line, "batches", batches);
	if (p->by_rows.kind != DIGEST_NONE)
		record_set_text(line, "digest_kind",
		    p->by_rows.kind == DIGEST_SEND ? "send" : "text");
	else if (p->u->options->digest && batches_portable(p))
		record_set_text(line, "digest_kind", "batches");
	else
		(void)json_object_set_new(line, "digest_kind", json_null());
}
