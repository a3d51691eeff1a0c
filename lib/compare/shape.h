/* SPDX-License-Identifier: PostgreSQL */
/*
 * The columns that a digest is taken over, as a line or a relation says
 * them, and whether a relation has the same.
 */
#ifndef COMPARE_SHAPE_H
#define COMPARE_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/record.h"
#include "pg/table.h"

struct shape_column {
	const char *name;
	const char *type;      /* for messages, or NULL */
	const char *canonical; /* the canonical type for SQL, or NULL */
	const char *fields;    /* of composites in it, or NULL */
	uint32_t digest;       /* its oid; 0: unknown */
	bool array;	       /* or a domain over one, if that is known */
};

/* Names are borrowed from what it was made of. */
struct shape {
	struct shape_column *columns;
	const char **names; /* the same, for who wants only them */
	size_t n;
	char *texts; /* owned, of what was learned later */
};
#define CLEANUP_SHAPE CLEANUP(shape_free)

/* False when it is no array of objects with names. */
bool shape_from_json(const json_t *columns, struct shape *out) MUST_CHECK;
/* The columns that a copy carries: all but generated ones. */
void shape_from_table(const struct pg_table *t, struct shape *out);
void shape_free(struct shape *s);

/* The first column that t lacks, or NULL. */
const struct shape_column *shape_lacking(const struct shape *s,
    const struct pg_table *t);
/* The first column whose canonical type in t is another, or NULL. */
const struct shape_column *shape_clash(const struct shape *s,
    const struct pg_table *t);
/* The first column whose composites have other fields in t, or NULL. */
const struct shape_column *shape_reordered(const struct shape *s,
    const struct pg_table *t);
/* Whatever was said of fields and arrays, t has these: borrowed from it. */
void shape_take_types(struct shape *s, const struct pg_table *t);
/* Some column is an array: one that held nulls once is sent as one that does,
 * in some copies and not in others, while its text is the same. */
bool shape_arrays(const struct shape *s);
/* Some column holds composites. */
bool shape_composite(const struct shape *s);
/* Every canonical type is a built-in one, the same on every server. */
bool shape_builtin(const struct shape *s);
/* Name the canonical types that have no name yet: one a line, in order. */
void shape_name_types(struct shape *s, const char *names);
/* Every column's type in t can be sent in binary. */
bool shape_binary(const struct shape *s, const struct pg_table *t);
bool shape_has(const struct shape *s, const char *name);

#endif
