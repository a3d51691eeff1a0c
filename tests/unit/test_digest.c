/* SPDX-License-Identifier: PostgreSQL */
/*
 * The digest: the server's own values, a second and slower way to the same
 * bytes, and thousands of random rows of which each change must show.
 */
#include "data/digest.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "data/lookup3.h"
#include "forked.h"
#include "tap.h"

/* Deterministic, so that a failure comes again. */
static uint64_t state = 42;

static uint32_t
draw(uint32_t below)
{
	state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)((state >> 33) % below);
}

/* --- the hash --- */

static void
hashes(void)
{
	/* hashtextextended(text collate "C", 0) of PostgreSQL 15. */
	static const struct {
		const char *text;
		uint64_t hash;
	} known[] = {
	    {"", 0x9fb1b765a7ea466d},
	    {"a", 0x31d94c66401370b1},
	    {"abcdefgh", 0x84bc1e238b1e9c33},
	    {"abcdefghijk", 0x2b3346a5a78ef3d3},
	    {"abcdefghijkl", 0x97216e83a1763ad4},
	    {"abcdefghijklm", 0x7b1e572e1830c6d0},
	    {"The quick brown fox jumps over the lazy dog", 0x1e4883e7ceae6ac7},
	};
	char bytes[200];
	size_t bad = 0;

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		ok(digest_hash(known[i].text, strlen(known[i].text)) ==
			known[i].hash,
		    "the server's hash of \"%s\"", known[i].text);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)draw(256);
	for (int i = 0; i < 5000; i++) {
		size_t n = draw(150), from = draw(30), at = 0;
		struct lookup3 h;

		lookup3_start(&h, n);
		while (at < n) {
			size_t part = draw((uint32_t)(n - at) + 1);

			lookup3_add(&h, bytes + from + at, part);
			at += part;
		}
		bad += lookup3_end(&h) != digest_hash(bytes + from, n);
	}
	ok(bad == 0, "in pieces it is the same");
}

/* --- values --- */

static void
values(void)
{
	static const char *const bad[] = {"", "send", "send:", "send:1",
	    "send:1:", "send::00000000000000000000000000000000",
	    "xxxx:1:", "none:0:", "send:1:0000000000000000000000000000000",
	    "send:1:000000000000000000000000000000000",
	    "send:-1:00000000000000000000000000000000",
	    "send:1:0000000000000000000000000000000g",
	    "send:1:0000000000000000000000000000000A",
	    "send:1:2:00000000000000000000000000000000",
	    "send:99999999999999999999:00000000000000000000000000000000",
	    "send:999999999999999999999999999:00000000000000000000000000000000"};
	static const char *const bad_sums[] = {"", "-", "x", "1.0", "1 ",
	    "999999999999999999999999999999999999999999"};
	struct digest d, e = {DIGEST_NONE, 0, 0};
	char shown[DIGEST_SHOWN];

	digest_show(&e, shown);
	is_text(shown, "", "no digest");
	ok(digest_from_sql(DIGEST_SEND, "3", "-1", &d), "the server's answer");
	digest_show(&d, shown);
	is_text(shown, "send:3:ffffffffffffffffffffffffffffffff", "minus one");
	ok(digest_parse(shown, &e) && digest_eq(&d, &e), "and read again");
	ok(digest_from_sql(DIGEST_TEXT, "0", NULL, &d), "no rows have no sum");
	digest_show(&d, shown);
	is_text(shown, "text:0:00000000000000000000000000000000", "no rows");
	ok(!digest_from_sql(DIGEST_TEXT, "1", NULL, &d) &&
		!digest_from_sql(DIGEST_TEXT, "0", "0", &d) &&
		!digest_from_sql(DIGEST_TEXT, "x", "0", &d) &&
		!digest_from_sql(DIGEST_TEXT, NULL, NULL, &d),
	    "answers that are none");
	for (size_t i = 0; i < sizeof(bad_sums) / sizeof(bad_sums[0]); i++)
		ok(!digest_from_sql(DIGEST_SEND, "1", bad_sums[i], &d),
		    "no sum: \"%s\"", bad_sums[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!digest_parse(bad[i], &d), "no digest: \"%s\"", bad[i]);
	ok(digest_from_sql(DIGEST_SEND, "4",
	       "85070591730234615865843651857942052863", &d) &&
		digest_from_sql(DIGEST_SEND, "1",
		    "-85070591730234615865843651857942052862", &e),
	    "large sums");
	digest_add(&d, &e);
	digest_show(&d, shown);
	is_text(shown, "send:5:00000000000000000000000000000001",
	    "and their sum");
	memset(&e, 0, sizeof(e));
	ok(!digest_eq(&e, &e), "no digest proves nothing");
	digest_add(&e, &d);
	ok(digest_eq(&e, &d), "nothing plus something");
	d.kind = DIGEST_TEXT;
	ok(!digest_eq(&e, &d), "kinds differ");
}

/* --- random rows, and a slow way to their bytes --- */

#define MOST_COLUMNS 12

struct table {
	size_t ncolumns;
	char names[MOST_COLUMNS][8];
	struct digest_column columns[MOST_COLUMNS];
};

struct value {
	bool null;
	struct str bytes;
};

struct row {
	struct value values[MOST_COLUMNS];
};

static void
draw_table(struct table *t)
{
	t->ncolumns = 1 + draw(MOST_COLUMNS);
	for (size_t i = 0; i < t->ncolumns; i++) {
		struct digest_column *c = &t->columns[i];

		snprintf(t->names[i], sizeof(t->names[i]), "%c%02u",
		    "aZ_\xc3"[draw(4)], (unsigned)i);
		c->name = t->names[i];
		c->type = 16 + draw(5000);
		c->array = draw(6) == 0;
		c->element = 16 + draw(5000);
	}
}

static void
put32(struct str *s, uint32_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		str_addc(s, (char)(v >> shift));
}

static void
draw_value(struct value *v, bool array, bool text)
{
	static const char odd[] = "\t\n\r\v\f\b\\\"(),. Naé\x01\x7f{}'N";
	uint32_t n = draw(10) == 0 ? draw(300) : draw(20);

	v->null = draw(5) == 0;
	str_clear(&v->bytes);
	str_add(&v->bytes, "");
	if (array && !text) {
		put32(&v->bytes, draw(3));
		put32(&v->bytes, draw(2));
		put32(&v->bytes, 99999);
	}
	for (; n > 0; n--)
		str_addc(&v->bytes,
		    text ? odd[draw(sizeof(odd) - 1)] : (char)draw(256));
}

static void
draw_row(const struct table *t, struct row *r, bool text)
{
	for (size_t i = 0; i < t->ncolumns; i++)
		draw_value(&r->values[i], t->columns[i].array, text);
}

static void
row_free(struct row *r)
{
	for (size_t i = 0; i < MOST_COLUMNS; i++)
		str_free(&r->values[i].bytes);
}

/* As COPY writes them. */

static void
copy_binary(const struct table *t, const struct row *r, struct str *out)
{
	str_addc(out, (char)(t->ncolumns >> 8));
	str_addc(out, (char)t->ncolumns);
	for (size_t i = 0; i < t->ncolumns; i++) {
		const struct value *v = &r->values[i];

		put32(out, v->null ? UINT32_MAX : (uint32_t)v->bytes.len);
		if (!v->null)
			str_addn(out, v->bytes.data, v->bytes.len);
	}
}

static void
copy_text(const struct table *t, const struct row *r, struct str *out)
{
	static const char plain[] = "\b\f\n\r\t\v\\", letters[] = "bfnrtv\\";

	for (size_t i = 0; i < t->ncolumns; i++) {
		const struct value *v = &r->values[i];

		if (i > 0)
			str_addc(out, '\t');
		if (v->null)
			str_add(out, "\\N");
		for (size_t j = 0; !v->null && j < v->bytes.len; j++) {
			char c = v->bytes.data[j];
			const char *at = strchr(plain, c);

			if (at != NULL)
				str_addc(out, '\\');
			str_addc(out, at != NULL ? letters[at - plain] : c);
		}
	}
	str_addc(out, '\n');
}

static void
copy_csv(const struct table *t, const struct row *r, struct str *out)
{
	for (size_t i = 0; i < t->ncolumns; i++) {
		const struct value *v = &r->values[i];
		const char *p = str_text(&v->bytes);

		if (i > 0)
			str_addc(out, ',');
		if (v->null)
			continue;
		if (*p != '\0' && strpbrk(p, "\",\r\n") == NULL &&
		    strcmp(p, "\\.") != 0) {
			str_add(out, p);
			continue;
		}
		str_addc(out, '"');
		for (; *p != '\0'; p++)
			str_add(out,
			    (const char[]){*p == '"' ? '"' : *p,
				*p == '"' ? '"' : '\0', '\0'});
		str_addc(out, '"');
	}
	str_addc(out, '\n');
}

/* As record_send() and record_out() write them. */

static size_t
by_name(const struct table *t, size_t nth)
{
	for (size_t i = 0; i < t->ncolumns; i++) {
		size_t less = 0;

		for (size_t j = 0; j < t->ncolumns; j++)
			less += strcmp(t->names[j], t->names[i]) < 0;
		if (less == nth)
			return i;
	}
	abort();
}

static uint64_t
slow_send(const struct table *t, const struct row *r)
{
	struct str out CLEANUP(str_free) = STR_INIT;

	put32(&out, (uint32_t)t->ncolumns);
	for (size_t nth = 0; nth < t->ncolumns; nth++) {
		size_t i = by_name(t, nth), at;
		const struct value *v = &r->values[i];

		put32(&out, t->columns[i].type);
		put32(&out, v->null ? UINT32_MAX : (uint32_t)v->bytes.len);
		if (v->null)
			continue;
		at = out.len;
		str_addn(&out, v->bytes.data, v->bytes.len);
		if (t->columns[i].array) {
			struct str element CLEANUP(str_free) = STR_INIT;

			put32(&element, t->columns[i].element);
			memcpy(out.data + at + 8, element.data, 4);
		}
	}
	return 31 + digest_hash(out.data, out.len);
}

static uint64_t
slow_text(const struct table *t, const struct row *r)
{
	struct str out CLEANUP(str_free) = STR_INIT;

	str_addc(&out, '(');
	for (size_t nth = 0; nth < t->ncolumns; nth++) {
		const struct value *v = &r->values[by_name(t, nth)];
		const char *p = str_text(&v->bytes);
		bool quote =
		    *p == '\0' || strpbrk(p, "\"\\(), \t\n\v\f\r") != NULL;

		if (nth > 0)
			str_addc(&out, ',');
		if (v->null)
			continue;
		str_add(&out, quote ? "\"" : "");
		for (; *p != '\0'; p++) {
			if (*p == '"' || *p == '\\')
				str_addc(&out, *p);
			str_addc(&out, *p);
		}
		str_add(&out, quote ? "\"" : "");
	}
	str_addc(&out, ')');
	return 31 + digest_hash(out.data, out.len);
}

static void
show_row(enum copy_format format, const struct table *t, const struct row *r,
    struct str *out)
{
	str_clear(out);
	if (format == COPY_BINARY)
		copy_binary(t, r, out);
	else if (format == COPY_TEXT)
		copy_text(t, r, out);
	else
		copy_csv(t, r, out);
}

static void
take(struct digest_rows *d, enum copy_format format, const struct table *t,
    const struct row *r)
{
	struct str bytes CLEANUP(str_free) = STR_INIT;
	void *exact;

	show_row(format, t, r, &bytes);
	/* No byte more than there is, for the sanitizers' sake. */
	exact = mem_alloc(bytes.len);
	memcpy(exact, bytes.data, bytes.len);
	if (digest_rows_take(d, exact, bytes.len) != STATUS_OK)
		abort();
	free(exact);
}

static struct digest
digest_of(enum copy_format format, const struct table *t,
    struct row *const *rows, size_t n)
{
	struct digest_rows *d =
	    digest_rows_new(format, t->columns, t->ncolumns);
	struct digest sum;

	for (size_t i = 0; i < n; i++)
		take(d, format, t, rows[i]);
	sum = *digest_rows_sum(d);
	digest_rows_free(d);
	return sum;
}

static void
agreement(void)
{
	size_t bad[3] = {0, 0, 0};

	for (int round = 0; round < 3000; round++) {
		enum copy_format format = (enum copy_format)(round % 3);
		struct table t;
		struct row r = {0};
		struct row *rows[1] = {&r};
		struct digest got;
		int64_t hash;

		draw_table(&t);
		draw_row(&t, &r, format != COPY_BINARY);
		hash = (int64_t)(format == COPY_BINARY ? slow_send(&t, &r)
						       : slow_text(&t, &r));
		got = digest_of(format, &t, rows, 1);
		bad[format] += got.rows != 1 ||
		    (int64_t)(uint64_t)got.sum != hash ||
		    (uint64_t)(got.sum >> 64) != (hash < 0 ? UINT64_MAX : 0);
		row_free(&r);
	}
	ok(bad[0] == 0, "a thousand binary rows, hashed the slow way");
	ok(bad[1] == 0, "a thousand rows of text");
	ok(bad[2] == 0, "a thousand rows of csv");
}

/* Around the sizes at which other code takes over. */
static void
long_rows(void)
{
	size_t bad = 0, rounds = 0;

	for (uint32_t size = 262144 - 200; size < 262144 + 40; size += 3) {
		enum copy_format format = (enum copy_format)(size % 3);
		struct table t;
		struct row r = {0};
		struct row *rows[1] = {&r};
		uint64_t hash;

		draw_table(&t);
		draw_row(&t, &r, format != COPY_BINARY);
		while (r.values[0].bytes.len < size)
			str_addc(&r.values[0].bytes,
			    (char)('a' + r.values[0].bytes.len % 23));
		r.values[0].null = false;
		hash = format == COPY_BINARY ? slow_send(&t, &r)
					     : slow_text(&t, &r);
		bad += (uint64_t)digest_of(format, &t, rows, 1).sum != hash;
		row_free(&r);
		rounds++;
	}
	ok(bad == 0, "%zu rows of about the scratch buffer's size", rounds);
}

/* --- what must show, and what must not --- */

#define SOME 8

static void
shuffle(struct row **rows, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = draw((uint32_t)i);
		struct row *other = rows[i - 1];

		rows[i - 1] = rows[j];
		rows[j] = other;
	}
}

static bool
same_value(const struct value *a, const struct value *b)
{
	if (a->null || b->null)
		return a->null && b->null;
	return a->bytes.len == b->bytes.len &&
	    memcmp(a->bytes.data, b->bytes.data, a->bytes.len) == 0;
}

static void
swap_values(struct value *a, struct value *b)
{
	struct value other = *a;

	*a = *b;
	*b = other;
}

/* Change one thing; false when it happens to make no difference. */
static bool
mutate(const struct table *t, struct row **rows, bool text)
{
	struct row *r = rows[draw(SOME)], *other = rows[draw(SOME)];
	size_t i = draw((uint32_t)t->ncolumns), j = draw((uint32_t)t->ncolumns);
	struct value *v = &r->values[i];

	switch (draw(6)) {
	case 0: /* a bit */
		if (v->null || v->bytes.len == 0 || t->columns[i].array)
			return false;
		v->bytes.data[draw((uint32_t)v->bytes.len)] ^= 1;
		return !text || strlen(v->bytes.data) == v->bytes.len;
	case 1: /* null or not */
		v->null = !v->null;
		return true;
	case 2: /* a byte more */
		str_addc(&v->bytes, 'x');
		return !v->null;
	case 3: /* a byte less */
		if (v->null || v->bytes.len == 0 || t->columns[i].array)
			return false;
		v->bytes.data[--v->bytes.len] = '\0';
		return true;
	case 4: /* a column's values between rows: sums by column are blind */
		if (r == other || same_value(v, &other->values[i]))
			return false;
		swap_values(v, &other->values[i]);
		for (j = 0; j < t->ncolumns; j++)
			if (j != i &&
			    !same_value(&r->values[j], &other->values[j]))
				return true;
		return false;
	default: /* two columns of a row */
		if (t->columns[i].array || t->columns[j].array ||
		    same_value(v, &r->values[j]))
			return false;
		swap_values(v, &r->values[j]);
		return true;
	}
}

static void
properties(void)
{
	size_t changed = 0, missed = 0, order = 0, parts = 0, twice = 0;

	for (int round = 0; round < 4000; round++) {
		enum copy_format format = (enum copy_format)(round % 3);
		const bool text = format != COPY_BINARY;
		struct row all[SOME] = {0};
		struct row *rows[SOME];
		struct digest d, e, f;
		struct row first;
		struct table t;
		size_t cut = draw(SOME + 1);

		draw_table(&t);
		for (size_t i = 0; i < SOME; i++) {
			rows[i] = &all[i];
			draw_row(&t, rows[i], text);
		}
		d = digest_of(format, &t, rows, SOME);
		shuffle(rows, SOME);
		e = digest_of(format, &t, rows, SOME);
		order += !digest_eq(&d, &e);
		e = digest_of(format, &t, rows, cut);
		f = digest_of(format, &t, rows + cut, SOME - cut);
		digest_add(&e, &f);
		parts += !digest_eq(&d, &e);
		/* A row in another's place. */
		first = all[0];
		all[0] = all[1];
		e = digest_of(format, &t, rows, SOME);
		twice += digest_eq(&d, &e);
		all[0] = first;
		if (mutate(&t, rows, text)) {
			e = digest_of(format, &t, rows, SOME);
			changed++;
			missed += digest_eq(&d, &e);
		}
		for (size_t i = 0; i < SOME; i++)
			row_free(&all[i]);
	}
	ok(order == 0, "the order of rows does not matter");
	ok(parts == 0, "the digests of parts add up");
	/* Tables of one null column may hold the same row twice. */
	ok(twice < 150, "a row in another's place shows");
	ok(missed == 0 && changed > 2000, "each of %zu changes shows", changed);
}

/* --- rows that are none --- */

struct bad {
	enum copy_format format;
	const char *bytes;
	size_t n;
};

static int
take_bad(void *arg)
{
	static const struct digest_column columns[] = {{"a", 23, false, 0},
	    {"b", 25, false, 0}};
	const struct bad *b = arg;
	struct digest_rows *d = digest_rows_new(b->format, columns, 2);
	char *exact = mem_alloc(b->n + 1);
	status s;

	memcpy(exact, b->bytes, b->n);
	exact = mem_realloc(exact, b->n > 0 ? b->n : 1);
	s = digest_rows_take(d, exact, b->n);
	if (digest_rows_sum(d)->rows != (s == STATUS_OK))
		abort();
	digest_rows_free(d);
	free(exact);
	return (int)s;
}

static void
bad_rows(void)
{
#define ROW(format, bytes)                       \
	{                                        \
		format, bytes, sizeof(bytes) - 1 \
	}
	static const struct bad good[] = {ROW(COPY_BINARY,
					      "\0\2\377\377\377\377\0\0\0\0"),
	    ROW(COPY_TEXT, "\\N\t\n"), ROW(COPY_TEXT, "\\\\N\t\\tx"),
	    ROW(COPY_CSV, ",\"\"\n"), ROW(COPY_CSV, "\"\"\"\",\"\n\"\n")};
	static const struct bad bad[] = {
	    ROW(COPY_BINARY, ""),
	    ROW(COPY_BINARY, "\0"),
	    ROW(COPY_BINARY, "\0\1\377\377\377\377"),
	    ROW(COPY_BINARY, "\0\2\377\377\377\377"),
	    ROW(COPY_BINARY, "\0\2\377\377\377\377\0\0\0"),
	    ROW(COPY_BINARY, "\0\2\377\377\377\377\0\0\0\1"),
	    ROW(COPY_BINARY, "\0\2\377\377\377\377\377\377\377\376xx"),
	    ROW(COPY_BINARY, "\0\2\377\377\377\377\0\0\0\0x"),
	    ROW(COPY_BINARY, "\377\377"),
	    ROW(COPY_TEXT, "\n"),
	    ROW(COPY_TEXT, "a\tb\tc\n"),
	    ROW(COPY_TEXT, "a\tb\\\n"),
	    ROW(COPY_TEXT, "a\\\tb\n"),
	    ROW(COPY_TEXT, "\\x41\tb\n"),
	    ROW(COPY_TEXT, "\\101\tb\n"),
	    ROW(COPY_TEXT, "a\\N\tb\n"),
	    ROW(COPY_CSV, "\n"),
	    ROW(COPY_CSV, "a\n"),
	    ROW(COPY_CSV, "a,b,c\n"),
	    ROW(COPY_CSV, "\"a,b\n"),
	    ROW(COPY_CSV, "\"a\"x,b\n"),
	    ROW(COPY_CSV, "a\"x\",b\n"),
	};
	struct forked f;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct bad b = good[i];

		forked_run(&f, take_bad, &b);
		ok(f.code == STATUS_OK, "row %zu parses", i);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct bad b = bad[i];

		forked_run(&f, take_bad, &b);
		ok(f.code == STATUS_FAIL &&
			strstr(f.err, "the digest of row 1: ") != NULL,
		    "row %zu does not parse", i);
	}
}

int
main(void)
{
	hashes();
	values();
	agreement();
	long_rows();
	properties();
	bad_rows();
	return tap_done();
}
