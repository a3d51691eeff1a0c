/* SPDX-License-Identifier: PostgreSQL */
/*
 * Load, then attach: a chunk that the target lacks is a table of its own
 * until its rows are there.
 */
#ifndef LOAD_NEWCHUNK_H
#define LOAD_NEWCHUNK_H

#include "load/job.h"
#include "load/target.h"
#include "pg/table.h"
#include "pg/timescale.h"

/* A table like the hypertable's chunks, beside it, without indexes. */
status newchunk_create(struct pg *pg, const struct job *job,
    const struct pg_hypertable *h, struct target *t, struct failure *f)
    MUST_CHECK;
/*
 * Give it indexes and keys, and make it a chunk, in place of an empty one
 * (or NULL).  *collided: that one is not empty any more, or there is one now
 * that shares some of its range; the table is still what it was.
 */
status newchunk_attach(struct pg *pg, const struct job *job,
    const struct pg_hypertable *h, const struct pg_chunk *empty,
    const struct target *t, bool *collided, struct failure *f) MUST_CHECK;
/* Put its rows into the hypertable instead, and drop it. */
status newchunk_pour(struct pg *pg, const struct job *job,
    const struct pg_hypertable *h, const struct target *t, struct failure *f)
    MUST_CHECK;

/*
 * A table beside the hypertable, like another relation: of its storage
 * parameters, tablespace and owner; and all indexes, if told.  The caller
 * frees out.
 */
status newchunk_like(struct pg *pg, const struct job *job,
    const struct pg_relation *like, const char *schema, bool indexes,
    struct pg_relation *out, struct failure *f) MUST_CHECK;
/* Rights and statistics targets, which "like" leaves behind. */
status newchunk_liken(struct pg *pg, const struct job *job,
    const struct pg_relation *like, const struct pg_relation *table,
    struct failure *f) MUST_CHECK;

/* Append the job's slices as create_chunk() wants them. */
void newchunk_slices(struct sql *q, const struct job *job);
/* Did create_chunk() fail for that? */
bool newchunk_collision(const struct failure *f);

#endif
