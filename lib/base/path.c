/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where the tool's own files are, found from where the program is:
 *
 *	PREFIX/bin/pg-x	PREFIX/share/pgpipe	PREFIX/libexec/pgpipe
 *
 * In the source tree build/ looks like PREFIX.
 */
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700 /* realpath */
#endif
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"

#define SHARE_INSTALLED PGPIPE_SHAREDIR
#define LIBEXEC_INSTALLED PGPIPE_LIBEXECDIR

static struct {
	pthread_once_t once;
	char *bin, *share, *libexec;
} path = {.once = PTHREAD_ONCE_INIT};

static bool
is_directory(const char *name)
{
	struct stat st;

	return stat(name, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The directory of the running program, NULL where the system does not say. */
static char *
find_program(void)
{
	static const char *const links[] = {"/proc/self/exe",
	    "/proc/curproc/file", "/proc/curproc/exe"};
	char target[PATH_MAX];
	char *slash;
	ssize_t n;

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		n = readlink(links[i], target, sizeof(target) - 1);
		if (n <= 0 || (size_t)n >= sizeof(target) - 1)
			continue;
		target[n] = '\0';
		slash = strrchr(target, '/');
		if (target[0] != '/' || slash == NULL)
			continue;
		slash[slash == target] = '\0';
		return mem_strdup(target);
	}
	return NULL;
}

/* What stands beside bin/ wins over what was built in. */
static char *
beside(const char *below, const char *installed)
{
	char *name = mem_printf("%s/../%s", path.bin, below);
	char *whole = realpath(name, NULL);

	free(name);
	if (whole != NULL && is_directory(whole))
		return whole;
	free(whole);
	return mem_strdup(installed);
}

static void
find_all(void)
{
	const char *share = getenv("PGPIPE_SHARE");

	path.bin = find_program();
	if (path.bin == NULL)
		path.bin = mem_printf("%s/../../bin", SHARE_INSTALLED);
	path.libexec = beside("libexec/pgpipe", LIBEXEC_INSTALLED);
	if (share != NULL && share[0] != '\0')
		path.share = mem_strdup(share);
	else
		path.share = beside("share/pgpipe", SHARE_INSTALLED);
}

const char *
path_share(void)
{
	(void)pthread_once(&path.once, find_all);
	return path.share;
}

const char *
path_bin(void)
{
	(void)pthread_once(&path.once, find_all);
	return path.bin;
}

void
path_plugins(struct strv *dirs)
{
	const char *list = getenv("PGPIPE_PLUGIN_PATH");
	size_t n;

	(void)pthread_once(&path.once, find_all);
	for (; list != NULL && *list != '\0'; list += n + (list[n] == ':')) {
		char *dir CLEANUP_FREE = NULL;

		n = strcspn(list, ":");
		if (n == 0)
			continue;
		dir = mem_strndup(list, n);
		/* Never ".": a plug-in is code. */
		if (dir[0] == '/')
			strv_add(dirs, dir);
		else
			log_warning("left out of PGPIPE_PLUGIN_PATH: \"%s\" "
				    "is no absolute path",
			    dir);
	}
	strv_add(dirs, path.libexec);
}

static void
close_fd(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

status
path_read(const char *file, size_t max, struct str *text)
{
	int fd CLEANUP(close_fd) = -1;
	size_t got;
	status s;

	str_clear(text);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		log_error("could not open \"%s\": %s", file, strerror(errno));
		return STATUS_FAIL;
	}
	do {
		/* One byte more than allowed shows that there is more. */
		size_t room =
		    max - text->len < 65536 ? max - text->len + 1 : 65536;

		str_reserve(text, room);
		s = io_read(fd, text->data + text->len, room, &got, file);
		if (s != STATUS_OK)
			return s;
		text->len += got;
		text->data[text->len] = '\0';
		if (text->len > max) {
			log_error("\"%s\" is larger than %zu bytes", file, max);
			return STATUS_USAGE;
		}
	} while (got > 0);
	return STATUS_OK;
}
