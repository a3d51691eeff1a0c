/* SPDX-License-Identifier: PostgreSQL */
/*
 * Load, then attach: a partition that the target lacks is made as a table
 * of its own, filled without indexes and seen by nobody, given what its
 * parent has, and attached, instead of being trickled through its parent's
 * indexes.
 */
#ifndef LOAD_ATTACH_H
#define LOAD_ATTACH_H

#include "load/job.h"
#include "load/target.h"
#include "pg/sql.h"

/*
 * The target does not exist: make it like its parent.  Afterwards t
 * describes it.  Refused when there is no parent to attach it to.  *raced:
 * somebody made it meanwhile, the transaction has failed, begin again.
 */
status attach_create(struct pg *pg, const struct job *job, struct target *t,
    bool *raced, struct failure *f) MUST_CHECK;
/*
 * The target is there.  Refused when it is a partition at the source whose
 * parent is here, too, and partitioned, and it stands beside that or is part
 * of another: that table would not have its rows.  A rule of --map for the
 * table itself asks for that.
 */
status attach_check(struct pg *pg, const struct job *job,
    const struct target *t, struct failure *f) MUST_CHECK;
/* Note in the ledger that it is to be attached when it is whole. */
status attach_later(struct pg *pg, const struct job *job,
    const struct target *t, struct failure *f) MUST_CHECK;
/* Give it its parent's indexes and attach it; the note goes. */
status attach_finish(struct pg *pg, const struct job *job,
    const struct target *t, struct failure *f) MUST_CHECK;
/* Give the table the indexes and keys that t->parent_* has. */
status attach_indexes(struct pg *pg, const struct job *job,
    const struct target *t, struct failure *f) MUST_CHECK;
/* What follows the columns in "create table", where the parent is; and its
 * owner where that is not us (the caller frees). */
status attach_place(struct pg *pg, struct sql *q, const char *schema,
    const char *table, char **owner, struct failure *f) MUST_CHECK;
/* Attach at once. */
status attach_now(struct pg *pg, const struct job *job, const struct target *t,
    struct failure *f) MUST_CHECK;

#endif
