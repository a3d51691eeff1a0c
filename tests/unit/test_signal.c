/* SPDX-License-Identifier: PostgreSQL */
/* The first signal asks for an end, the second for one at once. */
#include "base/signal.h"

#include <poll.h>
#include <pthread.h>
#include <time.h>

#include "forked.h"
#include "tap.h"

#define TWICE_OVER 400 /* ms: longer than what counts as one request */

static void
sleep_ms(long ms)
{
	struct timespec ts = {.tv_sec = ms / 1000,
	    .tv_nsec = ms % 1000 * 1000000};

	while (nanosleep(&ts, &ts) != 0)
		continue;
}

static bool
readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1 && (p.revents & POLLIN) != 0;
}

/* Each check has a number, the first that fails is the exit status. */
static int
two_signals(void *arg)
{
	(void)arg;
	if (signal_stop_fd() != -1)
		return 1;
	signal_init();
	if (signal_stop() != 0 || signal_abort())
		return 2;
	if (readable(signal_stop_fd()) || readable(signal_abort_fd()))
		return 3;
	raise(SIGTERM);
	if (signal_stop() != SIGTERM || signal_abort())
		return 4;
	if (!readable(signal_stop_fd()) || readable(signal_abort_fd()))
		return 5;
	if (!readable(signal_stop_fd()))
		return 6; /* it stays so */
	raise(SIGTERM);
	if (signal_abort())
		return 7; /* the same request, delivered twice */
	sleep_ms(TWICE_OVER);
	raise(SIGINT);
	if (signal_stop() != SIGTERM || !signal_abort())
		return 8;
	if (!readable(signal_abort_fd()))
		return 9;
	raise(SIGINT);
	raise(SIGHUP); /* still the second */
	return 0;
}

static int
three_signals(void *arg)
{
	(void)arg;
	signal_init();
	for (int i = 0; i < 3; i++) {
		raise(i == 2 ? SIGTERM : SIGINT);
		sleep_ms(TWICE_OVER);
	}
	return 0;
}

static int
raised_again(void *signo)
{
	sigset_t all;

	signal_init();
	raise(*(int *)signo);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	signal_raise_again();
	return 99;
}

static int
not_raised(void *arg)
{
	(void)arg;
	signal_init();
	signal_raise_again();
	return 0;
}

static int
ignored(void *arg)
{
	(void)arg;
	signal(SIGHUP, SIG_IGN);
	signal_init();
	raise(SIGHUP);
	return signal_stop();
}

/* Threads look while another process signals: for the thread sanitizer. */
static void *
look(void *arg)
{
	struct pollfd p = {.fd = signal_stop_fd(), .events = POLLIN};

	(void)arg;
	while (signal_stop() == 0)
		(void)poll(&p, 1, 50);
	while (!signal_abort())
		sleep_ms(1);
	return NULL;
}

static int
in_threads(void *arg)
{
	pthread_t ids[4];

	(void)arg;
	signal_init();
	for (int i = 0; i < 4; i++)
		pthread_create(&ids[i], NULL, look, NULL);
	sleep_ms(50);
	kill(getpid(), SIGINT);
	sleep_ms(TWICE_OVER);
	kill(getpid(), SIGINT);
	for (int i = 0; i < 4; i++)
		pthread_join(ids[i], NULL);
	return signal_stop();
}

int
main(void)
{
	static int stoppers[] = {SIGINT, SIGTERM, SIGHUP};
	struct forked f;

	forked_run(&f, two_signals, NULL);
	is_number(f.code, 0, "the first asks for an end, the second insists");
	forked_run(&f, three_signals, NULL);
	is_number(f.code, 128 + SIGTERM, "the third ends it");
	for (size_t i = 0; i < 3; i++) {
		forked_run(&f, raised_again, &stoppers[i]);
		is_number(f.code, 128 + stoppers[i],
		    "the shell sees the signal, blocked or not");
	}
	forked_run(&f, not_raised, NULL);
	is_number(f.code, 0, "without a signal nothing is raised");
	forked_run(&f, ignored, NULL);
	is_number(f.code, 0, "what was ignored stays ignored");
	forked_run(&f, in_threads, NULL);
	is_number(f.code, SIGINT, "all threads see it");
	return tap_done();
}
