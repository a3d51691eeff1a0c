/* SPDX-License-Identifier: PostgreSQL */
/*
 * A backup in tar: one archive after another, or several at once.
 */
#include <stdatomic.h>

#include "base/log.h"
#include "base/mem.h"
#include "data/backupset_inside.h"

static status
next_bytes(void *arg, const void **bytes, size_t *n)
{
	return tarstream_data(arg, bytes, n);
}

static status
take_member(struct backup_worker *w, struct tarstream *t,
    const struct tar_member *m, const char *prefix)
{
	char *path CLEANUP_FREE = mem_printf("%s%s", prefix, m->path);
	struct backup_member member = {.path = path,
	    .type = m->type,
	    .size = m->size,
	    .mode = m->mode,
	    .mtime = m->mtime,
	    .link = m->link};
	size_t n = strlen(path);

	if (m->type == TAR_SYMLINK && *prefix != '\0') {
		log_error("\"%s\" holds a member that no backup has: \"%s\" "
			  "is a symbolic link",
		    backup_set(w)->name, path);
		return STATUS_USAGE;
	}
	if (m->type == TAR_FILE)
		return backup_take_file(w, &member, next_bytes, t);
	/* The root of a tablespace's archive. */
	if (n > 0 && path[n - 1] == '/')
		path[n - 1] = '\0';
	return backup_take_other(w, &member);
}

status
backup_walk_tar(struct backup_worker *w, int fd, const char *name,
    const char *prefix)
{
	struct codec_reader *in = codec_reader_new(fd, name);
	struct tarstream *t = tarstream_new(in);
	const struct tar_member *m = NULL;
	status s;

	do {
		s = backup_stopped(w) ? STATUS_RETRY : tarstream_next(t, &m);
		if (s == STATUS_OK && m != NULL)
			s = take_member(w, t, m, prefix);
	} while (s == STATUS_OK && m != NULL);
	tarstream_free(t);
	codec_reader_free(in);
	return s;
}

struct archives {
	atomic_size_t next;
};

static status
walk_archive(struct backup_worker *w, const struct backup_archive *a)
{
	const struct backupset *b = backup_set(w);
	struct backup_file f;
	status s = backup_file_open(b, a->file, &f);

	if (s == STATUS_OK)
		s = backup_walk_tar(w, f.fd, f.shown, a->prefix);
	return backup_file_close(b, &f, s);
}

static status
walk_archives(struct backup_worker *w, void *arg)
{
	struct archives *all = arg;
	const struct backupset *b = backup_set(w);
	status s = STATUS_OK;
	size_t i;

	while (s == STATUS_OK &&
	    (i = atomic_fetch_add(&all->next, 1)) < b->narchives)
		s = walk_archive(w, &b->archives[i]);
	return s;
}

status
backup_walk_tars(struct backup_walk *walk, unsigned jobs)
{
	struct archives all = {0};
	size_t n = backup_walk_set(walk)->narchives;

	return backup_workers(walk, jobs < n ? jobs : (unsigned)n,
	    walk_archives, &all);
}
