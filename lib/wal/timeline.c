/* SPDX-License-Identifier: PostgreSQL */
/*
 * How the timelines of an archive hang together.
 */
#include "wal/timeline.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"

struct check {
	const struct archive *a;
	const struct scan *s;
	timeline_problem_fn fn;
	void *arg;
};

status
timeline_history(const struct archive *a, uint32_t timeline,
    struct wal_history *h, bool *there)
{
	struct archive_file f CLEANUP(archive_file_close) = ARCHIVE_FILE_INIT;
	struct str text CLEANUP(str_free) = STR_INIT;
	char name[20];
	status s;

	*h = (struct wal_history){.timeline = timeline};
	*there = timeline == 1;
	if (timeline == 1)
		return STATUS_OK;
	(void)snprintf(name, sizeof(name), "%08X.history", timeline);
	s = archive_find(a, name, &f);
	if (s != STATUS_OK || f.fd < 0)
		return s;
	s = archive_text(&f, &text);
	if (s == STATUS_OK)
		*there =
		    wal_history_parse(str_text(&text), text.len, timeline, h);
	return s == STATUS_USAGE ? STATUS_OK : s;
}

/* Segments first to last of a timeline are not there. */
static void
missing(const struct check *c, uint32_t timeline, uint64_t first, uint64_t last)
{
	char name[WAL_NAME], end[WAL_NAME];
	char *why CLEANUP_FREE = NULL;

	wal_name_show(name, timeline, first, c->a->segment_size);
	wal_name_show(end, timeline, last, c->a->segment_size);
	why = mem_printf("%" PRIu64 " segments are missing, up to %s",
	    last - first + 1, end);
	c->fn(c->arg, name, "missing",
	    first == last ? "this segment is missing" : why);
}

/* The timeline has WAL before a segment, and that very one before it. */
static void
must_reach(const struct check *c, uint32_t timeline, uint64_t before)
{
	const struct scan_run *last = NULL;

	for (size_t i = 0; i < c->s->nruns; i++)
		if (c->s->runs[i].timeline == timeline &&
		    c->s->runs[i].first < before)
			last = &c->s->runs[i];
	if (last != NULL && last->last + 1 < before)
		missing(c, timeline, last->last + 1, before - 1);
}

/* Anything of what it comes from; where that went on later is another story. */
static bool
has_ancestor(const struct check *c, const struct wal_history *h)
{
	for (size_t i = 0; i < c->s->nruns; i++) {
		const struct scan_run *run = &c->s->runs[i];

		if (run->timeline != h->timeline &&
		    run->first * c->a->segment_size <
			wal_history_end(h, run->timeline))
			return true;
	}
	return false;
}

/* Where a timeline begins, by its history, and what leads there. */
static void
check_beginning(const struct check *c, const struct scan_run *run,
    const struct wal_history *h)
{
	const struct wal_parent *parent = &h->parents[h->count - 1];
	uint64_t from = parent->end / c->a->segment_size;
	char name[WAL_NAME];

	if (run->first < from) {
		wal_name_show(name, run->timeline, run->first,
		    c->a->segment_size);
		c->fn(c->arg, name, "broken",
		    "its timeline begins later, by its history");
		return;
	}
	if (!has_ancestor(c, h))
		return;
	if (run->first > from)
		missing(c, run->timeline, from, run->first - 1);
	must_reach(c, parent->timeline, from);
}

static status
check_run(const struct check *c, size_t i)
{
	const struct scan_run *run = &c->s->runs[i];
	struct wal_history h CLEANUP(wal_history_free) = WAL_HISTORY_INIT;
	char name[20];
	bool there;
	status s;

	if (scan_is_gap(c->s, i)) {
		missing(c, run->timeline, run[-1].last + 1, run->first - 1);
		return STATUS_OK;
	}
	s = timeline_history(c->a, run->timeline, &h, &there);
	if (s != STATUS_OK || run->timeline == 1)
		return s;
	(void)snprintf(name, sizeof(name), "%08X.history", run->timeline);
	if (there)
		check_beginning(c, run, &h);
	else
		c->fn(c->arg, name, "missing",
		    "without it no server finds this timeline");
	return STATUS_OK;
}

status
timeline_check(const struct archive *a, const struct scan *scan,
    timeline_problem_fn fn, void *arg)
{
	const struct check c = {a, scan, fn, arg};
	status s = STATUS_OK;

	for (size_t i = 0; a->known && i < scan->nruns; i++)
		s = status_worse(s, check_run(&c, i));
	return s;
}
