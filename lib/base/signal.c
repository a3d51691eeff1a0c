/* SPDX-License-Identifier: PostgreSQL */
/*
 * The first stopping signal asks for an end at a safe point, the second for
 * one at once, and a third takes its default action, for whoever is stuck in a
 * write that nobody reads.
 *
 * One request is often delivered twice: timeout(1) signals its child and then
 * the whole group, a closing terminal hangs up and so does its shell.  What
 * follows within TWICE is the same request.
 */
#include "base/signal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#define TWICE INT64_C(200000000) /* nanoseconds */

static const int stoppers[] = {SIGINT, SIGTERM, SIGHUP};

static struct {
	atomic_int stop;
	atomic_bool abort;
	_Atomic int64_t since; /* when the last request came */
	atomic_int stop_pipe[2];
	atomic_int abort_pipe[2];
} state = {.stop_pipe = {-1, -1}, .abort_pipe = {-1, -1}};

/* A byte that is never read keeps the other end readable. */
static void
notify(int fd)
{
	ssize_t done;

	if (fd < 0)
		return;
	do
		done = write(fd, "", 1);
	while (done < 0 && errno == EINTR);
}

/* What comes now is a request of its own, and not the last one once more. */
static bool
is_new(void)
{
	int64_t now, since = atomic_load(&state.since);
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
	if (since != 0 && now - since <= TWICE)
		return false;
	return atomic_compare_exchange_strong(&state.since, &since, now);
}

/* Takes effect when the handler returns, which unblocks the signal. */
static void
take_default(int signo)
{
	struct sigaction action = {.sa_handler = SIG_DFL};

	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(signo, &action, NULL);
	(void)raise(signo);
}

static void
go_on(int signo)
{
	int none = 0;

	if (atomic_compare_exchange_strong(&state.stop, &none, signo))
		notify(atomic_load(&state.stop_pipe[1]));
	else if (!atomic_exchange(&state.abort, true))
		notify(atomic_load(&state.abort_pipe[1]));
	else
		take_default(signo);
}

static void
handle(int signo)
{
	int saved = errno;

	if (is_new())
		go_on(signo);
	errno = saved;
}

/* Without descriptors left the flags still work. */
static void
open_pipe(atomic_int fds[2])
{
	int pair[2], i;

	if (pipe(pair) != 0)
		return;
	for (i = 0; i < 2; i++) {
		(void)fcntl(pair[i], F_SETFD, FD_CLOEXEC);
		(void)fcntl(pair[i], F_SETFL, O_NONBLOCK);
		atomic_store(&fds[i], pair[i]);
	}
}

void
signal_init(void)
{
	struct sigaction action = {.sa_handler = handle,
	    .sa_flags = SA_RESTART};
	struct sigaction before;
	size_t i;

	if (atomic_load(&state.stop_pipe[0]) < 0)
		open_pipe(state.stop_pipe);
	if (atomic_load(&state.abort_pipe[0]) < 0)
		open_pipe(state.abort_pipe);
	(void)sigemptyset(&action.sa_mask);
	for (i = 0; i < sizeof(stoppers) / sizeof(stoppers[0]); i++)
		(void)sigaddset(&action.sa_mask, stoppers[i]);
	for (i = 0; i < sizeof(stoppers) / sizeof(stoppers[0]); i++) {
		/* nohup(1) and background jobs ignore some on purpose. */
		if (sigaction(stoppers[i], NULL, &before) == 0 &&
		    before.sa_handler == SIG_IGN)
			continue;
		(void)sigaction(stoppers[i], &action, NULL);
	}
}

int
signal_stop(void)
{
	return atomic_load(&state.stop);
}

bool
signal_abort(void)
{
	return atomic_load(&state.abort);
}

int
signal_stop_fd(void)
{
	return atomic_load(&state.stop_pipe[0]);
}

int
signal_abort_fd(void)
{
	return atomic_load(&state.abort_pipe[0]);
}

void
signal_raise_again(void)
{
	struct sigaction action = {.sa_handler = SIG_DFL};
	int signo = signal_stop();
	sigset_t set;

	if (signo == 0)
		return;
	(void)sigemptyset(&action.sa_mask);
	(void)sigaction(signo, &action, NULL);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, signo);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	(void)raise(signo);
}
