/* SPDX-License-Identifier: PostgreSQL */
/*
 * A chunk line's fields, each checked once, here.
 */
#include "data/chunk.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

/* What is being read: which record of what, for messages. */
struct reading {
	const json_t *record;
	const char *where;
	bool bad;
};

static void
complain(struct reading *r, const char *field, const char *what)
{
	log_error("%s is no chunk line: \"%s\" %s", r->where, field, what);
	r->bad = true;
}

static const json_t *
field(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return json_is_null(value) ? NULL : value;
}

/* Text, or NULL where it is absent or null. */
static const char *
text_in(struct reading *r, const json_t *object, const char *name)
{
	const json_t *value = field(object, name);

	if (r->bad || value == NULL)
		return NULL;
	if (!json_is_string(value)) {
		complain(r, name, "is not text");
		return NULL;
	}
	if (json_string_length(value) == 0) {
		complain(r, name, "is empty");
		return NULL;
	}
	return json_string_value(value);
}

static const char *
text(struct reading *r, const char *name)
{
	return text_in(r, r->record, name);
}

static const char *
needed(struct reading *r, const char *name)
{
	const char *value = text(r, name);

	if (value == NULL && !r->bad)
		complain(r, name, "is missing");
	return value;
}

static int64_t
count(struct reading *r, const char *name)
{
	const json_t *value = field(r->record, name);
	int64_t number = record_int(r->record, name);

	if (r->bad || value == NULL)
		return -1;
	if (json_is_real(value) || number < -1 ||
	    (number == -1 && !json_is_integer(value)))
		complain(r, name, "is not a count");
	return number;
}

/* {"schema":...,"table":...}, both or neither. */
static void
relation(struct reading *r, const char *name, const char **schema,
    const char **table)
{
	const json_t *value = field(r->record, name);

	if (r->bad || value == NULL)
		return;
	if (!json_is_object(value)) {
		complain(r, name, "is not an object");
		return;
	}
	*schema = text_in(r, value, "schema");
	*table = text_in(r, value, "table");
	if (!r->bad && (*schema == NULL || *table == NULL))
		complain(r, name, "lacks a schema or a table");
}

/* A boundary as text: a block number, a value, or a row of values. */
static char *
boundary(struct reading *r, const json_t *slice, const char *name)
{
	const json_t *value = field(slice, name);
	struct str shown = STR_INIT;

	if (r->bad || value == NULL)
		return NULL;
	if (json_is_array(value) && json_array_size(value) == 1)
		value = json_array_get(value, 0);
	if (json_is_string(value))
		return mem_strdup(json_string_value(value));
	if (json_is_integer(value))
		str_addf(&shown, "%lld", (long long)json_integer_value(value));
	else if (json_is_array(value) && json_array_size(value) > 1) {
		char *dump = json_dumps(value, JSON_COMPACT);

		str_add(&shown, dump);
		free(dump);
	} else
		complain(r, name, "is no boundary of a slice");
	return r->bad ? NULL : str_take(&shown);
}

enum slice_by
chunk_slice_by(const char *name)
{
	if (str_eq(name, "ctid"))
		return SLICE_CTID;
	if (str_eq(name, "key"))
		return SLICE_KEY;
	return str_eq(name, "time") ? SLICE_TIME : SLICE_NONE;
}

static enum slice_by
method(struct reading *r, const char *name)
{
	enum slice_by by = chunk_slice_by(name);

	if (by == SLICE_NONE && !r->bad)
		complain(r, "slice", "is by none of ctid, key, time");
	return by;
}

static void
read_slice(struct reading *r, struct chunk *c)
{
	const json_t *slice = field(r->record, "slice");

	if (r->bad || slice == NULL)
		return;
	if (!json_is_object(slice)) {
		complain(r, "slice", "is not an object");
		return;
	}
	c->by = method(r, text_in(r, slice, "by"));
	c->within = text_in(r, slice, "within");
	c->from = boundary(r, slice, "from");
	c->to = boundary(r, slice, "to");
}

/* {"time":["1682553600000000","1683158400000000"],...}: two integers, as
 * text, for each dimension. */
static bool
is_bound(const json_t *end)
{
	int64_t value;

	if (end == NULL)
		return false;
	return json_is_integer(end) ||
	    (json_is_string(end) &&
		num_i64(json_string_value(end), INT64_MIN, INT64_MAX, &value));
}

static bool
is_slice(const json_t *pair)
{
	return json_array_size(pair) == 2 &&
	    is_bound(json_array_get(pair, 0)) &&
	    is_bound(json_array_get(pair, 1));
}

static bool
is_slices(const json_t *slices)
{
	/* jansson iterates without changing, but takes no const. */
	json_t *object = (json_t *)(uintptr_t)slices;
	void *i = json_object_iter(object);

	if (i == NULL)
		return false;
	for (; i != NULL; i = json_object_iter_next(object, i))
		if (!is_slice(json_object_iter_value(i)))
			return false;
	return true;
}

static void
read_hypertable(struct reading *r, struct chunk *c)
{
	c->hypertable = str_eq(c->source, "hypertable");
	if (r->bad || !c->hypertable)
		return;
	c->compressed = record_flag(r->record, "compressed");
	c->slices = field(r->record, "slices");
	c->batches = field(r->record, "batches");
	relation(r, "view", &c->view_schema, &c->view_table);
	if (r->bad)
		return;
	if (c->parent_table == NULL)
		complain(r, "parent", "is missing");
	else if (!is_slices(c->slices))
		complain(r, "slices", "is not two integers a dimension");
	else if (c->batches != NULL && !json_is_object(c->batches))
		complain(r, "batches", "is not an object");
}

static void
read_fields(struct reading *r, struct chunk *c)
{
	c->id = needed(r, "chunk");
	c->schema = needed(r, "schema");
	c->table = needed(r, "table");
	c->source = text(r, "source");
	relation(r, "parent", &c->parent_schema, &c->parent_table);
	c->bound = text(r, "bound");
	c->where = text(r, "where");
	read_slice(r, c);
	c->status = text(r, "status");
	c->digest = text(r, "digest");
	c->snapshot = text(r, "snapshot");
	c->system = text(r, "system");
	c->database = text(r, "database");
	c->target_schema = c->schema;
	c->target_table = c->table;
	relation(r, "target", &c->target_schema, &c->target_table);
	c->rows = count(r, "rows");
	c->bytes = count(r, "bytes");
	if (c->source == NULL)
		c->source = "table";
	read_hypertable(r, c);
}

status
chunk_from_record(json_t *record, const char *where, struct chunk *out)
{
	struct reading r = {record, where, false};

	memset(out, 0, sizeof(*out));
	out->record = json_incref(record);
	read_fields(&r, out);
	if (r.bad) {
		chunk_free(out);
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

void
chunk_free(struct chunk *c)
{
	free(c->from);
	free(c->to);
	json_decref(c->record);
	memset(c, 0, sizeof(*c));
}

static bool
plain(const char *name)
{
	size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789$");

	return name[n] == '\0' && strchr("$0123456789", name[0]) == NULL;
}

static void
add_name(struct str *out, const char *name)
{
	if (plain(name)) {
		str_add(out, name);
		return;
	}
	str_addc(out, '"');
	for (; *name != '\0'; name++) {
		if (*name == '"')
			str_addc(out, '"');
		str_addc(out, *name);
	}
	str_addc(out, '"');
}

char *
chunk_name(const struct chunk *c)
{
	struct str name = STR_INIT;

	add_name(&name, c->schema);
	str_addc(&name, '.');
	add_name(&name, c->table);
	return str_take(&name);
}
