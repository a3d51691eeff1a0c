/* SPDX-License-Identifier: PostgreSQL */
/*
 * Puts statements together.  What each common table expression gives is said
 * where it is, in share/sql.
 */
#include "chunk/statement.h"

#include "base/mem.h"
#include "data/record.h"

/* The patterns as JSON, so that one parameter holds them all. */
static char *
patterns_json(const struct patterns *patterns)
{
	json_t *list CLEANUP(record_cleanup) = json_array();
	char *text;

	for (size_t i = 0; i < patterns->count; i++) {
		const struct pattern *p = &patterns->items[i];
		json_t *item = json_object();

		record_set_int(item, "ord", (int64_t)i);
		json_object_set_new(item, "leave_out",
		    json_boolean(p->leave_out));
		json_object_set_new(item, "whole", json_boolean(p->whole));
		record_set_text(item, "schema", p->schema);
		json_object_set_new(item, "schema_like",
		    json_boolean(p->schema_like));
		record_set_text(item, "name", p->name);
		json_object_set_new(item, "name_like",
		    json_boolean(p->name_like));
		json_array_append_new(list, item);
	}
	text = json_dumps(list, JSON_COMPACT);
	return text;
}

/* Nothing to leave out is said plainly, because the planner takes a
 * recursive query for one that gives millions of rows. */
static void
add_left_out(const struct statement *st, struct sql *out)
{
	bool any = false;

	for (size_t i = 0; i < st->patterns->count; i++)
		any = any || st->patterns->items[i].leave_out;
	if (any) {
		sql_given(out, str_text(&st->texts->left));
		return;
	}
	sql_add(out, ", left_out (relid) as (\n");
	sql_add(out, "select null::pg_catalog.oid where false)\n");
}

static void
add_bool(struct sql *out, bool value)
{
	if (value)
		sql_add(out, "true");
	else
		sql_add(out, "false");
}

/* What was asked for, or with all that a cascade reaches. */
static void
add_wanted(const struct statement *st, struct sql *out)
{
	const struct request *r = st->request;

	if (!r->cascade_up && !r->cascade_down) {
		sql_add(out, ", wanted as (select a.* from asked a)\n");
		return;
	}
	sql_add(out, ", cascade (up, down) as (select ");
	add_bool(out, r->cascade_up);
	sql_add(out, ", ");
	add_bool(out, r->cascade_down);
	sql_add(out, ")\n");
	sql_given(out, str_text(&st->texts->cascade));
}

static void
add_named(const struct statement *st, bool everything, struct sql *out)
{
	char *json CLEANUP_FREE = patterns_json(st->patterns);

	sql_add(out, "with recursive pattern as (\n");
	sql_add(out, "select *\n");
	sql_add(out, "from pg_catalog.jsonb_to_recordset(");
	sql_param(out, json);
	sql_add(out, "::pg_catalog.jsonb) p (\n");
	sql_add(out, "ord pg_catalog.int4, leave_out pg_catalog.bool,\n");
	sql_add(out, "whole pg_catalog.bool,\n");
	sql_add(out, "schema pg_catalog.text, schema_like pg_catalog.bool,\n");
	sql_add(out, "name pg_catalog.text, name_like pg_catalog.bool)),\n");
	sql_add(out, "looking (everything, caggs, up) as (select ");
	add_bool(out, everything);
	sql_add(out, ", ");
	add_bool(out, st->request->caggs);
	sql_add(out, ", ");
	add_bool(out, st->request->cascade_up);
	sql_add(out, ")\n");
	if (st->timescale->present)
		sql_given(out, str_text(&st->texts->hypertables));
	else
		sql_given(out, str_text(&st->texts->nohypertables));
	sql_given(out, str_text(&st->texts->named));
	add_wanted(st, out);
	sql_given(out, str_text(&st->texts->kind));
	add_left_out(st, out);
}

void
statement_matches(const struct statement *st, bool everything, struct sql *out)
{
	add_named(st, everything, out);
	sql_given(out, str_text(&st->texts->matches));
}

void
statement_apart(const struct statement *st, struct sql *out)
{
	add_named(st, false, out);
	sql_given(out, str_text(&st->texts->apart));
}

void
statement_roots(const struct statement *st, struct sql *out)
{
	add_named(st, false, out);
	sql_given(out, str_text(&st->texts->chosen));
	sql_given(out, str_text(&st->texts->roots));
}

void
statement_caggs(const struct statement *st, struct sql *out)
{
	add_named(st, false, out);
	sql_given(out, str_text(&st->texts->chosen));
	sql_given(out, str_text(&st->texts->caggs));
}

/* A condition may end in a comment. */
static void
add_condition(const struct source *source, struct sql *out)
{
	sql_add(out, "(");
	sql_given(out, source->condition);
	sql_add(out, "\n)");
}

void
statement_probe(const struct source *source, struct sql *out)
{
	sql_add(out, "select pg_catalog.count(*) filter (where ");
	add_condition(source, out);
	sql_add(out, ")\n");
	sql_add(out, "from pg_catalog.pg_class c\n");
	sql_add(out, "join pg_catalog.pg_namespace n\n");
	sql_add(out, "on n.oid = c.relnamespace\n");
}

/* What belongs to a hypertable is for sources that know TimescaleDB: in itself
 * it is an empty table. */
static void
add_proper(const struct statement *st, const struct source *source,
    struct sql *out)
{
	if (!st->timescale->present || str_eq(source->extension, "timescaledb"))
		return;
	sql_add(out, " and w.relid not in (select h.relid from hyper h)\n");
	sql_add(out, "and w.relid not in (select k.relid from chunk k)\n");
}

/* Each table goes to the first source that is for it. */
static void
add_chosen(const struct statement *st, struct sql *out)
{
	sql_add(out, ", chosen as (\n");
	sql_add(out, "select w.*, case\n");
	for (size_t i = 0; i < st->sources->count; i++) {
		if (st->sources->items[i].idle)
			continue;
		sql_add(out, "when ");
		add_condition(&st->sources->items[i], out);
		add_proper(st, &st->sources->items[i], out);
		sql_add(out, " then ");
		sql_int(out, (int64_t)i);
		sql_add(out, "\n");
	}
	sql_add(out, "end as source\n");
	sql_add(out, "from named w\n");
	sql_add(out, "cross join lateral (select c.*\n");
	sql_add(out, "from pg_catalog.pg_class c\n");
	sql_add(out, "where c.oid = w.relid offset 0) c\n");
	sql_add(out, "cross join lateral (select n.*\n");
	sql_add(out, "from pg_catalog.pg_namespace n\n");
	sql_add(out, "where n.oid = c.relnamespace offset 0) n)\n");
}

static void
add_selected(const struct statement *st, size_t source, struct sql *out)
{
	add_chosen(st, out);
	sql_add(out, ", selected (relid, schema_named, table_named) as (\n");
	sql_add(out, "select c.relid, c.schema_named, c.table_named\n");
	sql_add(out, "from chosen c\n");
	sql_add(out, "where c.source = ");
	sql_int(out, (int64_t)source);
	sql_add(out, ")\n");
}

/* The chunks of hypertables, and what TimescaleDB says of them. */
static void
add_shown(const struct statement *st, struct sql *out)
{
	if (!st->timescale->present)
		return;
	sql_given(out, str_text(&st->texts->taken));
	switch (st->timescale->slices) {
	case SLICES_SHOWN:
		sql_given(out, str_text(&st->texts->shown));
		break;
	case SLICES_APACHE:
		sql_given(out, str_text(&st->texts->shown_apache));
		break;
	case SLICES_APACHE_BEFORE:
		sql_given(out, str_text(&st->texts->shown_apache_before));
		break;
	}
}

/* A source of the first version gives two columns less. */
static void
add_source(const struct source *source, struct sql *out)
{
	if (source->api > 1) {
		sql_add(out, ", source (relid, root, parent, bound, range,\n");
		sql_add(out, "part, predicate, rows, bytes, compressed,\n");
		sql_add(out, "refuse, leave, fields) as (\n");
		sql_given(out, str_text(&source->query));
		sql_add(out, "\n)\n");
		return;
	}
	sql_add(out, ", source_1 (relid, root, parent, bound, range, part,\n");
	sql_add(out, "predicate, rows, bytes, compressed, refuse) as (\n");
	sql_given(out, str_text(&source->query));
	sql_add(out, "\n), source as (\n");
	sql_add(out, "select s.*, null as leave, null as fields\n");
	sql_add(out, "from source_1 s)\n");
}

/* enough: one piece of each table tells what is asked. */
static void
add_pieces(const struct statement *st, size_t source, bool enough,
    struct sql *out)
{
	add_named(st, false, out);
	sql_given(out, str_text(&st->texts->chosen));
	add_selected(st, source, out);
	sql_add(out, ", sketch (enough) as (select ");
	add_bool(out, enough);
	sql_add(out, ")\n");
	add_shown(st, out);
	add_source(&st->sources->items[source], out);
	sql_given(out, str_text(&st->texts->piece));
}

static void
add_keyed(const struct statement *st, const char *column, struct sql *out)
{
	sql_add(out, ", bounding (column_name) as (select ");
	sql_param(out, column);
	sql_add(out, "::pg_catalog.text)\n");
	sql_given(out, str_text(&st->texts->keyed));
}

void
statement_shares(const struct statement *st, struct sql *out)
{
	add_named(st, false, out);
	sql_given(out, str_text(&st->texts->chosen));
	add_chosen(st, out);
	sql_add(out, "select distinct c.source from chosen c\n");
	sql_add(out, "where c.source is not null\n");
}

void
statement_keys(const struct statement *st, size_t source, const char *column,
    struct sql *out)
{
	add_pieces(st, source, true, out);
	add_keyed(st, column, out);
	sql_given(out, str_text(&st->texts->keys));
}

static void
add_order(const struct statement *st, enum request_order order, struct sql *out)
{
	switch (order) {
	case ORDER_NEWEST:
		sql_given(out, str_text(&st->texts->age));
		sql_add(out, "order by order_number desc nulls last,\n");
		sql_add(out, "order_text desc nulls last, order_name\n");
		return;
	case ORDER_OLDEST:
		sql_given(out, str_text(&st->texts->age));
		break;
	case ORDER_LARGEST: /* of one depth */
		sql_add(out, "left join depth d on d.relid = b.root\n");
		sql_add(out, "cross join lateral (\n");
		sql_add(out, "select 1e18 * coalesce(d.depth, 0)\n");
		sql_add(out, "- coalesce(b.bytes,\n");
		sql_add(out, "z.heap_bytes + z.toast_bytes)\n");
		sql_add(out, "::pg_catalog.float8, null) o (number, text)\n");
		break;
	case ORDER_NAME:
		sql_add(out, "cross join (\n");
		sql_add(out, "select null::pg_catalog.float8, null\n");
		sql_add(out, ") o (number, text)\n");
		break;
	}
	sql_add(out, "order by order_number nulls last,\n");
	sql_add(out, "order_text nulls last, order_name\n");
}

void
statement_list(const struct statement *st, size_t source,
    const struct bounds *bounds, enum request_order order, struct sql *out)
{
	add_pieces(st, source, false, out);
	if (bounds != NULL) {
		add_keyed(st, bounds->column, out);
		bounds_add(bounds, out);
	} else {
		sql_given(out, str_text(&st->texts->unkeyed));
		sql_add(out, ", bounded as (\n");
		sql_add(out, "select k.*, null::pg_catalog.int4 as type_no,\n");
		sql_add(out, "false as from_cuts, false as until_cuts\n");
		sql_add(out, "from keyed k)\n");
	}
	if (order == ORDER_LARGEST)
		sql_given(out, str_text(&st->texts->depth));
	sql_given(out, str_text(&st->texts->list));
	add_order(st, order, out);
}
