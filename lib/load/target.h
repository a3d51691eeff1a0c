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
	bool owner;	   /* we may do what its owner may */
	bool may_truncate; /* the privilege is there */
	bool truncate_triggers, delete_triggers; /* enabled ones of users */
	bool keeps_rows;  /* a delete may leave rows: triggers, rules */
	char *references; /* foreign keys of others on it, or NULL */
	char *cascades;	  /* its own on itself that delete or change rows */
	char *insert_triggers, *insert_rules; /* names, or NULL */
	char *update_triggers;
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

/*
 * Refuse what cannot be loaded into (a view, a foreign table, a hypertable,
 * a table whose row security holds for us, the ledger itself), and what
 * pg_dump would call a different table: see columns.h.
 */
status target_check(struct pg *pg, const struct job *job,
    const struct target *t, struct failure *f) MUST_CHECK;
/* Say, once a table, what happens to its rows that the source does not
 * know of: triggers that fire, rules that do not. */
void target_warn(const struct job *job, const struct target *t);

/* "only "s"."t"", without only where rows are in parts of it. */
void target_only(struct sql *q, const struct target *t);
void target_name(struct sql *q, const struct target *t);

#endif
