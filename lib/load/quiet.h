/* SPDX-License-Identifier: PostgreSQL */
/*
 * No invalidations: what a backfill loads is no news to the continuous
 * aggregates of the target, which would compute all of it again.
 *
 * Up to 2.22 a trigger on each chunk takes note of changes; from 2.28 on there
 * is a setting; in between nothing can be done.  The trigger is kept from
 * firing by session_replication_role where the user may set that and no
 * other trigger would be missed, else it is dropped and made again, which
 * keeps others out of the chunk until the end of the transaction.
 */
#ifndef LOAD_QUIET_H
#define LOAD_QUIET_H

#include "load/job.h"
#include "pg/timescale.h"

enum quiet_way {
	QUIET_UNKNOWN,
	QUIET_NEEDLESS,
	QUIET_SETTING,
	QUIET_REPLICA,
	QUIET_TRIGGER,
	QUIET_NONE
};

struct quiet {
	enum quiet_way way;
	struct strv again; /* triggers as statements */
};
void quiet_free(struct quiet *q);

/*
 * From here on rows of those chunks may be deleted and inserted in this
 * transaction; may be called again.  What cannot be kept quiet is said, once
 * a hypertable.
 */
status quiet_begin(struct pg *pg, const struct job *job,
    const struct pg_hypertable *h, const struct pg_chunk *chunks, size_t n,
    struct quiet *q, struct failure *f) MUST_CHECK;
/* That was it: settings and triggers are as before. */
status quiet_end(struct pg *pg, const struct job *job, struct quiet *q,
    struct failure *f) MUST_CHECK;

#endif
