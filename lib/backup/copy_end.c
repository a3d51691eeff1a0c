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

static status
begin_in_store(struct copy_to *t)
{
	char *record CLEANUP_FREE = mem_printf("%s/%s", t->name, PLACE_RECORD);
	uint64_t bytes;
	status s = storage_stat(t->store, record, &bytes);

	if (s != STATUS_OK)
		return s == STATUS_NO ? STATUS_OK : s;
	return STATUS_NO;
}

/* What an earlier copy has left is ours, unless that one still runs. */
static status
begin_in_directory(struct copy_to *t, const char *to)
{
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
	return STATUS_OK;
}

status
copy_to_begin(struct copy_to *t, const char *to, const char *name)
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
		return begin_in_directory(t, where);
	s = storage_open(where, &t->store);
	return s == STATUS_OK ? begin_in_store(t) : s;
}

static status
open_in_store(struct copy_to *t, const char *file, uint64_t size, uint64_t *at)
{
	char *object CLEANUP_FREE = mem_printf("%s/%s", t->name, file);
	uint64_t bytes = 0;
	status s = storage_stat(t->store, object, &bytes);

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

status
copy_to_finish(struct copy_to *t, const json_t *record)
{
	char *object CLEANUP_FREE = mem_printf("%s/%s", t->name, PLACE_RECORD);
	struct str text CLEANUP(str_free) = STR_INIT;
	status s;

	record_show(record, &text);
	str_addc(&text, '\n');
	if (t->store != NULL)
		return storage_put_text(t->store, object, text.data, text.len);
	if (fsync(t->directory) != 0 && errno != EINVAL)
		return failed("fsync", t->partial);
	s = place_write(t->directory, t->partial, PLACE_RECORD, text.data,
	    text.len);
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
	storage_close(t->store);
	free(t->name);
	free(t->final);
	free(t->partial);
	*t = (struct copy_to)COPY_TO_INIT;
}
