/* SPDX-License-Identifier: PostgreSQL */
/*
 * The first stopping signal asks for an end at a safe point, the second for
 * one at once.
 *
 * One request is often delivered twice: timeout(1) signals its child and then
 * the whole group, a closing terminal hangs up and so does its shell.  What
 * follows the first within TWICE is the same request.
 */
#include "base/signal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#define TWICE INT64_C(200000000) /* nanoseconds */

static const int stoppers[] = {SIGINT, SIGTERM, SIGHUP};

static struct {
	atomic_int stop;
	atomic_bool abort;
	_Atomic int64_t since; /* when stop was set; 0: not yet */
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

static void
handle(int signo)
{
	int saved = errno, none = 0;
	struct timespec ts;
	int64_t now, since;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
	if (atomic_compare_exchange_strong(&state.stop, &none, signo)) {
		atomic_store(&state.since, now);
		notify(atomic_load(&state.stop_pipe[1]));
	} else {
		since = atomic_load(&state.since);
		if (since != 0 && now - since > TWICE &&
		    !atomic_exchange(&state.abort, true))
			notify(atomic_load(&state.abort_pipe[1]));
	}
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
