/* SPDX-License-Identifier: PostgreSQL */
/*
 * The relation that a chunk is loaded into: what it is, and what stands in
 * the way.
 */
#ifndef LOAD_TARGET_H
#define LOAD_TARGET_H

#include <stdbool.h>

#include "load/job.h"
#include "pg/conn.h"
#include "pg/failure.h"
#include "pg/table.h"

struct target {
	struct pg_table table;
	bool heap;	   /* a plain heap, which can be loaded frozen */
	bool unlogged;	   /* a crash empties it, or partitions of it */
	bool owner;	   /* we may do what its owner may */
	bool may_truncate; /* the privilege is there */
	bool may_lock;	   /* as who writes to it; not by column privileges */
	bool changed;	   /* what is known here is not so any more */
	bool truncate_triggers, delete_triggers; /* enabled ones of users */
	bool keeps_rows;   /* a delete may leave rows: triggers, rules */
	char *references;  /* foreign keys of others on it, or NULL */
	json_t *ancestors; /* of a partition: names for messages; or NULL */
	bool keys;	   /* it has foreign keys on others */
	json_t *refers_to; /* these, see target_keys; or NULL */
	char *cascades;	   /* its own on itself that delete or change rows */
	char *insert_triggers, *insert_rules; /* names, or NULL */
	char *update_triggers;
	char *own_bound; /* of a partition, or NULL */
	/* A new partition that is still to be attached, see attach.h. */
	bool created;				    /* in this transaction */
	char *parent_schema, *parent_table, *bound; /* or NULL */
};

/* Look at it in the load's transaction.  That it is not there is no
 * failure: table.exists is false. */
status target_open(struct pg *pg, const struct job *job, struct target *t,
    struct failure *f) MUST_CHECK;
/* The same for another relation than the job's own. */
status target_look(struct pg *pg, const struct job *job, const char *schema,
    const char *table, struct target *t, struct failure *f) MUST_CHECK;
void target_free(struct target *t); /* also the cleanup */
/* Find the tables that its rows refer to, or that those of the partitioned
 * table do that it will belong to: names for messages, in an array. */
status target_keys(struct pg *pg, const struct job *job, struct target *t,
    struct failure *f) MUST_CHECK;

/*
 * Refuse what cannot be loaded into (a view, a foreign table, a hypertable,
 * a table whose row security holds for us, the ledger itself), and what
 * pg_dump would call a different table: see columns.h.
 */
status target_check(struct pg *pg, const struct job *job,
    const struct target *t, struct failure *f) MUST_CHECK;
/*
 * After whatever else comes before its first row: lock it, and see that it
 * still has the columns that were judged.  If not, STATUS_RETRY and changed:
 * worth another attempt, in a new transaction.
 */
status target_hold(struct pg *pg, const struct job *job, struct target *t,
    struct failure *f) MUST_CHECK;
/* Say, once a table, what happens to its rows that the source does not
 * know of: triggers that fire, rules that do not. */
void target_warn(const struct job *job, const struct target *t);

/* "only "s"."t"", without only where rows are in parts of it. */
void target_only(struct sql *q, const struct target *t);
void target_name(struct sql *q, const struct target *t);

#endif
