/* SPDX-License-Identifier: PostgreSQL */
/*
 * The connections that read, each with a thread.
 */
#ifndef UNLOAD_WORKER_H
#define UNLOAD_WORKER_H

#include "unload/state.h"

struct pool;

/*
 * Connect up to jobs workers.  Where the server has no room for all of them,
 * those that it has room for do the work, and that is said; none at all is a
 * failure.
 */
status workers_open(struct unload *u, size_t jobs, struct pool **out)
    MUST_CHECK;
size_t workers_size(const struct pool *pool);

/*
 * Let them work until there is no more, or a stop is asked for and the open
 * chunks have ended.  STATUS_OK says nothing about the chunks.  Not so after
 * an abort: then threads may still be running, and nothing that they use may
 * be freed.
 */
enum pool_end {
	POOL_DRAINED, /* all work was done */
	POOL_STOPPED, /* by a signal, or because going on makes no sense */
	POOL_ABORTED
};
status workers_run(struct pool *pool, enum pool_end *end) MUST_CHECK;

void workers_free(struct pool *pool); /* NULL is legal */

#endif
