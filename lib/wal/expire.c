/* SPDX-License-Identifier: PostgreSQL */
/*
 * Removing WAL that nothing needs any more.
 */
#include "wal/expire.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/signal.h"
#include "data/record.h"
#include "wal/need.h"
#include "wal/scan.h"
#include "wal/timeline.h"

struct timeline {
	struct wal_history history;
	bool known;
};

struct expire {
	const struct expire_request *r;
	struct archive archive;
	struct scan scan;
	struct needs needs;
	struct timeline *timelines;
	size_t ntimelines;
	uint64_t removed, bytes, kept;
};

/* --- timelines ----------------------------------------------------------------------- */

static status
learn(struct expire *e, uint32_t timeline)
{
	struct timeline t;
	status s;

	for (size_t i = 0; i < e->ntimelines; i++)
		if (e->timelines[i].history.timeline == timeline)
			return STATUS_OK;
	s = timeline_history(&e->archive, timeline, &t.history, &t.known);
	if (s != STATUS_OK)
		return s;
	e->timelines =
	    mem_resize(e->timelines, e->ntimelines + 1, sizeof(*e->timelines));
	e->timelines[e->ntimelines++] = t;
	return STATUS_OK;
}

static status
learn_all(struct expire *e)
{
	status s = STATUS_OK;

	for (size_t i = 0; s == STATUS_OK && i < e->scan.nfiles; i++)
		if (e->scan.files[i].timeline != 0)
			s = learn(e, e->scan.files[i].timeline);
	for (size_t i = 0; s == STATUS_OK && i < e->needs.count; i++)
		if (e->needs.items[i].timeline != 0)
			s = learn(e, e->needs.items[i].timeline);
	return s;
}

/* Where a timeline left another that it comes from, 0 where it does not; for
 * what is not known: at the end of all WAL. */
static uint64_t
left_at(const struct expire *e, uint32_t timeline, uint32_t from)
{
	for (size_t i = 0; i < e->ntimelines; i++)
		if (e->timelines[i].history.timeline == timeline &&
		    e->timelines[i].known)
			return wal_history_end(&e->timelines[i].history, from);
	return UINT64_MAX;
}

/* --- what is needed --------------------------------------------------------------------- */

static bool
is_needed_by(const struct expire *e, const struct need *n,
    const struct scan_file *f)
{
	uint64_t first = n->lsn / e->archive.segment_size;

	if (n->since != 0)
		return f->mtime >= n->since;
	if (f->segment < first)
		return false;
	/* A timeline that branched off before does not lead on from there. */
	if (n->timeline == 0 || left_at(e, f->timeline, n->timeline) > n->lsn)
		return true;
	/* The need's timeline is that of a backup's end: what leads there from
	 * its start may lie on those that this one comes from, and the server
	 * may look for the first segment there. */
	return f->segment * e->archive.segment_size <
	    left_at(e, n->timeline, f->timeline);
}

/* Where receiving goes on from. */
static bool
is_newest(const struct expire *e, const struct scan_file *f)
{
	const struct scan *s = &e->scan;

	return s->nruns > 0 && f->timeline == s->runs[s->nruns - 1].timeline &&
	    f->segment >= s->runs[s->nruns - 1].last;
}

static bool
stays(const struct expire *e, const struct scan_file *f)
{
	if (f->kind == WAL_OTHER || f->kind == WAL_HISTORY || f->misnamed ||
	    is_newest(e, f))
		return true;
	for (size_t i = 0; i < e->needs.count; i++)
		if (is_needed_by(e, &e->needs.items[i], f))
			return true;
	return false;
}

/* --- what is said ------------------------------------------------------------------------- */

static status
say_need(const struct expire *e, const struct need *n)
{
	json_t *record CLEANUP(record_cleanup) = NULL;
	struct str line CLEANUP(str_free) = STR_INIT;
	char text[SCAN_TIME], lsn[WAL_LSN];

	if (n->since != 0)
		scan_show_time(text, n->since);
	wal_lsn_show(lsn, n->lsn);
	if (!e->r->json) {
		str_addf(&line, "needed from %-17s  %s",
		    n->since != 0 ? text : lsn, n->why);
		return io_out_line(line.data);
	}
	record = json_object();
	record_set_text(record, "needed_by", n->why);
	if (n->since != 0)
		record_set_text(record, "since", text);
	else
		record_set_text(record, "lsn", lsn);
	if (n->timeline != 0)
		record_set_int(record, "timeline", n->timeline);
	return record_print(record);
}

static status
say_file(const struct expire *e, const char *file, uint64_t bytes)
{
	const char *action = e->r->dry_run ? "would remove" : "removed";
	json_t *record CLEANUP(record_cleanup) = NULL;
	struct str line CLEANUP(str_free) = STR_INIT;

	if (!e->r->json) {
		str_addf(&line, "%-12s  %s", action, file);
		return io_out_line(line.data);
	}
	record = json_object();
	record_set_text(record, "file", file);
	record_set_text(record, "action", action);
	record_set_count(record, "bytes", bytes);
	return record_print(record);
}

static status
sum_up(const struct expire *e)
{
	struct str line CLEANUP(str_free) = STR_INIT;
	json_t *r CLEANUP(record_cleanup) = NULL;
	char size[32];

	if (e->r->json) {
		r = json_object();
		record_set_count(r, "removed", e->removed);
		record_set_count(r, "bytes", e->bytes);
		record_set_count(r, "kept", e->kept);
		return record_print_end("pg-wal", e->needs.count + e->removed,
		    r);
	}
	num_show_size(size, e->bytes);
	str_addf(&line, "%" PRIu64 " files %s, %s; %" PRIu64 " stay",
	    e->removed, e->r->dry_run ? "would go" : "are gone", size, e->kept);
	return io_out_line(line.data);
}

/* --- doing it ------------------------------------------------------------------------------ */

static status
remove_file(struct expire *e, const struct scan_file *f)
{
	char *file CLEANUP_FREE =
	    mem_printf("%s%s", f->name, codec_suffix(f->suffix));

	if (!e->r->dry_run && unlinkat(e->archive.fd, file, 0) != 0 &&
	    errno != ENOENT) {
		log_error("could not remove \"%s/%s\": %s", e->archive.path,
		    file, strerror(errno));
		return STATUS_FAIL;
	}
	e->removed++;
	e->bytes += f->bytes;
	return say_file(e, file, f->bytes);
}

/* The oldest first: should this stop half way, there is no gap. */
static status
remove_all(struct expire *e)
{
	status s = STATUS_OK;

	for (size_t i = 0;
	     s == STATUS_OK && i < e->scan.nfiles && signal_stop() == 0; i++) {
		struct scan_file *f = &e->scan.files[i];

		/* It goes with its segment. */
		if (f->kind == WAL_BACKUP_HISTORY) {
			char name[WAL_NAME];

			(void)snprintf(name, sizeof(name), "%.24s", f->name);
			f->misnamed = !wal_name_parse(name,
			    e->archive.segment_size, &f->timeline, &f->segment);
		}
		if (stays(e, f))
			e->kept++;
		else
			s = remove_file(e, f);
	}
	if (e->removed > 0 && !e->r->dry_run)
		s = status_worse(s, archive_sync(&e->archive));
	return s;
}

static status
find_needs(struct expire *e)
{
	const struct expire_request *r = e->r;
	status s = STATUS_OK;

	for (size_t i = 0; s == STATUS_OK && i < r->backups.len; i++)
		s = needs_of_backups(r->backups.data[i], &e->archive,
		    &e->needs);
	if (s == STATUS_OK && r->points.len > 0)
		s = needs_of_points(&r->points, &e->archive, &e->scan,
		    &e->needs);
	if (s != STATUS_OK) {
		log_hint("nothing was removed");
		return s;
	}
	if (r->backups.len > 0 && e->needs.backups == 0) {
		log_error("there is no backup of this system, so nothing says "
			  "which WAL is needed");
		log_hint("nothing was removed");
		return STATUS_FAIL;
	}
	return STATUS_OK;
}

static status
expire(struct expire *e)
{
	status s = scan_archive(&e->archive, &e->scan);

	if (s == STATUS_OK && !e->archive.known) {
		log_error("there is no WAL in \"%s\"", e->archive.path);
		return STATUS_FAIL;
	}
	if (s == STATUS_OK)
		s = find_needs(e);
	if (s == STATUS_OK)
		s = learn_all(e);
	for (size_t i = 0; s == STATUS_OK && i < e->needs.count; i++)
		s = say_need(e, &e->needs.items[i]);
	if (s == STATUS_OK)
		s = remove_all(e);
	return s == STATUS_OK ? sum_up(e) : s;
}

status
wal_expire(const struct expire_request *r)
{
	struct expire e = {.r = r, .archive = ARCHIVE_INIT};
	status s = archive_open(&e.archive, r->archive);

	if (s == STATUS_OK)
		s = expire(&e);
	for (size_t i = 0; i < e.ntimelines; i++)
		wal_history_free(&e.timelines[i].history);
	free(e.timelines);
	needs_free(&e.needs);
	scan_free(&e.scan);
	archive_close(&e.archive);
	return s;
}
