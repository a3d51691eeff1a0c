/* SPDX-License-Identifier: PostgreSQL */
/*
 * A restore from beginning to end.
 */
#include "restore/restore.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/progress.h"
#include "base/signal.h"
#include "restore/inside.h"
#include "run/storedset.h"

void
restore_stamp(time_t when, char out[32])
{
	struct tm tm;

	(void)gmtime_r(&when, &tm);
	(void)strftime(out, 32, "%Y%m%dT%H%M%SZ", &tm);
}

static void
begin(struct restore *r, const struct restore_options *o)
{
	memset(r, 0, sizeof(*r));
	r->o = o;
	r->started = num_now();
	r->began = time(NULL);
	restore_stamp(r->began, r->stamp);
	r->spaces = mem_zalloc(RESTORE_SPACES * sizeof(*r->spaces));
	(void)pthread_mutex_init(&r->lock, NULL);
	r->data.fd = r->scratch.fd = -1;
	r->recovers = o->standby || o->target != TARGET_NONE || o->wal != NULL;
	/* Modes are set as they are meant; others get nothing by accident. */
	(void)umask(027);
}

static void
end(struct restore *r)
{
	spot_abandon(&r->scratch);
	spot_free(&r->scratch);
	spot_free(&r->data);
	for (size_t i = 0; i < r->nspaces; i++)
		spot_free(&r->spaces[i]);
	free(r->spaces);
	(void)pthread_mutex_destroy(&r->lock);
	backupset_close(r->set);
	free(r->server.bindir);
	free(r->target_time);
	free(r->restore_command);
	free(r->reached);
	strv_free(&r->notes);
}

/* What was made is removed, as long as it is not in its place; a data
 * directory that was brought up to date half way cannot be. */
static void
abandon(struct restore *r, status s)
{
	bool made = r->data.fd >= 0;

	if (r->swapped || !made) {
		if (r->swapped)
			log_hint("run it again to finish what was begun");
		return;
	}
	if (signal_stop() != 0)
		log_error("interrupted");
	if (r->delta) {
		log_error("\"%s\" is half of what was there and half of the "
			  "backup, and cannot be started",
		    r->data.final);
		log_hint("run it again to finish it");
		return;
	}
	for (size_t i = 0; i < r->nspaces; i++)
		spot_abandon(&r->spaces[i]);
	spot_abandon(&r->data);
	log_error("nothing was restored: what was unpacked is removed, and "
		  "\"%s\" is as it was",
	    r->data.final);
	(void)s;
}

/* A stream says only when it was read what it is. */
static status
check_late(struct restore *r)
{
	const struct backup_info *i = r->info;
	status s;

	if (i->label.incremental || i->has_incremental) {
		log_error("\"%s\" is an incremental backup, and no data "
			  "directory by itself",
		    backupset_name(r->set));
		log_hint("restore it as a chain of directories, the full "
			 "backup first");
		return STATUS_USAGE;
	}
	s = restore_version(r);
	if (s == STATUS_OK && (!i->label.there || i->control_version == 0)) {
		log_error("\"%s\" is no backup: it has no %s",
		    backupset_name(r->set),
		    i->label.there ? CONTROL : "backup_label");
		s = STATUS_USAGE;
	}
	return s;
}

static status
unpack_and_swap(struct restore *r)
{
	const struct manifest *m = backupset_manifest(r->set);
	status s = STATUS_OK;

	if (m != NULL)
		progress_expect(0, manifest_bytes(m));
	progress_start_of("restored", PROGRESS_BYTES);
	if (r->delta)
		s = restore_delta(r);
	if (s == STATUS_OK)
		s = restore_unpack(r);
	progress_stop();
	if (s == STATUS_OK)
		s = check_late(r);
	/* A command that fetches WAL runs as the owner, and puts it there. */
	if (s == STATUS_OK)
		s = restore_own_roots(r);
	if (s == STATUS_OK)
		s = restore_prove(r);
	if (s == STATUS_OK)
		s = restore_settings(r);
	return s == STATUS_OK ? restore_commit(r) : s;
}

static status
open_input(struct restore *r, int fd)
{
	const struct strv *b = &r->o->backups;
	status s;

	if (b->len > 1) {
		r->scratch.final = mem_printf("%s.chain", r->data.final);
		r->scratch.work = mem_strdup(r->scratch.final);
		s = r->o->dry_run ? storedset_open(b->data[0], -1, &r->set)
				  : restore_chain(r);
	} else {
		s = storedset_open(b->len == 1 ? b->data[0] : NULL, fd,
		    &r->set);
	}
	if (s == STATUS_OK)
		r->info = backupset_info(r->set);
	return s;
}

/* After the swap: it runs, or is what it was; and what was there may go. */
static status
finish(struct restore *r)
{
	status s = restore_start(r);

	if (s == STATUS_OK && r->o->drop_old)
		s = restore_drop_old(r);
	return s == STATUS_OK ? restore_report(r) : s;
}

static status
run(struct restore *r, int fd)
{
	bool done = false;
	status s = restore_target_parse(r);

	if (s == STATUS_OK)
		s = spot_resolve(r->o->data, &r->data.final);
	if (s != STATUS_OK)
		return s;
	if (r->o->drop_old && r->o->backups.len == 0 && fd < 0)
		return restore_drop_old(r);
	if (r->o->finish)
		return restore_finish(r);
	s = open_input(r, fd);
	if (s == STATUS_OK)
		s = restore_resume(r, &done);
	if (s == STATUS_OK && done)
		s = restore_owner(r);
	if (s == STATUS_OK && done)
		s = restore_version_of_data(r);
	if (s != STATUS_OK || done)
		return s == STATUS_OK ? finish(r) : s;
	s = restore_plan(r);
	if (s == STATUS_OK && r->o->dry_run)
		return restore_show_plan(r);
	if (s == STATUS_OK)
		s = unpack_and_swap(r);
	if (s != STATUS_OK) {
		abandon(r, s);
		return s;
	}
	return finish(r);
}

status
restore_run(const struct restore_options *options, int fd)
{
	struct restore r;
	status s;

	begin(&r, options);
	s = run(&r, fd);
	end(&r);
	return s;
}
