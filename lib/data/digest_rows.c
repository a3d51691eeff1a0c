/* SPDX-License-Identifier: PostgreSQL */
/*
 * The digest of rows as COPY gives them: each row's fields are put in order
 * of the columns' names, framed as the server's record_send() or
 * record_out() would, and hashed.
 */
#include "data/digest_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

__extension__ typedef unsigned __int128 uint128;

/* A field is moved in one piece of this many bytes if there is room. */
#define MOVE 16

struct column {
	unsigned char type[4];	  /* as record_send() has it */
	unsigned char element[4]; /* as array_send() has it */
	bool array;
};

struct digest_rows {
	struct digest sum;
	enum copy_format format;
	size_t ncolumns;
	struct column *columns;	     /* in COPY's order */
	size_t *order;		     /* their numbers, by name */
	bool ordered;		     /* the two are the same */
	struct digest_field *fields; /* in COPY's order */
	struct digest_sink sink;
};

/* --- columns --- */

struct named {
	const char *name;
	size_t number;
};

static int
by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static void
store(unsigned char out[4], uint32_t value)
{
	out[0] = (unsigned char)(value >> 24);
	out[1] = (unsigned char)(value >> 16);
	out[2] = (unsigned char)(value >> 8);
	out[3] = (unsigned char)value;
}

static uint32_t
load(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | (uint32_t)p[3];
}

static void
sort_columns(struct digest_rows *d, const struct digest_column *columns)
{
	struct named *names CLEANUP_FREE =
	    mem_alloc((d->ncolumns + 1) * sizeof(*names));
	size_t i;

	for (i = 0; i < d->ncolumns; i++)
		names[i] = (struct named){columns[i].name, i};
	qsort(names, d->ncolumns, sizeof(*names), by_name);
	d->ordered = true;
	for (i = 0; i < d->ncolumns; i++) {
		d->order[i] = names[i].number;
		d->ordered = d->ordered && d->order[i] == i;
	}
}

struct digest_rows *
digest_rows_new(enum copy_format format, const struct digest_column *columns,
    size_t ncolumns)
{
	struct digest_rows *d = mem_zalloc(sizeof(*d));
	size_t i;

	d->format = format;
	d->sum.kind = format == COPY_BINARY ? DIGEST_SEND : DIGEST_TEXT;
	d->ncolumns = ncolumns;
	d->columns = mem_zalloc((ncolumns + 1) * sizeof(*d->columns));
	d->order = mem_zalloc((ncolumns + 1) * sizeof(*d->order));
	d->fields = mem_zalloc((ncolumns + 1) * sizeof(*d->fields));
	d->sink.buffer = mem_alloc(DIGEST_SCRATCH);
	for (i = 0; i < ncolumns; i++) {
		store(d->columns[i].type, columns[i].type);
		store(d->columns[i].element, columns[i].element);
		d->columns[i].array = columns[i].array;
	}
	sort_columns(d, columns);
	return d;
}

void
digest_rows_free(struct digest_rows *d)
{
	if (d == NULL)
		return;
	free(d->columns);
	free(d->order);
	free(d->fields);
	free(d->sink.buffer);
	free(d);
}

const struct digest *
digest_rows_sum(const struct digest_rows *d)
{
	return &d->sum;
}

/* --- the sink --- */

static void
pass_on(struct digest_sink *s, const void *bytes, size_t n)
{
	if (s->hashing)
		lookup3_add(&s->hash, bytes, n);
	s->passed += n;
}

void
digest_sink_put(struct digest_sink *s, const void *bytes, size_t n)
{
	if (n > DIGEST_SCRATCH - s->len) {
		pass_on(s, s->buffer, s->len);
		s->len = 0;
	}
	if (n > DIGEST_SCRATCH)
		pass_on(s, bytes, n);
	else {
		memcpy(s->buffer + s->len, bytes, n);
		s->len += n;
	}
}

void
digest_sink_putc(struct digest_sink *s, unsigned char c)
{
	digest_sink_put(s, &c, 1);
}

/* --- rows --- */

static status
bad_row(const struct digest_rows *d, const char *what)
{
	log_error("could not take the digest of row %llu: %s",
	    (unsigned long long)d->sum.rows + 1, what);
	return STATUS_FAIL;
}

static void
add_hash(struct digest_rows *d, uint64_t hash)
{
	/* A bigint's sign goes through all 128 bits. */
	int64_t value = (int64_t)(31 + hash);

	d->sum.rows++;
	d->sum.sum += (uint128)value;
}

/* A type's oid, a length and so many bytes, as record_send() has them. */
static inline unsigned char *
frame(unsigned char *out, const struct column *c, const unsigned char *length,
    const unsigned char *p, size_t n, const unsigned char *end)
{
	memcpy(out, c->type, 4);
	memcpy(out + 4, length, 4);
	out += 8;
	/* The compiler makes one instruction of a move of a fixed size. */
	if (n <= MOVE && end - p >= MOVE)
		memcpy(out, p, MOVE);
	else
		memcpy(out, p, n);
	if (c->array && n >= 12)
		memcpy(out + 8, c->element, 4);
	return out + n;
}

/*
 * A short binary row whose columns are in order.  Each field's length is
 * where it must be, only the type's oid is put before.  Returns how many
 * bytes the row has in the scratch buffer, 0 if it does not parse.
 */
static size_t
frame_in_order(const struct digest_rows *d, const unsigned char *p,
    const unsigned char *end)
{
	const struct column *c = d->columns, *stop = c + d->ncolumns;
	unsigned char *out = d->sink.buffer;

	store(out, (uint32_t)d->ncolumns);
	out += 4;
	for (; c < stop; c++) {
		const unsigned char *length = p;
		uint32_t n;

		if (end - p < 4)
			return 0;
		n = load(p);
		p += 4;
		if (n == UINT32_MAX)
			n = 0;
		else if (n > (size_t)(end - p))
			return 0;
		out = frame(out, c, length, p, n, end);
		p += n;
	}
	return p == end ? (size_t)(out - d->sink.buffer) : 0;
}

/* A short binary row whose fields were found, in any order. */
static size_t
frame_fields(const struct digest_rows *d, const unsigned char *end)
{
	const size_t *i = d->order, *stop = i + d->ncolumns;
	unsigned char *out = d->sink.buffer;

	store(out, (uint32_t)d->ncolumns);
	out += 4;
	for (; i < stop; i++) {
		const struct digest_field *f = &d->fields[*i];

		out = frame(out, &d->columns[*i], f->p - 4, f->p, f->n, end);
	}
	return (size_t)(out - d->sink.buffer);
}

static const char *
split_binary(const struct digest_rows *d, const unsigned char *p, size_t n)
{
	size_t i;

	for (i = 0; i < d->ncolumns; i++) {
		struct digest_field *f = &d->fields[i];
		uint32_t length;

		if (n < 4)
			return "it ends early";
		length = load(p);
		p += 4;
		n -= 4;
		if (length == UINT32_MAX)
			length = 0;
		else if (length > n)
			return "a field is longer than the row";
		f->p = p;
		f->n = length;
		p += length;
		n -= length;
	}
	return n == 0 ? NULL : "bytes follow its last field";
}

/* As frame() does, for a row of any length. */
static void
put_binary_value(struct digest_sink *s, const struct column *c,
    const struct digest_field *f)
{
	digest_sink_put(s, c->type, 4);
	digest_sink_put(s, f->p - 4, 4);
	if (!c->array || f->n < 12) {
		digest_sink_put(s, f->p, f->n);
		return;
	}
	digest_sink_put(s, f->p, 8);
	digest_sink_put(s, c->element, 4);
	digest_sink_put(s, f->p + 12, f->n - 12);
}

static void
put_binary(struct digest_rows *d)
{
	unsigned char count[4];
	size_t i;

	store(count, (uint32_t)d->ncolumns);
	digest_sink_put(&d->sink, count, 4);
	for (i = 0; i < d->ncolumns; i++)
		put_binary_value(&d->sink, &d->columns[d->order[i]],
		    &d->fields[d->order[i]]);
}

static void
put_text(struct digest_rows *d)
{
	size_t i;

	digest_sink_putc(&d->sink, '(');
	for (i = 0; i < d->ncolumns; i++) {
		if (i > 0)
			digest_sink_putc(&d->sink, ',');
		digest_put_value(&d->sink, d->format, &d->fields[d->order[i]]);
	}
	digest_sink_putc(&d->sink, ')');
}

/* Hash what put() puts; a long row is put twice. */
static void
hash_fields(struct digest_rows *d, void (*put)(struct digest_rows *))
{
	struct digest_sink *s = &d->sink;

	s->len = 0;
	s->passed = 0;
	s->hashing = false;
	put(d);
	if (s->passed == 0) {
		add_hash(d, digest_hash(s->buffer, s->len));
		return;
	}
	lookup3_start(&s->hash, s->passed + s->len);
	s->hashing = true;
	s->len = 0;
	put(d);
	pass_on(s, s->buffer, s->len);
	add_hash(d, lookup3_end(&s->hash));
}

static status
take_binary(struct digest_rows *d, const unsigned char *row, size_t n)
{
	const bool fits = n + 8 * d->ncolumns + MOVE <= DIGEST_SCRATCH;
	const char *problem;
	size_t framed = 0;

	if (n < 2 || ((size_t)row[0] << 8 | row[1]) != d->ncolumns)
		return bad_row(d, "it has another number of fields");
	if (fits && d->ordered)
		framed = frame_in_order(d, row + 2, row + n);
	if (framed == 0) {
		problem = split_binary(d, row + 2, n - 2);
		if (problem != NULL)
			return bad_row(d, problem);
		if (!fits) {
			hash_fields(d, put_binary);
			return STATUS_OK;
		}
		framed = frame_fields(d, row + n);
	}
	add_hash(d, digest_hash(d->sink.buffer, framed));
	return STATUS_OK;
}

static status
take_text(struct digest_rows *d, const unsigned char *row, size_t n)
{
	const char *problem;

	if (d->format == COPY_TEXT)
		problem = digest_split_text(row, n, d->fields, d->ncolumns);
	else
		problem = digest_split_csv(row, n, d->fields, d->ncolumns);
	if (problem != NULL)
		return bad_row(d, problem);
	hash_fields(d, put_text);
	return STATUS_OK;
}

status
digest_rows_take(struct digest_rows *d, const void *row, size_t n)
{
	return d->format == COPY_BINARY ? take_binary(d, row, n)
					: take_text(d, row, n);
}
