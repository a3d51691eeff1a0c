/* SPDX-License-Identifier: PostgreSQL */
/*
 * Making room for a chunk in --mode replace: exactly what it covers goes,
 * in the load's own transaction, and never what others refer to.
 */
#ifndef LOAD_CLEAR_H
#define LOAD_CLEAR_H

#include <stdbool.h>

#include "base/str.h"
#include "load/job.h"
#include "load/target.h"

struct cleared {
	bool exclusive; /* nobody else sees the table until we commit */
	bool fresh;	/* truncated here: rows may be loaded frozen */
};

/*
 * Clear the whole relation.  Empty, it is left alone, or truncated if that
 * lets rows be frozen, as asked for, and is sure to touch nothing else.
 * Rows that others refer to by foreign keys are refused, or deleted under
 * --disable-triggers.
 */
status clear_whole(struct pg *pg, const struct job *job, const struct target *t,
    bool freeze, struct cleared *out, struct failure *f) MUST_CHECK;
/* May rows of the target go at all? */
status clear_permit(struct pg *pg, const struct job *job,
    const struct target *t, struct failure *f) MUST_CHECK;
/* Clear the rows of a predicate; NULL: all, by delete.  *any is set if there
 * were some (may be NULL). */
status clear_range(struct pg *pg, const struct job *job, const struct target *t,
    const char *predicate, bool *any, struct failure *f) MUST_CHECK;

#endif
