/* SPDX-License-Identifier: PostgreSQL */
/* Progress: what is shown where, and counters that any thread may add to. */
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700 /* posix_openpt */
#endif
#include "base/progress.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>

#include "base/io.h"
#include "base/log.h"
#include "forked.h"
#include "tap.h"

#define THREADS 4
#define TIMES 1000

static void *
work(void *arg)
{
	for (int i = 0; i < TIMES; i++) {
		progress_add(i == TIMES - 1, 2, 1024);
		if (i % 200 == 0)
			nanosleep(&(struct timespec){.tv_nsec = 150000000},
			    NULL);
	}
	return arg;
}

static int
shown(void *mode)
{
	pthread_t ids[THREADS];

	log_init("pg-x");
	progress_set_mode(*(enum progress_mode *)mode);
	progress_start("copied");
	progress_expect(THREADS, UINT64_C(1024) * THREADS * TIMES);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&ids[i], NULL, work, NULL);
	for (int i = 0; i < THREADS; i++)
		pthread_join(ids[i], NULL);
	progress_stop();
	progress_stop();
	return 0;
}

static int
quiet(void *mode)
{
	log_set_quiet(true);
	return shown(mode);
}

static int
twice(void *arg)
{
	(void)arg;
	log_init("pg-x");
	progress_set_mode(PROGRESS_LINES);
	progress_start("listed");
	progress_add(1, 1, 0);
	progress_start("copied");
	progress_add(1, 0, 0);
	progress_stop();
	return 0;
}

/* Reads what a terminal was sent into text (n bytes of it are there), until
 * that has been said or ten seconds have gone by. */
static size_t
hear(int master, char *text, size_t n, size_t size, const char *until)
{
	for (int tries = 0; tries < 1000; tries++) {
		ssize_t got = read(master, text + n, size - 1 - n);

		n += got > 0 ? (size_t)got : 0;
		text[n] = '\0';
		if (strstr(text, until) != NULL)
			break;
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	return n;
}

/* Half of the chunks, which hold far less than was expected. */
static int
settled(void *arg)
{
	(void)arg;
	log_init("pg-x");
	progress_set_mode(PROGRESS_BAR);
	progress_start("copied");
	progress_expect(2, 2000000);
	progress_add(1, 1, 10);
	progress_settle(1000000, 10);
	nanosleep(&(struct timespec){.tv_sec = 2}, NULL);
	progress_stop();
	return 0;
}

/* Where stderr is a terminal; stdout too, or a pipe into the next stage. */
static int
on_terminal(void *into_pipe)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave, fds[2], out;
	char text[8192];
	size_t n;

	if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0 ||
	    (slave = open(ptsname(master), O_RDWR | O_NOCTTY)) < 0 ||
	    pipe(fds) != 0)
		return 1;
	fcntl(master, F_SETFL, O_NONBLOCK);
	fflush(stdout);
	out = dup(STDOUT_FILENO);
	dup2(slave, STDERR_FILENO);
	dup2(into_pipe != NULL ? fds[1] : slave, STDOUT_FILENO);
	log_init("pg-x");
	progress_start("copied");
	progress_expect(2, 2000);
	progress_add(1, 10, 1000);
	n = into_pipe != NULL ? 0
			      : hear(master, text, 0, sizeof(text), " left");
	if (into_pipe == NULL && io_out_line("data") != STATUS_OK)
		return 2;
	progress_stop();
	dup2(out, STDOUT_FILENO);
	n = hear(master, text, n, sizeof(text), "chunks, ");
	return write(STDOUT_FILENO, text, n) == (ssize_t)n ? 0 : 3;
}

static bool
starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static void
modes(void)
{
	static enum progress_mode mode[] = {PROGRESS_AUTO, PROGRESS_BAR,
	    PROGRESS_LINES, PROGRESS_JSON, PROGRESS_NONE};
	static const char last[] = "pg-x: copied 4 of 4 chunks, 8000 rows, "
				   "3.9 MB in ";
	static struct forked f;

	forked_run(&f, shown, &mode[PROGRESS_AUTO]);
	ok(starts_with(f.err, last),
	    "where there is no terminal, there are lines");
	forked_run(&f, on_terminal, NULL);
	ok(f.code == 0 && starts_with(f.out, "\r\033[Kpg-x: ["),
	    "on a terminal, a bar");
	ok(strstr(f.out, " left\r\033[Kdata\r\n") != NULL,
	    "that makes way for a line of data");
	forked_run(&f, on_terminal, mode);
	ok(f.code == 0 && starts_with(f.out, "pg-x: copied 1 of 2 chunks"),
	    "in the middle of a pipe, a line");
	forked_run(&f, shown, &mode[PROGRESS_LINES]);
	ok(starts_with(f.err, last), "a short run is one line");
	forked_run(&f, shown, &mode[PROGRESS_BAR]);
	ok(starts_with(f.err, "\r\033[Kpg-x: "), "a bar stays in its line");
	ok(strstr(f.err, "[##") != NULL && strstr(f.err, "% ") != NULL &&
		strstr(f.err, " left") != NULL && strstr(f.err, "/s") != NULL,
	    "and shows part, rate and time left");
	ok(strstr(f.err, "\r\033[Kpg-x: copied 4 of 4 chunks, 8000 rows") !=
		NULL,
	    "the last line takes its place");
	forked_run(&f, settled, NULL);
	ok(strstr(f.err, "] 50% 1 of 2 chunks, 10 B") != NULL,
	    "what has ended counts for what was expected of it");
	forked_run(&f, shown, &mode[PROGRESS_JSON]);
	ok(strstr(f.err,
	       "{\"progress\":\"pg-x\",\"verb\":\"copied\",\"chunks\":4,"
	       "\"expected_chunks\":4,\"rows\":8000,\"bytes\":4096000,"
	       "\"expected_bytes\":4096000,\"seconds\":") != NULL &&
		strstr(f.err, "\"done\":true}\n") != NULL,
	    "JSON for machines");
	forked_run(&f, shown, &mode[PROGRESS_NONE]);
	is_text(f.err, "", "none");
	for (size_t i = 0; i < 5; i++) {
		forked_run(&f, quiet, &mode[i]);
		is_text(f.err, "", "nothing under -q");
	}
	forked_run(&f, twice, NULL);
	ok(starts_with(f.err, "pg-x: listed 1 chunk, 1 row in 0.0 s\n"),
	    "one after the other");
}

int
main(void)
{
	progress_stop();
	ok(true, "nothing to stop is no fault");
	modes();
	return tap_done();
}
