/* SPDX-License-Identifier: PostgreSQL */
/*
 * Files of pg_wal as members of a tar, and the spool where they wait until it
 * is their turn.
 */
#include "backup/waltar.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"

#define COPY_PIECE ((size_t)256 * 1024)

static status
begin(void *arg, const char *name, uint64_t size)
{
	struct waltar *t = arg;
	unsigned char header[TARHEAD_BLOCK];
	char *whole CLEANUP_FREE = mem_printf("%s%s", t->prefix, name);

	if (!tarhead_make(header, whole, '0', size, 0600, (int64_t)time(NULL),
		&t->owner))
		BUG("a WAL file's name is too long: %s", whole);
	t->size = size;
	return sink_write(t->sink, header, sizeof(header));
}

static status
data(void *arg, const void *bytes, size_t n)
{
	const struct waltar *t = arg;

	return sink_write(t->sink, bytes, n);
}

static status
end(void *arg)
{
	static const char zeros[TARHEAD_BLOCK];
	const struct waltar *t = arg;
	size_t n = tarhead_padding(t->size);

	return n > 0 ? sink_write(t->sink, zeros, n) : STATUS_OK;
}

void
waltar_init(struct waltar *t, struct sink *sink, const char *prefix,
    struct wal_files *files)
{
	t->sink = sink;
	t->prefix = prefix;
	t->owner.uid = (uint32_t)geteuid();
	t->owner.gid = (uint32_t)getegid();
	*files = (struct wal_files){begin, data, end, t};
}

/* --- the spool --------------------------------------------------------------- */

const char *
spool_directory(const char *given)
{
	const char *dir = given != NULL ? given : getenv("TMPDIR");

	return dir != NULL && dir[0] != '\0' ? dir : "/var/tmp";
}

status
spool_open(const char *given, int *fd)
{
	const char *dir = spool_directory(given);
	char *name CLEANUP_FREE = mem_printf("%s/pgpipe-spool.XXXXXX", dir);

	*fd = mkstemp(name);
	if (*fd < 0) {
		log_error("could not make a temporary file in \"%s\": %s", dir,
		    strerror(errno));
		log_hint("--spool=DIR names another place");
		return STATUS_FAIL;
	}
	(void)fcntl(*fd, F_SETFD, FD_CLOEXEC);
	(void)unlink(name);
	return STATUS_OK;
}

status
spool_copy(int fd, struct sink *to)
{
	char *piece CLEANUP_FREE = mem_alloc(COPY_PIECE);
	status s = STATUS_OK;
	off_t at = 0;

	while (s == STATUS_OK) {
		ssize_t n = pread(fd, piece, COPY_PIECE, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			log_error("could not read a temporary file: %s",
			    strerror(errno));
			return STATUS_FAIL;
		}
		if (n == 0)
			break;
		at += n;
		s = sink_write(to, piece, (size_t)n);
	}
	return s;
}
