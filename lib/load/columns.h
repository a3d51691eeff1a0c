/* SPDX-License-Identifier: PostgreSQL */
/*
 * Do the chunk's columns fit the target's?  By name; answered before any
 * row moves.
 *
 * Binary COPY does not know types: int8 into float8, date into int4 and
 * timestamp into timestamptz load without an error and are wrong.  So it is
 * taken between equal types only.  As text, a type may grow (int4 to int8,
 * varchar to text) without more ado.  What could lose something (a shorter
 * varchar, fewer decimals, another type) needs --lossy.
 */
#ifndef LOAD_COLUMNS_H
#define LOAD_COLUMNS_H

#include "load/job.h"
#include "load/target.h"

status columns_check(struct pg *pg, const struct job *job,
    const struct target *t, struct failure *f) MUST_CHECK;
/* "a", "b", ...: the chunk's columns in its order. */
void columns_list(struct sql *q, const struct job *job);
size_t columns_count(const struct job *job);
const char *columns_name(const struct job *job, size_t i);

#endif
