/* SPDX-License-Identifier: PostgreSQL */
/*
 * A file of output: written beside its place, fsynced, renamed, its
 * directory fsynced.
 */
#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

static bool
in_place(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

static status
failed(const char *doing, const char *path)
{
	log_error("could not %s \"%s\": %s", doing, path, strerror(errno));
	return STATUS_FAIL;
}

/* A name that nobody has, not even a killed run of the same number. */
static int
create_beside(struct output *o, const char *path)
{
	int fd, n;

	for (n = 0;; n++) {
		o->temporary =
		    mem_printf("%s.%ld-%d.tmp", path, (long)getpid(), n);
		fd = open(o->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0666);
		if (fd >= 0)
			return fd;
		free(o->temporary);
		o->temporary = NULL;
		if (errno != EEXIST)
			return -1;
	}
}

status
output_open(struct output *o, const char *path)
{
	memset(o, 0, sizeof(*o));
	o->fd = STDOUT_FILENO;
	o->name = "standard output";
	if (path == NULL)
		return STATUS_OK;
	o->name = o->path = path;
	if (in_place(path))
		o->fd = open(path, O_WRONLY | O_CLOEXEC);
	else
		o->fd = create_beside(o, path);
	return o->fd < 0 ? failed("create", path) : STATUS_OK;
}

static status
sync_directory(const char *path)
{
	char *directory CLEANUP_FREE = mem_strdup(path);
	char *slash = strrchr(directory, '/');
	int fd, bad;

	if (slash == NULL)
		memcpy(directory, ".", 2);
	else
		slash[slash == directory ? 1 : 0] = '\0';
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return failed("open", directory);
	bad = fsync(fd) != 0 && errno != EINVAL;
	(void)close(fd);
	return bad ? failed("fsync", directory) : STATUS_OK;
}

static status
close_file(struct output *o)
{
	int fd = o->fd;

	o->fd = -1;
	if (fsync(fd) != 0 && o->temporary != NULL) {
		status s = failed("fsync", o->name);

		(void)close(fd);
		return s;
	}
	return close(fd) == 0 ? STATUS_OK : failed("close", o->name);
}

status
output_keep(struct output *o, bool good)
{
	char *final CLEANUP_FREE = NULL;
	status s;

	if (o->path == NULL)
		return STATUS_OK;
	s = close_file(o);
	if (s != STATUS_OK || o->temporary == NULL)
		return s;
	final =
	    good ? mem_strdup(o->path) : mem_printf("%s.incomplete", o->path);
	if (rename(o->temporary, final) != 0)
		return failed("create", final);
	free(o->temporary);
	o->temporary = NULL;
	if (!good)
		log_warning("what was read is in \"%s\"", final);
	return sync_directory(final);
}

void
output_abandon(struct output *o)
{
	if (o->temporary != NULL)
		(void)unlink(o->temporary);
}

void
output_free(struct output *o)
{
	if (o->path != NULL && o->fd >= 0)
		(void)close(o->fd);
	output_abandon(o);
	free(o->temporary);
	memset(o, 0, sizeof(*o));
	o->fd = -1;
}
