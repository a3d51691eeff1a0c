/* SPDX-License-Identifier: PostgreSQL */
/*
 * A shared lock is tried, and not kept.
 */
#include "run/dirlock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/log.h"

status
dirlock_look(const char *path, bool *there, bool *locked)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*there = fd >= 0 || errno != ENOENT;
	*locked = false;
	if (fd < 0 && *there) {
		log_error("could not open \"%s\": %s", path, strerror(errno));
		return STATUS_FAIL;
	}
	if (fd < 0)
		return STATUS_OK;
	*locked = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
	(void)close(fd);
	return STATUS_OK;
}
