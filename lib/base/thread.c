/* SPDX-License-Identifier: PostgreSQL */
/*
 * Threads within bounds.
 */
#include "base/thread.h"

#include <signal.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "base/log.h"

#define OWN_MAPPING (256 * 1024)

status
thread_start(pthread_t *thread, void *(*run)(void *), void *arg, size_t stack)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int failed;

	(void)sigfillset(&all);
	(void)pthread_attr_init(&attributes);
	(void)pthread_attr_setstacksize(&attributes, stack);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(thread, &attributes, run, arg);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attributes);
	if (failed == 0)
		return STATUS_OK;
	log_error("could not start a thread: %s", strerror(failed));
	return STATUS_RETRY;
}

void
thread_lean_heap(void)
{
#if defined(__GLIBC__) && defined(M_ARENA_MAX)
	(void)mallopt(M_ARENA_MAX, 1);
	(void)mallopt(M_MMAP_THRESHOLD, OWN_MAPPING);
#endif
}
