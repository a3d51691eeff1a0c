/* SPDX-License-Identifier: PostgreSQL */
/*
 * Chunks that are read side by side begin in the archive in the order of the
 * list: who loads it knows then of a table that others refer to before he has
 * all of theirs.
 */
#ifndef UNLOAD_TURN_H
#define UNLOAD_TURN_H

#include <stdbool.h>
#include <stdint.h>

#include "data/chunk.h"
#include "unload/work.h"

struct turns;
struct turns *turns_new(void);
void turns_free(struct turns *t); /* NULL is nothing */

/* work_next, with the chunk's place in the order. */
bool turn_next(struct turns *t, struct work *work, struct chunk *out,
    uint64_t *place);
/* Wait for those before it; not for long, since one may wait for a lock. */
void turn_wait(struct turns *t, uint64_t place);
/* It has begun, or never will.  May be said twice. */
void turn_over(struct turns *t, uint64_t place);

#endif
