/* SPDX-License-Identifier: PostgreSQL */
/*
 * --mode upsert: rows go into a temporary table first and are merged from
 * there by the primary key or --key.
 */
#ifndef LOAD_UPSERT_H
#define LOAD_UPSERT_H

#include "load/job.h"
#include "load/target.h"

struct upsert {
	struct strv key;
	struct strv may_be_null; /* of these; nulls that are all different */
	char *stage;		 /* the temporary table's name */
};
void upsert_free(struct upsert *u); /* also the cleanup */

/* Find the key, which must be unique in the target and come with the
 * chunk, and make the temporary table. */
status upsert_prepare(struct pg *pg, const struct job *job,
    const struct target *t, struct upsert *u, struct failure *f) MUST_CHECK;
/* Merge; rows is how many lie in the temporary table.  Refused where rows
 * have nulls in the key that no key keeps from coming twice. */
status upsert_merge(struct pg *pg, const struct job *job,
    const struct target *t, const struct upsert *u, uint64_t rows,
    struct failure *f) MUST_CHECK;

#endif
