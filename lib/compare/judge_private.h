/* SPDX-License-Identifier: PostgreSQL */
/*
 * What judge.c, for one server, and pair.c, for two, share.
 */
#ifndef COMPARE_JUDGE_PRIVATE_H
#define COMPARE_JUDGE_PRIVATE_H

#include "compare/judge.h"
#include "compare/seat.h"

const char *judge_where(const struct question *q);
/* The line's columns, or NULL. */
const json_t *judge_columns(const struct question *q);
/* A side failed: that is the verdict. */
void judge_fail(struct verdict *v, const struct side *s, status class);

/* These are false when a verdict was set. */

/* The line's columns, or those of the relation. */
bool judge_shape(const struct question *q, const struct pg_table *t,
    struct shape *shape, struct verdict *v);
/* A chunk of a hypertable has its like in hypertables alone. */
bool judge_ranged(const struct seat *p, struct verdict *v);
/* What the target's columns rule out. */
bool judge_agree(const struct shape *shape, const struct pg_table *t,
    enum digest_kind kind, struct verdict *v);
/* After a digest in a transaction: it shows the rows. */
bool judge_intact(struct side *s, const struct rowset *rows, struct verdict *v);

void judge_pair(struct judge *j, const struct question *q, struct verdict *v);

#endif
