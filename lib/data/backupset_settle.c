/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a walk over a backup comes to at its end: what came before the
 * manifest, what is missing, and whether the WAL is enough.
 */
#include <string.h>

#include "base/log.h"
#include "data/backupset_inside.h"

#define NAMED_MAX 100 /* files that are missing, by name */

/* What came before the manifest is compared with it now. */
static void
settle_seen(struct backup_walk *k, const struct manifest_file *seen)
{
	struct manifest_file *f = manifest_find(k->b->manifest, seen->path);

	if (f == NULL) {
		backup_report_extra(k, seen->path);
		return;
	}
	(void)atomic_fetch_or(&f->mark, BACKUP_SEEN);
	if (f->size != seen->size) {
		backup_report_bad(k, f->path, "has not its size");
	} else if (f->kind != FILEHASH_NONE && f->kind != seen->kind) {
		atomic_fetch_add(&k->unproved, 1);
	} else if (!backup_same_sum(f, seen->sum)) {
		if (strcmp(f->path, BACKUP_AUTO_CONF) == 0)
			atomic_store(&k->auto_differs, true);
		else
			backup_report_bad(k, f->path, "has not its checksum");
	} else {
		(void)atomic_fetch_or(&f->mark, BACKUP_GOOD);
	}
}

static void
settle_missing(struct backup_walk *k)
{
	const struct manifest *m = k->b->manifest;
	uint64_t missing = 0;

	for (size_t i = 0; i < manifest_files(m); i++) {
		struct manifest_file *f = manifest_at(m, i);

		if ((atomic_load(&f->mark) & (BACKUP_SEEN | BACKUP_KEPT)) !=
			0 ||
		    backup_is_free(f->path))
			continue;
		if (missing++ < NAMED_MAX)
			log_error("\"%s\": file \"%s\" is missing", k->b->name,
			    f->path);
	}
	if (missing > NAMED_MAX)
		log_error("\"%s\": %llu more files are missing", k->b->name,
		    (unsigned long long)(missing - NAMED_MAX));
	atomic_store(&k->missing, missing);
}

/* pg_basebackup -R appends to this file after the manifest was made. */
static void
settle_auto_conf(struct backup_walk *k)
{
	const struct backup_info *i = &k->b->info;

	if (!atomic_load(&k->auto_differs))
		return;
	if (i->standby_signal || i->recovery_signal)
		log_verbose("\"%s\": " BACKUP_AUTO_CONF
			    " was changed after the "
			    "backup, as pg_basebackup -R does",
		    k->b->name);
	else
		backup_report_bad(k, BACKUP_AUTO_CONF, "has not its checksum");
}

status
backup_settle(struct backup_walk *k)
{
	struct backupset *b = k->b;

	if (b->manifest == NULL) {
		log_error("\"%s\" holds no %s", b->name, MANIFEST_FILE);
		log_hint("a stream is one data directory as tar, with the "
			 "manifest in it; for a directory of archives name "
			 "the directory");
		return STATUS_USAGE;
	}
	for (size_t i = 0; b->seen != NULL && i < manifest_files(b->seen); i++)
		settle_seen(k, manifest_at(b->seen, i));
	settle_missing(k);
	settle_auto_conf(k);
	if (manifest_system(b->manifest) != 0 && b->info.system != 0 &&
	    manifest_system(b->manifest) != b->info.system) {
		backup_report_bad(k, "global/pg_control",
		    "is of another system than the manifest");
	}
	return atomic_load(&k->bad) + atomic_load(&k->missing) +
		    atomic_load(&k->extra) >
		0
	    ? STATUS_NO
	    : STATUS_OK;
}

status
backupset_unproved(struct backupset *b,
    status (*fn)(void *arg, const struct manifest_file *file), void *arg)
{
	status s, worst = STATUS_OK;

	for (size_t i = 0; i < manifest_files(b->manifest); i++) {
		struct manifest_file *f = manifest_at(b->manifest, i);

		if ((atomic_load(&f->mark) & BACKUP_GOOD) != 0 ||
		    (atomic_load(&f->mark) & BACKUP_SEEN) == 0 ||
		    strcmp(f->path, BACKUP_AUTO_CONF) == 0)
			continue;
		s = fn(arg, f);
		if (s == STATUS_NO)
			log_error("\"%s\": file \"%s\" has not its checksum",
			    b->name, f->path);
		worst = status_worse(worst, s);
		if (s != STATUS_OK && s != STATUS_NO)
			break;
	}
	return worst;
}

/* --- WAL ------------------------------------------------------------------------- */

const struct walcheck *const *
backupset_walchecks(const struct backupset *b, size_t *count)
{
	*count = b->nwal;
	return (const struct walcheck *const *)b->wal;
}

/* What is needed, and whether one of the checks has it all. */
void
backupset_wal(const struct backupset *b, struct backup_wal *out)
{
	const struct manifest_range *ranges;
	const struct walcheck *w = NULL;
	size_t n = 0;

	memset(out, 0, sizeof(*out));
	out->state = BACKUP_WAL_NONE;
	/* All segments of a backup are in one place, so one worker had them. */
	for (size_t i = 0; i < b->nwal; i++)
		if (walcheck_segments(b->wal[i]) > 0)
			w = b->wal[i];
	ranges = b->manifest == NULL ? NULL : manifest_ranges(b->manifest, &n);
	for (size_t i = 0; i < n; i++) {
		if (out->timeline < ranges[i].timeline) {
			out->timeline = ranges[i].timeline;
			out->end = ranges[i].end;
		}
		if (i == 0 || ranges[i].start < out->start)
			out->start = ranges[i].start;
	}
	if (w == NULL)
		return;
	out->segment_size = walcheck_segment_size(w);
	out->system = walcheck_system(w);
	out->state = BACKUP_WAL_WHOLE;
	for (size_t i = 0; i < walcheck_chains(w); i++)
		if (walcheck_chain(w, i)->upto > out->upto &&
		    walcheck_chain(w, i)->from != 0)
			out->upto = walcheck_chain(w, i)->upto;
	for (size_t i = 0; i < n; i++)
		if (!walcheck_covers(w, ranges[i].timeline, ranges[i].start,
			ranges[i].end, &out->where, &out->why)) {
			out->state = BACKUP_WAL_LACKS;
			return;
		}
}
