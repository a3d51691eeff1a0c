/* SPDX-License-Identifier: PostgreSQL */
/*
 * Batches that the target cannot keep as they are become rows again: in the
 * load's transaction a hypertable is made that has the source's settings, its
 * one chunk takes the batches, and the rows are read from it.
 */
#ifndef LOAD_UNPACK_H
#define LOAD_UNPACK_H

#include "load/chore.h"

/* Into what rows of the chunk are copied into; *rows is how many. */
status unpack_copy(struct chore *c, uint64_t *rows, struct failure *f)
    MUST_CHECK;

#endif
