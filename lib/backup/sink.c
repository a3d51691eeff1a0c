/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where bytes of a backup end up.
 *
 * Small pieces are collected; a large one is written from where it lies,
 * together with what was collected before it.
 */
#include "backup/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"

#define COLLECT ((size_t)256 * 1024)
#define LARGE ((size_t)16 * 1024) /* not worth collecting */

struct sink {
	int fd;
	bool regular;
	char *name;
	struct codec_writer *codec;
	struct xxh128 *hash;
	uint64_t raw, written;
	char *held;
	size_t nheld;
};

static status
failed(const char *doing, const char *name)
{
	log_error("could not %s \"%s\": %s", doing, name, strerror(errno));
	if (errno == ENOSPC)
		log_hint("free space there; nothing of this backup can be "
			 "used");
	return STATUS_FAIL;
}

/* Both parts, whole; a descriptor that somebody made non-blocking is waited
 * for. */
static status
write_both(struct sink *s, struct iovec parts[2])
{
	int at = 0;

	while (at < 2) {
		struct pollfd p = {s->fd, POLLOUT, 0};
		ssize_t done;

		if (parts[at].iov_len == 0) {
			at++;
			continue;
		}
		done = writev(s->fd, parts + at, 2 - at);
		if (done < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			(void)poll(&p, 1, -1);
			continue;
		}
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return failed("write to", s->name);
		for (; done > 0 && at < 2; at++) {
			size_t n = parts[at].iov_len;

			if ((size_t)done < n) {
				parts[at].iov_base =
				    (char *)parts[at].iov_base + done;
				parts[at].iov_len = n - (size_t)done;
				break;
			}
			parts[at].iov_len = 0;
			done -= (ssize_t)n;
		}
	}
	return STATUS_OK;
}

/* What was collected, and n bytes more. */
static status
put(struct sink *s, const void *bytes, size_t n)
{
	/* writev does not write what it is given. */
	struct iovec parts[2] = {{s->held, s->nheld}, {NULL, n}};

	memcpy(&parts[1].iov_base, &bytes, sizeof(bytes));
	s->nheld = 0;
	return write_both(s, parts);
}

static status
out(void *arg, const void *bytes, size_t n)
{
	struct sink *s = arg;

	s->written += n;
	if (s->hash != NULL)
		xxh128_add(s->hash, bytes, n);
	if (n < LARGE && s->nheld + n <= COLLECT) {
		memcpy(s->held + s->nheld, bytes, n);
		s->nheld += n;
		return STATUS_OK;
	}
	return put(s, bytes, n);
}

struct sink *
sink_new(int fd, const char *name, const struct codec_spec *spec, bool hash)
{
	struct sink *s = mem_zalloc(sizeof(*s));
	struct stat st;

	s->fd = fd;
	s->name = mem_strdup(name);
	s->regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	s->held = mem_alloc(COLLECT);
	if (spec != NULL && spec->codec != CODEC_NONE)
		s->codec = codec_writer_new(spec, out, s);
	if (hash)
		s->hash = xxh128_new();
	return s;
}

status
sink_create(int directory, const char *file, const char *shown,
    const struct codec_spec *spec, struct sink **created)
{
	int fd;

	*created = NULL;
	fd = openat(directory, file,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return failed("create", shown);
	*created = sink_new(fd, shown, spec, true);
	return STATUS_OK;
}

status
sink_write(struct sink *s, const void *bytes, size_t n)
{
	s->raw += n;
	return s->codec != NULL ? codec_write(s->codec, bytes, n)
				: out(s, bytes, n);
}

status
sink_flush(struct sink *s)
{
	return put(s, NULL, 0);
}

status
sink_finish(struct sink *s)
{
	status st = STATUS_OK;

	if (s->codec != NULL)
		st = codec_writer_end(s->codec);
	if (st == STATUS_OK)
		st = put(s, NULL, 0);
	if (st != STATUS_OK || s->fd == STDOUT_FILENO)
		return st;
	if (s->regular && fsync(s->fd) != 0)
		return failed("fsync", s->name);
	if (close(s->fd) != 0 && errno != EINTR) {
		s->fd = -1;
		return failed("close", s->name);
	}
	s->fd = -1;
	return STATUS_OK;
}

uint64_t
sink_raw(const struct sink *s)
{
	return s->raw;
}

uint64_t
sink_written(const struct sink *s)
{
	return s->written;
}

const char *
sink_name(const struct sink *s)
{
	return s->name;
}

void
sink_hash(const struct sink *s, char text[XXH128_TEXT])
{
	xxh128_show(s->hash, text);
}

void
sink_free(struct sink *s)
{
	if (s == NULL)
		return;
	codec_writer_free(s->codec);
	xxh128_free(s->hash);
	if (s->fd >= 0 && s->fd != STDOUT_FILENO)
		(void)close(s->fd);
	free(s->name);
	free(s->held);
	free(s);
}
