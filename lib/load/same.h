/* SPDX-License-Identifier: PostgreSQL */
/*
 * Is the target where the rows come from?  Then a table must not be loaded
 * into itself: it would be cleared while it is read.
 */
#ifndef LOAD_SAME_H
#define LOAD_SAME_H

#include "load/job.h"

/*
 * Sets load->same.  The system's identifier is shared by clones, so where it
 * agrees the snapshot is asked for: only the server that exported it knows
 * it, as long as somebody reads under it; and then the server's clock.
 */
status same_check(struct load *load, struct failure *f) MUST_CHECK;

#endif
