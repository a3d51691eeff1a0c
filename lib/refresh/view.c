/* SPDX-License-Identifier: PostgreSQL */
/*
 * Questions about one continuous aggregate, through the information views
 * where they have the answer.
 */
#include "refresh/view.h"

#include <stdlib.h>

#include "base/mem.h"

static void
shape_query(const char *schema, const char *name, struct sql *sql)
{
	sql_add(sql, "select c.mat_hypertable_id,");
	sql_add(sql, " i.materialization_hypertable_schema,");
	sql_add(sql, " i.materialization_hypertable_name, m.column_name,");
	sql_add(sql, " i.hypertable_schema, i.hypertable_name,");
	sql_add(sql, " r.column_name, p.user_view_schema, p.user_view_name,");
	sql_add(sql, " pg_catalog.format_type(m.column_type, null),");
	sql_add(sql, " coalesce(m.integer_interval, (extract(epoch from");
	sql_add(sql, " m.time_interval) * 1000000)::pg_catalog.int8)");
	sql_add(sql, " from timescaledb_information.continuous_aggregates i");
	sql_add(sql, " join _timescaledb_catalog.continuous_agg c");
	sql_add(sql, " on c.user_view_schema = i.view_schema");
	sql_add(sql, " and c.user_view_name = i.view_name");
	sql_add(sql, " left join _timescaledb_catalog.continuous_agg p");
	sql_add(sql, " on p.mat_hypertable_id = c.parent_mat_hypertable_id");
	sql_add(sql, " join timescaledb_information.dimensions m");
	sql_add(sql, " on m.hypertable_schema");
	sql_add(sql, " = i.materialization_hypertable_schema");
	sql_add(sql, " and m.hypertable_name");
	sql_add(sql, " = i.materialization_hypertable_name");
	sql_add(sql, " and m.dimension_number = 1");
	sql_add(sql, " join timescaledb_information.dimensions r");
	sql_add(sql, " on r.hypertable_schema = i.hypertable_schema");
	sql_add(sql, " and r.hypertable_name = i.hypertable_name");
	sql_add(sql, " and r.dimension_number = 1");
	sql_add(sql, " where i.view_schema = ");
	sql_param(sql, schema);
	sql_add(sql, "::pg_catalog.name and i.view_name = ");
	sql_param(sql, name);
	sql_add(sql, "::pg_catalog.name");
}

static char *
copy(const struct pg_result *r, int col)
{
	const char *text = pg_value(r, 0, col);

	return text == NULL ? NULL : mem_strdup(text);
}

static void
take_shape(const struct pg_result *r, struct view *v)
{
	v->exists = true;
	v->id = pg_int(r, 0, 0);
	v->mat = (struct relation_name){copy(r, 1), copy(r, 2), copy(r, 3)};
	v->raw = (struct relation_name){copy(r, 4), copy(r, 5), copy(r, 6)};
	v->parent_schema = copy(r, 7);
	v->parent_view = copy(r, 8);
	v->type_name = copy(r, 9);
	v->type = time_type_find(v->type_name);
	v->chunk = pg_int(r, 0, 10);
}

status
view_load(struct site *s, const char *schema, const char *name,
    struct view *out, struct failure *f)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status st;

	*out = (struct view){0};
	shape_query(schema, name, &sql);
	st = failure_run(f, s->pg, &sql, &r, "look for \"%s\" on the %s", name,
	    s->role);
	if (st != STATUS_OK || pg_rows(r) == 0)
		return st;
	take_shape(r, out);
	out->self.schema = mem_strdup(schema);
	out->self.name = mem_strdup(name);
	if (out->type == NULL)
		return STATUS_OK;
	st = bucket_load(s, out->id, out->type, &out->bucket, f);
	if (st == STATUS_OK)
		st = view_watermark(s, out, &out->watermark, f);
	if (st != STATUS_OK)
		view_free(out);
	return st;
}

static void
relation_free(struct relation_name *r)
{
	free(r->schema);
	free(r->name);
	free(r->column);
}

void
view_free(struct view *v)
{
	relation_free(&v->self);
	relation_free(&v->mat);
	relation_free(&v->raw);
	free(v->parent_schema);
	free(v->parent_view);
	free(v->type_name);
	bucket_free(&v->bucket);
	*v = (struct view){0};
}

status
view_watermark(struct site *s, const struct view *v, int64_t *out,
    struct failure *f)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status st;

	if (s->watermarks) {
		sql_add(&sql, "select watermark from _timescaledb_catalog");
		sql_add(&sql, ".continuous_aggs_watermark");
		sql_add(&sql, " where mat_hypertable_id = ");
		sql_int(&sql, v->id);
	} else {
		sql_add(&sql, "select _timescaledb_functions.cagg_watermark(");
		sql_int(&sql, v->id);
		sql_add(&sql, ")");
	}
	st = failure_run(f, s->pg, &sql, &r,
	    "read the watermark of \"%s\" on the %s", v->self.name, s->role);
	if (st != STATUS_OK)
		return st;
	*out = pg_rows(r) == 1 ? pg_int(r, 0, 0) : v->type->least;
	/* An aggregate of months begins below the least time. */
	if (*out < v->type->least)
		*out = v->type->least;
	return STATUS_OK;
}

/* The order, not min(): an index gives the first row of the first chunk. */
status
view_first(struct site *s, const struct view *v,
    const struct relation_name *relation, bool *any, int64_t *out,
    struct failure *f)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status st;

	sql_add(&sql, "select _timescaledb_functions.time_to_internal(t.");
	sql_ident(&sql, relation->column);
	sql_add(&sql, ") from ");
	sql_name(&sql, relation->schema, relation->name);
	sql_add(&sql, " t order by t.");
	sql_ident(&sql, relation->column);
	sql_add(&sql, " limit 1");
	st = failure_run(f, s->pg, &sql, &r,
	    "look for the first row of \"%s\" on the %s", relation->name,
	    s->role);
	if (st != STATUS_OK)
		return st;
	*any = pg_rows(r) == 1;
	*out = *any ? pg_int(r, 0, 0) : v->type->least;
	return STATUS_OK;
}

status
view_holds(struct site *s, const struct view *v, int64_t from, int64_t to,
    bool *holds, struct failure *f)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status st;

	sql_add(&sql, "select exists (select from ");
	sql_name(&sql, v->mat.schema, v->mat.name);
	sql_add(&sql, " t where t.");
	sql_ident(&sql, v->mat.column);
	sql_add(&sql, " >= ");
	time_type_value(v->type, from, &sql);
	sql_add(&sql, " and t.");
	sql_ident(&sql, v->mat.column);
	sql_add(&sql, " < ");
	time_type_value(v->type, to, &sql);
	sql_add(&sql, ")");
	st = failure_run(f, s->pg, &sql, &r,
	    "look what is materialised of \"%s\"", v->self.name);
	if (st == STATUS_OK)
		*holds = pg_true(r, 0, 0);
	return st;
}

/* --- what is out of date ----------------------------------------------------------- */

static void
from_log(const struct view *v, struct sql *sql)
{
	sql_add(sql, " from _timescaledb_catalog");
	sql_add(sql, ".continuous_aggs_materialization_invalidation_log");
	sql_add(sql, " where materialization_id = ");
	sql_int(sql, v->id);
}

/* A number below zero would be an operator before another one. */
static void
add_value(int64_t value, struct sql *sql)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%lld", (long long)value);
	sql_value(sql, text);
	sql_add(sql, "::pg_catalog.int8");
}

status
view_invalid_before(struct site *s, const struct view *v, int64_t value,
    int64_t *out, struct failure *f)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status st;

	*out = value;
	if (!s->log)
		return STATUS_OK;
	sql_add(&sql, "select pg_catalog.min(lowest_modified_value)");
	from_log(v, &sql);
	sql_add(&sql, " and lowest_modified_value < ");
	add_value(value, &sql);
	sql_add(&sql, " and greatest_modified_value >= ");
	add_value(value, &sql);
	st = failure_run(f, s->pg, &sql, &r,
	    "look what is out of date of \"%s\"", v->self.name);
	if (st == STATUS_OK && pg_value(r, 0, 0) != NULL)
		*out = pg_int(r, 0, 0);
	return st;
}

status
view_invalid(struct site *s, const struct view *v, int64_t from, int64_t to,
    bool *any, bool *all, struct failure *f)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status st;

	*any = *all = false;
	if (!s->log)
		return STATUS_OK;
	sql_add(&sql, "select pg_catalog.count(*) > 0,");
	sql_add(&sql, " coalesce(pg_catalog.bool_or(");
	sql_add(&sql, "lowest_modified_value <= ");
	add_value(from, &sql);
	sql_add(&sql, " and greatest_modified_value >= ");
	add_value(to, &sql);
	sql_add(&sql, "), false)");
	from_log(v, &sql);
	sql_add(&sql, " and lowest_modified_value <= ");
	add_value(to, &sql);
	sql_add(&sql, " and greatest_modified_value >= ");
	add_value(from, &sql);
	st = failure_run(f, s->pg, &sql, &r,
	    "look what is out of date of \"%s\"", v->self.name);
	if (st == STATUS_OK) {
		*any = pg_true(r, 0, 0);
		*all = pg_true(r, 0, 1);
	}
	return st;
}
