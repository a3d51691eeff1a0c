/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rows out of a COPY stream that comes in pieces.  A row that lies within a
 * piece is handed on where it is; one that crosses pieces is put together
 * in a buffer first.
 */
#include "data/copyrows.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "base/mem.h"
#include "base/num.h"

/* Row memory beyond this is given back once the row has passed. */
#define KEEP ((size_t)1024 * 1024)

static const unsigned char signature[11] = {'P', 'G', 'C', 'O', 'P', 'Y', '\n',
    0xff, '\r', '\n', 0};

enum state { AT_HEADER, AT_EXTENSION, AT_ROWS, AT_END };

struct copyrows {
	enum copy_format format;
	copyrows_fn fn;
	void *arg;
	enum state state;
	struct str held; /* the beginning of a row that is not whole */
	size_t looked;	 /* so much of it was looked through already */
	uint32_t fields; /* binary: of this row, not looked at yet ... */
	bool counted;	 /* ... once their number is known */
	bool quoted;	 /* csv: within quotes */
	uint64_t rows;
	status failed;
};

struct copyrows *
copyrows_new(enum copy_format format, copyrows_fn fn, void *arg)
{
	struct copyrows *c = mem_zalloc(sizeof(*c));

	c->format = format;
	c->fn = fn;
	c->arg = arg;
	c->state = format == COPY_BINARY ? AT_HEADER : AT_ROWS;
	return c;
}

void
copyrows_free(struct copyrows *c)
{
	if (c == NULL)
		return;
	str_free(&c->held);
	free(c);
}

static status
fail(struct copyrows *c, const char *what)
{
	log_error("the COPY stream does not parse after row %llu: %s",
	    (unsigned long long)c->rows, what);
	c->failed = STATUS_USAGE;
	return c->failed;
}

static uint32_t
load(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

/*
 * Each of these looks at n bytes from the start of a row, of which
 * c->looked were looked at before, and returns the row's size once it is
 * whole, 0 while it is not.
 */

static size_t
binary_end(struct copyrows *c, const unsigned char *p, size_t n)
{
	if (!c->counted) {
		if (n < 2)
			return 0;
		c->fields = (uint32_t)p[0] << 8 | p[1];
		c->counted = true;
		c->looked = 2;
		if (c->fields == 0xffff) {
			c->state = AT_END;
			return 2;
		}
	}
	for (; c->fields > 0; c->fields--) {
		uint32_t length;

		if (n < c->looked || n - c->looked < 4)
			return 0;
		length = load(p + c->looked);
		if (length == UINT32_MAX)
			length = 0;
		else if (length > INT32_MAX) {
			(void)fail(c, "a field has a negative length");
			return 0;
		}
		/* May go beyond n: then the field is not whole. */
		c->looked += 4 + (size_t)length;
	}
	return c->looked <= n ? c->looked : 0;
}

static size_t
text_end(struct copyrows *c, const unsigned char *p, size_t n)
{
	const unsigned char *newline =
	    memchr(p + c->looked, '\n', n - c->looked);

	c->looked = n;
	return newline == NULL ? 0 : (size_t)(newline - p) + 1;
}

static size_t
csv_end(struct copyrows *c, const unsigned char *p, size_t n)
{
	size_t i;

	/* A doubled quote leaves and enters again: the same thing. */
	for (i = c->looked; i < n; i++) {
		if (p[i] == '"')
			c->quoted = !c->quoted;
		else if (p[i] == '\n' && !c->quoted)
			return i + 1;
	}
	c->looked = n;
	return 0;
}

static size_t
row_end(struct copyrows *c, const unsigned char *p, size_t n)
{
	switch (c->format) {
	case COPY_BINARY:
		return binary_end(c, p, n);
	case COPY_TEXT:
		return text_end(c, p, n);
	case COPY_CSV:
		break;
	}
	return csv_end(c, p, n);
}

static void
next_row(struct copyrows *c)
{
	c->looked = 0;
	c->counted = false;
	c->quoted = false;
}

/* The file header of the binary format. */
static size_t
header_end(struct copyrows *c, const unsigned char *p, size_t n)
{
	size_t known = n < sizeof(signature) ? n : sizeof(signature);
	size_t size;

	if (memcmp(p, signature, known) != 0) {
		(void)fail(c, "it has no binary header");
		return 0;
	}
	if (n < COPY_BINARY_HEADER)
		return 0;
	if (load(p + 11) != 0) {
		(void)fail(c, "its header has flags that are not known");
		return 0;
	}
	/* The extension is there to be skipped; no server writes one. */
	size = load(p + 15);
	if (size > KEEP) {
		(void)fail(c, "its header is too long");
		return 0;
	}
	size += COPY_BINARY_HEADER;
	if (n < size)
		return 0;
	c->state = AT_ROWS;
	return size;
}

/* What is whole at p is handed on; its size, 0 when nothing is. */
static size_t
take(struct copyrows *c, const unsigned char *p, size_t n)
{
	size_t size;

	if (c->state == AT_HEADER)
		return header_end(c, p, n);
	if (c->state == AT_END) {
		(void)fail(c, "bytes follow its trailer");
		return 0;
	}
	size = row_end(c, p, n);
	if (size == 0 || c->failed != STATUS_OK)
		return 0;
	next_row(c);
	if (c->state == AT_END)
		return size;
	c->failed = c->fn(c->arg, p, size);
	c->rows++;
	return size;
}

/* So many more bytes are of use to what is held. */
static size_t
wanted(const struct copyrows *c, const unsigned char *p, size_t n)
{
	size_t missing = 1;
	const unsigned char *newline;

	if (c->state == AT_ROWS && c->format != COPY_BINARY) {
		newline = memchr(p, '\n', n);
		return newline == NULL ? n : (size_t)(newline - p) + 1;
	}
	if (c->counted && c->looked > c->held.len)
		missing = c->looked - c->held.len;
	return missing < n ? missing : n;
}

/* Complete the row that is held; how many bytes that took. */
static size_t
complete(struct copyrows *c, const unsigned char *p, size_t n)
{
	size_t used = 0;

	while (used < n && c->held.len > 0 && c->failed == STATUS_OK) {
		size_t more = wanted(c, p + used, n - used);
		size_t size;

		str_addn(&c->held, p + used, more);
		size =
		    take(c, (const unsigned char *)c->held.data, c->held.len);
		used += more;
		if (size == 0)
			continue;
		str_clear(&c->held);
		if (c->held.cap > KEEP)
			str_free(&c->held);
	}
	return used;
}

status
copyrows_feed(struct copyrows *c, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	size_t used = complete(c, p, n);

	while (used < n && c->failed == STATUS_OK) {
		size_t size = take(c, p + used, n - used);

		if (size == 0)
			break;
		used += size;
	}
	if (used < n && c->failed == STATUS_OK)
		str_addn(&c->held, p + used, n - used);
	return c->failed;
}

status
copyrows_finish(struct copyrows *c, uint64_t *rows)
{
	*rows = c->rows;
	if (c->failed != STATUS_OK)
		return c->failed;
	if (c->format == COPY_BINARY && c->state != AT_END)
		return fail(c, "it ends without its trailer");
	if (c->held.len > 0)
		return fail(c, "it ends within a row");
	return STATUS_OK;
}

/* --- one field ------------------------------------------------------------ */

static bool
binary_int4(const unsigned char *p, size_t n, size_t column, int64_t *out)
{
	size_t at = 2, i;

	if (n < 2 || column >= ((size_t)p[0] << 8 | p[1]))
		return false;
	for (i = 0; n - at >= 4; i++) {
		uint32_t length = load(p + at);

		at += 4;
		if (i == column) {
			if (length != 4 || n - at < 4)
				return false;
			*out = (int32_t)load(p + at);
			return true;
		}
		if (length == UINT32_MAX)
			continue;
		if (length > n - at)
			return false;
		at += length;
	}
	return false;
}

static bool
text_int4(const char *p, size_t n, size_t column, int64_t *out)
{
	const char *end = p + n, *tab;
	char number[16];
	size_t length;

	for (; column > 0; column--) {
		tab = memchr(p, '\t', (size_t)(end - p));
		if (tab == NULL)
			return false;
		p = tab + 1;
	}
	for (length = 0; p + length < end && p[length] != '\t' &&
	     p[length] != '\n' && length < sizeof(number) - 1;
	     length++)
		number[length] = p[length];
	number[length] = '\0';
	return num_i64(number, INT32_MIN, INT32_MAX, out);
}

bool
copyrows_int4(enum copy_format format, const void *row, size_t n, size_t column,
    int64_t *out)
{
	switch (format) {
	case COPY_BINARY:
		return binary_int4(row, n, column, out);
	case COPY_TEXT:
		return text_int4(row, n, column, out);
	case COPY_CSV:
		break;
	}
	return false;
}
