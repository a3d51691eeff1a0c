/* SPDX-License-Identifier: PostgreSQL */
/*
 * The columns that rows are selected by, and predicates on them that stand
 * alone: every value has its type's name, so that the text means the same
 * on another server.
 */
#ifndef CHUNK_KEY_H
#define CHUNK_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "chunk/text.h"
#include "pg/conn.h"

struct key_column {
	char *name;
	char *type;	 /* for casts; of a domain its base type */
	char category;	 /* pg_type.typcategory */
	char *op_schema; /* where its operators are, NULL: pg_catalog */
	char *collation_schema, *collation; /* or NULL */
	bool plain_order; /* nothing but the collation steers its order */
};

struct key {
	struct key_column *columns;
	size_t count; /* 0: there is no such column, or no primary key */
};

/* Column name of a relation or, for NULL, its primary key.  Reports. */
status key_load(struct pg *pg, const struct texts *texts, const char *oid,
    const char *name, struct key *out) MUST_CHECK;
void key_free(struct key *key); /* also the cleanup */

/*
 * Can its values be put in an order that is the same everywhere?  NULL if
 * so, else why not (words, static).
 */
const char *key_unfit(const struct key *key);
/* Does an index over it serve predicates in that order? */
bool key_indexed(const struct key *key);

enum key_operator { KEY_LESS, KEY_LESS_EQUAL, KEY_EQUAL, KEY_MORE_EQUAL };
void key_operator(struct sql *sql, const struct key_column *column,
    enum key_operator op);
/* 'value'::type */
void key_value(struct sql *sql, const struct key_column *column,
    const char *value);

/*
 * "a" >= 'x'::type, or the same of rows, with one value for each column.
 * Whatever has a collation is compared under COLLATE "C".
 */
void key_compare(struct sql *sql, const struct key *key, enum key_operator op,
    const char *const *values);
/* "a" COLLATE "C", "b": for ORDER BY in the portable order. */
void key_collate(struct sql *sql, const struct key_column *column);

#endif
