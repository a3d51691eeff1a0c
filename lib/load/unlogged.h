/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rows of unlogged tables go when their server crashes, or is a standby that
 * was promoted or a backup that was restored; the ledger stays.  So what is
 * loaded into such a table leaves a mark in an unlogged table of the ledger,
 * which goes with the rows, and "unlogged" in its own row, which says that
 * there was a mark.
 */
#ifndef LOAD_UNLOGGED_H
#define LOAD_UNLOGGED_H

#include "load/job.h"
#include "pg/conn.h"
#include "pg/failure.h"

/*
 * Append a condition on the row c of the table "chunk", or s of "sliced":
 * its rows are gone.  What a table that is unlogged only now holds is not
 * known: doubt takes it for gone, where it would be cleared anyway.
 */
void unlogged_chunk_gone(struct sql *q, const struct run *run, bool doubt);
void unlogged_sliced_gone(struct sql *q, const struct run *run, bool doubt);

/* In the transaction that loads the chunk, or begins the relation. */
status unlogged_mark_chunk(struct pg *pg, const struct job *job,
    struct failure *f) MUST_CHECK;
status unlogged_mark_sliced(struct pg *pg, const struct job *job, int64_t id,
    struct failure *f) MUST_CHECK;

/* Sets the failure of what is gone while the rest is being loaded. */
status unlogged_fail(const struct job *job, struct failure *f);

#endif
