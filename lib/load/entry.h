/* SPDX-License-Identifier: PostgreSQL */
/*
 * A chunk's row in the ledger.
 */
#ifndef LOAD_ENTRY_H
#define LOAD_ENTRY_H

#include <stdbool.h>
#include <stdint.h>

#include "load/job.h"
#include "pg/conn.h"
#include "pg/failure.h"

/* What the ledger says of a loaded chunk. */
struct entry {
	int64_t rows, bytes;			     /* -1: not known */
	char *digest, *snapshot, *pg_snapshot, *lsn; /* NULL: not known */
};
void entry_free(struct entry *e);

/*
 * Insert the chunk's row in the load's transaction.  Who comes second waits
 * here for the first one's end.  *mine false: the chunk is loaded already,
 * *loaded says how; that it was loaded as something else (another predicate,
 * slice, source or target) is a failure.  A row whose target was dropped
 * since is thrown away, and so is that of a hypertable's chunk that has other
 * bounds now; where rows are appended, that is a failure, too.
 */
status entry_claim(struct pg *pg, const struct job *job, bool *mine,
    struct entry *loaded, struct failure *f) MUST_CHECK;
/* Complete the row before the commit; target is the oid of the table that
 * was looked at.  A failure if another has its name now. */
status entry_finish(struct pg *pg, const struct job *job, uint32_t target,
    const struct entry *e, struct failure *f) MUST_CHECK;
/* Sets that failure. */
status entry_moved(const struct job *job, struct failure *f);
/*
 * After a commit whose answer was lost, on a fresh connection: wait for the
 * end of the old transaction and see whether it committed.
 */
status entry_committed(struct pg *pg, const struct job *job, bool *committed,
    struct failure *f) MUST_CHECK;

/*
 * What the ledger knows of rows that are about to be cleared (target is the
 * table's oid: what was known of another of that name is history): those of
 * another source are refused unless the run was begun with --restart, those
 * of another relation loaded in this run are refused always.
 */
status entry_strangers(struct pg *pg, const struct job *job, uint32_t target,
    struct failure *f) MUST_CHECK;
/* Rows of earlier runs were cleared: all of the target's, or those of one
 * predicate. */
status entry_replace(struct pg *pg, const struct job *job, bool whole,
    const char *predicate, struct failure *f) MUST_CHECK;

/*
 * Before slices come, rows were cleared that other pieces of the target may
 * have brought: all, or some, of which the predicate is not theirs.  Until the
 * last slice is there they are missing, so those pieces are loaded again when
 * they are asked for.  What was appended or merged stays as it is: that would
 * come twice.
 */
status entry_disturb(struct pg *pg, const struct job *job, bool whole,
    struct failure *f) MUST_CHECK;

/* Write a failure down so that the run is not taken for finished; that it
 * could not be written is remembered, too. */
void entry_failed(struct load *load, const struct job *job,
    const struct failure *why);

/* Append "(select ...)": the oid of the table that has the target's name. */
void entry_target_oid(struct sql *q, const struct job *job);
/* It is no work any more: what was known of its failures goes. */
void entry_vanished(struct load *load, const struct job *job);

/* Append " and target_schema = $1 and target_table = $2". */
void entry_where_target(struct sql *q, const struct job *job);

#endif
