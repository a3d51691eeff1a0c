/* SPDX-License-Identifier: PostgreSQL */
/*
 * Queries over TimescaleDB's catalog.  A row whose columns differ between
 * versions is taken as JSON, where a column that is not there is null.
 */
#include "pg/timescale.h"
#include "pg/private.h"
#include "pg/timescale_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define HEAP 2 /* the access method's oid */

static char *
copy_of(const char *text)
{
	return text == NULL ? NULL : mem_strdup(text);
}

/* --- chunks ----------------------------------------------------------------------------- */

void
pg_relation_free(struct pg_relation *r)
{
	free(r->schema);
	free(r->name);
	*r = (struct pg_relation){0, NULL, NULL};
}

void
pg_chunk_free(struct pg_chunk *c)
{
	pg_relation_free(&c->chunk);
	pg_relation_free(&c->hypertable);
	pg_relation_free(&c->batches);
	json_decref(c->settings);
	json_decref(c->sizes);
	*c = (struct pg_chunk){.status = 0};
}

void
pg_chunks_free(struct pg_chunk *chunks, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		pg_chunk_free(&chunks[i]);
	free(chunks);
}

static void
take_relation(struct pg_relation *out, const struct pg_result *r, int row,
    int column)
{
	out->oid = (uint32_t)pg_int(r, row, column);
	out->schema = copy_of(pg_value(r, row, column + 1));
	out->name = copy_of(pg_value(r, row, column + 2));
}

static json_t *
take_json(const struct pg_result *r, int row, int column)
{
	const char *text = pg_value(r, row, column);

	return text == NULL ? NULL : json_loads(text, 0, NULL);
}

enum {
	CHUNK_CHUNK,
	CHUNK_HYPERTABLE = 3,
	CHUNK_BATCHES = 6,
	CHUNK_STATUS = 9,
	CHUNK_EQUAL,
	CHUNK_INVALIDATES,
	CHUNK_SETTINGS,
	CHUNK_SIZES,
	CHUNK_FILLS
};

/* What pg_chunk holds, of k (the chunk's pg_class), kn, c (its row in the
 * catalog). */
static void
select_chunk(struct sql *sql)
{
	sql_add(sql, "select k.oid, kn.nspname, k.relname, h.oid, hn.nspname,");
	sql_add(sql, " h.relname, b.oid, bn.nspname, b.relname, c.status");
}

static void
select_more(struct sql *sql)
{
	sql_add(sql, ", exists (select from pg_catalog.pg_trigger as g");
	sql_add(sql, " where g.tgrelid = k.oid");
	sql_add(sql, " and g.tgname = 'ts_cagg_invalidation_trigger'),");
	/* Of the chunk, in older versions of its compressed table. */
	sql_add(sql, " (select pg_catalog.to_jsonb(s) - 'relid'");
	sql_add(sql, " - 'compress_relid' from");
	sql_add(sql, " _timescaledb_catalog.compression_settings as s");
	sql_add(sql, " where s.relid in (k.oid, b.oid) limit 1),");
	sql_add(sql, " (select pg_catalog.to_jsonb(z) - 'chunk_id'");
	sql_add(sql, " - 'compressed_chunk_id' from");
	sql_add(sql, " _timescaledb_catalog.compression_chunk_size as z");
	sql_add(sql, " where z.chunk_id = c.id)");
	sql_add(sql, ", exists (select from pg_catalog.pg_attribute as m");
	sql_add(sql, " where m.attrelid = k.oid and m.attnum > 0");
	sql_add(sql, " and m.atthasmissing and not m.attisdropped)");
}

/* From the chunk's row in the catalog to the relations it stands for. */
static void
join_relations(struct sql *sql, const struct pg_timescale *t)
{
	sql_add(sql, " join pg_catalog.pg_class as k on ");
	if (t->by_relid)
		sql_add(sql, "k.oid = c.relid");
	else
		sql_add(sql, "k.relname = c.table_name");
	sql_add(sql, " join pg_catalog.pg_namespace as kn");
	sql_add(sql, " on kn.oid = k.relnamespace");
	if (!t->by_relid)
		sql_add(sql, " and kn.nspname = c.schema_name");
	sql_add(sql, " join _timescaledb_catalog.hypertable as y");
	sql_add(sql, " on y.id = c.hypertable_id");
	sql_add(sql, " join pg_catalog.pg_namespace as hn");
	sql_add(sql, " on hn.nspname = y.schema_name");
	sql_add(sql, " join pg_catalog.pg_class as h");
	sql_add(sql,
	    " on h.relnamespace = hn.oid and h.relname = y.table_name");
	/* An access method that shows compressed rows as its own (2.18 to
	 * 2.21: hypercore) is nobody else's to look behind. */
	sql_add(sql, " left join pg_catalog.pg_class as b on k.relam = ");
	sql_int(sql, HEAP);
	sql_add(sql, " and b.oid = coalesce(");
	/* Dropped since the snapshot, it has a number in place of a name. */
	sql_add(sql, "(select pg_catalog.to_regclass(pg_catalog.to_jsonb(s)");
	sql_add(sql, " ->> 'compress_relid')::pg_catalog.oid from");
	sql_add(sql, " _timescaledb_catalog.compression_settings as s");
	sql_add(sql, " where s.relid = k.oid)");
	if (!t->by_relid) {
		sql_add(sql, ", (select u.oid from _timescaledb_catalog.chunk");
		sql_add(sql, " as v join pg_catalog.pg_namespace as w");
		sql_add(sql, " on w.nspname = v.schema_name");
		sql_add(sql, " join pg_catalog.pg_class as u");
		sql_add(sql, " on u.relnamespace = w.oid");
		sql_add(sql, " and u.relname = v.table_name");
		sql_add(sql, " where v.id = c.compressed_chunk_id)");
	}
	sql_add(sql, ") left join pg_catalog.pg_namespace as bn");
	sql_add(sql, " on bn.oid = b.relnamespace");
}

static void
take_chunk(struct pg_chunk *c, const struct pg_result *r, int row)
{
	take_relation(&c->chunk, r, row, CHUNK_CHUNK);
	take_relation(&c->hypertable, r, row, CHUNK_HYPERTABLE);
	take_relation(&c->batches, r, row, CHUNK_BATCHES);
	c->status = (int)pg_int(r, row, CHUNK_STATUS);
	c->equal = pg_true(r, row, CHUNK_EQUAL);
	c->invalidates = pg_true(r, row, CHUNK_INVALIDATES);
	c->settings = take_json(r, row, CHUNK_SETTINGS);
	c->sizes = take_json(r, row, CHUNK_SIZES);
	c->fills = pg_true(r, row, CHUNK_FILLS);
}

/* Are the slices of c those of want, all of them? */
static void
add_equal(struct sql *sql, const struct pg_timescale *t)
{
	sql_add(sql, ", (select pg_catalog.count(*) = (select");
	sql_add(sql,
	    " pg_catalog.count(*) from want) and pg_catalog.bool_and(");
	sql_add(sql, "w.name is not null and s.range_start = w.lo");
	sql_add(sql, " and s.range_end = w.hi)");
	sql_add(sql, " from _timescaledb_catalog.dimension_slice as s");
	sql_add(sql, " join _timescaledb_catalog.dimension as d");
	sql_add(sql, " on d.id = s.dimension_id");
	sql_add(sql, " left join want as w on d.column_name = w.name where ");
	if (t->by_slice)
		sql_add(sql, "s.chunk_id = c.id)");
	else {
		sql_add(sql, "s.id in (select i.dimension_slice_id");
		sql_add(sql, " from _timescaledb_catalog.chunk_constraint i");
		sql_add(sql, " where i.chunk_id = c.id))");
	}
}

status
pg_chunk_load(struct pg *pg, uint32_t oid, const json_t *slices,
    struct pg_chunk *out)
{
	const struct pg_timescale *t;
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql sql CLEANUP_SQL = SQL_INIT;
	status s = pg_timescale(pg, &t);

	*out = (struct pg_chunk){.status = 0};
	if (s != STATUS_OK || t->version == NULL)
		return s;
	if (slices != NULL) {
		sql_add(&sql, "with ");
		timescale_add_want(&sql, slices);
		sql_add(&sql, " ");
	}
	select_chunk(&sql);
	if (slices != NULL)
		add_equal(&sql, t);
	else
		sql_add(&sql, ", true");
	select_more(&sql);
	sql_add(&sql, " from _timescaledb_catalog.chunk as c");
	join_relations(&sql, t);
	sql_add(&sql, " where k.oid = ");
	sql_int(&sql, oid);
	s = pg_run(pg, NULL, &sql, &r);
	if (s == STATUS_OK && pg_rows(r) == 1)
		take_chunk(out, r, 0);
	return s;
}

/* --- hypertables --------------------------------------------------------------------------- */

void
pg_hypertable_free(struct pg_hypertable *h)
{
	pg_relation_free(&h->relation);
	free(h->primary);
	*h = (struct pg_hypertable){.dimensions = 0};
}

/* Names as ids of the catalog: of the hypertable itself, or of that below a
 * view. */
static void
add_named(struct sql *sql, const char *schema, const char *name)
{
	sql_add(sql, "with named (s, t, aggregate) as (");
	sql_add(sql, "select h.schema_name, h.table_name, false");
	sql_add(sql, " from _timescaledb_catalog.hypertable as h");
	sql_add(sql, " where h.schema_name = ");
	sql_param(sql, schema);
	sql_add(sql, " and h.table_name = ");
	sql_param(sql, name);
	sql_add(sql, " union all select v.materialization_hypertable_schema,");
	sql_add(sql, " v.materialization_hypertable_name, true");
	sql_add(sql, " from timescaledb_information.continuous_aggregates");
	sql_add(sql, " as v where v.view_schema = ");
	sql_param(sql, schema);
	sql_add(sql, " and v.view_name = ");
	sql_param(sql, name);
	sql_add(sql, ")");
}

status
pg_hypertable_load(struct pg *pg, const char *schema, const char *name,
    struct pg_hypertable *out)
{
	const struct pg_timescale *t;
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql sql CLEANUP_SQL = SQL_INIT;
	status s = pg_timescale(pg, &t);

	*out = (struct pg_hypertable){.dimensions = 0};
	if (s != STATUS_OK || t->version == NULL)
		return s;
	add_named(&sql, schema, name);
	sql_add(&sql, " select k.oid, n.nspname, k.relname, named.aggregate,");
	sql_add(&sql, " y.compressed_hypertable_id is not null,");
	sql_add(&sql, " exists (select from _timescaledb_catalog.dimension d");
	sql_add(&sql, " where d.hypertable_id = y.id and (pg_catalog.to_jsonb");
	sql_add(&sql, "(d) ->> 'compress_interval_length') is not null),");
	if (t->keeps_ranges) {
		sql_add(&sql, " exists (select from");
		sql_add(&sql, " _timescaledb_catalog.chunk_column_stats as f");
		sql_add(&sql, " where f.hypertable_id = y.id),");
	} else
		sql_add(&sql, " false,");
	sql_add(&sql, " exists (select from");
	sql_add(&sql, " _timescaledb_catalog.continuous_agg as g");
	sql_add(&sql, " where g.raw_hypertable_id = y.id),");
	sql_add(&sql, " (select pg_catalog.count(*)");
	sql_add(&sql, " from _timescaledb_catalog.dimension as d");
	sql_add(&sql, " where d.hypertable_id = y.id),");
	sql_add(&sql, " exists (select from");
	sql_add(&sql, " _timescaledb_catalog.tablespace as e");
	sql_add(&sql, " where e.hypertable_id = y.id), p.column_name,");
	sql_add(&sql, " p.column_type in ('pg_catalog.int8'");
	sql_add(&sql, "::pg_catalog.regtype, 'pg_catalog.int4'");
	sql_add(&sql, "::pg_catalog.regtype, 'pg_catalog.int2'");
	sql_add(&sql, "::pg_catalog.regtype)");
	sql_add(&sql, " from named join pg_catalog.pg_namespace as n");
	sql_add(&sql, " on n.nspname = named.s join pg_catalog.pg_class as k");
	sql_add(&sql, " on k.relnamespace = n.oid and k.relname = named.t");
	sql_add(&sql, " join _timescaledb_catalog.hypertable as y");
	sql_add(&sql, " on y.schema_name = named.s and y.table_name = named.t");
	sql_add(&sql, " left join lateral (select d.column_name,");
	sql_add(&sql, " d.column_type from _timescaledb_catalog.dimension d");
	sql_add(&sql, " where d.hypertable_id = y.id");
	sql_add(&sql, " order by d.id limit 1) as p on true");
	s = pg_run(pg, NULL, &sql, &r);
	if (s != STATUS_OK || pg_rows(r) == 0)
		return s;
	take_relation(&out->relation, r, 0, 0);
	out->aggregate = pg_true(r, 0, 3);
	out->compression = pg_true(r, 0, 4);
	out->merges = pg_true(r, 0, 5);
	out->skipping = pg_true(r, 0, 6);
	out->watched = pg_true(r, 0, 7);
	out->dimensions = (int)pg_int(r, 0, 8);
	out->spread = pg_true(r, 0, 9);
	out->primary = copy_of(pg_value(r, 0, 10));
	out->integers = pg_true(r, 0, 11);
	return STATUS_OK;
}

void
timescale_add_want(struct sql *sql, const json_t *slices)
{
	char *text CLEANUP_FREE = json_dumps(slices, JSON_COMPACT);

	sql_add(sql, "want (name, lo, hi) as (select w.key,");
	sql_add(sql, " (w.value ->> 0)::pg_catalog.int8,");
	sql_add(sql, " (w.value ->> 1)::pg_catalog.int8");
	sql_add(sql, " from pg_catalog.jsonb_each(");
	sql_param(sql, text);
	sql_add(sql, "::pg_catalog.jsonb) as w)");
}

void
timescale_add_dimensions(struct sql *sql, const struct pg_hypertable *h)
{
	sql_add(sql, "dim as (select d.*, coalesce((select p.prorettype");
	sql_add(sql, " from pg_catalog.pg_proc as p");
	sql_add(sql, " join pg_catalog.pg_namespace as n");
	sql_add(sql, " on n.oid = p.pronamespace");
	sql_add(sql, " where n.nspname = d.partitioning_func_schema");
	sql_add(sql, " and p.proname = d.partitioning_func");
	sql_add(sql, " order by p.proargtypes[0] = d.column_type::");
	sql_add(sql, "pg_catalog.oid desc limit 1)::pg_catalog.regtype,");
	sql_add(sql, " d.column_type) as counts");
	sql_add(sql, " from _timescaledb_catalog.dimension d");
	sql_add(sql, " join _timescaledb_catalog.hypertable as y");
	sql_add(sql, " on y.id = d.hypertable_id where y.schema_name = ");
	sql_param(sql, h->relation.schema);
	sql_add(sql, " and y.table_name = ");
	sql_param(sql, h->relation.name);
	sql_add(sql, ")");
}

/* part(chunk, equal): the chunks that share something with each of them. */
static void
add_parts(struct sql *sql, const struct pg_timescale *t)
{
	sql_add(sql, "part (chunk, equal) as (select ");
	if (t->by_slice)
		sql_add(sql, "s.chunk_id");
	else
		sql_add(sql, "i.chunk_id");
	sql_add(sql, ", pg_catalog.bool_and(s.range_start = w.lo");
	sql_add(sql,
	    " and s.range_end = w.hi) and (select pg_catalog.count(*)");
	sql_add(sql, " from want) = (select pg_catalog.count(*) from dim)");
	sql_add(sql, " from want as w join dim as d on d.column_name = w.name");
	sql_add(sql, " join _timescaledb_catalog.dimension_slice as s");
	sql_add(sql, " on s.dimension_id = d.id and s.range_start < w.hi");
	sql_add(sql, " and s.range_end > w.lo");
	if (!t->by_slice) {
		sql_add(sql, " join _timescaledb_catalog.chunk_constraint i");
		sql_add(sql, " on i.dimension_slice_id = s.id");
	}
	sql_add(sql, " group by 1 having pg_catalog.count(*) = (select");
	sql_add(sql, " pg_catalog.count(*) from want as w join dim as d");
	sql_add(sql, " on d.column_name = w.name))");
}

status
pg_hypertable_chunks(struct pg *pg, const struct pg_hypertable *h,
    const json_t *slices, struct pg_chunk **out, size_t *n)
{
	const struct pg_timescale *t;
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql sql CLEANUP_SQL = SQL_INIT;
	status s = pg_timescale(pg, &t);
	size_t i;

	*out = NULL;
	*n = 0;
	if (s != STATUS_OK)
		return s;
	sql_add(&sql, "with ");
	timescale_add_want(&sql, slices);
	sql_add(&sql, ", ");
	timescale_add_dimensions(&sql, h);
	sql_add(&sql, ", ");
	add_parts(&sql, t);
	sql_add(&sql, " ");
	select_chunk(&sql);
	sql_add(&sql, ", part.equal");
	select_more(&sql);
	sql_add(&sql, " from part join _timescaledb_catalog.chunk as c");
	sql_add(&sql, " on c.id = part.chunk");
	join_relations(&sql, t);
	sql_add(&sql, " where pg_catalog.to_jsonb(c) ->> 'dropped'");
	sql_add(&sql, " is distinct from 'true' and not c.osm_chunk");
	sql_add(&sql, " order by part.equal desc, c.id");
	s = pg_run(pg, NULL, &sql, &r);
	if (s != STATUS_OK)
		return s;
	*n = (size_t)pg_rows(r);
	*out = mem_zalloc((*n + 1) * sizeof(**out));
	for (i = 0; i < *n; i++)
		take_chunk(&(*out)[i], r, (int)i);
	return STATUS_OK;
}
