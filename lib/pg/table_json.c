/* SPDX-License-Identifier: PostgreSQL */
/*
 * A relation's columns in chunk.json (pgpipe-archive(5)), written and read.
 */
#include "pg/table.h"

#include <inttypes.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

static void
set_oid(json_t *record, const char *field, uint32_t oid)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%" PRIu32, oid);
	record_set_text(record, field, text);
}

static json_t *
column_json(const struct pg_column *c)
{
	json_t *record = json_object();

	record_set_text(record, "name", c->name);
	record_set_text(record, "type", c->typmod_text);
	record_set_text(record, "type_name", c->type_name);
	record_set_int(record, "typmod", c->typmod);
	if (c->fields != NULL)
		record_set_text(record, "fields", c->fields);
	if (c->made_of != NULL)
		(void)json_object_set(record, "made_of", c->made_of);
	set_oid(record, "oid", c->oid);
	set_oid(record, "digest_oid", c->digest.type);
	(void)json_object_set_new(record, "array",
	    json_boolean(c->digest.array));
	set_oid(record, "element", c->digest.element);
	if (c->as_bytes)
		(void)json_object_set_new(record, "bytes", json_true());
	return record;
}

json_t *
pg_table_columns_json(const struct pg_table *t)
{
	json_t *columns = json_array();
	size_t i;

	for (i = 0; i < t->ncolumns; i++) {
		if (!t->columns[i].generated) {
			(void)json_array_append_new(columns,
			    column_json(&t->columns[i]));
		}
	}
	return columns;
}

static bool
get_oid(const json_t *record, const char *field, uint32_t *oid)
{
	const char *text = record_text(record, field);
	uint64_t value;

	if (text == NULL || !num_u64(text, 0, UINT32_MAX, &value)) {
		return false;
	}
	*oid = (uint32_t)value;
	return true;
}

static bool
read_column(const json_t *record, struct digest_column *c)
{
	c->name = record_text(record, "name");
	c->array = record_flag(record, "array");
	return c->name != NULL && get_oid(record, "digest_oid", &c->type) &&
	    get_oid(record, "element", &c->element);
}

status
pg_table_digest_columns(const json_t *columns, struct digest_column **out,
    size_t *n)
{
	size_t i;

	*n = json_array_size(columns);
	*out = mem_zalloc((*n + 1) * sizeof(**out));
	for (i = 0; i < *n; i++) {
		if (!read_column(json_array_get(columns, i), &(*out)[i])) {
			break;
		}
	}
	if (!json_is_array(columns) || i < *n) {
		log_error("cannot read column %zu of a chunk: "
			  "no name, \"digest_oid\" or \"element\"",
		    i + 1);
		free(*out);
		*out = NULL;
		*n = 0;
		return STATUS_USAGE;
	}
	return STATUS_OK;
}
