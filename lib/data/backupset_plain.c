/* SPDX-License-Identifier: PostgreSQL */
/*
 * A backup that is a data directory: workers take one file after another from
 * one walk over the tree, which is told of directories before what is in them.
 * Segments of WAL wait, to be read in the order of their names.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "data/backupset_inside.h"

#define BUFFER ((size_t)256 * 1024)

struct tree {
	pthread_mutex_t lock;
	struct strv pending; /* directories to come, the last one first */
	DIR *dir;	     /* the present one ... */
	char *path;	     /* ... and its name, "" for the root */
	struct strv wal;     /* segments */
	bool failed;
};

/* A file to be read. */
struct entry {
	char *path;
	int fd;
	struct stat st;
};

struct source {
	int fd;
	char *name; /* for messages */
	unsigned char buffer[BUFFER];
};

static status
next_bytes(void *arg, const void **bytes, size_t *n)
{
	struct source *s = arg;

	*bytes = s->buffer;
	return io_read(s->fd, s->buffer, BUFFER, n, s->name);
}

static status
could_not(const struct backupset *b, const char *what, const char *path)
{
	log_error("could not %s \"%s/%s\": %s", what, b->name, path,
	    strerror(errno));
	return STATUS_FAIL;
}

static char *
join(const char *directory, const char *name)
{
	return *directory == '\0' ? mem_strdup(name)
				  : mem_printf("%s/%s", directory, name);
}

static status
read_entry(struct backup_worker *w, const struct entry *e,
    struct source *source)
{
	struct backup_member m = {.path = e->path,
	    .type = TAR_FILE,
	    .size = (uint64_t)e->st.st_size,
	    .mode = (uint32_t)(e->st.st_mode & 07777),
	    .mtime = (int64_t)e->st.st_mtime};
	status s;

	source->fd = e->fd;
	source->name = mem_printf("%s/%s", backup_set(w)->name, e->path);
	s = backup_take_file(w, &m, next_bytes, source);
	free(source->name);
	return s;
}

/* --- the tree ------------------------------------------------------------------- */

static char *
pop(struct strv *v)
{
	return v->data[--v->len];
}

static status
open_next(struct backup_worker *w, struct tree *t)
{
	const struct backupset *b = backup_set(w);
	int fd;

	free(t->path);
	t->path = pop(&t->pending);
	fd = openat(b->fd, *t->path == '\0' ? "." : t->path,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	t->dir = fd < 0 ? NULL : fdopendir(fd);
	if (t->dir != NULL)
		return STATUS_OK;
	if (fd >= 0)
		(void)close(fd);
	return could_not(b, "open", t->path);
}

static status
take_directory(struct backup_worker *w, struct tree *t, const char *path,
    const struct stat *st, const char *link)
{
	struct backup_member m = {.path = path,
	    .type = TAR_DIRECTORY,
	    .mode = (uint32_t)(st->st_mode & 07777),
	    .mtime = (int64_t)st->st_mtime,
	    .link = link};

	strv_add(&t->pending, path);
	return backup_take_other(w, &m);
}

/* Tablespaces are behind links, and pg_wal may be; others lead elsewhere, and
 * no base backup has them. */
static status
take_link(struct backup_worker *w, struct tree *t, const char *name,
    const char *path)
{
	char target[TAR_PATH_MAX];
	struct stat st;
	ssize_t n = readlinkat(dirfd(t->dir), name, target, sizeof(target) - 1);

	if (n < 0)
		return could_not(backup_set(w), "read", path);
	target[n] = '\0';
	if (!tar_path_tablespace(path) && strcmp(path, "pg_wal") != 0) {
		log_warning("\"%s/%s\" is a symbolic link, and left out",
		    backup_set(w)->name, path);
		return STATUS_OK;
	}
	if (fstatat(dirfd(t->dir), name, &st, 0) != 0)
		return could_not(backup_set(w), "follow", path);
	if (!S_ISDIR(st.st_mode)) {
		log_error("\"%s/%s\" leads to no directory",
		    backup_set(w)->name, path);
		return STATUS_USAGE;
	}
	return take_directory(w, t, path, &st, target);
}

static status
open_file(struct backup_worker *w, const struct tree *t, const char *name,
    struct entry *e)
{
	e->fd = openat(dirfd(t->dir), name,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (e->fd < 0 || fstat(e->fd, &e->st) != 0)
		return could_not(backup_set(w), "open", e->path);
	return STATUS_OK;
}

/* One name of the present directory; a file to be read is left in e. */
static status
take_name(struct backup_worker *w, struct tree *t, const char *name,
    struct entry *e)
{
	char *path CLEANUP_FREE = join(t->path, name);
	struct stat st;

	if (fstatat(dirfd(t->dir), name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return could_not(backup_set(w), "look at", path);
	if (S_ISDIR(st.st_mode))
		return take_directory(w, t, path, &st, NULL);
	if (S_ISLNK(st.st_mode))
		return take_link(w, t, name, path);
	if (!S_ISREG(st.st_mode)) {
		log_warning("\"%s/%s\" is no plain file, and left out",
		    backup_set(w)->name, path);
		return STATUS_OK;
	}
	if (strcmp(t->path, "pg_wal") == 0 &&
	    wal_file_kind(name) == WAL_SEGMENT) {
		strv_add(&t->wal, path);
		return STATUS_OK;
	}
	e->path = mem_strdup(path);
	return open_file(w, t, name, e);
}

/* The next file; its path stays NULL at the end of the tree. */
static status
next_entry(struct backup_worker *w, struct tree *t, struct entry *e)
{
	struct dirent *d;
	status s = STATUS_OK;

	while (s == STATUS_OK && e->path == NULL && !t->failed) {
		if (t->dir == NULL) {
			if (t->pending.len == 0)
				break;
			s = open_next(w, t);
			continue;
		}
		d = readdir(t->dir);
		if (d == NULL) {
			(void)closedir(t->dir);
			t->dir = NULL;
		} else if (strcmp(d->d_name, ".") != 0 &&
		    strcmp(d->d_name, "..") != 0) {
			s = take_name(w, t, d->d_name, e);
		}
	}
	t->failed = t->failed || s != STATUS_OK;
	return s;
}

static status
walk_files(struct backup_worker *w, void *arg)
{
	struct tree *t = arg;
	struct source *source CLEANUP_FREE = mem_alloc(sizeof(*source));
	struct entry e;
	status s;

	do {
		memset(&e, 0, sizeof(e));
		e.fd = -1;
		(void)pthread_mutex_lock(&t->lock);
		s = backup_stopped(w) ? STATUS_RETRY : next_entry(w, t, &e);
		(void)pthread_mutex_unlock(&t->lock);
		if (e.path == NULL)
			break;
		if (s == STATUS_OK)
			s = read_entry(w, &e, source);
		if (e.fd >= 0)
			(void)close(e.fd);
		free(e.path);
	} while (s == STATUS_OK);
	return s;
}

/* --- WAL -------------------------------------------------------------------------- */

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static status
walk_wal(struct backup_worker *w, void *arg)
{
	struct tree *t = arg;
	const struct backupset *b = backup_set(w);
	struct source *source CLEANUP_FREE = mem_alloc(sizeof(*source));
	status s = STATUS_OK;

	for (size_t i = 0; s == STATUS_OK && i < t->wal.len; i++) {
		struct entry e = {.path = t->wal.data[i]};

		e.fd = openat(b->fd, e.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (e.fd < 0 || fstat(e.fd, &e.st) != 0)
			s = could_not(b, "open", e.path);
		else
			s = read_entry(w, &e, source);
		if (e.fd >= 0)
			(void)close(e.fd);
	}
	return s;
}

status
backup_walk_plain(struct backup_walk *walk, unsigned jobs)
{
	struct tree t = {.pending = STRV_INIT, .wal = STRV_INIT};
	status s;

	(void)pthread_mutex_init(&t.lock, NULL);
	strv_add(&t.pending, "");
	s = backup_workers(walk, jobs, walk_files, &t);
	if (t.wal.len > 0)
		qsort(t.wal.data, t.wal.len, sizeof(char *), by_name);
	if (s == STATUS_OK && t.wal.len > 0)
		s = backup_workers(walk, 1, walk_wal, &t);
	if (t.dir != NULL)
		(void)closedir(t.dir);
	free(t.path);
	strv_free(&t.pending);
	strv_free(&t.wal);
	(void)pthread_mutex_destroy(&t.lock);
	return s;
}
