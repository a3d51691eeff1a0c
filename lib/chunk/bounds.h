/* SPDX-License-Identifier: PostgreSQL */
/*
 * --from and --until: rows >= from and < until, by the partition key or a
 * column that was named.  One text may be the bound of many tables; for each
 * type that their columns have the server says what value it is.
 */
#ifndef CHUNK_BOUNDS_H
#define CHUNK_BOUNDS_H

#include "chunk/key.h"

/* The bounds as values of one type (and collation). */
struct bounds_type {
	char *type_oid, *collation_oid;
	bool timed; /* it holds times in another form: bounds may be times */
	char *relid, *column; /* where it was met first */
	struct key key;	      /* one column, by its name there */
	char *from, *until;   /* as the server prints them, or NULL */
	bool
	    unfit; /* they are no values of this type, or it has no one order */
};

struct bounds {
	const char *column;	  /* of all tables; NULL: the partition key */
	const char *from, *until; /* as they were typed, or NULL */
	struct bounds_type *types;
	size_t count;
};

void bounds_free(struct bounds *b); /* also the cleanup */
/* The entry for a type, made where there is none. */
struct bounds_type *bounds_type(struct bounds *b, const char *type_oid,
    const char *collation_oid, bool timed, const char *relid,
    const char *column);
/* Have the server read the bounds as values of each type; sets unfit.
 * Reports bounds of which the first is beyond the second; STATUS_USAGE. */
status bounds_read(struct bounds *b, struct pg *pg, const struct texts *texts)
    MUST_CHECK;

/*
 * ", bounded as (...)" after "keyed": leaves out what lies outside of the
 * bounds, and tells by which of them the rest is cut.
 */
void bounds_add(const struct bounds *b, struct sql *out);
/* A predicate on column name for those of the bounds that cut. */
void bounds_predicate(const struct bounds_type *type, const char *name,
    bool from_cuts, bool until_cuts, struct sql *out);

#endif
