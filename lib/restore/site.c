/* SPDX-License-Identifier: PostgreSQL */
/*
 * A directory that is made beside its place and swapped in by rename.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* renameat2, syscall */
#endif
#include "restore/site.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/openat2.h>
#include <sys/syscall.h>
#endif

#include "base/log.h"
#include "base/mem.h"
#include "restore/restore.h"

static status
could_not(const char *what, const char *path)
{
	int reason = errno;

	log_error("could not %s \"%s\": %s", what, path, strerror(reason));
	if (reason == ENOSPC || reason == EDQUOT)
		log_hint("make room there, and run it again");
	return STATUS_FAIL;
}

static bool
exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* --- opening below ------------------------------------------------------------- */

/* One part after another, none of which may be a link. */
static int
open_parts(int fd, const char *path, int flags, mode_t mode)
{
	int at = fd, next;
	size_t n;

	for (; path[n = strcspn(path, "/")] != '\0'; path += n + 1) {
		char *part CLEANUP_FREE = mem_strndup(path, n);

		next = openat(at, part,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (at != fd)
			(void)close(at);
		if (next < 0)
			return -1;
		at = next;
	}
	next = openat(at, path, flags | O_NOFOLLOW | O_CLOEXEC, mode);
	if (at != fd) {
		int reason = errno;

		(void)close(at);
		errno = reason;
	}
	return next;
}

int
site_open_below(int fd, const char *path, int flags, mode_t mode)
{
#if defined(__linux__) && defined(SYS_openat2)
	struct open_how how = {.flags =
				   (unsigned)(flags | O_NOFOLLOW | O_CLOEXEC),
	    .mode = (flags & O_CREAT) != 0 ? mode : 0,
	    .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
	long got = syscall(SYS_openat2, fd, path, &how, sizeof(how));

	if (got >= 0 || (errno != ENOSYS && errno != EPERM))
		return (int)got;
#endif
	return open_parts(fd, path, flags, mode);
}

/* --- looking --------------------------------------------------------------------- */

status
site_resolve(const char *path, char **out)
{
	char *copy CLEANUP_FREE = mem_strdup(path);
	char *whole, *slash;
	size_t n = strlen(copy);

	*out = NULL;
	while (n > 1 && copy[n - 1] == '/')
		copy[--n] = '\0';
	whole = realpath(copy, NULL);
	if (whole == NULL && errno == ENOENT && !exists(copy)) {
		/* Its parent must be there; the last part is to be made. */
		slash = strrchr(copy, '/');
		if (slash != NULL)
			*slash = '\0';
		whole = realpath(slash == NULL ? "."
			: *copy == '\0'	       ? "/"
					       : copy,
		    NULL);
		if (whole != NULL) {
			*out = mem_printf("%s/%s",
			    strcmp(whole, "/") == 0 ? "" : whole,
			    slash == NULL ? copy : slash + 1);
			free(whole);
			return STATUS_OK;
		}
	}
	if (whole == NULL)
		return could_not("find", path);
	*out = whole;
	return STATUS_OK;
}

status
site_look(const char *path, enum site_state *state)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	*state = SITE_ABSENT;
	if (dir == NULL)
		return errno == ENOENT ? STATUS_OK : could_not("open", path);
	*state = SITE_EMPTY;
	while ((e = readdir(dir)) != NULL) {
		if (strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0 ||
		    strcmp(e->d_name, "lost+found") == 0)
			continue;
		if (strcmp(e->d_name, RESTORE_MARKER) == 0) {
			*state = SITE_UNFINISHED;
			break;
		}
		*state = SITE_USED;
	}
	(void)closedir(dir);
	return STATUS_OK;
}

/* --- removing -------------------------------------------------------------------- */

/* The names in a directory, for no call may depend on a stream that changes
 * under it. */
static status
list(int fd, const char *name, struct strv *out)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	if (dir == NULL) {
		if (copy >= 0)
			(void)close(copy);
		return could_not("read", name);
	}
	while ((e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			strv_add(out, e->d_name);
	(void)closedir(dir);
	return STATUS_OK;
}

/* A level of a tree that is being removed. */
struct level {
	int fd;
	char *name; /* within the level above */
	struct strv names;
	struct level *above;
};

static struct level *
descend(struct level *above, const char *name)
{
	struct level *l = mem_zalloc(sizeof(*l));

	l->above = above;
	l->name = mem_strdup(name);
	l->fd = openat(above->fd, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return l;
}

static struct level *
ascend(struct level *l)
{
	struct level *above = l->above;

	if (l->fd >= 0)
		(void)close(l->fd);
	strv_free(&l->names);
	free(l->name);
	free(l);
	return above;
}

/* One name at a time: a file goes, a directory is gone into and goes after
 * what was in it.  The marker is the last of all. */
static status
clear_level(struct level **at)
{
	struct level *l = *at;
	char *name;
	status s = STATUS_OK;

	if (l->names.len == 0) {
		name = mem_strdup(l->name);
		*at = ascend(l);
		if (unlinkat((*at)->fd, name, AT_REMOVEDIR) != 0 &&
		    strcmp(name, "lost+found") != 0)
			s = could_not("remove", name);
		free(name);
		return s;
	}
	name = l->names.data[--l->names.len];
	if (unlinkat(l->fd, name, 0) != 0) {
		if (errno == EISDIR || errno == EPERM) {
			*at = descend(l, name);
			s = (*at)->fd < 0
			    ? could_not("open", name)
			    : list((*at)->fd, name, &(*at)->names);
		} else if (errno != ENOENT) {
			s = could_not("remove", name);
		}
	}
	free(name);
	return s;
}

static void
marker_last(struct strv *names)
{
	for (size_t i = 1; i < names->len; i++)
		if (strcmp(names->data[i], RESTORE_MARKER) == 0) {
			char *swap = names->data[0];

			names->data[0] = names->data[i];
			names->data[i] = swap;
		}
}

status
site_clear(int fd, const char *name)
{
	struct level root = {.fd = fd};
	struct level *at = &root;
	status s = list(fd, name, &root.names);

	marker_last(&root.names);
	while (s == STATUS_OK && (at != &root || root.names.len > 0))
		s = clear_level(&at);
	while (at != &root)
		at = ascend(at);
	strv_free(&root.names);
	return s;
}

status
site_remove(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	status s;

	if (fd < 0)
		return errno == ENOENT ? STATUS_OK : could_not("remove", path);
	s = site_clear(fd, path);
	(void)close(fd);
	if (s == STATUS_OK && rmdir(path) != 0)
		s = could_not("remove", path);
	return s;
}

/* --- making ---------------------------------------------------------------------- */

static status
lock(struct site *p)
{
	struct stat ours, there;

	p->fd = open(p->work, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (p->fd < 0)
		return could_not("open", p->work);
	if (flock(p->fd, LOCK_EX | LOCK_NB) != 0) {
		log_error("another restore is at work in \"%s\"", p->work);
		return STATUS_RETRY;
	}
	/* Whoever had it may have removed or swapped it meanwhile. */
	if (fstat(p->fd, &ours) != 0 || lstat(p->work, &there) != 0 ||
	    ours.st_ino != there.st_ino || ours.st_dev != there.st_dev) {
		log_error("another restore has just ended in \"%s\"", p->work);
		return STATUS_RETRY;
	}
	return STATUS_OK;
}

/* What is there must be nothing, or a restore's that did not finish. */
static status
empty_work(struct site *p)
{
	enum site_state state;
	status s = site_look(p->work, &state);

	if (s != STATUS_OK || state == SITE_EMPTY)
		return s;
	if (state != SITE_UNFINISHED) {
		log_error("\"%s\" is in the way, and no restore's", p->work);
		log_hint("look at it, and move it away");
		return STATUS_FAIL;
	}
	log_info("removing what an unfinished restore left in \"%s\"", p->work);
	return site_clear(p->fd, p->work);
}

/* From now on everybody can see what it is. */
static status
mark(struct site *p)
{
	int fd = openat(p->fd, RESTORE_MARKER,
	    O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return could_not("write in", p->work);
	(void)close(fd);
	return STATUS_OK;
}

status
site_open(struct site *p)
{
	status s;

	if (!p->in_place && mkdir(p->work, 0700) != 0 && errno != EEXIST)
		return could_not("make directory", p->work);
	s = lock(p);
	if (s == STATUS_OK)
		s = empty_work(p);
	if (s == STATUS_OK)
		s = mark(p);
	/* What could not be taken is somebody else's, and stays. */
	if (s != STATUS_OK && p->fd >= 0) {
		(void)close(p->fd);
		p->fd = -1;
	}
	return s;
}

void
site_abandon(struct site *p)
{
	if (p->fd < 0)
		return;
	if (site_clear(p->fd, p->work) == STATUS_OK && !p->in_place &&
	    rmdir(p->work) != 0)
		(void)could_not("remove", p->work);
	(void)close(p->fd);
	p->fd = -1;
}

void
site_free(struct site *p)
{
	if (p->fd >= 0)
		(void)close(p->fd);
	p->fd = -1;
	free(p->oid);
	free(p->final);
	free(p->work);
	free(p->old);
	p->oid = p->final = p->work = p->old = NULL;
}

/* --- swapping ---------------------------------------------------------------------- */

status
site_sync_parent(const char *path)
{
	char *parent CLEANUP_FREE = mem_strdup(path);
	char *slash = strrchr(parent, '/');
	int fd;
	status s = STATUS_OK;

	slash[slash == parent] = '\0';
	fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL))
		s = could_not("sync", parent);
	if (fd >= 0)
		(void)close(fd);
	return s;
}

static status
move(const char *from, const char *to)
{
	if (rename(from, to) == 0)
		return STATUS_OK;
	log_error("could not rename \"%s\" to \"%s\": %s", from, to,
	    strerror(errno));
	return STATUS_FAIL;
}

/*
 * Of the data directory only one of both has the marker, which tells whether
 * they were exchanged already; for a tablespace the names do.
 */
static bool
has_marker(const char *path)
{
	char *marker CLEANUP_FREE = mem_printf("%s/%s", path, RESTORE_MARKER);

	return exists(marker);
}

static status
exchange(const struct site *p)
{
#if defined(__linux__) && defined(RENAME_EXCHANGE)
	if (renameat2(AT_FDCWD, p->work, AT_FDCWD, p->final, RENAME_EXCHANGE) ==
	    0)
		return STATUS_OK;
	if (errno != EINVAL && errno != ENOSYS)
		return could_not("swap in", p->final);
#endif
	if (move(p->final, p->old) != STATUS_OK)
		return STATUS_FAIL;
	return move(p->work, p->final);
}

status
site_swap(struct site *p)
{
	status s = STATUS_OK;

	if (p->in_place)
		return STATUS_OK;
	if (has_marker(p->work)) {
		if (p->old != NULL && exists(p->final))
			s = exchange(p);
		else
			s = move(p->work, p->final);
	}
	/* Now the work's name, if it is there, is that of what was there. */
	if (s == STATUS_OK && p->old != NULL && exists(p->work))
		s = move(p->work, p->old);
	return s == STATUS_OK ? site_sync_parent(p->final) : s;
}

status
site_swap_back(struct site *p, const char *failed)
{
	char *aside CLEANUP_FREE = mem_printf("%s.%s", p->final, failed);
	status s;

	if (p->in_place)
		return STATUS_OK;
	s = move(p->final, aside);
	if (s == STATUS_OK && p->old != NULL)
		s = move(p->old, p->final);
	return s == STATUS_OK ? site_sync_parent(p->final) : s;
}
