/* SPDX-License-Identifier: PostgreSQL */
/*
 * Elements of an S3 server's answers.
 */
#include "s3/xml.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define NAME_MAX_BYTES 64

struct xml_span
xml_whole(const char *text, size_t n)
{
	return (struct xml_span){text, n};
}

/* Where needle begins in it, or NULL. */
static const char *
find(struct xml_span in, const char *needle, size_t n)
{
	const char *at = in.at, *end = in.at + in.n;

	while ((size_t)(end - at) >= n) {
		at = memchr(at, needle[0], (size_t)(end - at) - n + 1);
		if (at == NULL)
			return NULL;
		if (memcmp(at, needle, n) == 0)
			return at;
		at++;
	}
	return NULL;
}

/* The end of the start tag "<name ...>" that is next; NULL: there is none.
 * *empty: it is "<name ... />". */
static const char *
find_start(struct xml_span in, const char *name, bool *empty)
{
	char *tag CLEANUP_FREE = mem_printf("<%s", name);
	size_t n = strlen(tag);
	const char *at, *close;

	while ((at = find(in, tag, n)) != NULL) {
		in.n -= (size_t)(at + n - in.at);
		in.at = at + n;
		if (in.n == 0 || strchr("> \t\r\n/", in.at[0]) == NULL)
			continue;
		close = memchr(in.at, '>', in.n);
		if (close == NULL)
			return NULL;
		*empty = close[-1] == '/';
		return close + 1;
	}
	return NULL;
}

bool
xml_next(struct xml_span *rest, const char *name, struct xml_span *out)
{
	char *tag CLEANUP_FREE = mem_printf("</%s>", name);
	bool empty = false;
	const char *start =
	    rest->n > 0 ? find_start(*rest, name, &empty) : NULL;
	const char *end;

	if (start == NULL)
		return false;
	rest->n -= (size_t)(start - rest->at);
	rest->at = start;
	*out = (struct xml_span){start, 0};
	if (empty)
		return true;
	end = find(*rest, tag, strlen(tag));
	if (end == NULL)
		return false;
	out->n = (size_t)(end - start);
	rest->n -= out->n + strlen(tag);
	rest->at = end + strlen(tag);
	return true;
}

/* --- text ---------------------------------------------------------------------- */

static void
add_utf8(struct str *s, unsigned long c)
{
	if (c < 0x80) {
		str_addc(s, (char)c);
		return;
	}
	if (c < 0x800) {
		str_addc(s, (char)(0xC0 | (c >> 6)));
	} else if (c < 0x10000) {
		str_addc(s, (char)(0xE0 | (c >> 12)));
		str_addc(s, (char)(0x80 | ((c >> 6) & 0x3F)));
	} else {
		str_addc(s, (char)(0xF0 | (c >> 18)));
		str_addc(s, (char)(0x80 | ((c >> 12) & 0x3F)));
		str_addc(s, (char)(0x80 | ((c >> 6) & 0x3F)));
	}
	str_addc(s, (char)(0x80 | (c & 0x3F)));
}

/* "&amp;" and its like; what is none stays as it is. */
static void
add_entity(struct str *s, const char *name, size_t n)
{
	static const struct {
		const char *name;
		char is;
	} known[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'},
	    {"apos", '\''}};
	char text[NAME_MAX_BYTES];
	unsigned long c;
	char *end;

	(void)memcpy(text, name, n);
	text[n] = '\0';
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(text, known[i].name) == 0) {
			str_addc(s, known[i].is);
			return;
		}
	if (text[0] == '#' && text[1] != '\0') {
		c = text[1] == 'x' ? strtoul(text + 2, &end, 16)
				   : strtoul(text + 1, &end, 10);
		if (*end == '\0' && c > 0 && c < 0x110000) {
			add_utf8(s, c);
			return;
		}
	}
	str_addf(s, "&%s;", text);
}

char *
xml_text(struct xml_span in, const char *name)
{
	struct str s = STR_INIT;
	struct xml_span span;

	if (!xml_next(&in, name, &span))
		return NULL;
	while (span.n > 0) {
		const char *semicolon =
		    span.at[0] == '&' ? memchr(span.at, ';', span.n) : NULL;
		size_t used = 1;

		if (semicolon != NULL && semicolon - span.at < NAME_MAX_BYTES) {
			used = (size_t)(semicolon - span.at) + 1;
			add_entity(&s, span.at + 1, used - 2);
		} else {
			str_addc(&s, span.at[0]);
		}
		span.at += used;
		span.n -= used;
	}
	return str_take(&s);
}
