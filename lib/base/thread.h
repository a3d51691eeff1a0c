/* SPDX-License-Identifier: PostgreSQL */
/*
 * Threads with stacks of a size that is known, deaf to signals: those are
 * the main thread's.
 */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stddef.h>

#include "base/status.h"

#define THREAD_SMALL ((size_t)256 * 1024)
#define THREAD_LARGE ((size_t)1024 * 1024) /* TLS and the resolver are deep */

/* Reports; STATUS_RETRY when the system has no threads left. */
status thread_start(pthread_t *thread, void *(*run)(void *), void *arg,
    size_t stack) MUST_CHECK;

/*
 * Call before the first thread: keeps the heap in one arena, because each
 * of glibc's reserves 64 MB of address space, and what is large in mappings
 * of its own, so that it goes back to the system when it is freed.
 */
void thread_lean_heap(void);

#endif
