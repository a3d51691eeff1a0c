/* SPDX-License-Identifier: PostgreSQL */
/*
 * The marker of a restore that is whole and only has to be swapped in: what was
 * to be restored, how, and where everything is.  Whoever meets it ends the swap
 * if that is what was asked for again, and does nothing by halves otherwise.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* flock */
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "data/filehash.h"
#include "data/record.h"
#include "restore/inside.h"
#include "restore/running.h"

static status
could_not(const char *what, const char *path)
{
	log_error("could not %s \"%s\": %s", what, path, strerror(errno));
	return STATUS_FAIL;
}

/* --- what was asked for ---------------------------------------------------------- */

/* So that no two lists of them are the same text. */
static void
add_text(struct str *out, const char *text)
{
	if (text == NULL)
		str_add(out, "-,");
	else
		str_addf(out, "%zu:%s,", strlen(text), text);
}

static void
add_texts(struct str *out, const struct strv *texts)
{
	for (size_t i = 0; i < texts->len; i++)
		add_text(out, texts->data[i]);
	str_addc(out, ';');
}

/* From wherever it is named. */
static void
add_path(struct str *out, const char *path)
{
	char *whole = path == NULL ? NULL : realpath(path, NULL);

	add_text(out, whole != NULL ? whole : path);
	free(whole);
}

/* All that makes another data directory of the same backup. */
static void
hash_request(const struct restore *r, char out[2 * FILEHASH_MAX + 1])
{
	const struct restore_options *o = r->o;
	struct filehash hash = FILEHASH_INIT;
	struct str text CLEANUP(str_free) = STR_INIT;
	unsigned char sum[FILEHASH_MAX];

	str_addf(&text, "%d %d %d %d %d;", (int)o->target, o->exclusive,
	    o->action, o->standby, o->keep_archiving);
	add_path(&text, o->wal);
	add_text(&text, o->target_value);
	add_text(&text, o->timeline);
	add_text(&text, o->primary);
	add_text(&text, o->owner);
	add_path(&text, o->tablespaces_in);
	add_texts(&text, &o->tablespaces);
	add_texts(&text, &o->settings);
	filehash_start(&hash, FILEHASH_SHA256);
	filehash_add(&hash, text.data, text.len);
	filehash_show(out, sum, filehash_end(&hash, sum));
	filehash_free(&hash);
}

/* --- writing it ------------------------------------------------------------------ */

static json_t *
spot_record(const struct spot *p)
{
	json_t *record = json_object();

	if (p->oid != NULL)
		record_set_text(record, "oid", p->oid);
	record_set_text(record, "final", p->final);
	record_set_text(record, "work", p->work);
	if (p->old != NULL)
		record_set_text(record, "old", p->old);
	(void)json_object_set_new(record, "in_place",
	    json_boolean(p->in_place));
	return record;
}

status
restore_mark(struct restore *r)
{
	json_t *record CLEANUP(record_cleanup) = json_object();
	json_t *places = json_array();
	char request[2 * FILEHASH_MAX + 1];
	struct str text CLEANUP(str_free) = STR_INIT;
	int fd;
	status s;

	record_set_text(record, "about",
	    "a restore by pg-restore-local that did not finish: run it again");
	record_set_text(record, "phase", "swapping");
	record_set_text(record, "backup", backupset_name(r->set));
	record_set_text(record, "manifest",
	    manifest_checksum(backupset_manifest(r->set)));
	hash_request(r, request);
	record_set_text(record, "request", request);
	(void)json_array_append_new(places, spot_record(&r->data));
	for (size_t i = 0; i < r->nspaces; i++)
		(void)json_array_append_new(places, spot_record(&r->spaces[i]));
	(void)json_object_set_new(record, "places", places);
	record_show(record, &text);
	str_addc(&text, '\n');
	s = restore_put(r, RESTORE_MARKER ".tmp", text.data, text.len);
	if (s != STATUS_OK)
		return s;
	fd = spot_open_below(r->data.fd, RESTORE_MARKER ".tmp", O_RDONLY, 0);
	if (fd < 0 || fsync(fd) != 0)
		s = could_not("sync", RESTORE_MARKER);
	if (fd >= 0)
		(void)close(fd);
	if (s == STATUS_OK &&
	    (renameat(r->data.fd, RESTORE_MARKER ".tmp", r->data.fd,
		 RESTORE_MARKER) != 0 ||
		fsync(r->data.fd) != 0))
		s = could_not("write", RESTORE_MARKER);
	return s;
}

/* --- reading it ------------------------------------------------------------------ */

static void
take_place(struct spot *p, const json_t *record)
{
	const char *oid = record_text(record, "oid");
	const char *old = record_text(record, "old");

	p->oid = oid == NULL ? NULL : mem_strdup(oid);
	p->old = old == NULL ? NULL : mem_strdup(old);
	p->final = mem_strdup(record_text(record, "final"));
	p->work = mem_strdup(record_text(record, "work"));
	p->in_place = record_flag(record, "in_place");
	p->fd = -1;
}

/* The marker's record, or NULL when there is none that says "swapping". */
static json_t *
read_marker(const char *directory)
{
	char *file CLEANUP_FREE =
	    mem_printf("%s/%s", directory, RESTORE_MARKER);
	struct str text CLEANUP(str_free) = STR_INIT;
	struct stat st;
	json_t *record;
	json_error_t error;

	if (lstat(file, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0 ||
	    path_read(file, RECORD_MAX, &text) != STATUS_OK)
		return NULL;
	record = record_load(text.data, text.len, &error);
	if (record != NULL && !str_eq(record_text(record, "phase"), "swapping"))
		record_cleanup(&record);
	return record;
}

static bool
places_are_sound(const json_t *places, const char *final)
{
	size_t i;
	json_t *p;

	json_array_foreach(places, i, p) if (record_text(p, "final") == NULL ||
	    record_text(p, "work") == NULL ||
	    (i == 0) != (record_text(p, "oid") == NULL)) return false;
	return json_array_size(places) > 0 &&
	    json_array_size(places) <= RESTORE_SPACES &&
	    str_eq(record_text(json_array_get(places, 0), "final"), final);
}

static int
open_whichever(const struct spot *p)
{
	char *marker CLEANUP_FREE =
	    mem_printf("%s/%s", p->work, RESTORE_MARKER);
	struct stat st;

	return open(lstat(marker, &st) == 0 ? p->work : p->final,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Another one may end it, or have ended it meanwhile. */
static status
lock_pending(struct restore *r)
{
	struct stat st;

	r->data.fd = open_whichever(&r->data);
	if (r->data.fd < 0)
		return could_not("open", r->data.final);
	if (flock(r->data.fd, LOCK_EX | LOCK_NB) != 0) {
		log_error("another restore is at work in \"%s\"",
		    r->data.final);
		return STATUS_RETRY;
	}
	if (fstatat(r->data.fd, RESTORE_MARKER, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return STATUS_OK;
	log_error("another restore has just ended in \"%s\"", r->data.final);
	return STATUS_RETRY;
}

static status
go_on(struct restore *r, const json_t *record)
{
	const json_t *places = json_object_get(record, "places");
	status s;

	spot_free(&r->data);
	take_place(&r->data, json_array_get(places, 0));
	s = lock_pending(r);
	for (size_t i = 1; s == STATUS_OK && i < json_array_size(places); i++) {
		struct spot *p = &r->spaces[r->nspaces++];

		take_place(p, json_array_get(places, i));
		p->fd = open_whichever(p);
		if (p->fd < 0)
			s = could_not("open", p->final);
	}
	if (s != STATUS_OK)
		return s;
	log_info("ending the swap of an earlier restore to \"%s\", which was "
		 "cut off",
	    r->data.final);
	return restore_swap(r);
}

/* The marker of a swap that was begun; NULL when there is none. */
static json_t *
find_pending(const struct restore *r)
{
	char *work CLEANUP_FREE = mem_printf("%s.new", r->data.final);
	json_t *record = read_marker(work);

	if (record == NULL)
		record = read_marker(r->data.final);
	if (record != NULL &&
	    !places_are_sound(json_object_get(record, "places"), r->data.final))
		record_cleanup(&record);
	return record;
}

/* Whether what was there before has lost its name. */
static bool
is_under_way(const json_t *record)
{
	const json_t *p = json_array_get(json_object_get(record, "places"), 0);
	char *marker CLEANUP_FREE =
	    mem_printf("%s/%s", record_text(p, "work"), RESTORE_MARKER);
	struct stat st;

	if (record_flag(p, "in_place"))
		return false;
	return lstat(marker, &st) != 0 ||
	    (record_text(p, "old") != NULL &&
		lstat(record_text(p, "final"), &st) != 0);
}

static status
refuse_pending(const struct restore *r, const json_t *record)
{
	const char *backup = record_text(record, "backup");

	log_error("a restore of \"%s\" to \"%s\" was cut off in its swap",
	    backup == NULL ? "?" : backup, r->data.final);
	if (r->set != NULL && backupset_manifest(r->set) == NULL)
		log_detail("a stream says only at its end whether it is the "
			   "same backup");
	log_hint("\"pg-restore-local -D %s --finish\" ends that one, and "
		 "--replace can replace it then",
	    r->data.final);
	return STATUS_FAIL;
}

/* The same backup, restored in the same way. */
static bool
is_same(const struct restore *r, const json_t *record)
{
	char request[2 * FILEHASH_MAX + 1];

	hash_request(r, request);
	return str_eq(record_text(record, "request"), request) &&
	    str_eq(record_text(record, "manifest"),
		manifest_checksum(backupset_manifest(r->set)));
}

status
restore_resume(struct restore *r, bool *done)
{
	json_t *record CLEANUP(record_cleanup) = find_pending(r);
	status s;

	*done = false;
	if (record == NULL || r->o->dry_run || running_pid(r->data.final) != 0)
		return STATUS_OK;
	if (backupset_manifest(r->set) == NULL)
		return refuse_pending(r, record);
	/* Another one is restored anew, over what nobody has seen yet. */
	if (!is_same(r, record))
		return is_under_way(record) ? refuse_pending(r, record)
					    : STATUS_OK;
	s = go_on(r, record);
	*done = s == STATUS_OK;
	return s;
}

status
restore_finish(struct restore *r)
{
	json_t *record CLEANUP(record_cleanup) = find_pending(r);
	status s;

	if (record == NULL) {
		log_error("there is nothing to finish in \"%s\"",
		    r->data.final);
		log_hint("a restore that was cut off earlier than in its swap "
			 "has to be run again, with its backup");
		return STATUS_FAIL;
	}
	s = restore_stop_old(r);
	if (s == STATUS_OK)
		s = go_on(r, record);
	if (s == STATUS_OK)
		log_info("\"%s\" is whole, and ready to start", r->data.final);
	return s;
}
