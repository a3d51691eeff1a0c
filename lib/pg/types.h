/* SPDX-License-Identifier: PostgreSQL */
/*
 * What types are at bottom: which of them may travel in binary, and what
 * they are called where two databases must agree (data/digest.h).
 */
#ifndef PG_TYPES_H
#define PG_TYPES_H

#include "pg/conn.h"

struct pg_type {
	uint32_t oid;
	char *name; /* schema-qualified, quoted if need be; arrays: element[] */
	char kind;  /* typtype */
	uint32_t element; /* of a true array, else 0 */
	uint32_t array;	  /* the array type over it, or 0 */
	uint32_t base;	  /* of a domain, else 0 */
	bool fit;	  /* built in, and its binary form means the same
			   * in every database */
};

struct pg_types {
	struct pg_type *data;
	size_t len, cap;
};

/*
 * Eight columns of a query over pg_catalog.pg_type t with its namespace n, for
 * pg_types_add; e is the element type of a true array, in the same namespace.
 */
void pg_types_select(struct sql *sql);
void pg_types_add(struct pg_types *types, const struct pg_result *r, int row,
    int first_col);
void pg_types_free(struct pg_types *types);
const struct pg_type *pg_types_find(const struct pg_types *types, uint32_t oid);

struct pg_canonical {
	bool fit;	  /* may travel in binary; else the rest is unset */
	uint32_t oid;	  /* the canonical type */
	uint32_t element; /* to be put into the bytes of an array, or 0 */
	char *cast;	  /* its name when it is another one; caller frees */
};
struct pg_canonical pg_types_resolve(const struct pg_types *types,
    uint32_t oid);

#endif
