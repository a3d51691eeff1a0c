/* SPDX-License-Identifier: PostgreSQL */
/*
 * The statements of a listing, put together from share/sql, the patterns,
 * the chunk sources and the bounds.  Each is one query over common table
 * expressions, because a hot standby has no temporary tables.
 */
#ifndef CHUNK_STATEMENT_H
#define CHUNK_STATEMENT_H

#include <stdbool.h>

#include "chunk/bounds.h"
#include "chunk/patterns.h"
#include "chunk/request.h"
#include "chunk/source.h"
#include "chunk/text.h"
#include "chunk/timescale.h"

/* What all statements are made of; borrowed. */
struct statement {
	const struct texts *texts;
	const struct patterns *patterns;
	const struct sources *sources;
	const struct request *request;
	const struct timescale *timescale;
};

/* What each pattern names: ord, tables, schema, name, what; everything: not
 * only tables. */
void statement_matches(const struct statement *st, bool everything,
    struct sql *out);
/* Tables of extensions that were asked for and stay out: extname, count. */
void statement_apart(const struct statement *st, struct sql *out);
/* Hypertables whose own tables are not empty: schema, table. */
void statement_roots(const struct statement *st, struct sql *out);
/* The continuous aggregates; see cagg.c for the columns. */
void statement_caggs(const struct statement *st, struct sql *out);
/* Whether a source's condition can be asked at all. */
void statement_probe(const struct source *source, struct sql *out);
/* The numbers of the sources that any table goes to. */
void statement_shares(const struct statement *st, struct sql *out);
/* By which columns bounds go for the tables of one source. */
void statement_keys(const struct statement *st, size_t source,
    const char *column, struct sql *out);
/*
 * The rows of one source's chunks; see listing.c for their columns.  Begins
 * with "with", so that it can follow "declare ... for".  bounds: NULL where
 * there are none.
 */
void statement_list(const struct statement *st, size_t source,
    const struct bounds *bounds, enum request_order order, struct sql *out);

#endif
