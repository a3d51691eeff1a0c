/* SPDX-License-Identifier: PostgreSQL */
/*
 * What of loading needs no server: where relations go, which slices make a
 * whole, and the queue between reader and loader.
 */
#include "tap.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "load/coverage.h"
#include "load/map.h"
#include "load/queue.h"
#include "load/run.h"

/* --- map ------------------------------------------------------------------- */

static bool
maps(const char *rule, const char *schema, const char *table,
    const char *to_schema, const char *to_table)
{
	struct strv texts CLEANUP(strv_free) = STRV_INIT;
	struct map m CLEANUP(map_free) = MAP_INIT;
	const char *s, *t;

	strv_add(&texts, rule);
	strv_add(&texts, "all=everything");
	if (map_parse(&texts, &m) != STATUS_OK)
		return false;
	(void)map_relation(&m, schema, table, &s, &t);
	return str_eq(s, to_schema) && str_eq(t, to_table);
}

static bool
refuses(const char *rule)
{
	struct strv texts CLEANUP(strv_free) = STRV_INIT;
	struct map m CLEANUP(map_free) = MAP_INIT;

	strv_add(&texts, rule);
	return map_parse(&texts, &m) == STATUS_USAGE;
}

static void
test_map(void)
{
	static const char *const bad[] = {"", "=", "a", "a=", "=b", "a.b=c",
	    "a=b.c", "a.b.c=d.e.f", "\"a=b", "\"\"=b", "a=\"b", "a=b\"c",
	    "a=\"b\"\"", "a..b=c.d", "a.=b.", "a=b=c", " a=b"};
	size_t i;

	ok(maps("a=b", "a", "t", "b", "t"), "a schema");
	ok(maps("a=b", "c", "t", "c", "t"), "no other schema");
	ok(maps("A=B", "a", "t", "b", "t"), "names are folded");
	ok(maps("\"A\"=\"B\"", "A", "t", "B", "t"), "but not within quotes");
	ok(maps("\"a.=\"\"b\"=c", "a.=\"b", "t", "c", "t"),
	    "quotes hold anything");
	ok(maps("all.t=x.y", "all", "t", "x", "y"),
	    "a table wins over its schema");
	ok(maps("all.t=x.y", "all", "u", "everything", "u"),
	    "and leaves the others");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(refuses(bad[i]), "refused: %s", bad[i]);
}

static void
test_names(void)
{
	struct strv v CLEANUP(strv_free) = STRV_INIT;

	ok(map_names("a, \"B c\" ,D", &v), "a list of names");
	ok(v.len == 3 && str_eq(v.data[1], "B c") && str_eq(v.data[2], "d"),
	    "three of them");
	ok(!map_names("a,", &v) && !map_names("", &v) && !map_names("a b", &v),
	    "what is no list");
}

/* --- coverage ---------------------------------------------------------------- */

static const char *const ids[] = {"a", "b", "c", "d"};

static bool
whole(size_t n, const char *const bounds[][2])
{
	struct coverage c = COVERAGE_INIT;
	bool is;
	size_t i;

	for (i = 0; i < n; i++) {
		struct slice_at at = {ids[i], SLICE_CTID, bounds[i][0],
		    bounds[i][1]};

		coverage_add(&c, &at);
	}
	is = coverage_whole(&c);
	coverage_free(&c);
	return is;
}

static void
test_coverage(void)
{
	const char *const one[][2] = {{NULL, NULL}};
	const char *const any_order[][2] = {{"2", "3"}, {NULL, "1"},
	    {"3", NULL}, {"1", "2"}};
	const char *const gap[][2] = {{NULL, "1"}, {"2", NULL}};
	const char *const no_end[][2] = {{NULL, "1"}, {"1", "2"}};
	const char *const twice[][2] = {{NULL, "1"}, {"1", NULL}, {"1", NULL}};
	const char *const over[][2] = {{NULL, "2"}, {"2", NULL}, {"1", "3"}};

	ok(whole(1, one), "one slice that is all");
	ok(whole(4, any_order), "in any order");
	ok(!whole(0, one), "nothing");
	ok(!whole(2, gap), "a gap");
	ok(!whole(2, no_end), "no end");
	ok(!whole(3, twice), "one twice");
	ok(!whole(3, over), "one over others");
}

static void
test_many_slices(void)
{
	struct coverage c = COVERAGE_INIT;
	char from[16], to[16];
	int i, n = 2000;

	/* Every other one first: the worst case. */
	for (i = 0; i < 2 * n; i++) {
		int at = i < n ? 2 * i : 2 * (i - n) + 1;

		(void)snprintf(from, sizeof(from), "%d", at);
		(void)snprintf(to, sizeof(to), "%d", at + 1);
		coverage_add(&c,
		    &(struct slice_at){from, SLICE_KEY, at == 0 ? NULL : from,
			at == 2 * n - 1 ? NULL : to});
	}
	ok(coverage_whole(&c), "%d slices", 2 * n);
	coverage_free(&c);
}

static void
test_fitting(void)
{
	const struct slice_at first = {"a", SLICE_CTID, "0", "128"},
			      third = {"c", SLICE_CTID, "256", "384"};
	struct coverage c = COVERAGE_INIT;
	const struct {
		struct slice_at slice;
		bool fits;
		const char *what;
	} cases[] = {{first, true, "one that is there"},
	    {{"b", SLICE_CTID, "128", "256"}, true, "the one between"},
	    {{"d", SLICE_CTID, "384", NULL}, true, "the last one"},
	    {{"x", SLICE_CTID, "0", "128"}, false, "the same under a new id"},
	    {{"x", SLICE_CTID, NULL, "64"}, false, "a part of the first"},
	    {{"x", SLICE_CTID, "128", "257"}, false, "one block too many"},
	    {{"x", SLICE_CTID, "1000", "64"}, true, "nothing"},
	    {{"x", SLICE_CTID, "300", NULL}, false, "into the open"},
	    {{"x", SLICE_CTID, "noon", "night"}, false, "no numbers"},
	    {{"x", SLICE_KEY, "128", "256"}, false, "by key"}};
	size_t i;

	ok(coverage_fits(&c, &first), "any is the first");
	coverage_add(&c, &first);
	coverage_add(&c, &third);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok(coverage_fits(&c, &cases[i].slice) == cases[i].fits, "%s",
		    cases[i].what);
	coverage_add(&c, &first);
	ok(!c.doubled && c.len == 2, "one that is there is there once");
	coverage_add(&c, &cases[3].slice);
	ok(c.doubled, "what does not fit is noticed");
	coverage_free(&c);

	coverage_add(&c, &(struct slice_at){"a", SLICE_KEY, NULL, "m"});
	ok(coverage_fits(&c, &(struct slice_at){"b", SLICE_KEY, "k", "z"}),
	    "values have no order here");
	coverage_free(&c);
}

/* --- queue ------------------------------------------------------------------- */

#define AMOUNT ((size_t)40 * 1024 * 1024)

static unsigned char
byte_at(size_t i)
{
	return (unsigned char)(i * 31 + i / 251);
}

/* Of the first bytes, and of those behind them. */
static enum archive_part
part_at(size_t i)
{
	return i < AMOUNT / 3 ? ARCHIVE_BATCHES : ARCHIVE_ROWS;
}

/* Reads a part; returns whether it was what was written. */
static bool
take_part(struct queue *q, enum archive_part part, size_t *all)
{
	size_t seen = *all, n, i;
	const void *bytes;
	bool right = true;

	while ((n = queue_get(q, part, &bytes)) > 0) {
		for (i = 0; i < n; i += 97)
			right = right &&
			    ((const unsigned char *)bytes)[i] ==
				byte_at(seen + i);
		seen += n;
		queue_release(q);
	}
	*all = seen;
	return right;
}

static void *
take_all(void *arg)
{
	struct queue *q = arg;
	size_t seen = 0;
	bool right = take_part(q, ARCHIVE_BATCHES, &seen);

	right = right && seen >= AMOUNT / 3 && seen < AMOUNT &&
	    !queue_ended(q) &&
	    queue_get(q, ARCHIVE_BATCHES, &(const void *){0}) == 0 &&
	    take_part(q, ARCHIVE_ROWS, &seen) && queue_ended(q);
	return right && seen == AMOUNT ? q : NULL;
}

static void *
take_some(void *arg)
{
	struct queue *q = arg;
	const void *bytes;

	if (queue_get(q, ARCHIVE_BATCHES, &bytes) > 0)
		queue_release(q);
	queue_deafen(q);
	queue_wait_end(q);
	return q;
}

/* Writes in pieces of odd sizes; false when nobody listens any more. */
static bool
put_all(struct queue *q)
{
	unsigned char *piece CLEANUP_FREE = mem_alloc(700000);
	size_t done = 0, n = 1, i;

	while (done < AMOUNT) {
		n = (n * 7 + 13) % 700000 + 1;
		n = n < AMOUNT - done ? n : AMOUNT - done;
		for (i = 0; i < n; i++)
			piece[i] = byte_at(done + i);
		if (!queue_put(q, part_at(done), piece, n))
			return false;
		done += n;
	}
	return true;
}

static void
test_queue(void)
{
	struct queue *q = queue_new();
	pthread_t thread;
	void *result;

	(void)pthread_create(&thread, NULL, take_all, q);
	ok(put_all(q), "more bytes than it holds");
	queue_end(q);
	(void)pthread_join(thread, &result);
	ok(result == q, "come out as they went in, part by part");

	queue_reset(q);
	(void)pthread_create(&thread, NULL, take_some, q);
	ok(!put_all(q), "a writer is told that nobody listens");
	queue_end(q);
	(void)pthread_join(thread, &result);
	ok(result == q, "and the other one that it has ended");

	queue_reset(q);
	queue_end(q);
	(void)pthread_create(&thread, NULL, take_some, q);
	(void)pthread_join(thread, &result);
	ok(result == q, "no bytes at all");
	queue_free(q);
}

/* --- sources ------------------------------------------------------------------- */

static char *
identity(const char *system, int timeline, const char *started,
    const char *snapshot)
{
	json_t *record CLEANUP(record_cleanup) =
	    json_pack("{s:{s:s?, s:i, s:s, s:s}, s:s, s:s}", "source", "system",
		system, "timeline", timeline, "database", "db", "started",
		started, "snapshot", snapshot, "pg_snapshot", "7:7:");
	struct source source = {0};
	char *text;

	if (record == NULL || source_read(record, &source) != STATUS_OK)
		return NULL;
	text = mem_strdup(source.identity);
	source_free(&source);
	return text;
}

static bool
differs(const char *system, int timeline, const char *started,
    const char *snapshot)
{
	char *a CLEANUP_FREE = identity("1", 1, "noon", "2-1");
	char *b CLEANUP_FREE = identity(system, timeline, started, snapshot);

	return a != NULL && b != NULL && !str_eq(a, b);
}

static void
test_identity(void)
{
	ok(!differs("1", 1, "noon", "2-1"), "the same snapshot");
	ok(differs("1", 1, "noon", "3-1"), "another one");
	ok(differs("1", 2, "noon", "2-1"), "of another timeline");
	ok(differs("2", 1, "noon", "2-1"), "of another system");
	ok(differs(NULL, 1, "noon", "2-1"), "of one that is not known");
	ok(differs("1", 1, "one", "2-1"),
	    "of a clone, which numbers its snapshots like its twin");
}

int
main(void)
{
	log_init("test_load");
	test_identity();
	test_map();
	test_names();
	test_coverage();
	test_many_slices();
	test_fitting();
	test_queue();
	return tap_done();
}
