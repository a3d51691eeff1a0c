/* SPDX-License-Identifier: PostgreSQL */
/*
 * Templates of messages and SQL: one pass from left to right.
 */
#include "report/template.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "data/record.h"
#include "pg/sql.h"

/* One place: {name:format}. */
struct place {
	char name[64];
	char format[16];
};

static const char *const text_formats[] = {"", "bytes", "percent", "duration",
    NULL};
static const char *const sql_formats[] = {"", "literal", "raw", NULL};

static bool
is_format(const char *const *formats, const char *format)
{
	for (; *formats != NULL; formats++)
		if (strcmp(*formats, format) == 0)
			return true;
	return false;
}

/* The place that begins after a brace; NULL: it is none, else what follows. */
static const char *
read_place(const char *at, struct place *p)
{
	size_t n = strcspn(at, "{}:");
	size_t more = 0;

	if (n == 0 || n >= sizeof(p->name))
		return NULL;
	memcpy(p->name, at, n);
	p->name[n] = '\0';
	at += n;
	if (*at == ':') {
		at++;
		more = strcspn(at, "{}:");
		if (more == 0 || more >= sizeof(p->format))
			return NULL;
		memcpy(p->format, at, more);
		at += more;
	}
	p->format[more] = '\0';
	return *at == '}' ? at + 1 : NULL;
}

char *
template_flaw(const char *text, enum template_kind kind)
{
	const char *const *formats =
	    kind == TEMPLATE_TEXT ? text_formats : sql_formats;
	struct place p;

	for (text += strcspn(text, "{}"); *text != '\0';
	     text += strcspn(text, "{}")) {
		if (text[0] == text[1]) {
			text += 2;
			continue;
		}
		if (*text == '}')
			return mem_strdup("a } has no { before it");
		text = read_place(text + 1, &p);
		if (text == NULL)
			return mem_strdup(
			    "a { begins no {column} or {column:format}");
		if (!is_format(formats, p.format))
			return mem_printf("there is no format \"%s\" here",
			    p.format);
	}
	return NULL;
}

static void
add_plain(struct str *out, const json_t *value)
{
	if (json_is_string(value)) {
		str_add(out, json_string_value(value));
	} else if (json_is_integer(value)) {
		str_addf(out, "%" JSON_INTEGER_FORMAT,
		    json_integer_value(value));
	} else if (json_is_real(value)) {
		str_addf(out, "%.10g", json_real_value(value));
	} else if (json_is_boolean(value)) {
		str_add(out, json_is_true(value) ? "true" : "false");
	} else {
		record_show_value(value, out);
	}
}

static double
number_of(const json_t *value)
{
	return json_is_string(value) ? strtod(json_string_value(value), NULL)
				     : json_number_value(value);
}

static void
add_text(struct str *out, const char *format, const json_t *value)
{
	double number = number_of(value);
	char shown[32];

	if (json_is_null(value)) {
		str_add(out, "unknown");
	} else if (strcmp(format, "bytes") == 0) {
		num_show_size(shown,
		    number < 0		? 0
			: number > 1e18 ? (uint64_t)1e18
					: (uint64_t)number);
		str_add(out, shown);
	} else if (strcmp(format, "percent") == 0) {
		str_addf(out, "%.3g %%", number * 100);
	} else if (strcmp(format, "duration") == 0) {
		num_show_duration(shown, number);
		str_add(out, shown);
	} else {
		add_plain(out, value);
	}
}

static void
add_sql(struct str *out, const char *format, const json_t *value)
{
	struct str plain CLEANUP(str_free) = STR_INIT;
	struct sql literal CLEANUP_SQL = SQL_INIT;

	add_plain(&plain, value);
	if (strcmp(format, "raw") == 0) {
		str_add(out, str_text(&plain));
	} else if (strcmp(format, "literal") == 0) {
		sql_value(&literal, str_text(&plain));
		str_add(out, str_text(&literal.text));
	} else {
		sql_show_ident(out, str_text(&plain));
	}
}

enum template_result
template_fill(const char *text, enum template_kind kind, const json_t *row,
    struct str *out)
{
	struct place p;

	while (*text != '\0') {
		size_t n = strcspn(text, "{}");
		const json_t *value;

		str_addn(out, text, n);
		text += n;
		if (*text == '\0')
			break;
		if (text[0] == text[1]) {
			str_addc(out, *text);
			text += 2;
			continue;
		}
		text = read_place(text + 1, &p);
		value = text == NULL ? NULL : json_object_get(row, p.name);
		if (value == NULL) {
			str_clear(out);
			str_add(out, text == NULL ? "" : p.name);
			return TEMPLATE_MISSING;
		}
		if (kind == TEMPLATE_SQL && json_is_null(value)) {
			str_clear(out);
			return TEMPLATE_NULL;
		}
		if (kind == TEMPLATE_SQL)
			add_sql(out, p.format, value);
		else
			add_text(out, p.format, value);
	}
	return TEMPLATE_DONE;
}
