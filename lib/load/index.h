/* SPDX-License-Identifier: PostgreSQL */
/*
 * Loading a table without its indexes and building them afterwards takes a
 * fraction of the time of filling them row by row.
 *
 * An index comes back with all that was said about it: name, definition,
 * constraint, tablespace, comments, cluster mark, replica identity,
 * statistics targets.  What others depend on (a foreign key, a view's
 * grouping, a partitioned parent's index, an extension, the replica
 * identity of a published table) stays in place.
 */
#ifndef LOAD_INDEX_H
#define LOAD_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load/job.h"
#include "load/target.h"

/* All texts are SQL statements but the names. */
struct index_def {
	int64_t id; /* in the ledger; 0: not there */
	char *name;
	char *create;	  /* NULL: the constraint's makes it */
	char *constraint; /* NULL: a plain index */
	char *drop;
	char *tablespace; /* "": the database's */
	json_t *after;	  /* statements: comments, marks, statistics */
};

struct index_list {
	struct index_def *defs;
	size_t len;
};
#define INDEX_LIST_INIT \
	{               \
		NULL, 0 \
	}
void index_list_free(struct index_list *l); /* also the cleanup */

/*
 * Drop what can be dropped of a table that we hold exclusively; out gets
 * the definitions.
 */
status index_drop(struct pg *pg, const struct job *job, const struct target *t,
    struct index_list *out, struct failure *f) MUST_CHECK;
/* Write them to the ledger, in the transaction that dropped them. */
status index_defer(struct pg *pg, const struct job *job,
    const struct index_list *l, struct failure *f) MUST_CHECK;
/*
 * Append a condition on a row d of the ledger's table "deferred": what waited
 * to be built for a table that was dropped since, or was built by hand
 * meanwhile, waits no more.
 */
void index_where_stale(struct sql *q);
/* Those that wait in the ledger for being built; appended to out. */
status index_deferred(struct pg *pg, const struct job *job,
    struct index_list *out, struct failure *f) MUST_CHECK;

/* Build them all in the transaction that runs; deferred ones leave the
 * ledger. */
status index_build(struct pg *pg, const struct job *job,
    const struct index_list *l, struct failure *f) MUST_CHECK;
/*
 * Build deferred ones, a transaction each, so that what was done stays
 * done.  The failure names the index and its definition.
 */
status index_rebuild(struct pg *pg, const struct job *job, struct index_list *l,
    struct failure *f) MUST_CHECK;

/* Let index builds of this session use memory, unless more is set. */
status index_memory(struct pg *pg, uint64_t bytes, struct failure *f)
    MUST_CHECK;

#endif
