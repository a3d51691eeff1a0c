/* SPDX-License-Identifier: PostgreSQL */
/*
 * Compressed rows of TimescaleDB, as they are stored.
 *
 * Types that have no binary form come as bytes, and a batch is received into
 * a temporary table first, from where the server's own input makes of them
 * what they were: a third less work, and bytes, than text for all of it.
 */
#ifndef LOAD_BATCHES_H
#define LOAD_BATCHES_H

#include "load/chore.h"

/*
 * Can they be kept as they are, in the compressed table of h->chunk?  *why
 * says what keeps them from it, or is NULL; the caller frees.
 */
status batches_fit(struct pg *pg, const struct job *job, const struct hyper *h,
    char **why, struct failure *f) MUST_CHECK;

/* Take in the part of the archive that they are; *rows is how many rows they
 * stand for. */
status batches_copy(struct chore *c, uint64_t *rows, struct failure *f)
    MUST_CHECK;

#endif
