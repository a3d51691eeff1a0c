/* SPDX-License-Identifier: PostgreSQL */
/*
 * --delta: the data directory that is there becomes the backup's.  Files that
 * are as the manifest says stay; all others go, pg_control first, so that what
 * is half one and half the other is never started.  A server that runs in it is
 * stopped before that.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* syncfs */
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/signal.h"
#include "restore/inside.h"

struct sweep {
	struct restore *r;
	struct spot *p;
	const char *prefix;  /* "pg_tblspc/16385/" or "" */
	struct strv pending; /* directories */
	struct strv done;    /* in the order that they were gone into */
	struct filehash hash;
	unsigned char *buffer;
};
#define BUFFER ((size_t)256 * 1024)

static status
could_not(const char *what, const struct spot *p, const char *path)
{
	log_error("could not %s \"%s/%s\": %s", what, p->work, path,
	    strerror(errno));
	return STATUS_FAIL;
}

/* Whether the file is the manifest's, by its bytes. */
static status
compare(struct sweep *w, int dir, const char *name,
    const struct manifest_file *f, bool *same)
{
	unsigned char sum[FILEHASH_MAX];
	struct stat st;
	size_t n = 1;
	status s = STATUS_OK;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	*same = false;
	if (fd < 0)
		return could_not("open", w->p, name);
	if (fstat(fd, &st) == 0 && (uint64_t)st.st_size == f->size &&
	    f->kind != FILEHASH_NONE) {
		filehash_start(&w->hash, (enum filehash_kind)f->kind);
		while (s == STATUS_OK && n > 0) {
			s = signal_stop() != 0
			    ? STATUS_RETRY
			    : io_read(fd, w->buffer, BUFFER, &n, f->path);
			filehash_add(&w->hash, w->buffer, n);
		}
		n = filehash_end(&w->hash, sum);
		*same = memcmp(sum, f->sum, n) == 0;
		if (s == STATUS_OK && *same)
			s = restore_own(w->r, fd, 0600 | (st.st_mode & 0150),
			    f->path);
	}
	(void)close(fd);
	return s;
}

static status
sweep_file(struct sweep *w, int dir, const char *name, const char *path)
{
	char *whole CLEANUP_FREE = mem_printf("%s%s", w->prefix, path);
	struct manifest_file *f =
	    manifest_find(backupset_manifest(w->r->set), whole);
	bool same = false;
	status s = STATUS_OK;

	if (strcmp(path, RESTORE_MARKER) == 0)
		return STATUS_OK;
	if (f != NULL && strncmp(whole, "pg_wal/", 7) != 0 &&
	    strcmp(whole, CONTROL) != 0 && strcmp(whole, "backup_label") != 0 &&
	    strcmp(whole, "postgresql.auto.conf") != 0 &&
	    strcmp(whole, "tablespace_map") != 0)
		s = compare(w, dir, name, f, &same);
	if (s != STATUS_OK)
		return s;
	if (same) {
		(void)atomic_fetch_or(&f->mark, BACKUP_KEPT);
		atomic_fetch_add(&w->r->kept, f->size);
		return STATUS_OK;
	}
	if (unlinkat(dir, name, 0) != 0)
		return could_not("remove", w->p, path);
	atomic_fetch_add(&w->r->removed, 1);
	return STATUS_OK;
}

static status
sweep_name(struct sweep *w, int dir, const char *at, const char *name)
{
	char *path CLEANUP_FREE =
	    *at == '\0' ? mem_strdup(name) : mem_printf("%s/%s", at, name);
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return could_not("look at", w->p, path);
	if (S_ISDIR(st.st_mode)) {
		strv_add(&w->pending, path);
		return STATUS_OK;
	}
	return sweep_file(w, dir, name, path);
}

static status
sweep_directory(struct sweep *w, const char *path)
{
	int fd = *path == '\0'
	    ? openat(w->p->fd, ".", O_RDONLY | O_CLOEXEC)
	    : spot_open_below(w->p->fd, path, O_RDONLY | O_DIRECTORY, 0);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	status s = STATUS_OK;

	if (dir == NULL) {
		if (fd >= 0)
			(void)close(fd);
		return could_not("open", w->p, path);
	}
	while (s == STATUS_OK && (e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			s = sweep_name(w, dirfd(dir), path, e->d_name);
	(void)closedir(dir);
	return s;
}

/* Empty directories go too; those that the backup has are made again. */
static void
remove_empty(struct sweep *w)
{
	while (w->done.len > 0) {
		const char *path = w->done.data[--w->done.len];

		if (*path != '\0')
			(void)unlinkat(w->p->fd, path, AT_REMOVEDIR);
		free(w->done.data[w->done.len]);
	}
}

static status
sweep(struct restore *r, struct spot *p, const char *prefix)
{
	struct sweep w = {.r = r,
	    .p = p,
	    .prefix = prefix,
	    .pending = STRV_INIT,
	    .done = STRV_INIT,
	    .hash = FILEHASH_INIT,
	    .buffer = mem_alloc(BUFFER)};
	status s = STATUS_OK;

	strv_add(&w.pending, "");
	while (s == STATUS_OK && w.pending.len > 0) {
		char *path = w.pending.data[--w.pending.len];

		s = sweep_directory(&w, path);
		strv_add(&w.done, path);
		free(path);
	}
	if (s == STATUS_OK)
		remove_empty(&w);
	strv_free(&w.pending);
	strv_free(&w.done);
	filehash_free(&w.hash);
	free(w.buffer);
	return s;
}

/* Mark it as unfinished, and take from it what a server starts by. */
static status
disarm(struct restore *r, struct spot *p)
{
	int fd;

	p->fd = open(p->work, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (p->fd < 0)
		return could_not("open", p, ".");
	if (flock(p->fd, LOCK_EX | LOCK_NB) != 0) {
		log_error("another restore is at work in \"%s\"", p->work);
		return STATUS_RETRY;
	}
	fd = spot_open_below(p->fd, RESTORE_MARKER, O_WRONLY | O_CREAT, 0600);
	if (fd < 0)
		return could_not("write in", p, RESTORE_MARKER);
	(void)close(fd);
	if (p == &r->data &&
	    ((unlinkat(p->fd, CONTROL, 0) != 0 && errno != ENOENT) ||
		(unlinkat(p->fd, CONTROL_WAITS, 0) != 0 && errno != ENOENT)))
		return could_not("remove", p, CONTROL);
	return syncfs(p->fd) == 0 ? STATUS_OK : could_not("sync", p, ".");
}

status
restore_delta(struct restore *r)
{
	status s;

	if (backupset_manifest(r->set) == NULL) {
		log_error("--delta needs the manifest before the files");
		log_hint("give it a backup directory, not a stream");
		return STATUS_USAGE;
	}
	s = restore_stop_old(r);
	if (s == STATUS_OK)
		s = disarm(r, &r->data);
	if (s == STATUS_OK)
		s = sweep(r, &r->data, "");
	for (size_t i = 0; s == STATUS_OK && i < r->nspaces; i++) {
		char *prefix CLEANUP_FREE =
		    mem_printf("pg_tblspc/%s/", r->spaces[i].oid);

		if (r->spaces[i].in_place) {
			s = disarm(r, &r->spaces[i]);
			if (s == STATUS_OK)
				s = sweep(r, &r->spaces[i], prefix);
		} else {
			s = spot_open(&r->spaces[i]);
		}
	}
	return s;
}
