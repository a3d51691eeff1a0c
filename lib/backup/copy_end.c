/* SPDX-License-Identifier: PostgreSQL */
/*
 * The two ends of a copy.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* flock */
#endif
#include "backup/copy_end.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/catalog_store.h"
#include "backup/place.h"
#include "base/log.h"
#include "base/mem.h"

static status
failed(const char *doing, const char *name)
{
	log_error("could not %s \"%s\": %s", doing, name, strerror(errno));
	return STATUS_FAIL;
}

/* --- where it comes from -------------------------------------------------------- */

status
copy_from_begin(struct copy_from *f, const char *backup)
{
	f->url = mem_strdup(backup);
	return storage_is_url(backup) ? storage_open(backup, &f->store)
				      : STATUS_OK;
}

status
copy_from_open(struct copy_from *f, const char *file, uint64_t at)
{
	char *name CLEANUP_FREE = mem_printf("%s/%s", f->url, file);

	if (f->store != NULL)
		return storage_get_begin(f->store, file, at, &f->get, &f->fd);
	f->fd = open(name, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0)
		return failed("open", name);
	if (lseek(f->fd, (off_t)at, SEEK_SET) < 0)
		return failed("read", name);
	return STATUS_OK;
}

status
copy_from_close(struct copy_from *f, bool whole)
{
	status s = STATUS_OK;

	if (f->get.pid > 0 && whole)
		s = storage_get_end(f->store, &f->get);
	else if (f->get.pid > 0)
		storage_get_cancel(&f->get);
	if (f->fd >= 0)
		(void)close(f->fd);
	f->fd = -1;
	return s;
}

void
copy_from_free(struct copy_from *f)
{
	storage_get_cancel(&f->get);
	if (f->fd >= 0)
		(void)close(f->fd);
	storage_close(f->store);
	free(f->url);
	*f = (struct copy_from)COPY_FROM_INIT;
}

/* --- where it goes ---------------------------------------------------------------- */

/* For those who look while it is made: what an incremental one needs. */
static json_t *
note_of(const json_t *record)
{
	json_t *note = json_object();
	json_t *since = json_object_get(record, "incremental");

	record_set_int(note, "format", 1);
	if (json_is_object(since))
		(void)json_object_set(note, "incremental", since);
	return note;
}

/* Below its name, but for the claim, what is there?  The record: STATUS_NO. */
static status
look_below(struct copy_to *t, struct strv *files)
{
	char *record CLEANUP_FREE = mem_printf("%s/%s", t->name, PLACE_RECORD);
	struct strv names CLEANUP(strv_free) = STRV_INIT;
	size_t n = strlen(t->name);
	status s = storage_list(t->store, &names);

	if (s != STATUS_OK)
		return s;
	for (size_t i = 0; i < names.len; i++) {
		if (str_eq(names.data[i], record))
			return STATUS_NO;
		if (strncmp(names.data[i], record, n + 1) == 0 &&
		    !str_eq(names.data[i], t->claim.object))
			strv_add(files, names.data[i]);
	}
	if (!storeclaim_has_other(&names, t->name, &t->claim, false))
		return STATUS_OK;
	log_error("somebody else is making another backup named \"%s\"",
	    t->final);
	log_hint("copy it to another place, or try again once that one has "
		 "been removed");
	return STATUS_FAIL;
}

/* The place is ours.  What nobody has claimed is nobody's, and is not taken for
 * what an earlier copy has left, also not by the next one: only when it is gone
 * does the claim say that what is there is of this backup. */
static status
begin_anew(struct copy_to *t, const struct strv *files, json_t *note)
{
	status s = STATUS_OK;

	for (size_t i = 0; s == STATUS_OK && i < files->len; i++)
		s = storage_remove(t->store, files->data[i]);
	(void)json_object_set_new(note, "begun", json_true());
	return s == STATUS_OK ? storeclaim_note(t->store, &t->claim, note) : s;
}

/* The claim is named by the sum of the manifest, which no other backup has, and
 * stays when the copy is interrupted. */
static status
claim(struct copy_to *t, const json_t *record, const char *sum)
{
	json_t *earlier CLEANUP(record_cleanup) = NULL;
	json_t *note CLEANUP(record_cleanup) = note_of(record);
	struct strv files CLEANUP(strv_free) = STRV_INIT;
	status s = storeclaim_get(t->store, t->name, sum, &earlier), dropped;

	t->again = record_flag(earlier, "begun");
	if (t->again)
		(void)json_object_set_new(note, "begun", json_true());
	if (s == STATUS_OK)
		s = storeclaim_put(t->store, t->name, sum, note, &t->claim);
	if (s == STATUS_OK)
		s = look_below(t, &files);
	if (s == STATUS_OK)
		return t->again ? STATUS_OK : begin_anew(t, &files, note);
	dropped = t->again && s != STATUS_NO
	    ? STATUS_OK
	    : storeclaim_drop(t->store, &t->claim);
	return s == STATUS_NO && dropped != STATUS_OK ? dropped : s;
}

static status
begin_in_store(struct copy_to *t, const json_t *record)
{
	char *object CLEANUP_FREE = mem_printf("%s/%s", t->name, PLACE_RECORD);
	const char *sum =
	    record_text(json_object_get(record, "manifest"), "sha256");
	uint64_t bytes;
	status s = storage_stat(t->store, object, &bytes);

	if (s != STATUS_NO)
		return s == STATUS_OK ? STATUS_NO : s;
	if (sum != NULL && sum[strspn(sum, "0123456789abcdef")] == '\0')
		return claim(t, record, sum);
	log_error("the record of \"%s\" does not say what its files are",
	    t->name);
	return STATUS_USAGE;
}

/* What an earlier copy has left is ours, unless that one still runs. */
static status
begin_in_directory(struct copy_to *t, const char *to, const json_t *record)
{
	json_t *note CLEANUP(record_cleanup) = note_of(record);
	struct str text CLEANUP(str_free) = STR_INIT;

	if (mkdir(to, 0700) != 0 && errno != EEXIST)
		return failed("create", to);
	t->parent = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->parent < 0)
		return failed("open", to);
	if (access(t->final, F_OK) == 0)
		return STATUS_NO;
	if (mkdir(t->partial, 0700) != 0 && errno != EEXIST)
		return failed("create", t->partial);
	t->directory =
	    open(t->partial, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (t->directory < 0)
		return failed("open", t->partial);
	if (flock(t->directory, LOCK_EX | LOCK_NB) != 0 &&
	    errno == EWOULDBLOCK) {
		log_error("somebody else is making \"%s\"", t->partial);
		return STATUS_RETRY;
	}
	record_show(note, &text);
	return place_write(t->directory, t->partial, PLACE_NOTE, text.data,
	    text.len);
}

status
copy_to_begin(struct copy_to *t, const char *to, const char *name,
    const json_t *record)
{
	char *where CLEANUP_FREE = mem_strdup(to);
	size_t n = strlen(where);
	status s;

	while (n > 1 && where[n - 1] == '/')
		where[--n] = '\0';
	t->name = mem_strdup(name);
	t->final = mem_printf("%s/%s", where, name);
	t->partial = mem_printf("%s%s", t->final, PLACE_PARTIAL);
	if (!storage_is_url(to))
		return begin_in_directory(t, where, record);
	s = storage_open(where, &t->store);
	return s == STATUS_OK ? begin_in_store(t, record) : s;
}

static status
open_in_store(struct copy_to *t, const char *file, uint64_t size, uint64_t *at)
{
	char *object CLEANUP_FREE = mem_printf("%s/%s", t->name, file);
	uint64_t bytes = 0;
	status s =
	    t->again ? storage_stat(t->store, object, &bytes) : STATUS_NO;

	*at = 0;
	if (s == STATUS_OK && bytes == size) {
		*at = size;
		return STATUS_OK;
	}
	if (s != STATUS_OK && s != STATUS_NO)
		return s;
	return storage_put_begin(t->store, object, &t->put, &t->fd);
}

status
copy_to_open(struct copy_to *t, const char *file, uint64_t size, uint64_t *at)
{
	struct stat st;

	if (t->store != NULL)
		return open_in_store(t, file, size, at);
	t->fd = openat(t->directory, file,
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (t->fd < 0 || fstat(t->fd, &st) != 0)
		return failed("create", file);
	*at = (uint64_t)st.st_size;
	if (*at > size && ftruncate(t->fd, 0) != 0)
		return failed("truncate", file);
	if (*at > size)
		*at = 0;
	return STATUS_OK;
}

status
copy_to_close(struct copy_to *t, bool good)
{
	status s = STATUS_OK;

	if (t->store != NULL && !good)
		storage_put_cancel(&t->put);
	else if (t->store == NULL && good && t->fd >= 0 && fsync(t->fd) != 0)
		s = failed("fsync", t->partial);
	if (t->fd >= 0 && close(t->fd) != 0 && errno != EINTR && good)
		s = failed("close", t->final);
	t->fd = -1;
	if (t->put.pid > 0)
		s = storage_put_end(t->store, &t->put);
	return s;
}

status
copy_to_drop(struct copy_to *t, const char *file)
{
	return unlinkat(t->directory, file, 0) == 0 || errno == ENOENT
	    ? STATUS_OK
	    : failed("remove", file);
}

static status
finish_in_store(struct copy_to *t, const json_t *record, const struct str *text)
{
	char *object CLEANUP_FREE = mem_printf("%s/%s", t->name, PLACE_RECORD);
	status s = catalog_check_store(t->store, t->name, record);

	if (s == STATUS_OK)
		s = storage_put_text(t->store, object, text->data, text->len);
	/* Left there it does no harm. */
	if (s == STATUS_OK && storeclaim_drop(t->store, &t->claim) != STATUS_OK)
		log_detail("the copy is complete");
	return s;
}

status
copy_to_finish(struct copy_to *t, const json_t *record)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	status s;

	record_show(record, &text);
	str_addc(&text, '\n');
	if (t->store != NULL)
		return finish_in_store(t, record, &text);
	if (fsync(t->directory) != 0 && errno != EINVAL)
		return failed("fsync", t->partial);
	s = place_write(t->directory, t->partial, PLACE_RECORD, text.data,
	    text.len);
	if (s == STATUS_OK)
		s = copy_to_drop(t, PLACE_NOTE);
	if (s == STATUS_OK && fsync(t->directory) != 0 && errno != EINVAL)
		s = failed("fsync", t->partial);
	if (s == STATUS_OK && rename(t->partial, t->final) != 0)
		s = failed("rename", t->partial);
	if (s == STATUS_OK && fsync(t->parent) != 0 && errno != EINVAL)
		s = failed("fsync", t->final);
	return s;
}

void
copy_to_free(struct copy_to *t)
{
	storage_put_cancel(&t->put);
	if (t->fd >= 0)
		(void)close(t->fd);
	if (t->directory >= 0)
		(void)close(t->directory);
	if (t->parent >= 0)
		(void)close(t->parent);
	storeclaim_free(&t->claim);
	storage_close(t->store);
	free(t->name);
	free(t->final);
	free(t->partial);
	*t = (struct copy_to)COPY_TO_INIT;
}
