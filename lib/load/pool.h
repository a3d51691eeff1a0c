/* SPDX-License-Identifier: PostgreSQL */
/*
 * The loaders of one process, each with its thread, connection and queue.
 */
#ifndef LOAD_POOL_H
#define LOAD_POOL_H

#include <stddef.h>

#include "load/job.h"

struct pool;

/* Connects them all, or reports and gives up. */
status pool_open(struct load *load, size_t loaders, struct pool **out)
    MUST_CHECK;
/* Without those that were made because others wait for rows to refer to. */
size_t pool_size(const struct pool *p);
/* More of them, for an archive that needs more. */
status pool_grow(struct pool *p, size_t loaders) MUST_CHECK;
/* Wait for a loader that has no job. */
void pool_await(struct pool *p);
/* Give it one.  From now on the job has a queue, and is the loader's once
 * that is ended. */
void pool_take(struct pool *p, struct job *job);
/* Wait until no loader has a job. */
void pool_wait(struct pool *p);
/* A connection for what is left to do while all are idle, or NULL. */
struct pg *pool_pg(struct pool *p);
void pool_close(struct pool *p);

#endif
