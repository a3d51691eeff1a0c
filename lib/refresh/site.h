/* SPDX-License-Identifier: PostgreSQL */
/*
 * A server's TimescaleDB: where its functions are and which shape its
 * catalogs have.  What differs from version to version (2.14 and later) is
 * asked here, once a connection, by shape.
 */
#ifndef REFRESH_SITE_H
#define REFRESH_SITE_H

#include "pg/conn.h"
#include "pg/failure.h"

/* Where the width of buckets is kept. */
enum site_buckets {
	SITE_BUCKETS_FUNCTION, /* cagg_get_bucket_function_info() */
	SITE_BUCKETS_TABLE,    /* a table with a row for every aggregate */
	SITE_BUCKETS_SPLIT     /* fixed ones elsewhere: 2.14 */
};

struct site {
	struct pg *pg;
	const char *role; /* "source" or "target" */
	char *schema;	  /* the extension's */
	bool forces;	  /* a refresh can be forced: 2.18 */
	bool watermarks;  /* the table of watermarks may be read */
	bool log;	  /* that of invalidations, too */
	enum site_buckets buckets;
	bool told; /* why there is no connection was reported already */
};

/* Connect and look.  A failure is kept and not reported, but for that of
 * the connection, which was: then told is set. */
status site_open(struct site *s, const struct pg_params *params,
    struct failure *f) MUST_CHECK;
void site_close(struct site *s); /* zeroed is legal */

/* The six types that time columns have. */
struct time_type {
	const char *name;   /* as format_type prints it */
	bool integer;	    /* no time, a number */
	int64_t least, end; /* internal values: nothing lies below, above */
};
const struct time_type *time_type_find(const char *name); /* or NULL */
/* Appends an expression of that type for an internal value, and one of
 * bigint for an expression of that type: before and behind it. */
void time_type_value(const struct time_type *t, int64_t value, struct sql *sql);
/* The internal value as the server prints it; NULL on failure. */
status time_type_show(struct site *s, const struct time_type *t, int64_t value,
    char **out, struct failure *f) MUST_CHECK;
/* And back; a text that is none of the type fails with the server's words. */
status time_type_read(struct site *s, const struct time_type *t,
    const char *text, int64_t *out, struct failure *f) MUST_CHECK;
/* Append " ::TYPE". */
void time_type_cast(const struct time_type *t, struct sql *sql);

#endif
