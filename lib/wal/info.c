/* SPDX-License-Identifier: PostgreSQL */
/*
 * Telling what an archive holds, by the names of its files.
 */
#include "wal/info.h"

#include <inttypes.h>
#include <string.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "data/record.h"
#include "wal/scan.h"

struct totals {
	uint64_t segments, missing, gaps, bytes, partial, histories, others;
	uint64_t timelines, raw, rate;
	int64_t oldest, newest;
};

static uint32_t
size_of(const struct archive *a)
{
	return a->known ? a->segment_size : WAL_SEGMENT_DEFAULT;
}

static void
count_files(const struct scan *s, struct totals *t)
{
	for (size_t i = 0; i < s->nfiles; i++) {
		const struct scan_file *f = &s->files[i];

		t->partial += f->kind == WAL_PARTIAL;
		t->histories += f->kind == WAL_HISTORY;
		t->others += f->kind == WAL_OTHER || f->misnamed;
	}
}

/* WAL a second, over the time in which it came. */
static void
add_up(const struct archive *a, const struct scan *s, struct totals *t)
{
	for (size_t i = 0; i < s->nruns; i++) {
		const struct scan_run *run = &s->runs[i];

		t->segments += scan_run_count(run);
		t->bytes += run->bytes;
		if (scan_is_gap(s, i)) {
			t->gaps++;
			t->missing += run->first - s->runs[i - 1].last - 1;
		} else {
			t->timelines++;
		}
		if (i == 0 || run->oldest < t->oldest)
			t->oldest = run->oldest;
		if (i == 0 || run->newest > t->newest)
			t->newest = run->newest;
	}
	t->raw = t->segments * size_of(a);
	if (t->newest > t->oldest)
		t->rate = t->raw / (uint64_t)(t->newest - t->oldest);
	count_files(s, t);
}

/* --- as records ------------------------------------------------------------------- */

static void
set_lsn(json_t *record, const char *field, uint64_t lsn)
{
	char text[WAL_LSN];

	wal_lsn_show(text, lsn);
	record_set_text(record, field, text);
}

static void
set_time(json_t *record, const char *field, int64_t t)
{
	char text[SCAN_TIME];

	scan_show_time(text, t);
	record_set_text(record, field, text);
}

static void
set_name(json_t *record, const char *field, uint32_t timeline, uint64_t segment,
    uint32_t size)
{
	char text[WAL_NAME];

	wal_name_show(text, timeline, segment, size);
	record_set_text(record, field, text);
}

static status
run_record(const struct archive *a, const struct scan_run *run)
{
	json_t *r CLEANUP(record_cleanup) = json_object();
	uint32_t size = size_of(a);

	record_set_int(r, "timeline", run->timeline);
	set_name(r, "first", run->timeline, run->first, size);
	set_name(r, "last", run->timeline, run->last, size);
	set_lsn(r, "start_lsn", run->first * size);
	set_lsn(r, "end_lsn", (run->last + 1) * size);
	record_set_count(r, "segments", scan_run_count(run));
	record_set_count(r, "bytes", run->bytes);
	record_set_count(r, "raw_bytes", scan_run_count(run) * size);
	set_time(r, "oldest", run->oldest);
	set_time(r, "newest", run->newest);
	return record_print(r);
}

static status
gap_record(const struct archive *a, const struct scan_run *before,
    const struct scan_run *after)
{
	json_t *r CLEANUP(record_cleanup) = json_object();
	uint32_t size = size_of(a);

	record_set_int(r, "timeline", after->timeline);
	set_name(r, "missing_first", after->timeline, before->last + 1, size);
	set_name(r, "missing_last", after->timeline, after->first - 1, size);
	record_set_count(r, "missing", after->first - before->last - 1);
	return record_print(r);
}

static status
end_record(const struct archive *a, const struct scan *s,
    const struct totals *t)
{
	json_t *r CLEANUP(record_cleanup) = json_object();
	char *system CLEANUP_FREE = mem_printf("%" PRIu64, a->system);

	if (a->known) {
		record_set_text(r, "system", system);
		record_set_int(r, "wal_segment_size", a->segment_size);
	}
	record_set_count(r, "timelines", t->timelines);
	record_set_count(r, "segments", t->segments);
	record_set_count(r, "partial", t->partial);
	record_set_count(r, "histories", t->histories);
	record_set_count(r, "others", t->others);
	record_set_count(r, "gaps", t->gaps);
	record_set_count(r, "missing", t->missing);
	record_set_count(r, "bytes", t->bytes);
	record_set_count(r, "raw_bytes", t->raw);
	if (t->segments > 0) {
		set_time(r, "oldest", t->oldest);
		set_time(r, "newest", t->newest);
		record_set_count(r, "rate", t->rate);
	}
	return record_print_end("pg-wal", s->nruns + t->gaps, r);
}

/* --- for people ---------------------------------------------------------------------- */

static status
run_line(const struct archive *a, const struct scan_run *run)
{
	struct str line CLEANUP(str_free) = STR_INIT;
	char first[WAL_NAME], last[WAL_NAME], from[WAL_LSN], upto[WAL_LSN];
	char oldest[SCAN_TIME], newest[SCAN_TIME], bytes[32];
	uint32_t size = size_of(a);

	wal_name_show(first, run->timeline, run->first, size);
	wal_name_show(last, run->timeline, run->last, size);
	wal_lsn_show(from, run->first * size);
	wal_lsn_show(upto, (run->last + 1) * size);
	scan_show_time(oldest, run->oldest);
	scan_show_time(newest, run->newest);
	num_show_size(bytes, run->bytes);
	str_addf(&line,
	    "timeline %-3u  %s..%s  %s..%s  %" PRIu64 " segments  %s  %s..%s",
	    run->timeline, first, last, from, upto, scan_run_count(run), bytes,
	    oldest, newest);
	return io_out_line(line.data);
}

static status
gap_line(const struct archive *a, const struct scan_run *before,
    const struct scan_run *after)
{
	struct str line CLEANUP(str_free) = STR_INIT;
	char first[WAL_NAME], last[WAL_NAME];
	uint32_t size = size_of(a);

	wal_name_show(first, after->timeline, before->last + 1, size);
	wal_name_show(last, after->timeline, after->first - 1, size);
	str_addf(&line, "     missing  %s..%s  %" PRIu64 " segments", first,
	    last, after->first - before->last - 1);
	return io_out_line(line.data);
}

static status
end_line(const struct archive *a, const struct totals *t)
{
	struct str line CLEANUP(str_free) = STR_INIT;
	char bytes[32], raw[32], rate[32];

	num_show_size(bytes, t->bytes);
	num_show_size(raw, t->raw);
	num_show_size(rate, t->rate);
	if (a->known)
		str_addf(&line, "system %" PRIu64 ", ", a->system);
	str_addf(&line, "%" PRIu64 " segments, %s of %s", t->segments, bytes,
	    raw);
	if (t->rate > 0)
		str_addf(&line, ", %s/s", rate);
	if (t->partial > 0)
		str_addf(&line, ", %" PRIu64 " partial", t->partial);
	if (t->gaps > 0)
		str_addf(&line, ", %" PRIu64 " missing in %" PRIu64 " gaps",
		    t->missing, t->gaps);
	if (t->others > 0)
		str_addf(&line, ", %" PRIu64 " other files", t->others);
	return io_out_line(line.data);
}

status
wal_info(const char *archive, bool json)
{
	struct archive a CLEANUP(archive_close) = ARCHIVE_INIT;
	struct scan scan CLEANUP(scan_free) = {NULL, 0, NULL, 0};
	struct totals t = {.segments = 0};
	status s = archive_open(&a, archive);

	if (s == STATUS_OK)
		s = scan_archive(&a, &scan);
	if (s != STATUS_OK)
		return s;
	add_up(&a, &scan, &t);
	for (size_t i = 0; s == STATUS_OK && i < scan.nruns; i++) {
		const struct scan_run *run = &scan.runs[i];

		if (scan_is_gap(&scan, i))
			s = json ? gap_record(&a, run - 1, run)
				 : gap_line(&a, run - 1, run);
		if (s == STATUS_OK)
			s = json ? run_record(&a, run) : run_line(&a, run);
	}
	if (s != STATUS_OK)
		return s;
	return json ? end_record(&a, &scan, &t) : end_line(&a, &t);
}
