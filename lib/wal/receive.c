/* SPDX-License-Identifier: PostgreSQL */
/*
 * Receiving a server's WAL into an archive.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* flock */
#endif
#include "wal/receive.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/signal.h"
#include "data/record.h"
#include "pg/replication.h"
#include "pg/walstream.h"
#include "wal/archive.h"
#include "wal/scan.h"
#include "wal/writer.h"

#define PAUSE_FIRST 500 /* ms */
#define PAUSE_MAX 10000
#define OBJECT_IN_USE "55006"

struct receiver {
	const struct receive_request *r;
	struct archive archive;
	struct wal_writer writer;
	struct pg *pg;
	struct replication_system system;
	uint32_t timeline;
	uint64_t start, received;
	bool streamed; /* once at least */
	bool done;
	status broken; /* of a flush */
};

/* --- what the stream calls ----------------------------------------------------------- */

static status
take(void *arg, uint64_t lsn, const void *bytes, size_t n)
{
	struct receiver *v = arg;
	status s = v->broken;

	if (s == STATUS_OK)
		s = wal_writer_add(&v->writer, lsn, bytes, n);
	v->received = lsn + n;
	return s;
}

/* What is answered is on disk; a server that shuts down waits for that. */
static uint64_t
flushed(void *arg)
{
	struct receiver *v = arg;

	if (v->broken == STATUS_OK)
		v->broken = wal_writer_flush(&v->writer);
	return v->writer.flushed;
}

static bool
pressing(void *arg)
{
	const struct receiver *v = arg;

	return v->r->synchronous && v->broken == STATUS_OK &&
	    v->writer.flushed < v->received;
}

static bool
enough(void *arg, uint64_t received)
{
	struct receiver *v = arg;

	if (v->r->until != 0 && received >= v->r->until)
		v->done = true;
	return v->done || v->broken != STATUS_OK;
}

static status
tell(void *arg, const char *name)
{
	const struct receiver *v = arg;
	json_t *record CLEANUP(record_cleanup) = NULL;

	log_verbose("%s is archived", name);
	if (!v->r->json)
		return STATUS_OK;
	record = json_object();
	record_set_text(record, "file", name);
	record_set_int(record, "timeline", wal_name_timeline(name));
	return record_print(record);
}

/* --- where to begin -------------------------------------------------------------------- */

/* Behind the last whole segment of the archive's latest timeline; else at its
 * partial one. */
static bool
after_archive(struct receiver *v, const struct scan *s)
{
	const struct scan_file *last = NULL;

	for (size_t i = 0; i < s->nfiles; i++) {
		const struct scan_file *f = &s->files[i];

		if (f->misnamed ||
		    (f->kind != WAL_SEGMENT && f->kind != WAL_PARTIAL))
			continue;
		if (last == NULL || last->timeline != f->timeline ||
		    last->kind == WAL_PARTIAL || f->kind == WAL_SEGMENT)
			last = f;
	}
	if (last == NULL)
		return false;
	v->timeline = last->timeline;
	v->start = (last->segment + (last->kind == WAL_SEGMENT)) *
	    v->archive.segment_size;
	return true;
}

static status
at_server(struct receiver *v)
{
	status s = STATUS_OK;

	v->timeline = 0;
	if (v->r->slot != NULL)
		s = replication_slot_position(v->pg, v->r->slot, &v->timeline,
		    &v->start);
	if (s == STATUS_OK && v->timeline == 0) {
		v->timeline = v->system.timeline;
		v->start = v->system.lsn;
	}
	return s;
}

static status
find_start(struct receiver *v)
{
	struct scan scan CLEANUP(scan_free) = {NULL, 0, NULL, 0};
	bool known;
	status s = scan_archive(&v->archive, &scan);

	if (s != STATUS_OK)
		return s;
	known = after_archive(v, &scan);
	if (!known)
		s = at_server(v);
	if (s == STATUS_OK && v->r->start != 0 &&
	    (!known || v->start < v->r->start)) {
		v->start = v->r->start;
		v->timeline = v->system.timeline;
	}
	v->start -= v->start % v->archive.segment_size;
	return s;
}

/* Is the server one that this archive can go on with? */
static status
check_start(const struct receiver *v)
{
	char ours[WAL_LSN], theirs[WAL_LSN];

	if (v->timeline > v->system.timeline) {
		log_error("the archive \"%s\" is on timeline %u already, the "
			  "server on %u",
		    v->archive.path, v->timeline, v->system.timeline);
		log_hint("is it an old primary, or a standby that lags?");
		return STATUS_RETRY;
	}
	if (v->start > v->system.lsn) {
		wal_lsn_show(ours, v->start);
		wal_lsn_show(theirs, v->system.lsn);
		log_error("the archive \"%s\" goes up to %s, the server has "
			  "come to %s only",
		    v->archive.path, ours, theirs);
		return STATUS_RETRY;
	}
	return STATUS_OK;
}

/* --- one connection ---------------------------------------------------------------------- */

/* The file that tells where a timeline began; the first has none. */
static status
keep_history(struct receiver *v)
{
	struct str name CLEANUP(str_free) = STR_INIT;
	struct str content CLEANUP(str_free) = STR_INIT;
	bool kept;
	status s;

	if (v->timeline <= 1)
		return STATUS_OK;
	s = replication_history(v->pg, v->timeline, &name, &content);
	if (s != STATUS_OK)
		return s;
	if (wal_file_kind(str_text(&name)) != WAL_HISTORY) {
		log_error("the server names a timeline's history \"%s\"",
		    str_text(&name));
		return STATUS_FAIL;
	}
	s = archive_put_text(&v->archive, name.data, str_text(&content),
	    content.len, &kept);
	return s == STATUS_OK && !kept ? tell(v, name.data) : s;
}

static status
identify(struct receiver *v)
{
	uint32_t size = 0;
	uint64_t system;
	status s = replication_identify(v->pg, &v->system);

	if (s == STATUS_OK)
		s = replication_segment_size(v->pg, &size);
	if (s != STATUS_OK)
		return s;
	if (!num_u64(v->system.identifier, 1, UINT64_MAX, &system)) {
		log_error("the server's system identifier is none: \"%s\"",
		    v->system.identifier);
		return STATUS_FAIL;
	}
	return archive_claim(&v->archive, system, size);
}

static status
prepare(struct receiver *v)
{
	char lsn[WAL_LSN];
	status s = identify(v);

	if (s == STATUS_OK && v->r->create_slot && !v->streamed)
		s = replication_keep_slot(v->pg, v->r->slot);
	if (s == STATUS_OK)
		s = find_start(v);
	if (s == STATUS_OK)
		s = check_start(v);
	if (s != STATUS_OK)
		return s;
	wal_lsn_show(lsn, v->start);
	log_info("receiving from %s on timeline %u into \"%s\"", lsn,
	    v->timeline, v->archive.path);
	return STATUS_OK;
}

static status
stream(struct receiver *v, struct walstream_end *end)
{
	const struct walstream_ops ops = {take, flushed, enough, v, -1,
	    pressing};
	status s = keep_history(v), left;

	if (s != STATUS_OK)
		return s;
	v->writer.timeline = v->timeline;
	v->writer.flushed = v->received = v->start;
	s = walstream_run(v->pg, v->r->slot, v->timeline, v->start, v->r->every,
	    &ops, end);
	v->streamed |= end->received > v->start || s == STATUS_OK;
	left = wal_writer_leave(&v->writer);
	return status_worse(status_worse(s, left), v->broken);
}

/* One timeline after the other. */
static status
follow(struct receiver *v)
{
	struct walstream_end end;
	status s;

	for (;;) {
		s = stream(v, &end);
		if (s != STATUS_OK || v->done || signal_stop() != 0)
			return s;
		if (end.why != WALSTREAM_TIMELINE) {
			log_warning("the server has ended the stream");
			return STATUS_RETRY;
		}
		log_info("timeline %u goes on as %u", v->timeline,
		    end.next_timeline);
		v->timeline = end.next_timeline;
		v->start =
		    end.next_start - end.next_start % v->archive.segment_size;
	}
}

/* Our own last connection may still hold the slot. */
static status
judge(const struct receiver *v, status s)
{
	if (s == STATUS_FAIL && v->pg != NULL && v->streamed &&
	    v->broken == STATUS_OK &&
	    str_eq(pg_last_error(v->pg)->sqlstate, OBJECT_IN_USE))
		return STATUS_RETRY;
	return s;
}

static status
session(struct receiver *v)
{
	status s = replication_connect(&v->r->server, &v->pg);

	if (s == STATUS_OK)
		s = prepare(v);
	if (s == STATUS_OK)
		s = follow(v);
	s = judge(v, s);
	pg_close(v->pg);
	v->pg = NULL;
	return s;
}

/* --- as long as it lasts ------------------------------------------------------------------- */

static status
be_alone(const struct archive *a)
{
	if (flock(a->fd, LOCK_EX | LOCK_NB) == 0)
		return STATUS_OK;
	if (errno == EWOULDBLOCK) {
		log_error("somebody else receives into the archive \"%s\"",
		    a->path);
		return STATUS_RETRY;
	}
	log_error("could not lock the archive \"%s\": %s", a->path,
	    strerror(errno));
	return STATUS_FAIL;
}

static void
pause_for(int ms)
{
	struct pollfd p = {signal_stop_fd(), POLLIN, 0};

	(void)poll(&p, 1, ms);
}

static status
receive(struct receiver *v)
{
	int pause = PAUSE_FIRST;
	uint64_t before;
	status s;

	for (;;) {
		before = v->received;
		s = session(v);
		if (s != STATUS_RETRY || v->r->no_loop || v->done ||
		    signal_stop() != 0)
			return signal_stop() != 0 && s == STATUS_RETRY
			    ? STATUS_OK
			    : s;
		pause = v->received > before ? PAUSE_FIRST : pause * 2;
		pause = pause > PAUSE_MAX ? PAUSE_MAX : pause;
		log_verbose("connecting again in %d ms", pause);
		pause_for(pause);
		if (signal_stop() != 0)
			return STATUS_OK;
	}
}

static status
drop_slot(const struct receive_request *r)
{
	struct pg *pg CLEANUP(pg_cleanup) = NULL;
	status s = replication_connect(&r->server, &pg);

	return s == STATUS_OK ? replication_drop_slot(pg, r->slot) : s;
}

status
wal_receive(const struct receive_request *r)
{
	struct receiver v = {.r = r, .archive = ARCHIVE_INIT};
	status s;

	if (r->drop_slot)
		return drop_slot(r);
	s = archive_open(&v.archive, r->archive);
	if (s == STATUS_OK)
		s = be_alone(&v.archive);
	if (s == STATUS_OK) {
		wal_writer_init(&v.writer, &v.archive, &r->codec);
		v.writer.whole = tell;
		v.writer.arg = &v;
		s = receive(&v);
	}
	archive_close(&v.archive);
	return s;
}
