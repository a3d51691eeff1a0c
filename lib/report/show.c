/* SPDX-License-Identifier: PostgreSQL */
/*
 * What of a section is shown, and how its values read.
 */
#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "data/record.h"
#include "report/show.h"

void
show_columns_free(struct show_columns *c)
{
	size_t i;

	for (i = 0; i < c->len; i++)
		free(c->data[i].title);
	free(c->data);
	c->data = NULL;
	c->len = 0;
}

static enum show_format
format_named(const char *name, const char *otherwise)
{
	static const char *const names[] = {"text", "code", "sql", "number",
	    "bytes", "percent", "duration", "time", "flag", "list", "markdown"};
	size_t i;

	if (name == NULL)
		name = otherwise;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (name != NULL && strcmp(name, names[i]) == 0)
			return (enum show_format)i;
	return SHOW_TEXT;
}

void
show_title(struct str *out, const char *column)
{
	size_t start = out->len, i;

	str_add(out, column);
	for (i = start; i < out->len; i++)
		if (out->data[i] == '_')
			out->data[i] = ' ';
	if (out->len > start && out->data[start] >= 'a' &&
	    out->data[start] <= 'z')
		out->data[start] = (char)(out->data[start] - 'a' + 'A');
}

static void
add_column(struct show_columns *out, const char *column, const char *title,
    enum show_format format)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	struct show_column *c;

	if (title == NULL)
		show_title(&text, column);
	else
		str_add(&text, title);
	out->data = mem_resize(out->data, out->len + 1, sizeof(*out->data));
	c = &out->data[out->len++];
	*c = (struct show_column){.column = column, .format = format};
	c->title = str_take(&text);
}

/* Entries of 'show' are names, or objects that say more. */
static void
add_shown(struct show_columns *out, const json_t *entry)
{
	const char *column = json_is_string(entry)
	    ? json_string_value(entry)
	    : record_text(entry, "column");

	if (column == NULL)
		return;
	add_column(out, column, record_text(entry, "title"),
	    format_named(record_text(entry, "format"), NULL));
	out->data[out->len - 1].show = json_object_get(entry, "show");
}

/* What a type of PostgreSQL reads like where nobody said it. */
static enum show_format
format_of_type(const char *type)
{
	static const char *const numbers[] = {"int2", "int4", "int8", "bigint",
	    "integer", "smallint", "numeric", "float4", "float8", "real",
	    "double precision", "oid"};
	size_t i;

	if (type == NULL)
		return SHOW_TEXT;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (strcmp(type, numbers[i]) == 0)
			return SHOW_NUMBER;
	if (strncmp(type, "bool", 4) == 0)
		return SHOW_FLAG;
	if (strncmp(type, "timestamp", 9) == 0)
		return SHOW_TIME;
	return SHOW_TEXT;
}

static bool
has_column(const struct show_columns *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->len; i++)
		if (strcmp(c->data[i].column, name) == 0)
			return true;
	return false;
}

static void
add_keys(struct show_columns *out, const json_t *rows)
{
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		void *it;

		if (i == 20)
			break;
		for (it = json_object_iter(row); it != NULL;
		     it = json_object_iter_next(row, it)) {
			const char *name = json_object_iter_key(it);
			const json_t *v = json_object_iter_value(it);

			if (!has_column(out, name))
				add_column(out, name, NULL,
				    json_is_number(v)	   ? SHOW_NUMBER
					: json_is_array(v) ? SHOW_LIST
							   : SHOW_TEXT);
		}
	}
}

/* A nested table is one in any of the first rows. */
static void
find_nested(struct show_columns *out, const json_t *rows)
{
	size_t i, c;
	json_t *row;

	for (c = 0; c < out->len; c++)
		out->data[c].nested = json_is_array(out->data[c].show);
	json_array_foreach(rows, i, row)
	{
		if (i == 200)
			break;
		for (c = 0; c < out->len; c++)
			if (show_is_table(
				json_object_get(row, out->data[c].column)))
				out->data[c].nested = true;
	}
}

void
show_columns(struct show_columns *out, const json_t *show,
    const json_t *columns, const json_t *rows)
{
	size_t i;
	json_t *entry;

	if (json_array_size(show) > 0) {
		json_array_foreach(show, i, entry)
		{
			add_shown(out, entry);
		}
	} else {
		json_array_foreach(columns, i, entry)
		{
			const char *name = record_text(entry, "name");

			if (name != NULL)
				add_column(out, name, NULL,
				    format_of_type(record_text(entry, "type")));
		}
	}
	if (out->len == 0)
		add_keys(out, rows);
	find_nested(out, rows);
}

void
show_columns_of(struct show_columns *out, const json_t *section)
{
	show_columns(out, json_object_get(section, "show"),
	    json_object_get(section, "columns"),
	    json_object_get(section, "rows"));
}

bool
show_empty(const json_t *value)
{
	return value == NULL || json_is_null(value) ||
	    (json_is_string(value) && json_string_length(value) == 0) ||
	    (json_is_array(value) && json_array_size(value) == 0) ||
	    (json_is_object(value) && json_object_size(value) == 0);
}

bool
show_is_table(const json_t *value)
{
	return json_is_object(json_array_get(value, 0));
}

bool
show_is_number(enum show_format format)
{
	return format == SHOW_NUMBER || format == SHOW_BYTES ||
	    format == SHOW_PERCENT || format == SHOW_DURATION;
}

/* Numbers beyond 2^53 are texts. */
bool
show_number(const json_t *value, double *out)
{
	const char *text;
	char *end;

	if (json_is_number(value)) {
		*out = json_number_value(value);
		return true;
	}
	text = json_string_value(value);
	if (text == NULL || *text == '\0' || strlen(text) > 40 ||
	    text[strspn(text, "+-.0123456789eE")] != '\0')
		return false;
	*out = strtod(text, &end);
	return *end == '\0' && isfinite(*out);
}

/* "1234567.25" as "1,234,567.25". */
static void
group_digits(struct str *out, const char *digits)
{
	size_t whole, i;

	if (*digits == '-') {
		str_add(out, "\u2212");
		digits++;
	}
	whole = strspn(digits, "0123456789");
	for (i = 0; i < whole; i++) {
		if (i > 0 && (whole - i) % 3 == 0)
			str_addc(out, ',');
		str_addc(out, digits[i]);
	}
	str_add(out, digits + whole);
}

void
show_count(struct str *out, size_t n)
{
	char digits[32];

	snprintf(digits, sizeof(digits), "%zu", n);
	group_digits(out, digits);
}

static void
add_number(struct str *out, const json_t *value, double v)
{
	char digits[64];
	char *end;

	if (json_is_integer(value)) {
		snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT,
		    json_integer_value(value));
	} else if (json_is_string(value)) {
		group_digits(out, json_string_value(value));
		return;
	} else if (fabs(v) >= 1e15 || (v != 0 && fabs(v) < 1e-4)) {
		snprintf(digits, sizeof(digits), "%.4g", v);
	} else {
		snprintf(digits, sizeof(digits), "%.*f",
		    fabs(v) >= 1000	 ? 0
			: fabs(v) >= 100 ? 1
			: fabs(v) >= 1	 ? 2
					 : 4,
		    v);
		if (strchr(digits, '.') != NULL) {
			end = digits + strlen(digits) - 1;
			while (*end == '0')
				*end-- = '\0';
			if (*end == '.')
				*end = '\0';
		}
	}
	group_digits(out, digits);
}

static void
add_bytes(struct str *out, double v)
{
	char text[32];

	if (v < 0) {
		str_add(out, "\u2212");
		v = -v;
	}
	if (v >= 1e19)
		v = 1e19;
	num_show_size(text, (uint64_t)v);
	str_add(out, text);
}

/* Of a share of 1; what is all but whole is not shown as whole. */
static void
add_percent(struct str *out, double v)
{
	v *= 100;
	str_addf(out, "%.*f %%",
	    v > 99 && v < 100	     ? 2
		: v == 0 || v == 100 ? 0
				     : 1,
	    v);
}

static void
add_duration(struct str *out, double v)
{
	char text[32];
	uint64_t minutes;

	if (v < 0) {
		str_add(out, "\u2212");
		v = -v;
	}
	if (v < 3600 || v > 1e15) {
		num_show_duration(text, v);
		str_add(out, text);
		return;
	}
	minutes = (uint64_t)(v / 60);
	if (minutes < 48 * 60)
		str_addf(out, "%" PRIu64 " h %" PRIu64 " min", minutes / 60,
		    minutes % 60);
	else
		str_addf(out, "%" PRIu64 " d %" PRIu64 " h", minutes / 1440,
		    minutes / 60 % 24);
}

/* "2026-01-02T03:04:05.678Z" as "2026-01-02 03:04:05". */
static void
add_time(struct str *out, const char *text)
{
	if (strlen(text) >= 19 && text[4] == '-' && text[10] == 'T' &&
	    text[13] == ':') {
		str_addn(out, text, 10);
		str_addc(out, ' ');
		str_addn(out, text + 11, 8);
	} else {
		str_add(out, text);
	}
}

static void
add_list(struct str *out, const json_t *value)
{
	size_t i;
	json_t *item;

	json_array_foreach(value, i, item)
	{
		if (i > 0)
			str_add(out, ", ");
		show_value(out, item, SHOW_TEXT);
	}
}

void
show_value(struct str *out, const json_t *value, enum show_format format)
{
	double v;

	if (value == NULL || json_is_null(value))
		return;
	if (show_is_number(format) && show_number(value, &v)) {
		if (format == SHOW_NUMBER)
			add_number(out, value, v);
		else if (format == SHOW_BYTES)
			add_bytes(out, v);
		else if (format == SHOW_PERCENT)
			add_percent(out, v);
		else
			add_duration(out, v);
	} else if (json_is_boolean(value)) {
		str_add(out, json_is_true(value) ? "yes" : "no");
	} else if (json_is_string(value)) {
		if (format == SHOW_TIME)
			add_time(out, json_string_value(value));
		else
			str_add(out, json_string_value(value));
	} else if (json_is_number(value)) {
		add_number(out, value, json_number_value(value));
	} else if (json_is_array(value) && !show_is_table(value)) {
		add_list(out, value);
	} else {
		record_show(value, out);
	}
}

static void
fill_template(struct str *out, const char *template, const json_t *row)
{
	while (*template != '\0') {
		const char *end = strchr(template, '}');

		if (*template == '{' && end != NULL) {
			char *field CLEANUP_FREE = mem_strndup(template + 1,
			    (size_t)(end - template - 1));

			field[strcspn(field, ":")] = '\0';
			show_value(out, json_object_get(row, field), SHOW_TEXT);
			template = end + 1;
		} else {
			str_addc(out, *template ++);
		}
	}
}

void
show_name(struct str *out, const json_t *section, const json_t *row)
{
	const char *template = record_text(section, "name");
	const json_t *key = json_object_get(section, "key");
	size_t i, start = out->len;
	json_t *column;

	if (template != NULL) {
		fill_template(out, template, row);
		return;
	}
	json_array_foreach(key, i, column)
	{
		const char *name = json_string_value(column);

		if (i > 0)
			str_addc(out, '.');
		if (name != NULL)
			show_value(out, json_object_get(row, name), SHOW_TEXT);
	}
	if (out->len == start && json_object_size(row) > 0)
		show_value(out,
		    json_object_iter_value(
			json_object_iter((json_t *)(uintptr_t)row)),
		    SHOW_TEXT);
}

void
show_key(struct str *out, const json_t *key, const json_t *row)
{
	size_t i;
	json_t *column;

	json_array_foreach(key, i, column)
	{
		const char *name = json_string_value(column);

		str_addc(out, '\x1f');
		if (name != NULL)
			show_value(out, json_object_get(row, name), SHOW_TEXT);
	}
}

size_t
show_total(const json_t *section)
{
	int64_t total = record_int(section, "total");
	size_t rows = json_array_size(json_object_get(section, "rows"));

	return total > 0 && (uint64_t)total > rows ? (size_t)total : rows;
}

size_t
show_limit(const json_t *section, size_t max, size_t otherwise)
{
	int64_t own = record_int(section, "limit");
	size_t limit = own > 0 ? (size_t)own : otherwise;
	size_t rows = json_array_size(json_object_get(section, "rows"));

	if (max > 0 && max < limit)
		limit = max;
	return rows < limit ? rows : limit;
}

void
show_cut(struct str *out, const json_t *section, size_t shown)
{
	size_t total = show_total(section);
	size_t kept = json_array_size(json_object_get(section, "rows"));

	if (shown >= total)
		return;
	show_count(out, shown);
	str_add(out, " of ");
	show_count(out, total);
	str_add(out, " rows are shown");
	if (kept < total) {
		str_add(out, "; the collection holds ");
		show_count(out, kept);
	} else {
		str_add(out, "; the collection holds them all");
	}
}

const char *
show_text(const json_t *object, const char *field)
{
	const char *text = record_text(object, field);

	return text != NULL ? text : "";
}
