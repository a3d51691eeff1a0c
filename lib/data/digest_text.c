/* SPDX-License-Identifier: PostgreSQL */
/*
 * Fields of COPY's text and csv lines, and a value as record_out() writes
 * it within a row: in double quotes when it is empty or holds a quote, a
 * backslash, a parenthesis, a comma or white space, the first two doubled
 * (src/backend/utils/adt/rowtypes.c, src/backend/commands/copyto.c).
 */
#include "data/digest_rows.h"

#include <string.h>

/* --- splitting --- */

/* The line's end; a row comes with its newline, but the last may lack it. */
static size_t
without_newline(const unsigned char *row, size_t n)
{
	return n > 0 && row[n - 1] == '\n' ? n - 1 : n;
}

/* Are the escapes those that a server writes: one letter, or itself? */
static bool
escapes_known(const unsigned char *p, size_t n)
{
	const unsigned char *end = p + n;

	while ((p = memchr(p, '\\', (size_t)(end - p))) != NULL) {
		if (++p == end || *p == 'x' || *p == 'N' || *p == '.' ||
		    (*p >= '0' && *p <= '7'))
			return false;
		p++;
	}
	return true;
}

const char *
digest_split_text(const unsigned char *row, size_t n,
    struct digest_field *fields, size_t nfields)
{
	const unsigned char *p = row, *end = row + without_newline(row, n);
	size_t i;

	for (i = 0; i < nfields; i++) {
		struct digest_field *f = &fields[i];
		const unsigned char *tab = memchr(p, '\t', (size_t)(end - p));

		if ((tab == NULL) != (i == nfields - 1))
			return "it has another number of fields";
		f->p = p;
		f->n = (size_t)((tab == NULL ? end : tab) - p);
		f->quoted = false;
		if (f->n == 2 && p[0] == '\\' && p[1] == 'N')
			f->p = NULL;
		else if (!escapes_known(p, f->n))
			return "it has an escape that no server writes";
		p = tab == NULL ? end : tab + 1;
	}
	return p == end ? NULL : "it has another number of fields";
}

/* From behind the opening quote to the closing one; NULL: there is none. */
static const unsigned char *
closing_quote(const unsigned char *p, const unsigned char *end)
{
	for (;;) {
		p = memchr(p, '"', (size_t)(end - p));
		if (p == NULL || p + 1 == end || p[1] != '"')
			return p;
		p += 2;
	}
}

/* One field; what follows it, or NULL if it does not parse. */
static const unsigned char *
csv_field(const unsigned char *p, const unsigned char *end,
    struct digest_field *f)
{
	const unsigned char *stop;

	f->quoted = p < end && *p == '"';
	if (f->quoted) {
		stop = closing_quote(++p, end);
		if (stop == NULL)
			return NULL;
	} else {
		stop = memchr(p, ',', (size_t)(end - p));
		if (stop == NULL)
			stop = end;
		if (memchr(p, '"', (size_t)(stop - p)) != NULL)
			return NULL;
	}
	f->n = (size_t)(stop - p);
	/* Only an unquoted empty field is null. */
	f->p = f->quoted || f->n > 0 ? p : NULL;
	return stop + f->quoted;
}

const char *
digest_split_csv(const unsigned char *row, size_t n,
    struct digest_field *fields, size_t nfields)
{
	const unsigned char *p = row, *end = row + without_newline(row, n);
	size_t i;

	for (i = 0; i < nfields; i++) {
		if (i > 0 && (p == end || *p++ != ','))
			return "it has another number of fields";
		p = csv_field(p, end, &fields[i]);
		if (p == NULL)
			return "its quotes do not match";
	}
	return p == end ? NULL : "it has another number of fields";
}

/* --- record_out() --- */

#define QUOTES 1 /* makes a value be quoted */
#define TWICE 2	 /* ... and is doubled within the quotes */

static const unsigned char classes[256] = {
    ['\t'] = QUOTES,
    ['\n'] = QUOTES,
    ['\v'] = QUOTES,
    ['\f'] = QUOTES,
    ['\r'] = QUOTES,
    [' '] = QUOTES,
    ['('] = QUOTES,
    [')'] = QUOTES,
    [','] = QUOTES,
    ['"'] = QUOTES | TWICE,
    ['\\'] = QUOTES | TWICE,
};

/* What stands behind a backslash in COPY's text format. */
static unsigned char
unescape(unsigned char c)
{
	switch (c) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'v':
		return '\v';
	default:
		return c;
	}
}

/* The first byte that is not for itself: an escape, or half of a pair. */
static unsigned char
escape_of(enum copy_format format)
{
	return format == COPY_TEXT ? '\\' : '"';
}

static unsigned char
decode(enum copy_format format, unsigned char second)
{
	return format == COPY_TEXT ? unescape(second) : second;
}

static bool
needs_quotes(enum copy_format format, const struct digest_field *f)
{
	const unsigned char *p = f->p, *end = f->p + f->n;
	const unsigned char escape = escape_of(format);

	if (p == end)
		return true;
	for (; p < end; p++) {
		unsigned char c = *p;

		if (c == escape)
			c = decode(format, *++p);
		if (classes[c] != 0)
			return true;
	}
	return false;
}

/* What was escaped, decoded; or a run of bytes as they are. */
static const unsigned char *
put_part(struct digest_sink *s, enum copy_format format, const unsigned char *p,
    const unsigned char *end)
{
	const unsigned char *start = p;

	if (*p == escape_of(format)) {
		unsigned char c = decode(format, p[1]);

		if (classes[c] & TWICE)
			digest_sink_putc(s, c);
		digest_sink_putc(s, c);
		return p + 2;
	}
	if (classes[*p] & TWICE)
		digest_sink_putc(s, *p);
	/* The first byte is put in any case, its double being there. */
	do
		p++;
	while (p < end && !(classes[*p] & TWICE));
	digest_sink_put(s, start, (size_t)(p - start));
	return p;
}

void
digest_put_value(struct digest_sink *s, enum copy_format format,
    const struct digest_field *f)
{
	const unsigned char *p = f->p, *end;
	bool quotes;

	if (p == NULL)
		return;
	end = p + f->n;
	quotes = needs_quotes(format, f);
	if (quotes)
		digest_sink_putc(s, '"');
	while (p < end)
		p = put_part(s, format, p, end);
	if (quotes)
		digest_sink_putc(s, '"');
}
