/* SPDX-License-Identifier: PostgreSQL */
/*
 * Bytes through file descriptors, and the one way out of stdout.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* F_SETPIPE_SZ, sync_file_range */
#endif
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/num.h"
#include "base/signal.h"
#include "base/str.h"

#define OUT_NAME "standard output"
#define OUT_SIZE 65536

static struct {
	pthread_mutex_t lock;
	struct str buffer;
	status failed; /* the first failure; it was reported then */
	bool closed;
} out = {.lock = PTHREAD_MUTEX_INITIALIZER};

/*
 * A descriptor that the caller closed is held open the wrong way round, so
 * that to read from or write to it fails (EBADF), whoever tries, and no file
 * or socket of ours can take its number.
 */
static void
hold(int fd, int flags)
{
	int got;

	if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF)
		return;
	/* The lowest number that is free: those below are open already. */
	got = open("/dev/null", flags);
	if (got < 0 || got == fd)
		return;
	(void)dup2(got, fd);
	(void)close(got);
}

void
io_init(bool ignore_sigpipe)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	hold(STDIN_FILENO, O_WRONLY);
	hold(STDOUT_FILENO, O_RDONLY);
	hold(STDERR_FILENO, O_RDWR);
	if (ignore_sigpipe) {
		(void)sigemptyset(&ignore.sa_mask);
		(void)sigaction(SIGPIPE, &ignore, NULL);
	}
}

/* Somebody else made this descriptor non-blocking: wait for it. */
static bool
wait_for(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};

	if (errno == EINTR)
		return true;
	if (errno != EAGAIN && errno != EWOULDBLOCK)
		return false;
	return poll(&p, 1, -1) >= 0 || errno == EINTR;
}

status
io_write(int fd, const void *bytes, size_t n, const char *name)
{
	const char *at = bytes;

	while (n > 0) {
		ssize_t done = write(fd, at, n);

		if (done > 0) {
			at += done;
			n -= (size_t)done;
			continue;
		}
		if (done < 0 && wait_for(fd, POLLOUT))
			continue;
		log_error("could not write to \"%s\": %s", name,
		    done < 0 ? strerror(errno) : "nothing was taken");
		return STATUS_FAIL;
	}
	return STATUS_OK;
}

void
io_begin_sync(int fd)
{
#ifdef SYNC_FILE_RANGE_WRITE
	/* Only a beginning: what fails here fails again when it is synced. */
	(void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
#else
	(void)fd;
#endif
}

/* The second signal ends a wait for bytes that may never come. */
static bool
given_up(int fd)
{
	struct pollfd p[] = {{fd, POLLIN, 0}, {signal_abort_fd(), POLLIN, 0}};

	while (poll(p, 2, -1) < 0 && errno == EINTR)
		;
	return p[1].revents != 0;
}

status
io_read(int fd, void *bytes, size_t n, size_t *got, const char *name)
{
	ssize_t done;

	*got = 0;
	if (given_up(fd))
		return STATUS_RETRY;
	do
		done = read(fd, bytes, n);
	while (done < 0 && wait_for(fd, POLLIN));
	if (done < 0) {
		log_error("could not read from \"%s\": %s", name,
		    strerror(errno));
		return STATUS_FAIL;
	}
	*got = (size_t)done;
	return STATUS_OK;
}

#ifdef F_SETPIPE_SZ
/* What the system allows anybody; 1 MiB where it does not say. */
static int
pipe_max(void)
{
	char text[32];
	uint64_t max = 1 << 20;
	ssize_t n;
	int fd;

	fd = open("/proc/sys/fs/pipe-max-size", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return (int)max;
	n = read(fd, text, sizeof(text) - 1);
	(void)close(fd);
	if (n > 0) {
		text[n] = '\0';
		text[strcspn(text, "\n")] = '\0';
		(void)num_u64(text, 4096, 1 << 30, &max);
	}
	return (int)max;
}
#endif

void
io_pipe_grow(int fd)
{
#ifdef F_SETPIPE_SZ
	struct stat st;
	int now, want;

	if (fstat(fd, &st) != 0 || !S_ISFIFO(st.st_mode))
		return;
	now = fcntl(fd, F_GETPIPE_SZ);
	/* A user who holds many pipes is allowed less than the most. */
	for (want = pipe_max(); want > now && now > 0; want /= 2)
		if (fcntl(fd, F_SETPIPE_SZ, want) >= 0)
			break;
#else
	(void)fd;
#endif
}

static status
out_put(const void *bytes, size_t n)
{
	if (out.failed == STATUS_OK && out.closed)
		BUG("output after standard output was closed");
	if (out.failed == STATUS_OK && n > 0) {
		log_erase_bar();
		out.failed = io_write(STDOUT_FILENO, bytes, n, OUT_NAME);
	}
	return out.failed;
}

static status
out_flush(void)
{
	status s = STATUS_OK;

	if (out.buffer.len > 0)
		s = out_put(out.buffer.data, out.buffer.len);
	str_clear(&out.buffer);
	return s != STATUS_OK ? s : out.failed;
}

status
io_out_line(const char *line)
{
	status s;

	(void)pthread_mutex_lock(&out.lock);
	str_add(&out.buffer, line);
	str_addc(&out.buffer, '\n');
	s = out_flush();
	(void)pthread_mutex_unlock(&out.lock);
	return s;
}

status
io_out_write(const void *bytes, size_t n)
{
	status s = STATUS_OK;

	(void)pthread_mutex_lock(&out.lock);
	if (out.buffer.len + n > OUT_SIZE)
		s = out_flush();
	if (s == STATUS_OK && n >= OUT_SIZE)
		s = out_put(bytes, n);
	else if (s == STATUS_OK)
		str_addn(&out.buffer, bytes, n);
	(void)pthread_mutex_unlock(&out.lock);
	return s;
}

status
io_out_close(void)
{
	status s;

	(void)pthread_mutex_lock(&out.lock);
	s = out_flush();
	if (!out.closed) {
		out.closed = true;
		/* Network file systems tell of a full disk only here. */
		if (close(STDOUT_FILENO) != 0 && errno != EINTR &&
		    s == STATUS_OK) {
			log_error("could not write to \"%s\": %s", OUT_NAME,
			    strerror(errno));
			s = STATUS_FAIL;
		}
		out.failed = s;
		hold(STDOUT_FILENO, O_RDONLY);
	}
	str_free(&out.buffer);
	(void)pthread_mutex_unlock(&out.lock);
	return s;
}

int
io_finish(status s)
{
	s = status_worse(s, io_out_close());
	signal_raise_again();
	return (int)s;
}
