/* SPDX-License-Identifier: PostgreSQL */
/*
 * A table full of batches becomes a chunk's compressed table, as if
 * TimescaleDB had compressed the chunk, with the statistics of the source.
 *
 * create_compressed_chunk() does that, for a table that lies in TimescaleDB's
 * own schema, where an owner of hypertables may not make any.  But a table
 * that is made a chunk of some hypertable is moved there, and stays there
 * when it is detached.
 */
#ifndef LOAD_ADOPT_H
#define LOAD_ADOPT_H

#include "load/hypertable.h"

/*
 * h->own in place of the empty compressed table of h->chunk.  The rows that
 * are in the chunk itself make it partial.
 */
status adopt_batches(struct pg *pg, const struct job *job,
    const struct hyper *h, struct failure *f) MUST_CHECK;

#endif
