/* SPDX-License-Identifier: PostgreSQL */
/*
 * One record: JSON text in and out, and its fields.
 */
#include "data/record.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

/* The largest integer that every JSON reader keeps exactly. */
#define EXACT_MAX ((uint64_t)1 << 53)

/* jansson recurses, and threads' stacks are small. */
#define DEPTH_MAX 64

/*
 * jansson's allocations end the program as all others do, so that below
 * only text which is not UTF-8 can make a value fail.  Set before main(),
 * because no thread may be using jansson then.
 */
__attribute__((constructor)) static void
use_mem_alloc(void)
{
	json_set_alloc_funcs(mem_alloc, free);
}

void
record_cleanup(json_t **record)
{
	json_decref(*record);
	*record = NULL;
}

/* Is it something else altogether?  Then JSON's own words would confuse. */
static const char *
foreign_text(const char *text, size_t len)
{
	size_t i = 0;

	if (len >= 11 && memcmp(text, "pgpipe.json", 11) == 0)
		return "it is a copy archive";
	if (memchr(text, '\0', len) != NULL)
		return "it is binary";
	while (i < len && (text[i] == ' ' || text[i] == '\t'))
		i++;
	if (i == len || text[i] != '{')
		return "it does not begin with \"{\"";
	return NULL;
}

bool
record_deeper(const char *text, size_t len, size_t most)
{
	const char *end = text + len;
	bool quoted = false;
	size_t depth = 0;

	for (; text < end && depth <= most; text++) {
		if (*text == '"')
			quoted = !quoted;
		else if (quoted)
			text += *text == '\\';
		else if (*text == '{' || *text == '[')
			depth++;
		else if ((*text == '}' || *text == ']') && depth > 0)
			depth--;
	}
	return depth > most;
}

json_t *
record_load_value(const char *text, size_t len, json_error_t *error)
{
	const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;

	if (!record_deeper(text, len, DEPTH_MAX))
		return json_loadb(text, len, flags, error);
	snprintf(error->text, sizeof(error->text), "%s",
	    "it is nested too deeply");
	return NULL;
}

json_t *
record_load(const char *text, size_t len, json_error_t *error)
{
	json_t *record = record_load_value(text, len, error);

	if (record != NULL && !json_is_object(record)) {
		snprintf(error->text, sizeof(error->text), "%s",
		    "it is another value");
		record_cleanup(&record);
	}
	return record;
}

status
record_parse(const char *text, size_t len, const char *where, json_t **out)
{
	const char *foreign = foreign_text(text, len);
	json_error_t error;

	*out = NULL;
	if (foreign != NULL) {
		log_error("%s is not a JSON object: %s", where, foreign);
		return STATUS_USAGE;
	}
	if (len > RECORD_MAX) {
		log_error("%s is longer than 1 MiB", where);
		return STATUS_USAGE;
	}
	*out = record_load(text, len, &error);
	if (*out == NULL) {
		log_error("%s is not a JSON object: %s", where, error.text);
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

static int
append(const char *bytes, size_t n, void *out)
{
	str_addn(out, bytes, n);
	return 0;
}

static void
show_value(const json_t *value, struct str *out)
{
	const size_t flags = JSON_COMPACT | JSON_ENCODE_ANY;

	if (json_dump_callback(value, append, out, flags) != 0)
		BUG("a record could not be written as JSON");
}

void
record_show_value(const json_t *value, struct str *out)
{
	const size_t flags =
	    JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15);

	if (json_dump_callback(value, append, out, flags) != 0)
		BUG("a value could not be written as JSON");
}

/* 1.3, not 1.3000000000000000444: as few digits as read back the same. */
static void
show_real(double value, struct str *out)
{
	char text[40];
	int digits;

	for (digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (!(fabs(strtod(text, NULL) - value) > 0))
			break;
	}
	str_add(out, text);
	if (strpbrk(text, ".e") == NULL)
		str_add(out, ".0");
}

void
record_show(const json_t *record, struct str *out)
{
	/* jansson's iterators want it without const and do not change it. */
	json_t *object = (json_t *)(uintptr_t)record;
	const char *separator = "{";
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value)
	{
		json_t *name CLEANUP(record_cleanup) = json_string(key);

		str_add(out, separator);
		separator = ",";
		show_value(name, out);
		str_addc(out, ':');
		if (json_is_real(value))
			show_real(json_real_value(value), out);
		else
			show_value(value, out);
	}
	if (separator[0] == '{')
		str_addc(out, '{');
	str_addc(out, '}');
}

status
record_print(const json_t *record)
{
	struct str line CLEANUP(str_free) = STR_INIT;

	record_show(record, &line);
	if (line.len > RECORD_MAX) {
		log_error("a record of %zu bytes is longer than a line may be",
		    line.len);
		return STATUS_FAIL;
	}
	return io_out_line(str_text(&line));
}

status
record_print_end(const char *tool, uint64_t lines, json_t *extra)
{
	json_t *end CLEANUP(record_cleanup) = json_object();

	record_set_text(end, "end", tool);
	record_set_count(end, "lines", lines);
	if (extra != NULL && json_object_update_missing(end, extra) != 0)
		BUG("extra fields of the end line are no object");
	return record_print(end);
}

const char *
record_text(const json_t *record, const char *field)
{
	return json_string_value(json_object_get(record, field));
}

bool
record_flag(const json_t *record, const char *field)
{
	return json_is_true(json_object_get(record, field));
}

int64_t
record_int(const json_t *record, const char *field)
{
	const json_t *value = json_object_get(record, field);
	int64_t number;

	if (json_is_integer(value))
		return json_integer_value(value);
	if (json_is_string(value) &&
	    num_i64(json_string_value(value), INT64_MIN, INT64_MAX, &number))
		return number;
	return -1;
}

static void
set(json_t *record, const char *field, json_t *value)
{
	if (value == NULL || json_object_set_new(record, field, value) != 0)
		BUG("field \"%s\" could not be set", field);
}

/* How many bytes at p are one UTF-8 character; 0 when they are none. */
static size_t
character(const unsigned char *p)
{
	size_t n, i;
	uint32_t low, value;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] < 0xe0)
		n = 2, low = 0x80, value = p[0] & 0x1fu;
	else if (p[0] >= 0xe0 && p[0] < 0xf0)
		n = 3, low = 0x800, value = p[0] & 0x0fu;
	else if (p[0] >= 0xf0 && p[0] < 0xf5)
		n = 4, low = 0x10000, value = p[0] & 0x07u;
	else
		return 0;
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xc0u) != 0x80)
			return 0;
		value = value << 6 | (p[i] & 0x3fu);
	}
	if (value < low || value > 0x10ffff ||
	    (value >= 0xd800 && value <= 0xdfff))
		return 0;
	return n;
}

/* A copy in which whatever is not UTF-8 became U+FFFD. */
static json_t *
mended_string(const char *text)
{
	struct str good CLEANUP(str_free) = STR_INIT;

	while (*text != '\0') {
		size_t n = character((const unsigned char *)text);

		if (n == 0) {
			str_add(&good, "\xef\xbf\xbd");
			n = 1;
		} else
			str_addn(&good, text, n);
		text += n;
	}
	return json_stringn(str_text(&good), good.len);
}

void
record_set_text(json_t *record, const char *field, const char *text)
{
	json_t *value = text == NULL ? json_null() : json_string(text);

	/* Messages of servers and old databases may be in any encoding. */
	if (value == NULL && text != NULL)
		value = mended_string(text);
	set(record, field, value);
}

void
record_set_int(json_t *record, const char *field, int64_t value)
{
	set(record, field, json_integer(value));
}

void
record_set_count(json_t *record, const char *field, uint64_t value)
{
	char text[24];

	if (value <= EXACT_MAX) {
		set(record, field, json_integer((json_int_t)value));
		return;
	}
	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	set(record, field, json_string(text));
}
