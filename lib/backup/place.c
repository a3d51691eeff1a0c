/* SPDX-License-Identifier: PostgreSQL */
/*
 * The directory of a dated backup.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* flock, timegm */
#endif
#include "backup/place.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "data/record.h"

static status
failed(const char *doing, const char *name)
{
	log_error("could not %s \"%s\": %s", doing, name, strerror(errno));
	return STATUS_FAIL;
}

void
place_stamp(char stamp[20], int64_t when)
{
	time_t t = (time_t)when;
	struct tm tm;

	(void)gmtime_r(&t, &tm);
	(void)strftime(stamp, 20, "%Y%m%dT%H%M%SZ", &tm);
}

bool
place_is_stamp(const char *name)
{
	static const char like[] = "00000000T000000Z";

	if (strlen(name) != sizeof(like) - 1)
		return false;
	for (size_t i = 0; i < sizeof(like) - 1; i++)
		if (like[i] == '0' ? !isdigit((unsigned char)name[i])
				   : name[i] != like[i])
			return false;
	return true;
}

/* n digits, which were seen to be some. */
static int
digits(const char *text, size_t n)
{
	int value = 0;

	while (n-- > 0)
		value = 10 * value + (*text++ - '0');
	return value;
}

int64_t
place_time(const char *stamp)
{
	struct tm tm = {.tm_isdst = 0};

	if (!place_is_stamp(stamp))
		return -1;
	tm.tm_year = digits(stamp, 4) - 1900;
	tm.tm_mon = digits(stamp + 4, 2) - 1;
	tm.tm_mday = digits(stamp + 6, 2);
	tm.tm_hour = digits(stamp + 9, 2);
	tm.tm_min = digits(stamp + 11, 2);
	tm.tm_sec = digits(stamp + 13, 2);
	return (int64_t)timegm(&tm);
}

static status
open_parent(struct place *p, const char *parent)
{
	p->parent = mem_strdup(parent);
	if (mkdir(parent, 0700) != 0 && errno != EEXIST)
		return failed("create", parent);
	p->parent_fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return p->parent_fd < 0 ? failed("open", parent) : STATUS_OK;
}

static void
set_names(struct place *p, const char *stamp)
{
	free(p->name);
	free(p->partial);
	free(p->final);
	p->name = mem_strdup(stamp);
	p->final = mem_printf("%s/%s", p->parent, stamp);
	p->partial = mem_printf("%s%s", p->final, PLACE_PARTIAL);
}

/* *taken: somebody has this name. */
static status
try_name(struct place *p, bool *taken)
{
	struct stat st;

	*taken = stat(p->final, &st) == 0;
	if (*taken)
		return STATUS_OK;
	if (mkdir(p->partial, 0700) != 0) {
		*taken = errno == EEXIST;
		return *taken ? STATUS_OK : failed("create", p->partial);
	}
	p->fd = open(p->partial, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->fd < 0)
		return failed("open", p->partial);
	/* Nobody else can have it, but for the moment in which he looks; a file
	 * system without locks has none. */
	while (flock(p->fd, LOCK_EX) != 0 && errno == EINTR)
		continue;
	return STATUS_OK;
}

status
place_begin(struct place *p, const char *parent, char stamp[20])
{
	status s = open_parent(p, parent);
	int64_t when = (int64_t)time(NULL);
	bool taken = true;

	while (s == STATUS_OK && taken) {
		set_names(p, stamp);
		s = try_name(p, &taken);
		if (taken)
			place_stamp(stamp, ++when);
	}
	return s;
}

status
place_write(int directory, const char *shown, const char *file,
    const char *text, size_t n)
{
	char *temporary CLEANUP_FREE = mem_printf("%s.tmp", file);
	char *name CLEANUP_FREE = mem_printf("%s/%s", shown, temporary);
	int fd;
	status s;

	fd = openat(directory, temporary,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return failed("create", name);
	s = io_write(fd, text, n, name);
	if (s == STATUS_OK && fsync(fd) != 0)
		s = failed("fsync", name);
	if (close(fd) != 0 && s == STATUS_OK)
		s = failed("close", name);
	if (s == STATUS_OK &&
	    renameat(directory, temporary, directory, file) != 0)
		s = failed("rename", name);
	if (s == STATUS_OK && fsync(directory) != 0 && errno != EINVAL)
		s = failed("fsync", shown);
	return s;
}

status
place_note(const struct place *p, const json_t *record)
{
	struct str text CLEANUP(str_free) = STR_INIT;

	record_show(record, &text);
	return place_write(p->fd, p->partial, PLACE_NOTE, text.data, text.len);
}

status
place_finish(struct place *p, const json_t *record)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	status s;

	record_show(record, &text);
	str_addc(&text, '\n');
	/* The archives' names are there before the record is. */
	if (fsync(p->fd) != 0 && errno != EINVAL)
		return failed("fsync", p->partial);
	s = place_write(p->fd, p->partial, PLACE_RECORD, text.data, text.len);
	if (s != STATUS_OK)
		return s;
	/* One of the two is there at any time, for those who look. */
	if (unlinkat(p->fd, PLACE_NOTE, 0) == 0 && fsync(p->fd) != 0 &&
	    errno != EINVAL)
		return failed("fsync", p->partial);
	if (rename(p->partial, p->final) != 0)
		return failed("rename", p->partial);
	p->kept = true;
	if (fsync(p->parent_fd) != 0 && errno != EINVAL)
		return failed("fsync", p->parent);
	return STATUS_OK;
}

bool
place_remove(int parent, const char *name)
{
	int fd = openat(parent, name,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	const struct dirent *entry;
	bool good = true;
	DIR *dir;

	if (fd < 0)
		return errno == ENOENT;
	/* Nor may anybody go on with it now. */
	if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
		(void)close(fd);
		errno = EWOULDBLOCK;
		return false;
	}
	dir = fdopendir(fd);
	if (dir == NULL) {
		(void)close(fd);
		return false;
	}
	/* The record first: what is half removed is no backup. */
	(void)unlinkat(fd, PLACE_RECORD, 0);
	while ((entry = readdir(dir)) != NULL)
		if (!str_eq(entry->d_name, ".") && !str_eq(entry->d_name, ".."))
			good &= unlinkat(fd, entry->d_name, 0) == 0 ||
			    errno == ENOENT;
	good = good && unlinkat(parent, name, AT_REMOVEDIR) == 0;
	(void)closedir(dir);
	return good;
}

void
place_free(struct place *p)
{
	/* Its lock goes with it, which who removes it takes. */
	if (p->fd >= 0)
		(void)close(p->fd);
	if (p->fd >= 0 && !p->kept) {
		char *name CLEANUP_FREE =
		    mem_printf("%s%s", p->name, PLACE_PARTIAL);

		if (!place_remove(p->parent_fd, name))
			log_warning("could not remove \"%s\": %s", p->partial,
			    strerror(errno));
	}
	if (p->parent_fd >= 0)
		(void)close(p->parent_fd);
	free(p->parent);
	free(p->name);
	free(p->partial);
	free(p->final);
	*p = (struct place)PLACE_INIT;
}
