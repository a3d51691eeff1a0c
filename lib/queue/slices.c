/* SPDX-License-Identifier: PostgreSQL */
/*
 * One snapshot for a queue's ctid slices.
 */
#include "queue/slices.h"

#include <inttypes.h>

#include "base/log.h"
#include "queue/home.h"
#include "queue/standing.h"

status
slices_refuse(const struct queue_options *o, int64_t count)
{
	if (count == 0)
		return STATUS_OK;
	log_error("queue \"%s\" holds %" PRId64 " slice%s by ctid, which name "
		  "rows only within one snapshot",
	    o->name, count, count == 1 ? "" : "s");
	log_hint("hold a snapshot at the source (begin isolation level "
		 "repeatable read; select pg_export_snapshot()) and give "
		 "its id to pg-chunks and to pg-queue with --snapshot");
	return STATUS_USAGE;
}

/* Who works under another one notices when he takes the next slice, or ends
 * the one that he has. */
static status
adopt(const struct queue_options *o, struct pg *pg)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT, again CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "update ");
	home_table(o, &q, "queue");
	sql_add(&q, " set snapshot = ");
	sql_param(&q, o->snapshot);
	sql_add(&q, " where name = ");
	sql_param(&q, o->name);
	sql_add(&q, " and snapshot is distinct from ");
	sql_param(&q, o->snapshot);
	s = home_run(pg, "write the queue", &q, NULL);
	sql_add(&again, "update ");
	home_table(o, &again, "queued");
	sql_add(&again, " set state = 'pending', tries = 0, due = null,");
	sql_add(&again, " answer = null, wrong = false, result = null,");
	sql_add(&again, " snapshot = null");
	home_where(o, &again);
	sql_add(&again, " and by_ctid and state = 'done'");
	sql_add(&again, " and snapshot is distinct from ");
	sql_param(&again, o->snapshot);
	/* A table that is whole is whole. */
	sql_add(&again, " and relation in (select relation from ");
	home_table(o, &again, "queued");
	home_where(o, &again);
	sql_add(&again, " and by_ctid and state <> 'done')");
	if (s == STATUS_OK)
		s = home_run(pg, "write the queue", &again, &r);
	if (s == STATUS_OK && pg_affected(r) > 0)
		log_info("%" PRIu64 " slices by ctid were done under another "
			 "snapshot and are done again",
		    pg_affected(r));
	return s;
}

status
slices_prepare(const struct queue_options *o, struct pg *pg)
{
	struct standing now;
	status s;

	if (o->snapshot == NULL) {
		s = standing_read(o, pg, &now);
		return s == STATUS_OK ? slices_refuse(o, now.by_ctid) : s;
	}
	s = pg_do(pg, "write the queue", "begin read write");
	if (s == STATUS_OK)
		s = adopt(o, pg);
	if (s == STATUS_OK)
		return pg_do(pg, "write the queue", "commit");
	failure_roll_back(pg);
	return s;
}
