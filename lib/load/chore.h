/* SPDX-License-Identifier: PostgreSQL */
/*
 * A chunk in a loader's hands: before its first row, its rows, its commit.
 */
#ifndef LOAD_CHORE_H
#define LOAD_CHORE_H

#include "load/entry.h"
#include "load/hands.h"
#include "load/hypertable.h"
#include "load/index.h"
#include "load/job.h"
#include "load/target.h"
#include "load/upsert.h"

struct chore {
	struct job *job;
	struct pg *pg;
	struct hands hands; /* of the process, until the transaction's end */
	struct target target;
	struct hyper hyper; /* of a chunk of a hypertable */
	struct entry entry; /* the ledger's when skipped, ours when loaded */
	struct index_list indexes; /* to be built after the rows */
	struct upsert upsert;
	bool skip;	/* it is there already */
	bool fresh;	/* rows may be frozen */
	bool at_source; /* it failed there */
	uint64_t bytes; /* sent */
	char *xid;	/* without a ledger: tells what became of a commit */
};

/*
 * One attempt at everything that comes before the first row.  Afterwards a
 * transaction is open, unless the chunk is to be skipped or it failed.
 * *raced: a table that was to be made has been made by somebody else; it is
 * worth another attempt.
 */
status chore_prepare(struct chore *c, bool *raced, struct failure *f)
    MUST_CHECK;
/* Send the rows as they come and see that they are whole. */
status chore_copy(struct chore *c, struct failure *f) MUST_CHECK;
/* Everything between the last row and the commit. */
status chore_finish(struct chore *c, struct failure *f) MUST_CHECK;
/* After a commit whose answer was lost, on a new connection. */
status chore_committed(struct chore *c, bool *committed, struct failure *f)
    MUST_CHECK;
/*
 * COPY a part of the archive: *rows is what the server says it took.  Where
 * that was the last of it, it is whole.
 */
status chore_send(struct chore *c, enum archive_part part,
    const struct sql *copy, uint64_t *rows, struct failure *f) MUST_CHECK;
/* Forget what was found out, for another attempt or for good. */
void chore_reset(struct chore *c);

#endif
