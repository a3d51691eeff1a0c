/* SPDX-License-Identifier: PostgreSQL */
/*
 * What will be done, and what was.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "data/record.h"
#include "restore/inside.h"

static const char *const layouts[] = {"plain", "tars", "stream"};
static const char *const targets[] = {"end of the backup", "immediate", "time",
    "lsn", "xid", "name"};

void
restore_note(struct restore *r, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	strv_add(&r->notes, text);
	log_info("%s", text);
}

/* --- before ------------------------------------------------------------------------- */

static status step(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static status
step(const char *fmt, ...)
{
	char text[4096];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return io_out_line(text);
}

static status
show_input(const struct restore *r)
{
	const struct backup_info *i = r->info;
	const struct manifest *m = backupset_manifest(r->set);
	char size[32];

	if (m == NULL)
		return step("read the backup from %s as one stream, which "
			    "says only then what it is",
		    backupset_name(r->set));
	num_show_size(size, manifest_bytes(m));
	return step("read %s: PostgreSQL %d, %zu files, %s, %zu tablespaces, "
		    "%s, checksums %s",
	    backupset_name(r->set), i->major, manifest_files(m), size,
	    i->ntablespaces, layouts[i->layout],
	    filehash_name(manifest_kind(m)));
}

static status
show_place(const struct spot *p)
{
	if (p->in_place)
		return step("fill %s where it is", p->final);
	if (p->old != NULL)
		return step("swap it in as %s, and keep what is there as %s",
		    p->final, p->old);
	return step("rename it to %s", p->final);
}

static status
show_recovery(const struct restore *r)
{
	const struct restore_options *o = r->o;
	status s = STATUS_OK;

	if (!r->recovers)
		return step("prove that the WAL within the backup covers it");
	if (o->standby)
		s = step("write standby.signal%s",
		    o->primary != NULL ? " and primary_conninfo" : "");
	else
		s = step("prove that the WAL covers the backup%s, and write "
			 "recovery.signal",
		    o->target > TARGET_IMMEDIATE ? " and reaches the target"
						 : "");
	if (s == STATUS_OK && o->target != TARGET_NONE)
		s = step("recover to %s%s%s%s, then %s", targets[o->target],
		    o->target_value != NULL ? " " : "",
		    o->target_value != NULL ? o->target_value : "",
		    o->exclusive ? ", exclusive" : "",
		    restore_actions[o->action]);
	if (s == STATUS_OK && o->wal != NULL)
		s = step("take WAL from %s, and write nothing there", o->wal);
	return s;
}

/* Just before the directory, or its name, is changed. */
static status
show_stop(const struct restore *r)
{
	if (r->o->stop_service == NULL)
		return STATUS_OK;
	return step("stop the server, if it runs: %s", r->o->stop_service);
}

static status
show_server(const struct restore *r)
{
	const struct restore_options *o = r->o;
	status s = STATUS_OK;

	if (o->start_service != NULL)
		s = step("start it: %s", o->start_service);
	else if (o->start)
		s = step("start it with %s/pg_ctl",
		    r->server.bindir != NULL ? r->server.bindir : "?");
	if (s == STATUS_OK && (o->start || o->start_service != NULL))
		s = step("wait until it accepts connections; go back to what "
			 "there was if it does not");
	if (s == STATUS_OK && o->drop_old)
		s = step("remove what there was");
	return s;
}

status
restore_show_plan(struct restore *r)
{
	status s = show_input(r);

	if (s == STATUS_OK && r->was_running)
		s = step("a server runs in %s", r->data.final);
	if (s == STATUS_OK && r->delta)
		s = show_stop(r);
	if (s == STATUS_OK && r->delta)
		s = step("keep in %s what agrees with the manifest, remove "
			 "the rest, pg_control first",
		    r->data.final);
	if (s == STATUS_OK)
		s = step("unpack to %s, proving each file, for owner %u:%u",
		    r->data.work, (unsigned)r->uid, (unsigned)r->gid);
	for (size_t i = 0; s == STATUS_OK && i < r->nspaces; i++)
		s = step("unpack tablespace %s to %s", r->spaces[i].oid,
		    r->spaces[i].work);
	if (s == STATUS_OK)
		s = show_recovery(r);
	if (s == STATUS_OK && !r->o->keep_archiving)
		s = step("turn archiving off in it");
	if (s == STATUS_OK)
		s = step("sync each file system once");
	if (s == STATUS_OK && !r->delta)
		s = show_stop(r);
	if (s == STATUS_OK && !r->delta)
		s = show_place(&r->data);
	for (size_t i = 0; s == STATUS_OK && i < r->nspaces; i++)
		s = show_place(&r->spaces[i]);
	if (s == STATUS_OK)
		s = step("put pg_control in its place, last of all");
	return s == STATUS_OK ? show_server(r) : s;
}

/* --- after -------------------------------------------------------------------------- */

static void
set_lsn(json_t *record, const char *field, uint64_t lsn)
{
	char text[WAL_LSN];

	wal_lsn_show(text, lsn);
	record_set_text(record, field, text);
}

static void
now_text(char out[32])
{
	time_t now = time(NULL);
	struct tm tm;

	(void)gmtime_r(&now, &tm);
	(void)strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* "f f 0/5000148 2025-07-04T17:00:00.123456Z 2" */
static json_t *
recovery_record(const struct restore *r)
{
	char recovering[2], paused[2], lsn[32], when[40], timeline[16];
	json_t *record;

	if (r->reached == NULL ||
	    sscanf(r->reached, "%1s %1s %31s %39s %15s", recovering, paused,
		lsn, when, timeline) != 5)
		return json_null();
	record = json_object();
	(void)json_object_set_new(record, "in_recovery",
	    json_boolean(recovering[0] == 't'));
	(void)json_object_set_new(record, "paused",
	    json_boolean(paused[0] == 't'));
	if (lsn[0] != '-')
		record_set_text(record, "replayed", lsn);
	if (when[0] != '-')
		record_set_text(record, "last_transaction", when);
	record_set_text(record, "timeline", timeline);
	return record;
}

static json_t *
spaces_record(const struct restore *r)
{
	json_t *all = json_array();

	for (size_t i = 0; i < r->nspaces; i++) {
		json_t *one = json_object();

		record_set_text(one, "oid", r->spaces[i].oid);
		record_set_text(one, "location", r->spaces[i].final);
		(void)json_array_append_new(all, one);
	}
	return all;
}

static json_t *
target_record(const struct restore *r)
{
	json_t *record;

	if (r->o->target == TARGET_NONE)
		return json_null();
	record = json_object();
	record_set_text(record, "kind", targets[r->o->target]);
	if (r->o->target_value != NULL)
		record_set_text(record, "value",
		    r->target_time != NULL ? r->target_time
					   : r->o->target_value);
	if (r->reached_lsn != 0)
		set_lsn(record, "found_at", r->reached_lsn);
	return record;
}

static json_t *
backup_record(const struct restore *r)
{
	json_t *record = json_object();

	record_set_text(record, "name", backupset_name(r->set));
	record_set_text(record, "layout", layouts[r->info->layout]);
	if (r->info->label.label != NULL)
		record_set_text(record, "label", r->info->label.label);
	record_set_int(record, "version", r->info->major);
	record_set_count(record, "system", r->info->system);
	record_set_int(record, "timeline", r->wal.timeline);
	set_lsn(record, "start_lsn", r->wal.start);
	set_lsn(record, "end_lsn", r->wal.end);
	return record;
}

static status
print_record(const struct restore *r, double seconds)
{
	json_t *record CLEANUP(record_cleanup) = json_object();
	json_t *notes = json_array();
	char now[32],
	    *owner CLEANUP_FREE =
		mem_printf("%u:%u", (unsigned)r->uid, (unsigned)r->gid);

	now_text(now);
	record_set_text(record, "restored", r->data.final);
	(void)json_object_set_new(record, "backup", backup_record(r));
	record_set_count(record, "files", r->verdict.files);
	record_set_count(record, "bytes", r->verdict.bytes);
	record_set_count(record, "kept_bytes", r->kept);
	(void)json_object_set_new(record, "seconds", json_real(seconds));
	record_set_text(record, "owner", owner);
	(void)json_object_set_new(record, "tablespaces", spaces_record(r));
	if (r->data.old != NULL)
		record_set_text(record, "old", r->data.old);
	(void)json_object_set_new(record, "target", target_record(r));
	(void)json_object_set_new(record, "standby",
	    json_boolean(r->o->standby));
	(void)json_object_set_new(record, "running", json_boolean(r->running));
	(void)json_object_set_new(record, "recovery", recovery_record(r));
	record_set_text(record, "ready", now);
	for (size_t i = 0; i < r->notes.len; i++)
		(void)json_array_append_new(notes,
		    json_string(r->notes.data[i]));
	(void)json_object_set_new(record, "notes", notes);
	return record_print(record);
}

static void
say_recovery(const struct restore *r)
{
	char recovering[2], paused[2], lsn[32], when[40], timeline[16];

	if (r->reached == NULL ||
	    sscanf(r->reached, "%1s %1s %31s %39s %15s", recovering, paused,
		lsn, when, timeline) != 5 ||
	    lsn[0] == '-')
		return;
	log_info("recovered to %s%s%s, on timeline %s%s", lsn,
	    when[0] == '-' ? "" : ", last transaction at ",
	    when[0] == '-' ? "" : when, timeline,
	    paused[0] == 't'	       ? ", and paused there: read only"
		: recovering[0] == 't' ? ", and goes on as a standby"
				       : "");
}

status
restore_report(struct restore *r)
{
	double seconds = num_now() - r->started;
	char size[32], time[32], now[32];

	num_show_size(size, r->verdict.bytes + r->kept);
	num_show_duration(time, seconds);
	now_text(now);
	say_recovery(r);
	log_info("restored %s in %s, %s at %s", size, time,
	    r->running ? "ready" : "ready to start", now);
	if (r->data.old != NULL && r->swapped && !r->o->drop_old)
		log_info("what there was before is \"%s\"; --drop-old removes "
			 "it once the new one has started",
		    r->data.old);
	return r->o->json ? print_record(r, seconds) : STATUS_OK;
}
