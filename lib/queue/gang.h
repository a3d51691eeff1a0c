/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the hands of one pg-queue work share.  A hand is a thread with a
 * session of its own, that takes one chunk after the other.
 */
#ifndef QUEUE_GANG_H
#define QUEUE_GANG_H

#include <pthread.h>
#include <stdatomic.h>

#include "queue/queue.h"

struct gang {
	const struct queue_options *options;
	char worker[80]; /* host and process */
	atomic_uint_least64_t taken;
	atomic_int worst; /* a status: what stopped a hand */
};

struct hand {
	struct gang *gang;
	struct pg *pg; /* NULL: not yet connected */
	pthread_t thread;
};

/* Until there is nothing to do any more; a thread's function. */
void *hand_run(void *hand);

#endif
