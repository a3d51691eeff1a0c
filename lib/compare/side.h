/* SPDX-License-Identifier: PostgreSQL */
/*
 * One server seen by one worker: a connection, and the digest of rows there.
 */
#ifndef COMPARE_SIDE_H
#define COMPARE_SIDE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "compare/shape.h"
#include "data/digest.h"
#include "pg/conn.h"
#include "pg/table.h"

/* What the workers' connections to one server have in common. */
struct server {
	struct pg_params params;
	atomic_bool told; /* that its hashes cannot be used: once is enough */
	atomic_int why;	  /* the status of the last connect that failed */
};

/* Columns that stand for all others of their type and modifier. */
struct type_cache {
	struct pg_column *models;
	size_t n, cap;
};

struct side {
	struct server *server;
	struct pg *pg;	       /* NULL: not connected */
	bool hashes;	       /* the server's hash functions give our hashes */
	bool timescale;	       /* relations may be hypertables */
	struct pg_table table; /* the one that was asked for last */
	struct type_cache types; /* of its columns and earlier ones' */
};

/* Connect, or connect again after the connection was lost.  Sessions are
 * read only: what a line's predicate calls cannot change anything. */
status side_open(struct side *s, struct server *server) MUST_CHECK;
void side_close(struct side *s); /* zeroed is legal */

/*
 * A transaction with one snapshot, its own or (not NULL) an exported one.
 * side_end is legal without one and keeps quiet about a lost connection.
 */
status side_begin(struct side *s, const char *snapshot) MUST_CHECK;
void side_end(struct side *s);

/* A relation; one that is not there has exists false; a hypertable is refused
 * by name.  Belongs to the side, until the next call. */
status side_table(struct side *s, const char *schema, const char *name,
    const struct pg_table **out) MUST_CHECK;

/* The same for a hypertable or its chunk. */
status side_hypertable(struct side *s, const char *schema, const char *name,
    const struct pg_table **out) MUST_CHECK;

/* The same in fewer bytes, as far as its columns are of types that were met
 * before, and without generated ones. */
status side_table_brief(struct side *s, const char *schema, const char *name,
    const struct pg_table **out) MUST_CHECK;

/*
 * Does the relation have columns like these: all of them, and of the same
 * canonical types, where the digest depends on them?  The answer is a few
 * bytes, where the columns themselves may be many.  SIDE_OTHER also means
 * that it takes side_table to tell.  With SIDE_SAME *relkind is set.
 */
enum side_likeness { SIDE_OTHER, SIDE_SAME, SIDE_MISSING };
status side_like(struct side *s, const char *schema, const char *name,
    struct shape *shape, enum digest_kind kind, enum side_likeness *out,
    char *relkind) MUST_CHECK;

/* Rows of a relation, and how to look at them. */
struct rowset {
	const struct pg_table *table;
	const char *where; /* NULL: all */
	const struct shape *shape;
	enum digest_kind kind;
};

/* `only "s"."t"`, or without only where rows are in partitions, or in what
 * TimescaleDB makes of them. */
void side_from(const struct rowset *rows, struct sql *out);
/* ` where (...)`, nothing for all rows. */
void side_where(const struct rowset *rows, struct sql *out);
/* The hash expression of a row. */
status side_hash(const struct rowset *rows, struct sql *out) MUST_CHECK;
/* Computed there, or, where the server cannot, from the rows. */
status side_digest(struct side *s, const struct rowset *rows,
    struct digest *out) MUST_CHECK;

/* Is there no row?  Kind and shape are not looked at. */
status side_empty(struct side *s, const struct rowset *rows, bool *empty)
    MUST_CHECK;

/*
 * Does the transaction's snapshot show the relation's rows?  One that was
 * truncated or rewritten later is empty to it, and columns that were replaced
 * later are read by the names of those that it shows, without an error.  To be
 * asked after side_digest, whose lock keeps it as it is.  *broken: why not, or
 * NULL.
 */
status side_intact(struct side *s, const struct rowset *rows,
    const char **broken) MUST_CHECK;

/* Why the last call failed, for a line's "error"; class is its status. */
json_t *side_error(const struct side *s, status class);

#endif
