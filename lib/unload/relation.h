/* SPDX-License-Identifier: PostgreSQL */
/*
 * Is a relation one that can be read, and still the one that the snapshot
 * shows?
 */
#ifndef UNLOAD_RELATION_H
#define UNLOAD_RELATION_H

#include "pg/table.h"
#include "pg/failure.h"

/* What cannot be read as a chunk is refused by name: STATUS_FAIL.  A chunk of
 * a hypertable is one only where it was listed as that. */
status relation_check(const struct pg_table *t, const char *name,
    bool hypertable, const struct pg *pg, bool standby, struct failure *why)
    MUST_CHECK;

/*
 * Lock it against change, and see that it has not changed: a truncate or a
 * rewrite after the snapshot was taken leaves old snapshots with an empty
 * or a differently ordered table, and other columns may go by the names of
 * the snapshot's by now, and no error.
 */
status relation_hold(struct pg *pg, const struct pg_table *t, const char *name,
    struct failure *why) MUST_CHECK;

#endif
