/* SPDX-License-Identifier: PostgreSQL */
/*
 * A chunk line's id, predicates and fields.
 */
#include "chunk/line.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "data/digest.h"

#define ID_VALUE_MAX 48 /* bytes of a slice's end in an id */

/* A value in an id: short as it is, long as its hash. */
static void
add_id_value(struct str *id, const char *text)
{
	size_t n = strlen(text);

	if (n <= ID_VALUE_MAX)
		str_add(id, text);
	else
		str_addf(id, "~%016" PRIx64, digest_hash(text, n));
}

static void
add_id_values(struct str *id, const struct key *key, const char *const *values)
{
	struct str all CLEANUP(str_free) = STR_INIT;

	if (values == NULL)
		return;
	for (size_t i = 0; i < key->count; i++) {
		if (i > 0)
			str_addc(&all, ',');
		str_add(&all, values[i]);
	}
	add_id_value(id, str_text(&all));
}

static const char *
slice_name(enum slice_by by)
{
	switch (by) {
	case SLICE_CTID:
		return "ctid";
	case SLICE_KEY:
		return "key";
	case SLICE_TIME:
		return "time";
	case SLICE_NONE:
		break;
	}
	return NULL;
}

static void
add_id_slice(struct str *id, const struct slice *slice)
{
	if (slice->by == SLICE_NONE)
		return;
	str_addf(id, "#%s:", slice_name(slice->by));
	if (slice->by != SLICE_CTID) {
		add_id_values(id, slice->key, slice->from);
		str_add(id, "..");
		add_id_values(id, slice->key, slice->to);
		return;
	}
	str_addf(id, "%" PRIu64 "-", slice->from_block);
	if (slice->to_block > 0)
		str_addf(id, "%" PRIu64, slice->to_block);
}

static char *
make_id(const struct bounds *bounds, const struct piece *p,
    const struct slice *slice)
{
	char *whole CLEANUP_FREE = piece_id(p);
	struct str id = STR_INIT;

	str_add(&id, whole);
	add_id_slice(&id, slice);
	if (p->from_cuts || p->until_cuts) {
		const struct bounds_type *t = &bounds->types[p->type_no];

		str_addc(&id, '[');
		if (p->from_cuts)
			add_id_value(&id, t->from);
		str_addc(&id, ',');
		if (p->until_cuts)
			add_id_value(&id, t->until);
		str_addc(&id, ')');
	}
	return str_take(&id);
}

/* All that the slices of a piece have in common. */
static void
add_within(struct sql *sql, const struct bounds *bounds, const struct piece *p)
{
	bool cut = p->from_cuts || p->until_cuts;

	if (p->predicate != NULL) {
		sql_add(sql, "(");
		sql_given(sql, p->predicate);
		sql_add(sql, ")");
		if (cut)
			sql_add(sql, " and ");
	}
	if (cut)
		bounds_predicate(&bounds->types[p->type_no], p->column,
		    p->from_cuts, p->until_cuts, sql);
}

static void
add_ctid(struct sql *sql, const struct slice *slice)
{
	sql_add(sql, "ctid >= '(");
	sql_int(sql, (int64_t)slice->from_block);
	sql_add(sql, ",0)'::tid");
	if (slice->to_block > 0) {
		sql_add(sql, " and ctid < '(");
		sql_int(sql, (int64_t)slice->to_block);
		sql_add(sql, ",0)'::tid");
	}
}

/* Does the slice before begin with the same values, as many as these? */
static bool
begins_alike(const struct slice *slice, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slice->before == NULL ||
		    !str_eq(slice->before[i], slice->from[i]))
			return false;
	return true;
}

/*
 * " or a = 1 and b is null": what a comparison with the slice's beginning
 * gives null for.  A source's key has no such rows, but its copy may be a table
 * without the key; each of them has to be in a slice, and in one alone.
 */
static void
add_nulls(struct sql *sql, const struct slice *slice)
{
	size_t count = slice->from == NULL ? 1 : slice->key->count;

	for (size_t i = slice->from == NULL ? 0 : 1; i < count; i++) {
		const struct key leading = {slice->key->columns, i};
		const char *name = slice->key->columns[i].name;

		if (str_eq(name, slice->never_null) ||
		    (i > 0 && begins_alike(slice, i)))
			continue;
		sql_add(sql, " or ");
		if (i > 0) {
			key_compare(sql, &leading, KEY_EQUAL, slice->from);
			sql_add(sql, " and ");
		}
		sql_ident(sql, name);
		sql_add(sql, " is null");
	}
}

static void
add_range(struct sql *sql, const struct slice *slice)
{
	bool nulls = slice->from == NULL || slice->key->count > 1;

	if (nulls)
		sql_add(sql, "(");
	if (slice->from != NULL)
		key_compare(sql, slice->key, KEY_MORE_EQUAL, slice->from);
	if (slice->from != NULL && slice->to != NULL)
		sql_add(sql, " and ");
	if (slice->to != NULL)
		key_compare(sql, slice->key, KEY_LESS, slice->to);
	if (nulls) {
		add_nulls(sql, slice);
		sql_add(sql, ")");
	}
}

static void
add_where(struct sql *sql, const struct slice *slice, const char *within)
{
	if (slice->by == SLICE_CTID)
		add_ctid(sql, slice);
	else if (slice->by != SLICE_NONE)
		add_range(sql, slice);
	if (within == NULL)
		return;
	if (slice->by != SLICE_NONE)
		sql_add(sql, " and ");
	sql_given(sql, within);
}

static void
set(json_t *record, const char *field, json_t *value)
{
	if (json_object_set_new(record, field, value) != 0)
		BUG("field \"%s\" could not be set", field);
}

static void
set_relation(json_t *record, const char *field, const char *schema,
    const char *table)
{
	json_t *value;

	if (schema == NULL || table == NULL) {
		set(record, field, json_null());
		return;
	}
	value = json_object();
	record_set_text(value, "schema", schema);
	record_set_text(value, "table", table);
	set(record, field, value);
}

/* What a source tells of ranges is more than a line shows: ends that are
 * open on both sides, and those of the first of several columns. */
static json_t *
shown_range(const char *text)
{
	static const char *const fields[] = {"column", "type", "from", "to"};
	const char *function;
	json_t *all CLEANUP(record_cleanup) = NULL;
	json_t *shown, *item, *end;
	size_t i;

	if (text == NULL)
		return json_null();
	all = json_loads(text, 0, NULL);
	shown = json_array();
	json_array_foreach(all, i, item)
	{
		bool open = record_text(item, "from") == NULL &&
		    record_text(item, "to") == NULL;

		if (open || record_flag(item, "inclusive"))
			continue;
		end = json_object();
		for (size_t k = 0; k < sizeof(fields) / sizeof(fields[0]); k++)
			record_set_text(end, fields[k],
			    record_text(item, fields[k]));
		function = record_text(item, "function");
		if (function != NULL)
			record_set_text(end, "function", function);
		json_array_append_new(shown, end);
	}
	if (json_array_size(shown) > 0)
		return shown;
	json_decref(shown);
	return json_null();
}

/* Text of the server's, which is UTF-8 unless the database has none. */
static json_t *
text(const char *value)
{
	json_t *string = json_string(value);

	return string == NULL ? json_string("?") : string;
}

static json_t *
values_json(const struct key *key, const char *const *values)
{
	json_t *list;

	if (values == NULL)
		return json_null();
	list = json_array();
	for (size_t i = 0; i < key->count; i++)
		json_array_append_new(list, text(values[i]));
	return list;
}

static json_t *
slice_json(const struct slice *slice, const char *within)
{
	json_t *out, *columns;

	if (slice->by == SLICE_NONE)
		return json_null();
	out = json_object();
	record_set_text(out, "by", slice_name(slice->by));
	if (slice->by == SLICE_CTID) {
		record_set_count(out, "from", slice->from_block);
		if (slice->to_block > 0)
			record_set_count(out, "to", slice->to_block);
		else
			set(out, "to", json_null());
	} else {
		columns = json_array();
		for (size_t i = 0; i < slice->key->count; i++)
			json_array_append_new(columns,
			    text(slice->key->columns[i].name));
		set(out, "columns", columns);
		set(out, "from", values_json(slice->key, slice->from));
		set(out, "to", values_json(slice->key, slice->to));
	}
	record_set_text(out, "within", within);
	return out;
}

static void
set_estimate(json_t *record, const char *field, int64_t whole, double share)
{
	if (whole < 0)
		set(record, field, json_null());
	else
		record_set_count(record, field,
		    (uint64_t)((double)whole * share + 0.5));
}

/* What the source has to say besides; the line's own fields stay. */
static void
add_fields(json_t *record, const char *text)
{
	json_t *fields CLEANUP(record_cleanup) = NULL;

	if (text == NULL)
		return;
	fields = json_loads(text, 0, NULL);
	if (json_is_object(fields) &&
	    json_object_update_missing(record, fields) != 0)
		BUG("fields could not be added");
}

static json_t *
make_record(const struct origin *origin, const struct bounds *bounds,
    const struct piece *p, const struct slice *slice)
{
	struct sql within CLEANUP_SQL = SQL_INIT, where CLEANUP_SQL = SQL_INIT;
	char *id CLEANUP_FREE = make_id(bounds, p, slice);
	const char *common;
	json_t *record = json_object();

	add_within(&within, bounds, p);
	common = within.text.len > 0 ? str_text(&within.text) : NULL;
	add_where(&where, slice, common);
	record_set_text(record, "chunk", id);
	record_set_text(record, "source", origin->source->name);
	record_set_text(record, "schema", p->schema);
	record_set_text(record, "table", p->table);
	set_relation(record, "parent", p->parent_schema, p->parent_table);
	record_set_text(record, "bound", p->bound);
	set(record, "range", shown_range(p->range));
	set(record, "slice", slice_json(slice, common));
	record_set_text(record, "where",
	    where.text.len > 0 ? str_text(&where.text) : NULL);
	set_estimate(record, "rows", p->rows, slice->share);
	set_estimate(record, "bytes", p->bytes, slice->share);
	set(record, "compressed", json_boolean(p->compressed));
	add_fields(record, p->fields);
	record_set_text(record, "system", origin->system);
	if (origin->timeline > 0)
		record_set_int(record, "timeline", origin->timeline);
	else
		set(record, "timeline", json_null());
	record_set_text(record, "database", origin->database);
	return record;
}

status
line_print(const struct origin *origin, const struct bounds *bounds,
    const struct piece *piece, const struct slice *slice)
{
	json_t *record CLEANUP(record_cleanup) =
	    make_record(origin, bounds, piece, slice);

	return record_print(record);
}
