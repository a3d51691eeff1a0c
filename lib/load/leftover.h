/* SPDX-License-Identifier: PostgreSQL */
/*
 * Relations in slices that were begun and will not be finished: the run that
 * began them has ended, or was abandoned, and what came since did not list
 * them.
 */
#ifndef LOAD_LEFTOVER_H
#define LOAD_LEFTOVER_H

#include "load/job.h"
#include "pg/failure.h"

/*
 * After a run was finished: name the tables that it, or one of its name
 * before it, has left half filled, and build the indexes that were dropped to
 * fill them.  Tables that another process has in its hands are left alone.
 */
status leftover_settle(struct load *load, struct pg *pg, struct failure *f)
    MUST_CHECK;

#endif
