/* SPDX-License-Identifier: PostgreSQL */
/*
 * How fast the digest of a COPY stream is taken on one core, in MB of the
 * stream a second; the best of five runs over rows that lie in memory.
 */
#include "data/digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

#define ROWS 200000
#define RUNS 5

static void
put16(struct str *s, unsigned v)
{
	str_addc(s, (char)(v >> 8));
	str_addc(s, (char)v);
}

static void
put32(struct str *s, uint32_t v)
{
	put16(s, v >> 16);
	put16(s, v & 0xffff);
}

static void
put_field(struct str *s, uint64_t v, uint32_t n)
{
	put32(s, n);
	for (; n > 4; n--)
		str_addc(s, (char)(v >> (n % 8 * 8)));
	put32(s, (uint32_t)v);
}

/* A time, a number, a measure and a word: 48 bytes. */
static void
narrow_binary(struct str *s, uint32_t i)
{
	put16(s, 4);
	put_field(s, 789000000000000 + i * UINT64_C(1000000), 8);
	put_field(s, i % 1000, 4);
	put_field(s, i * UINT64_C(0x9e3779b97f4a7c15), 8);
	put32(s, 10);
	str_addf(s, "sensor%04" PRIu32, i % 10000);
}

static void
wide_binary(struct str *s, uint32_t i)
{
	uint32_t n;

	put16(s, 20);
	for (n = 0; n < 19; n++)
		put_field(s, i * UINT64_C(0x9e3779b97f4a7c15), n % 2 ? 8 : 4);
	put32(s, 400);
	for (n = 0; n < 400; n++)
		str_addc(s, (char)('a' + (i + n) % 26));
}

static void
narrow_text(struct str *s, uint32_t i)
{
	str_addf(s,
	    "2025-01-01 00:%02" PRIu32 ":%02" PRIu32 "+00\t%" PRIu32
	    "\t%" PRIu32 ".25\tsensor%04" PRIu32 "\n",
	    i / 60 % 60, i % 60, i % 1000, i, i % 10000);
}

struct bench {
	const char *what;
	enum copy_format format;
	void (*put)(struct str *s, uint32_t i);
	size_t columns;
	bool ordered;
};

static double
run(const struct bench *b, const struct str *rows, const size_t *ends)
{
	struct digest_column columns[32];
	char names[32][8];
	struct digest_rows *d;
	double start;
	size_t i;

	for (i = 0; i < b->columns; i++) {
		snprintf(names[i], sizeof(names[i]), "c%02u",
		    (unsigned)(b->ordered ? i : (i * 7 + 3) % b->columns) %
			100);
		columns[i] = (struct digest_column){names[i], 20, false, 0};
	}
	d = digest_rows_new(b->format, columns, b->columns);
	start = num_now();
	for (i = 0; i < ROWS; i++)
		if (digest_rows_take(d, rows->data + ends[i],
			ends[i + 1] - ends[i]) != STATUS_OK)
			exit(1);
	start = num_now() - start;
	digest_rows_free(d);
	return start;
}

static void
bench(const struct bench *b)
{
	struct str rows = STR_INIT;
	size_t *ends = mem_alloc((ROWS + 1) * sizeof(*ends));
	double best = 1e9;
	uint32_t i;

	for (i = 0; i < ROWS; i++) {
		ends[i] = rows.len;
		b->put(&rows, i);
	}
	ends[ROWS] = rows.len;
	for (i = 0; i < RUNS; i++) {
		double seconds = run(b, &rows, ends);

		best = seconds < best ? seconds : best;
	}
	printf("%-28s %4zu bytes a row %7.0f MB/s %6.1f million rows/s\n",
	    b->what, rows.len / ROWS, (double)rows.len / best / 1e6,
	    ROWS / best / 1e6);
	str_free(&rows);
	free(ends);
}

int
main(void)
{
	static const struct bench all[] = {
	    {"binary, narrow", COPY_BINARY, narrow_binary, 4, true},
	    {"binary, narrow, unordered", COPY_BINARY, narrow_binary, 4, false},
	    {"binary, wide", COPY_BINARY, wide_binary, 20, true},
	    {"binary, wide, unordered", COPY_BINARY, wide_binary, 20, false},
	    {"text, narrow", COPY_TEXT, narrow_text, 4, true},
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		bench(&all[i]);
	return 0;
}
