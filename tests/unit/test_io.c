/* SPDX-License-Identifier: PostgreSQL */
/* Reading, writing, and the one way out of stdout. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* F_GETPIPE_SZ */
#endif
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/signal.h"
#include "base/str.h"
#include "forked.h"
#include "tap.h"

/* Make one of the child's descriptors something else. */
static void
become(int fd, const char *file, int flags)
{
	int got = open(file, flags);

	if (got < 0 || dup2(got, fd) != fd)
		abort();
	if (got != fd)
		close(got);
}

static int
full(void *line)
{
	status s;

	become(STDOUT_FILENO, "/dev/full", O_WRONLY);
	io_init(false);
	if (line != NULL) {
		s = io_out_line(line);
		/* Reported once. */
		return io_finish(status_worse(s, io_out_line(line)));
	}
	s = io_out_write("x", 1);
	return s == STATUS_OK ? io_finish(s) : 99;
}

static int
closed_stdout(void *say)
{
	close(STDOUT_FILENO);
	io_init(false);
	if (open("/dev/null", O_RDONLY) <= 2)
		return 99;
	return io_finish(say != NULL ? io_out_line(say) : STATUS_OK);
}

static int
closed_all(void *arg)
{
	char byte;
	size_t got;

	(void)arg;
	close(0);
	close(1);
	close(2);
	io_init(false);
	if (open("/dev/null", O_RDONLY) != 3 || write(2, "x", 1) != 1)
		return 99;
	return io_finish(io_read(0, &byte, 1, &got, "standard input"));
}

static int
broken_pipe(void *ignore)
{
	int fds[2];

	if (pipe(fds) != 0 || dup2(fds[1], STDOUT_FILENO) < 0)
		abort();
	close(fds[0]);
	close(fds[1]);
	io_init(ignore != NULL);
	return io_finish(io_out_line("x"));
}

static int
finish_with(void *code)
{
	io_init(false);
	if (io_out_write("ab", 2) != STATUS_OK ||
	    io_out_line("c") != STATUS_OK || io_out_write("d", 1) != STATUS_OK)
		return 99;
	return io_finish(*(status *)code);
}

static int
interrupted(void *arg)
{
	(void)arg;
	io_init(false);
	signal_init();
	raise(SIGTERM);
	return io_finish(io_out_line("the end was written"));
}

static void
stdout_of_tools(void)
{
	static char line[] = "line";
	status no = STATUS_NO;
	struct forked f;

	forked_run(&f, full, line);
	is_number(f.code, 3, "a line lost to a full disk is exit 3");
	is_text(f.err,
	    "pgpipe: error: could not write to \"standard output\": "
	    "No space left on device\n",
	    "and is told once");
	forked_run(&f, full, NULL);
	is_number(f.code, 3, "so is what was still in the buffer");
	forked_run(&f, closed_stdout, line);
	is_number(f.code, 3, "data for a closed stdout is exit 3");
	ok(strstr(f.err, "could not write to \"standard output\"") != NULL,
	    "and is told");
	forked_run(&f, closed_stdout, NULL);
	is_number(f.code, 0, "no data for a closed stdout is no fault");
	forked_run(&f, closed_all, NULL);
	is_number(f.code, 3, "closed descriptors are held, to read one fails");
	forked_run(&f, broken_pipe, NULL);
	is_number(f.code, 128 + SIGPIPE, "a plain filter ends by SIGPIPE");
	is_text(f.err, "", "and quietly");
	forked_run(&f, broken_pipe, line);
	is_number(f.code, 3, "a tool that ignores it fails");
	ok(strstr(f.err, "Broken pipe") != NULL, "and says why");
	forked_run(&f, finish_with, &no);
	is_number(f.code, 1, "the status is passed on");
	is_text(f.out, "abc\nd", "and everything is written, in order");
	forked_run(&f, interrupted, NULL);
	is_number(f.code, 128 + SIGTERM, "a stopping signal is raised again");
	is_text(f.out, "the end was written\n", "after the last line");
}

#define THREADS 4
#define LINES 300

static void *
print_lines(void *arg)
{
	for (int i = 0; i < LINES; i++)
		if (io_out_line(arg) != STATUS_OK)
			abort();
	return NULL;
}

static int
print_in_threads(void *arg)
{
	static char texts[THREADS][32];
	pthread_t ids[THREADS];

	(void)arg;
	for (int i = 0; i < THREADS; i++) {
		memset(texts[i], 'a' + i, sizeof(texts[i]) - 1);
		pthread_create(&ids[i], NULL, print_lines, texts[i]);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(ids[i], NULL);
	return io_finish(STATUS_OK);
}

static void
whole_lines(void)
{
	static struct forked f;
	size_t good = 0, n = 32;

	forked_run(&f, print_in_threads, NULL);
	for (const char *at = f.out; strlen(at) >= n; at += n)
		good += strspn(at, (const char[]){at[0], '\0'}) == n - 1 &&
		    at[n - 1] == '\n';
	is_number(good, THREADS * LINES, "lines of threads do not mix");
}

/* The other end of a pipe, slowly and in small pieces. */
static void *
slow_reader(void *arg)
{
	int fd = *(int *)arg;
	static char piece[1000];
	size_t *total = mem_zalloc(sizeof(*total));
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) > 0)
		*total += (size_t)n;
	return total;
}

static void
short_counts(void)
{
	size_t size = 3000000;
	char *bytes CLEANUP_FREE = mem_zalloc(size);
	pthread_t reader;
	void *total;
	int fds[2];

	if (pipe(fds) != 0)
		abort();
	fcntl(fds[1], F_SETFL, O_NONBLOCK);
	pthread_create(&reader, NULL, slow_reader, &fds[0]);
	ok(io_write(fds[1], bytes, size, "pipe") == STATUS_OK,
	    "a write goes on after short counts, non-blocking or not");
	close(fds[1]);
	pthread_join(reader, &total);
	is_number(*(size_t *)total, size, "and all of it arrives");
	free(total);
	close(fds[0]);
}

static int
read_directory(void *arg)
{
	char bytes[16];
	size_t got = 99;
	int fd = open("/", O_RDONLY);

	(void)arg;
	return io_read(fd, bytes, sizeof(bytes), &got, "/") == STATUS_FAIL &&
		got == 0
	    ? 3
	    : 0;
}

static void
reading(void)
{
	char bytes[16];
	size_t got = 99;
	struct forked f;
	int fds[2];

	if (pipe(fds) != 0 || write(fds[1], "abc", 3) != 3)
		abort();
	ok(io_read(fds[0], bytes, sizeof(bytes), &got, "pipe") == STATUS_OK &&
		got == 3,
	    "a read gives what is there");
	close(fds[1]);
	ok(io_read(fds[0], bytes, sizeof(bytes), &got, "pipe") == STATUS_OK &&
		got == 0,
	    "and 0 at the end");
	close(fds[0]);
	forked_run(&f, read_directory, NULL);
	is_number(f.code, 3, "what cannot be read is a failure");
	ok(strstr(f.err, "could not read from \"/\": ") != NULL,
	    "that is told");
}

static void
large_pipes(void)
{
	int fds[2], before, after;

	if (pipe(fds) != 0)
		abort();
	before = fcntl(fds[1], F_GETPIPE_SZ);
	io_pipe_grow(fds[1]);
	after = fcntl(fds[1], F_GETPIPE_SZ);
	ok(after >= before, "a pipe does not shrink (%d, %d)", before, after);
	close(fds[0]);
	close(fds[1]);
	errno = 0;
	io_pipe_grow(STDERR_FILENO);
	io_pipe_grow(-1);
	ok(true, "what is no pipe is left alone");
}

int
main(void)
{
	stdout_of_tools();
	whole_lines();
	short_counts();
	reading();
	large_pipes();
	return tap_done();
}
