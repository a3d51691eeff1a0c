/* SPDX-License-Identifier: PostgreSQL */
/*
 * The files of a backup, in a directory or where somebody else has them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "data/backupset_inside.h"

static status
list_directory(const struct backupset *b, struct strv *names)
{
	int fd = openat(b->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;

	if (dir == NULL) {
		log_error("could not read \"%s\": %s", b->name,
		    strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return STATUS_FAIL;
	}
	while ((e = readdir(dir)) != NULL)
		strv_add(names, e->d_name);
	(void)closedir(dir);
	return STATUS_OK;
}

status
backup_files_list(const struct backupset *b, struct strv *names)
{
	return b->place.list != NULL ? b->place.list(b->place.arg, names)
				     : list_directory(b, names);
}

status
backup_file_open(const struct backupset *b, const char *name,
    struct backup_file *f)
{
	*f = (struct backup_file){.fd = -1,
	    .shown = mem_printf("%s/%s", b->name, name)};
	if (b->place.open != NULL)
		return b->place.open(b->place.arg, name, &f->handle, &f->fd);
	f->fd = openat(b->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (f->fd >= 0)
		return STATUS_OK;
	log_error("could not open \"%s\": %s", f->shown, strerror(errno));
	return STATUS_FAIL;
}

status
backup_file_close(const struct backupset *b, struct backup_file *f, status s)
{
	status end = STATUS_OK;

	if (f->fd >= 0 && b->place.close != NULL)
		end = b->place.close(b->place.arg, f->handle, f->fd,
		    s == STATUS_OK);
	else if (f->fd >= 0)
		(void)close(f->fd);
	free(f->shown);
	*f = (struct backup_file){.fd = -1};
	/* What was cut off is no fault of the backup's. */
	return end != STATUS_OK ? end : s;
}
