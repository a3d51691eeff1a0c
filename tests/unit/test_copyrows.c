/* SPDX-License-Identifier: PostgreSQL */
/* Rows out of COPY streams that come in pieces of any size. */
#include "data/copyrows.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "forked.h"
#include "tap.h"

static uint64_t state = 7;

static uint32_t
draw(uint32_t below)
{
	state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)((state >> 33) % below);
}

static const char *const format_names[] = {"binary", "text", "csv"};

#define HEADER "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"
#define TRAILER "\377\377"

static void
put32(struct str *s, uint32_t v)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		str_addc(s, (char)(v >> shift));
}

static void
draw_binary(struct str *s)
{
	uint32_t fields = draw(6);

	str_addc(s, 0);
	str_addc(s, (char)fields);
	for (; fields > 0; fields--) {
		uint32_t n = draw(4) == 0 ? draw(2000) : draw(9);

		if (draw(4) == 0) {
			put32(s, UINT32_MAX);
			continue;
		}
		put32(s, n);
		while (n-- > 0)
			str_addc(s, (char)draw(256));
	}
}

static void
draw_text(struct str *s)
{
	for (uint32_t n = draw(4) == 0 ? draw(2000) : draw(9); n > 0; n--)
		str_addc(s, "ab\t\\n"[draw(5)]);
	str_addc(s, '\n');
}

static void
draw_csv(struct str *s)
{
	for (uint32_t fields = draw(5); fields > 0; fields--) {
		if (draw(2) == 0) {
			str_add(s, "plain,");
			continue;
		}
		str_addc(s, '"');
		for (uint32_t n = draw(9); n > 0; n--)
			str_add(s,
			    (const char *[]){"\n", "\"\"", ",", "x"}[draw(4)]);
		str_add(s, "\",");
	}
	str_addc(s, '\n');
}

/* A stream, and where its rows end. */
struct stream {
	enum copy_format format;
	struct str bytes;
	size_t start;
	size_t ends[64];
	size_t rows;
};

static void
draw_stream(struct stream *s)
{
	str_clear(&s->bytes);
	if (s->format == COPY_BINARY)
		str_addn(&s->bytes, HEADER, COPY_BINARY_HEADER);
	s->start = s->bytes.len;
	s->rows = draw(64);
	for (size_t i = 0; i < s->rows; i++) {
		if (s->format == COPY_BINARY)
			draw_binary(&s->bytes);
		else if (s->format == COPY_TEXT)
			draw_text(&s->bytes);
		else
			draw_csv(&s->bytes);
		s->ends[i] = s->bytes.len;
	}
	if (s->format == COPY_BINARY)
		str_addn(&s->bytes, TRAILER, 2);
}

struct check {
	const struct stream *stream;
	size_t row;
	bool bad;
	status answer;
};

static status
check_row(void *arg, const void *row, size_t n)
{
	struct check *c = arg;
	const struct stream *s = c->stream;
	size_t start = c->row == 0 ? s->start : s->ends[c->row - 1];

	c->bad = c->bad || c->row >= s->rows || n != s->ends[c->row] - start ||
	    memcmp(row, s->bytes.data + start, n) != 0;
	c->row++;
	return c->answer;
}

static status
feed(const struct stream *s, size_t size, uint32_t most, struct check *check)
{
	struct copyrows *c = copyrows_new(s->format, check_row, check);
	status answer = STATUS_OK;
	size_t at = 0;
	uint64_t rows;

	while (at < size && answer == STATUS_OK) {
		size_t n = draw(most) + 1;

		n = n < size - at ? n : size - at;
		{
			/* Not a byte more than there is. */
			char *exact = mem_alloc(n);

			memcpy(exact, s->bytes.data + at, n);
			answer = copyrows_feed(c, exact, n);
			free(exact);
		}
		at += n;
	}
	if (answer == STATUS_OK)
		answer = copyrows_finish(c, &rows);
	if (answer == STATUS_OK && rows != check->row)
		abort();
	copyrows_free(c);
	return answer;
}

static void
pieces(enum copy_format format)
{
	struct stream s = {.format = format};
	size_t bad = 0;

	for (int round = 0; round < 1500; round++) {
		static const uint32_t sizes[] = {1, 3, 40, 3000, 100000};
		struct check c = {&s, 0, false, STATUS_OK};

		draw_stream(&s);
		bad +=
		    feed(&s, s.bytes.len, sizes[round % 5], &c) != STATUS_OK ||
		    c.bad || c.row != s.rows;
	}
	str_free(&s.bytes);
	ok(bad == 0, "%s, in pieces of any size", format_names[format]);
}

/* A binary stream must not end anywhere but at its end, a line at a line's. */
static void
cuts(enum copy_format format)
{
	struct stream s = {.format = format};
	size_t bad = 0, row = 0;

	do
		draw_stream(&s);
	while (s.rows < 10);
	for (size_t n = 0; n < s.bytes.len; n++) {
		struct check c = {&s, 0, false, STATUS_OK};
		status answer = feed(&s, n, 50, &c);
		bool whole = n == 0;

		while (row < s.rows && s.ends[row] < n)
			row++;
		whole = whole || (row < s.rows && s.ends[row] == n);
		if (format == COPY_BINARY)
			whole = false;
		bad += answer != (whole ? STATUS_OK : STATUS_USAGE) || c.bad;
	}
	str_free(&s.bytes);
	ok(bad == 0, "%s, cut anywhere", format_names[format]);
}

static void
stops(void)
{
	struct stream s = {.format = COPY_TEXT};
	struct check c = {&s, 0, false, STATUS_RETRY};

	do
		draw_stream(&s);
	while (s.rows < 10);
	ok(feed(&s, s.bytes.len, 100000, &c) == STATUS_RETRY && c.row == 1,
	    "the callback's failure is passed on, and ends it");
	str_free(&s.bytes);
}

struct bytes {
	const char *text;
	size_t n;
};

static status
ignore(void *arg, const void *row, size_t n)
{
	(void)arg;
	(void)row;
	(void)n;
	return STATUS_OK;
}

static int
feed_bad(void *arg)
{
	const struct bytes *b = arg;
	struct copyrows *c = copyrows_new(COPY_BINARY, ignore, NULL);
	status s = STATUS_OK;
	uint64_t rows;

	for (size_t i = 0; i < b->n && s == STATUS_OK; i++)
		s = copyrows_feed(c, b->text + i, 1);
	if (s == STATUS_OK)
		s = copyrows_finish(c, &rows);
	copyrows_free(c);
	return (int)s;
}

static void
bad_streams(void)
{
#define BYTES(text)                    \
	{                              \
		text, sizeof(text) - 1 \
	}
	static const struct bytes bad[] = {
	    BYTES("a\tb\n"),
	    BYTES("PGCOPY\n\377\r\n\0\0\1\0\0\0\0\0\0\377\377"),
	    BYTES("PGCOPY\n\377\r\n\0\0\0\0\0\377\0\0\0"),
	    BYTES("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\377\377\377\376"),
	    BYTES("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\200\0\0\0"),
	    BYTES("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\377\377x"),
	};
	static const struct bytes extended =
	    BYTES("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\3xyz\377\377");
	struct bytes b = extended;
	struct forked f;

	forked_run(&f, feed_bad, &b);
	ok(f.code == STATUS_OK, "a header's extension is passed over");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		b = bad[i];
		forked_run(&f, feed_bad, &b);
		ok(f.code == STATUS_USAGE &&
			strstr(f.err, "the COPY stream does not parse") != NULL,
		    "stream %zu is refused", i);
	}
}

int
main(void)
{
	int null;

	for (int format = COPY_BINARY; format <= COPY_CSV; format++)
		pieces((enum copy_format)format);
	bad_streams();
	/* Thousands of messages are of no use. */
	null = dup(STDERR_FILENO);
	if (freopen("/dev/null", "w", stderr) == NULL || null < 0)
		return 1;
	for (int format = COPY_BINARY; format <= COPY_CSV; format++)
		cuts((enum copy_format)format);
	stops();
	return tap_done();
}
