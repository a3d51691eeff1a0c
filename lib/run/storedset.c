/* SPDX-License-Identifier: PostgreSQL */
/*
 * A backup wherever it lies.
 */
#include "run/storedset.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/mem.h"
#include "run/storage.h"

static status
list(void *arg, struct strv *names)
{
	return storage_list(arg, names);
}

static status
open_object(void *arg, const char *name, void **file, int *fd)
{
	struct storage_get *get = mem_zalloc(sizeof(*get));
	status s = storage_get_begin(arg, name, 0, get, fd);

	*file = get;
	if (s == STATUS_OK)
		return s;
	free(get);
	*fd = -1;
	return s;
}

/* The plug-in has closed its end: it is done, or has failed. */
static bool
at_end(int fd)
{
	struct pollfd p = {fd, POLLIN, 0};
	char byte;

	return poll(&p, 1, 0) > 0 && read(fd, &byte, 1) == 0;
}

/* What was not read to its end may have failed for want of bytes, and then
 * the plug-in knows why. */
static status
close_object(void *arg, void *file, int fd, bool whole)
{
	struct storage_get *get = file;
	status s = STATUS_OK;

	if (whole || at_end(fd))
		s = storage_get_end(arg, get);
	else
		storage_get_cancel(get);
	(void)close(fd);
	free(get);
	return s;
}

static void
free_store(void *arg)
{
	storage_close(arg);
}

status
storedset_open(const char *path, int fd, struct backupset **out)
{
	struct backup_place place = {NULL, list, open_object, close_object,
	    free_store};
	struct storage *store;
	status s;

	if (path == NULL || !storage_is_url(path))
		return backupset_open(path, fd, out);
	*out = NULL;
	s = storage_open(path, &store);
	if (s != STATUS_OK)
		return s;
	place.arg = store;
	return backupset_open_place(storage_url(store), &place, out);
}
