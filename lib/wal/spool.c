/* SPDX-License-Identifier: PostgreSQL */
/*
 * Segments that are ready before the server asks for them.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* flock */
#endif
#include "wal/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "wal/deliver.h"

#define SPOOL "pgpipe.prefetch"

char *
spool_for(const char *path)
{
	char *directory CLEANUP_FREE = directory_of(path);
	const char *slash = strrchr(directory, '/');

	if (!str_eq(slash != NULL ? slash + 1 : directory, "pg_wal"))
		return NULL;
	return mem_printf("%s/%s", directory, SPOOL);
}

/* NULL when the file cannot be looked at. */
static char *
place_of(const char *spool, const struct archive_file *f, const char *name)
{
	struct stat st;

	if (fstat(f->fd, &st) != 0)
		return NULL;
	return mem_printf("%s/%s.%llx-%llx-%llx-%llx-%lx", spool, name,
	    (unsigned long long)st.st_dev, (unsigned long long)st.st_ino,
	    (unsigned long long)st.st_size,
	    (unsigned long long)st.st_mtim.tv_sec,
	    (unsigned long)st.st_mtim.tv_nsec);
}

bool
spool_has(const char *spool, const struct archive_file *f, const char *name)
{
	char *place CLEANUP_FREE = place_of(spool, f, name);

	return place != NULL && access(place, F_OK) == 0;
}

status
spool_take(const char *spool, const struct archive_file *f, const char *name,
    const char *path, bool *taken)
{
	char *place CLEANUP_FREE = place_of(spool, f, name);

	*taken = place != NULL && rename(place, path) == 0;
	return *taken ? sync_directory_of(path) : STATUS_OK;
}

void
spool_clear(const char *spool, const char *name)
{
	DIR *dir = opendir(spool);
	const struct dirent *entry;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL)
		if (strlen(entry->d_name) > WAL_NAME &&
		    strncmp(entry->d_name, name, WAL_NAME - 1) <= 0)
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	(void)closedir(dir);
	/* Empty, it goes: the next one who needs it makes it. */
	(void)rmdir(spool);
}

int
spool_begin(const char *spool)
{
	int fd;

	if (mkdir(spool, 0700) != 0 && errno != EEXIST)
		return -1;
	fd = open(spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

status
spool_add(const char *spool, const struct archive *a,
    const struct archive_file *f, const char *name)
{
	char *place CLEANUP_FREE = place_of(spool, f, name);

	return place == NULL ? STATUS_FAIL : deliver(a, f, name, place, true);
}
