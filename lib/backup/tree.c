/* SPDX-License-Identifier: PostgreSQL */
/*
 * A directory that something is unpacked into.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* syncfs */
#endif
#include "backup/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

static status
failed(const char *doing, const char *path)
{
	log_error("could not %s \"%s\": %s", doing, path, strerror(errno));
	return STATUS_FAIL;
}

static status
make_parents(char *path, unsigned mode)
{
	for (char *p = path + 1; *p != '\0'; p++) {
		int rc;

		if (*p != '/')
			continue;
		*p = '\0';
		rc = mkdir(path, mode);
		*p = '/';
		if (rc != 0 && errno != EEXIST)
			return failed("create the directory for", path);
	}
	return STATUS_OK;
}

static status
check_empty(const struct tree *t)
{
	int fd = openat(t->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool empty = true;

	if (dir == NULL)
		return failed("read", t->path);
	while ((entry = readdir(dir)) != NULL)
		empty &=
		    str_eq(entry->d_name, ".") || str_eq(entry->d_name, "..");
	(void)closedir(dir);
	if (empty)
		return STATUS_OK;
	log_error("\"%s\" is not empty", t->path);
	log_hint("nothing that is there is overwritten; name another place");
	return STATUS_FAIL;
}

status
tree_open(struct tree *t, const char *path, unsigned mode)
{
	status s;

	t->path = mem_strdup(path);
	t->fd = -1;
	t->kept = true; /* nothing of ours is in it */
	s = make_parents(t->path, mode);
	if (s != STATUS_OK)
		return s;
	t->made = mkdir(path, mode) == 0;
	if (!t->made && errno != EEXIST)
		return failed("create", path);
	t->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->fd < 0)
		return failed("open", path);
	s = t->made ? STATUS_OK : check_empty(t);
	t->kept = s != STATUS_OK;
	return s;
}

status
tree_sync(const struct tree *t)
{
#ifdef __linux__
	return syncfs(t->fd) == 0 ? STATUS_OK : failed("sync", t->path);
#else
	sync();
	return fsync(t->fd) == 0 ? STATUS_OK : failed("sync", t->path);
#endif
}

static void
remove_all(const struct tree *t)
{
	char *const roots[] = {t->path, NULL};
	FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_XDEV, NULL);
	const FTSENT *e;
	bool good = fts != NULL;

	while (fts != NULL && (e = fts_read(fts)) != NULL) {
		if (e->fts_info == FTS_D ||
		    (e->fts_level == FTS_ROOTLEVEL && !t->made))
			continue;
		good &= (e->fts_info == FTS_DP ? rmdir(e->fts_accpath)
					       : unlink(e->fts_accpath)) == 0;
	}
	if (fts != NULL)
		(void)fts_close(fts);
	if (!good)
		log_warning("could not remove all of \"%s\"", t->path);
}

void
tree_free(struct tree *t)
{
	if (t->path == NULL)
		return;
	if (!t->kept)
		remove_all(t);
	if (t->fd >= 0)
		(void)close(t->fd);
	free(t->path);
	*t = (struct tree){NULL, -1, false, false};
}
