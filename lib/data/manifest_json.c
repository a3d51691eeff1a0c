/* SPDX-License-Identifier: PostgreSQL */
/*
 * JSON in pieces of any size, to events: as much of it as a manifest may have,
 * which is objects, arrays, strings and whole numbers.
 */
#include "data/manifest_json.h"

#include <string.h>

void
json_scan_init(struct json_scan *s, json_fn fn, void *arg)
{
	memset(s, 0, sizeof(*s));
	s->fn = fn;
	s->arg = arg;
	s->expect = EXPECT_VALUE;
}

void
json_scan_free(struct json_scan *s)
{
	str_free(&s->text);
}

bool
json_scan_ended(const struct json_scan *s)
{
	return s->problem == NULL && s->expect == EXPECT_NOTHING;
}

static bool
fail(struct json_scan *s, const char *problem)
{
	if (s->problem == NULL)
		s->problem = problem;
	return false;
}

static bool
tell(struct json_scan *s, enum json_event event)
{
	str_add(&s->text, "");
	if (!s->fn(s->arg, event, &s->text))
		return fail(s, "it is no manifest");
	return true;
}

static bool
add(struct json_scan *s, const char *bytes, size_t n)
{
	if (s->text.len + n > JSON_TEXT_MAX)
		return fail(s, "a text in it is too long");
	str_addn(&s->text, bytes, n);
	return true;
}

/* --- strings ------------------------------------------------------------------ */

static bool
add_code(struct json_scan *s, unsigned c)
{
	char out[4];
	size_t n = 0;

	if (c == 0)
		return fail(s, "a text in it holds a null byte");
	if (c < 0x80) {
		out[n++] = (char)c;
	} else if (c < 0x800) {
		out[n++] = (char)(0xc0 | c >> 6);
		out[n++] = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		out[n++] = (char)(0xe0 | c >> 12);
		out[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		out[n++] = (char)(0x80 | (c & 0x3f));
	} else {
		out[n++] = (char)(0xf0 | c >> 18);
		out[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		out[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		out[n++] = (char)(0x80 | (c & 0x3f));
	}
	return add(s, out, n);
}

/* Four hex digits are there: a character, or half of one. */
static bool
end_hex(struct json_scan *s)
{
	unsigned c = s->code;

	s->within = IN_STRING;
	if (s->high != 0) {
		if (c < 0xdc00 || c > 0xdfff)
			return fail(s, "half a character stands alone");
		c = 0x10000 + ((s->high - 0xd800) << 10) + (c - 0xdc00);
		s->high = 0;
	} else if (c >= 0xd800 && c <= 0xdbff) {
		s->high = c;
		return true;
	} else if (c >= 0xdc00 && c <= 0xdfff) {
		return fail(s, "half a character stands alone");
	}
	return add_code(s, c);
}

static bool
take_hex(struct json_scan *s, char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c == '\0' ? NULL : strchr(digits, c);

	if (at == NULL)
		return fail(s, "an escape cannot be understood");
	s->code = s->code << 4 | (unsigned)((at - digits) % 16);
	return ++s->ncode < 4 || end_hex(s);
}

static bool
take_escape(struct json_scan *s, char c)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at = c == '\0' ? NULL : strchr(from, c);

	if (c == 'u') {
		s->within = IN_HEX;
		s->code = 0;
		s->ncode = 0;
		return true;
	}
	if (at == NULL || s->high != 0)
		return fail(s, "an escape cannot be understood");
	s->within = IN_STRING;
	return add(s, to + (at - from), 1);
}

static bool
end_string(struct json_scan *s)
{
	s->within = IN_NONE;
	if (s->high != 0)
		return fail(s, "half a character stands alone");
	s->expect = s->key ? EXPECT_COLON : EXPECT_COMMA;
	if (!tell(s, s->key ? JSON_KEY : JSON_STRING))
		return false;
	if (s->depth == 0)
		s->expect = EXPECT_NOTHING;
	return true;
}

/* As much of a string as comes in one piece; how much it was. */
static size_t
take_string(struct json_scan *s, const char *p, size_t n)
{
	size_t i = 0;

	while (
	    i < n && p[i] != '"' && p[i] != '\\' && (unsigned char)p[i] >= 0x20)
		i++;
	if (i > 0) {
		if (s->high != 0)
			(void)fail(s, "half a character stands alone");
		else
			(void)add(s, p, i);
		return i;
	}
	if (p[0] == '"')
		(void)end_string(s);
	else if (p[0] == '\\')
		s->within = IN_ESCAPE;
	else
		(void)fail(s, "a text in it holds a control character");
	return 1;
}

/* --- structure ------------------------------------------------------------------ */

static bool
open_container(struct json_scan *s, char c)
{
	if (s->depth == JSON_DEPTH)
		return fail(s, "it is nested too deeply");
	s->nest[s->depth++] = c;
	s->expect = c == '{' ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END;
	return tell(s, c == '{' ? JSON_OBJECT : JSON_ARRAY);
}

static bool
close_container(struct json_scan *s, char open)
{
	bool may = s->expect == EXPECT_COMMA ||
	    s->expect ==
		(open == '{' ? EXPECT_KEY_OR_END : EXPECT_VALUE_OR_END);

	if (!may || s->depth == 0 || s->nest[s->depth - 1] != open)
		return fail(s, "a bracket is out of place");
	s->depth--;
	s->expect = s->depth == 0 ? EXPECT_NOTHING : EXPECT_COMMA;
	return tell(s, open == '{' ? JSON_OBJECT_END : JSON_ARRAY_END);
}

static bool
take_comma(struct json_scan *s)
{
	if (s->expect != EXPECT_COMMA || s->depth == 0)
		return fail(s, "a comma is out of place");
	s->expect = s->nest[s->depth - 1] == '{' ? EXPECT_KEY : EXPECT_VALUE;
	return true;
}

static bool
begin_text(struct json_scan *s, char c)
{
	bool key = s->expect == EXPECT_KEY || s->expect == EXPECT_KEY_OR_END;
	bool value =
	    s->expect == EXPECT_VALUE || s->expect == EXPECT_VALUE_OR_END;

	str_clear(&s->text);
	s->high = 0;
	if (c == '"' && (key || value)) {
		s->key = key;
		s->within = IN_STRING;
		return true;
	}
	if (c >= '0' && c <= '9' && value) {
		s->within = IN_DIGITS;
		return add(s, &c, 1);
	}
	return fail(s, "it is not JSON as a manifest has it");
}

static bool
take_structure(struct json_scan *s, char c)
{
	bool value =
	    s->expect == EXPECT_VALUE || s->expect == EXPECT_VALUE_OR_END;

	switch (c) {
	case ' ':
	case '\t':
	case '\n':
	case '\r':
		return true;
	case '{':
	case '[':
		return value ? open_container(s, c)
			     : fail(s, "a bracket is out of place");
	case '}':
		return close_container(s, '{');
	case ']':
		return close_container(s, '[');
	case ',':
		return take_comma(s);
	case ':':
		if (s->expect != EXPECT_COLON)
			return fail(s, "a colon is out of place");
		s->expect = EXPECT_VALUE;
		return true;
	default:
		return begin_text(s, c);
	}
}

/* A number ends with what is no digit, which is then looked at again. */
static bool
end_digits(struct json_scan *s)
{
	s->within = IN_NONE;
	s->expect = s->depth == 0 ? EXPECT_NOTHING : EXPECT_COMMA;
	return tell(s, JSON_DIGITS);
}

bool
json_scan_feed(struct json_scan *s, const char *bytes, size_t n)
{
	size_t i = 0;

	while (i < n && s->problem == NULL) {
		char c = bytes[i];

		switch (s->within) {
		case IN_STRING:
			i += take_string(s, bytes + i, n - i);
			continue;
		case IN_ESCAPE:
			(void)take_escape(s, c);
			break;
		case IN_HEX:
			(void)take_hex(s, c);
			break;
		case IN_DIGITS:
			if (c < '0' || c > '9') {
				(void)end_digits(s);
				continue;
			}
			(void)add(s, &c, 1);
			break;
		case IN_NONE:
			(void)take_structure(s, c);
			break;
		}
		i++;
	}
	return s->problem == NULL;
}
