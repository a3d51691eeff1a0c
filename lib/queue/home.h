/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where a queue is: its tables, its row, and the SQL that all of its rows'
 * users have in common.
 */
#ifndef QUEUE_HOME_H
#define QUEUE_HOME_H

#include "pg/failure.h"
#include "pg/sql.h"
#include "queue/queue.h"

/* Connect, make what is missing of tables and queue.  Reports. */
status home_make(const struct queue_options *o, struct pg **out) MUST_CHECK;
/* Connect to a queue that is there; reports that it is not.  run, for the
 * caller to free, may be NULL. */
status home_open(const struct queue_options *o, struct pg **out, char **run)
    MUST_CHECK;
/* Only connect, and see that the tables are there. */
status home_tables(const struct queue_options *o, struct pg **out) MUST_CHECK;

/* Append the name of one of the tables; " where queue = ...". */
void home_table(const struct queue_options *o, struct sql *q,
    const char *table);
void home_where(const struct queue_options *o, struct sql *q);
/*
 * In a transaction: nobody else changes what the queue consists of before its
 * end.  STATUS_RETRY, reported, where the queue is gone.
 */
status home_lock(const struct queue_options *o, struct pg *pg) MUST_CHECK;
/* pg_run, reported as "could not DOING". */
status home_run(struct pg *pg, const char *doing, const struct sql *q,
    struct pg_result **out) MUST_CHECK;

/*
 * Locks cannot be seen by others, so who holds a row says so: an advisory
 * lock on (the schema, the row's id), until the end of the transaction.
 */
void home_mark(const struct queue_options *o, struct sql *q, int64_t id);
/*
 * Append a query of the ids marked so: "(select ... as id, pid ...)".
 */
void home_marked(const struct queue_options *o, struct sql *q);

#endif
