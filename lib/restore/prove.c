/* SPDX-License-Identifier: PostgreSQL */
/*
 * The WAL that the first start will replay, proved before it: from where the
 * backup began to where it ended, and on to the target.
 *
 * A first start that fails for want of a segment has already renamed
 * backup_label; so it must not be made.  Each record up to the target is read
 * here as the server will read it: the archive's file first, then what the
 * backup brought along; the newest timeline of the path first.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/signal.h"
#include "data/walcheck.h"
#include "data/walhistory.h"
#include "restore/inside.h"
#include "restore/walsource.h"

/* Records of xact.h and xlog.h, the same from 13 to 18. */
enum { RMGR_XLOG = 0, RMGR_XACT = 1 };
enum { XLOG_RESTORE_POINT = 0x70 };
enum { XACT_OPMASK = 0x70, XACT_COMMIT = 0, XACT_ABORT = 0x20 };
enum { XACT_COMMIT_PREPARED = 0x30, XACT_ABORT_PREPARED = 0x40 };
/* Before the main data of a record without blocks: xlogrecord.h. */
enum { ID_SHORT = 255, ID_LONG = 254, ID_ORIGIN = 253, ID_TOPLEVEL = 252 };

#define TIMELINES 64 /* of one path */

/* A timeline of the path, from where it branched off. */
struct step {
	uint32_t timeline;
	uint64_t begin;
};

struct proof {
	struct restore *r;
	struct walsource source;
	bool has_source;
	struct step path[TIMELINES]; /* newest first */
	size_t npath;
	uint64_t start, end; /* of the backup */
	uint32_t segment_size;
	struct walcheck *check;
	/* Of the records that passed. */
	bool reached, too_early;
	uint64_t reached_at;
	int64_t last_time; /* of the last commit; INT64_MIN: none */
	uint64_t records;
};

/* --- records ----------------------------------------------------------------------- */

/* The main data of a record without blocks, NULL where it has some. */
static const unsigned char *
main_data(const struct wal_record *w, size_t *n)
{
	size_t at = 0;

	while (at < w->n) {
		size_t head;

		switch (w->bytes[at]) {
		case ID_ORIGIN:
			at += 3;
			continue;
		case ID_TOPLEVEL:
			at += 5;
			continue;
		case ID_SHORT:
			head = 2;
			break;
		case ID_LONG:
			head = 5;
			break;
		default:
			return NULL;
		}
		if (at + head > w->n)
			return NULL;
		*n = w->n - at - head;
		return w->bytes + at + head;
	}
	return NULL;
}

static bool
ends_transaction(const struct wal_record *w)
{
	int op = w->info & XACT_OPMASK;

	return w->rmgr == RMGR_XACT &&
	    (op == XACT_COMMIT || op == XACT_ABORT ||
		op == XACT_COMMIT_PREPARED || op == XACT_ABORT_PREPARED);
}

/* Whether recovery stops at this record, as xlogrecovery.c decides it. */
static bool
is_target(struct proof *p, const struct wal_record *w)
{
	const struct restore_options *o = p->r->o;
	size_t n = 0;
	const unsigned char *data;
	int64_t when;

	if (o->target == TARGET_LSN)
		return w->start >= p->r->target_lsn;
	if (o->target == TARGET_NAME && w->rmgr == RMGR_XLOG &&
	    (w->info & 0xf0) == XLOG_RESTORE_POINT) {
		data = main_data(w, &n);
		return data != NULL && n >= 72 &&
		    strncmp((const char *)data + 8, o->target_value, 64) == 0;
	}
	if (!ends_transaction(w))
		return false;
	data = main_data(w, &n);
	if (data != NULL && n >= 8) {
		memcpy(&when, data, 8);
		if (when > p->last_time)
			p->last_time = when;
		if (o->target == TARGET_TIME)
			return o->exclusive ? when >= p->r->target_us
					    : when > p->r->target_us;
	}
	return o->target == TARGET_XID && w->xid == p->r->target_xid;
}

static void
take_record(void *arg, const struct wal_record *w)
{
	struct proof *p = arg;

	/* Old WAL of the same segment is not replayed. */
	if (w->start < p->start || p->reached)
		return;
	p->records++;
	if (!is_target(p, w))
		return;
	if (w->end <= p->end) {
		p->too_early = true;
		return;
	}
	p->reached = true;
	p->reached_at = w->start;
}

/* --- files --------------------------------------------------------------------------- */

/* A file of WAL, from the archive or from what the backup brought. */
static status
open_wal(struct proof *p, const char *name, int *fd)
{
	char *path CLEANUP_FREE = mem_printf("pg_wal/%s", name);
	status s = STATUS_OK;

	*fd = -1;
	if (p->has_source)
		s = walsource_get(&p->source, name, fd);
	if (s != STATUS_OK || *fd >= 0)
		return s;
	*fd = spot_open_below(p->r->data.fd, path, O_RDONLY, 0);
	if (*fd < 0 && errno != ENOENT) {
		log_error("could not open \"%s\": %s", path, strerror(errno));
		return STATUS_FAIL;
	}
	return STATUS_OK;
}

static status
slurp(int fd, const char *name, struct str *out)
{
	struct codec_reader *in = codec_reader_new(fd, name);
	const void *bytes;
	size_t n = 1;
	status s = STATUS_OK;

	while (s == STATUS_OK && n > 0 && out->len < 1024 * 1024) {
		s = codec_read(in, &bytes, &n);
		str_addn(out, bytes, n);
	}
	codec_reader_free(in);
	return s;
}

static status
read_segment(struct proof *p, int fd, const char *name)
{
	struct codec_reader *in = codec_reader_new(fd, name);
	const void *bytes;
	size_t n = 1;
	status s = STATUS_OK;

	walcheck_segment(p->check, name);
	while (s == STATUS_OK && n > 0) {
		s = signal_stop() != 0 ? STATUS_RETRY
				       : codec_read(in, &bytes, &n);
		if (s == STATUS_OK)
			walcheck_data(p->check, bytes, n);
	}
	walcheck_segment_end(p->check);
	codec_reader_free(in);
	return s;
}

/* --- timelines ------------------------------------------------------------------------ */

/* The path to a timeline: its own part begins where its parent's ended. */
static status
take_history(struct proof *p, uint32_t timeline, const struct str *text)
{
	struct wal_history h CLEANUP(wal_history_free) = WAL_HISTORY_INIT;
	bool sound = wal_history_parse(str_text(text), text->len, timeline, &h);
	size_t n = h.count;

	if (!sound || n >= TIMELINES) {
		log_error("cannot understand the history of timeline %u",
		    timeline);
		return STATUS_USAGE;
	}
	p->path[0] = (struct step){timeline, h.parents[n - 1].end};
	for (size_t i = 1; i <= n; i++)
		p->path[i] = (struct step){h.parents[n - i].timeline,
		    i < n ? h.parents[n - i - 1].end : 0};
	p->npath = n + 1;
	return STATUS_OK;
}

static status
load_history(struct proof *p, uint32_t timeline, bool *there)
{
	char name[24];
	struct str text CLEANUP(str_free) = STR_INIT;
	int fd;
	status s;

	(void)snprintf(name, sizeof(name), "%08X.history", timeline);
	s = open_wal(p, name, &fd);
	*there = fd >= 0;
	if (s != STATUS_OK || fd < 0)
		return s;
	s = slurp(fd, name, &text);
	(void)close(fd);
	return s == STATUS_OK ? take_history(p, timeline, &text) : s;
}

/* The backup must lie on the path, before it branches off. */
static bool
is_on_path(const struct proof *p)
{
	uint32_t of = p->r->wal.timeline;
	uint64_t until = UINT64_MAX;

	for (size_t i = 0; i < p->npath; i++) {
		if (p->path[i].timeline == of)
			return p->end <= until;
		until = p->path[i].begin;
	}
	return false;
}

static status
choose_timeline(struct proof *p)
{
	struct restore *r = p->r;
	uint32_t want = r->timeline, next;
	bool there = true;
	status s = STATUS_OK;

	p->path[0].timeline = r->wal.timeline;
	p->path[0].begin = 0;
	p->npath = 1;
	if (r->current_timeline || want == r->wal.timeline) {
		(void)load_history(p, r->wal.timeline, &there);
		return STATUS_OK;
	}
	if (want != 0) {
		s = load_history(p, want, &there);
		if (s == STATUS_OK && !there) {
			log_error("there is no timeline %u: %08X.history is "
				  "neither in the archive nor in the backup",
			    want, want);
			s = STATUS_FAIL;
		}
	} else {
		/* As the server looks for the latest: up to the first gap. */
		(void)load_history(p, r->wal.timeline, &there);
		for (next = r->wal.timeline + 1, there = true;
		     s == STATUS_OK && there; next++)
			s = load_history(p, next, &there);
	}
	if (s != STATUS_OK || is_on_path(p))
		return s;
	log_error("timeline %u does not come from that of the backup",
	    p->path[0].timeline);
	log_detail("the backup is of timeline %u, and ends where the other "
		   "has gone its own way",
	    r->wal.timeline);
	log_hint("--target-timeline current, or an older one");
	return STATUS_FAIL;
}

/* --- the way to the target --------------------------------------------------------------- */

/* The file of a segment, of the newest timeline that may have it. */
static status
open_segment(struct proof *p, uint64_t segment, char name[WAL_NAME], int *fd)
{
	status s = STATUS_OK;

	*fd = -1;
	for (size_t i = 0; s == STATUS_OK && *fd < 0 && i < p->npath; i++) {
		if (segment < p->path[i].begin / p->segment_size)
			continue;
		wal_name_show(name, p->path[i].timeline, segment,
		    p->segment_size);
		s = open_wal(p, name, fd);
	}
	return s;
}

/* How large segments are: the first one says it, whose name depends on it for
 * none but the strangest sizes. */
static status
find_segment_size(struct proof *p)
{
	static const uint32_t sizes[] = {16, 64, 1, 2, 4, 8, 32, 128, 256, 512,
	    1024};
	char name[WAL_NAME];
	status s = STATUS_OK;
	int fd = -1;

	p->segment_size = p->r->wal.segment_size;
	if (p->segment_size != 0)
		return STATUS_OK;
	for (size_t i = 0; s == STATUS_OK && i < 11; i++) {
		p->segment_size = sizes[i] << 20;
		s = open_segment(p, p->start / p->segment_size, name, &fd);
		if (fd < 0 || s != STATUS_OK)
			continue;
		s = read_segment(p, fd, name);
		(void)close(fd);
		if (s == STATUS_OK && walcheck_segment_size(p->check) != 0) {
			p->segment_size = walcheck_segment_size(p->check);
			break;
		}
	}
	return s;
}

/* Whether the chain that began with the backup is broken. */
static bool
broken(const struct proof *p)
{
	size_t n = walcheck_chains(p->check);

	return n != 1 || walcheck_chain(p->check, 0)->why != NULL;
}

static status
read_on(struct proof *p)
{
	uint64_t segment = p->start / p->segment_size;
	char name[WAL_NAME];
	status s = STATUS_OK;
	int fd;

	for (; s == STATUS_OK; segment++) {
		s = open_segment(p, segment, name, &fd);
		if (s != STATUS_OK || fd < 0)
			break;
		s = read_segment(p, fd, name);
		(void)close(fd);
		if (p->reached || p->too_early || broken(p))
			break;
		if (p->r->o->target <= TARGET_IMMEDIATE &&
		    (segment + 1) * p->segment_size >= p->end)
			break;
	}
	return s;
}

/* --- verdicts ---------------------------------------------------------------------------- */

static status
not_covered(struct proof *p, uint64_t where, const char *why)
{
	char at[WAL_LSN], from[WAL_LSN], to[WAL_LSN], name[WAL_NAME];

	wal_lsn_show(at, where);
	wal_lsn_show(from, p->start);
	wal_lsn_show(to, p->end);
	wal_name_show(name, p->r->wal.timeline, where / p->segment_size,
	    p->segment_size);
	log_error("the WAL does not cover the backup, which would not start");
	if (why != NULL)
		log_detail("it is needed from %s to %s, and at %s (%s) %s",
		    from, to, at, name, why);
	else
		log_detail("it is needed from %s to %s, and %s is lacking",
		    from, to, name);
	log_hint(p->has_source ? "bring the file into the archive, and run it "
				 "again"
			       : "--wal names an archive that has it");
	return STATUS_FAIL;
}

static status
not_reached(struct proof *p)
{
	uint64_t upto = walcheck_chains(p->check) == 0
	    ? 0
	    : walcheck_chain(p->check, 0)->upto;
	char at[WAL_LSN];
	char *when CLEANUP_FREE = NULL;

	wal_lsn_show(at, upto);
	log_error("the WAL does not reach the target: a recovery would end "
		  "before it");
	if (p->last_time != INT64_MIN) {
		when = restore_time_text(p->last_time);
		log_detail("it goes to %s, with the last transaction at %s", at,
		    when);
	} else {
		log_detail("it goes to %s", at);
	}
	if (broken(p))
		log_detail("there, in %s, %s",
		    walcheck_chain(p->check, 0)->file,
		    walcheck_chain(p->check, 0)->why);
	log_hint("choose an earlier target, or --wal with an archive that goes "
		 "further");
	return STATUS_FAIL;
}

static status
before_backup(struct proof *p)
{
	char at[WAL_LSN];

	wal_lsn_show(at, p->end);
	log_error("the target is before the end of the backup, at %s", at);
	log_hint("restore an earlier backup, or choose a later target");
	return STATUS_FAIL;
}

static status
judge(struct proof *p)
{
	const struct manifest_range *ranges;
	uint64_t where;
	const char *why;
	size_t n;

	ranges = manifest_ranges(backupset_manifest(p->r->set), &n);
	for (size_t i = 0; i < n; i++)
		if (!walcheck_covers(p->check, ranges[i].timeline,
			ranges[i].start, ranges[i].end, &where, &why))
			return not_covered(p, where, why);
	if (p->r->info->system != 0 &&
	    walcheck_system(p->check) != p->r->info->system) {
		log_error("the WAL is of another system than the backup");
		log_detail("its system identifier is %llu, the backup's %llu",
		    (unsigned long long)walcheck_system(p->check),
		    (unsigned long long)p->r->info->system);
		return STATUS_FAIL;
	}
	p->r->reached_lsn = p->reached_at;
	if (p->too_early)
		return before_backup(p);
	if (p->r->o->target > TARGET_IMMEDIATE && !p->reached)
		return not_reached(p);
	return STATUS_OK;
}

/* The WAL of the backup alone was proved as it was unpacked. */
static status
judge_backup(struct restore *r)
{
	struct proof p = {.r = r,
	    .start = r->wal.start,
	    .end = r->wal.end,
	    .segment_size = r->wal.segment_size};

	if (r->wal.state == BACKUP_WAL_WHOLE)
		return STATUS_OK;
	if (r->wal.state == BACKUP_WAL_NONE)
		p.segment_size = WAL_SEGMENT_DEFAULT;
	return not_covered(&p,
	    r->wal.state == BACKUP_WAL_NONE ? r->wal.start : r->wal.where,
	    r->wal.why);
}

/* Where a command may put what it fetches: below what is being made. */
static status
open_source(struct proof *p)
{
	struct restore *r = p->r;
	char *scratch CLEANUP_FREE = mem_printf("%s/pg_wal", r->data.work);
	status s;

	if (r->o->wal == NULL)
		return STATUS_OK;
	s = walsource_open(&p->source, r->o->wal, scratch);
	p->has_source = s == STATUS_OK;
	p->source.as_user = geteuid() == 0;
	p->source.uid = r->uid;
	p->source.gid = r->gid;
	return s;
}

status
restore_prove(struct restore *r)
{
	struct proof p = {.r = r,
	    .start = r->wal.start,
	    .end = r->wal.end,
	    .last_time = INT64_MIN};
	status s;

	if (r->wal.timeline == 0) {
		log_error("the manifest names no WAL that the backup needs");
		return STATUS_USAGE;
	}
	if (!r->recovers || (r->o->wal == NULL && r->o->standby))
		return r->o->standby && r->o->primary != NULL ? STATUS_OK
							      : judge_backup(r);
	s = open_source(&p);
	p.check = walcheck_new();
	if (s == STATUS_OK)
		s = choose_timeline(&p);
	if (s == STATUS_OK)
		s = find_segment_size(&p);
	/* The look for the size has read the first segment. */
	walcheck_free(p.check);
	p.check = walcheck_new();
	walcheck_observe(p.check, take_record, &p);
	p.records = 0;
	p.reached = p.too_early = false;
	if (s == STATUS_OK)
		s = read_on(&p);
	if (s == STATUS_OK)
		s = judge(&p);
	if (s == STATUS_OK && p.has_source)
		s = walsource_readable(&p.source);
	if (s == STATUS_OK)
		r->restore_command = p.has_source
		    ? walsource_restore_command(&p.source)
		    : mem_strdup("false");
	walcheck_free(p.check);
	walsource_close(&p.source);
	return s;
}
