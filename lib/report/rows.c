/* SPDX-License-Identifier: PostgreSQL */
/*
 * From the server's text to JSON's types.
 */
#include "report/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "data/record.h"

#define EXACT_MAX ((int64_t)1 << 53)
#define DOUBLE_DIGITS 15
/* A document holds rows a few levels deep, and is read 64 levels deep. */
#define NESTED_MAX 40

/* Of pg_type.dat: these numbers never change. */
enum type {
	BOOL = 16,
	INT8 = 20,
	INT2 = 21,
	INT4 = 23,
	JSON = 114,
	FLOAT4 = 700,
	FLOAT8 = 701,
	TIMESTAMP = 1114,
	TIMESTAMPTZ = 1184,
	NUMERIC = 1700,
	JSONB = 3802
};

static const struct {
	uint32_t oid;
	const char *name;
} names[] = {{BOOL, "boolean"}, {INT8, "bigint"}, {INT2, "smallint"},
    {INT4, "integer"}, {JSON, "json"}, {FLOAT4, "real"},
    {FLOAT8, "double precision"}, {TIMESTAMP, "timestamp"},
    {TIMESTAMPTZ, "timestamptz"}, {NUMERIC, "numeric"}, {JSONB, "jsonb"},
    {26, "oid"}, {1082, "date"}, {1186, "interval"}, {3220, "pg_lsn"}};

static const char *
type_name(uint32_t oid)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].oid == oid)
			return names[i].name;
	return "text";
}

/* What cannot be UTF-8 (of a database in SQL_ASCII) is shown as it can be. */
static json_t *
text_value(const char *text)
{
	json_t *value = json_string(text);
	struct str clean CLEANUP(str_free) = STR_INIT;

	if (value != NULL)
		return value;
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x80)
			str_addc(&clean, *text);
		else
			str_addf(&clean, "\\x%02x", (unsigned char)*text);
	}
	return json_string(str_text(&clean));
}

static json_t *
integer_value(const char *text)
{
	int64_t value;

	if (num_i64(text, -EXACT_MAX, EXACT_MAX, &value))
		return json_integer(value);
	return text_value(text);
}

static json_t *
real_value(const char *text)
{
	double value = strtod(text, NULL);

	/* NaN and the infinities are no JSON. */
	return isfinite(value) ? json_real(value) : text_value(text);
}

static json_t *
numeric_value(const char *text)
{
	size_t n = strlen(text);

	if (strchr(text, '.') == NULL)
		return integer_value(text);
	return n <= DOUBLE_DIGITS + 1 ? real_value(text) : text_value(text);
}

static json_t *
json_value(const char *text)
{
	json_error_t error;
	json_t *value = record_deeper(text, strlen(text), NESTED_MAX)
	    ? NULL
	    : record_load_value(text, strlen(text), &error);

	return value == NULL ? text_value(text) : value;
}

/* "2026-11-21 17:00:00.5+00" is written with a T, and a Z for UTC. */
static json_t *
time_value(const char *text, bool zoned)
{
	char *copy CLEANUP_FREE = mem_strdup(text);
	size_t n = strlen(copy);

	if (n < 19 || copy[10] != ' ')
		return text_value(text); /* infinity, or of another era */
	copy[10] = 'T';
	if (zoned && n > 3 && strcmp(copy + n - 3, "+00") == 0)
		memcpy(copy + n - 3, "Z", 2);
	return text_value(copy);
}

static json_t *
value_of(const char *text, uint32_t type)
{
	if (text == NULL)
		return json_null();
	switch (type) {
	case BOOL:
		return json_boolean(strcmp(text, "t") == 0);
	case INT2:
	case INT4:
	case INT8:
		return integer_value(text);
	case FLOAT4:
	case FLOAT8:
		return real_value(text);
	case NUMERIC:
		return numeric_value(text);
	case JSON:
	case JSONB:
		return json_value(text);
	case TIMESTAMP:
	case TIMESTAMPTZ:
		return time_value(text, type == TIMESTAMPTZ);
	default:
		return text_value(text);
	}
}

json_t *
rows_object(const struct pg_result *r, int row)
{
	json_t *out = json_object();

	for (int i = 0; i < pg_columns(r); i++)
		(void)json_object_set_new(out, pg_column_name(r, i),
		    value_of(pg_value(r, row, i), pg_column_type(r, i)));
	return out;
}

json_t *
rows_list(const struct pg_result *r, size_t limit)
{
	json_t *out = json_array();

	for (int i = 0; i < pg_rows(r) && (size_t)i < limit; i++)
		(void)json_array_append_new(out, rows_object(r, i));
	return out;
}

json_t *
rows_columns(const struct pg_result *r)
{
	json_t *out = json_array();

	for (int i = 0; i < pg_columns(r); i++) {
		json_t *column = json_object();

		record_set_text(column, "name", pg_column_name(r, i));
		record_set_text(column, "type",
		    type_name(pg_column_type(r, i)));
		(void)json_array_append_new(out, column);
	}
	return out;
}
