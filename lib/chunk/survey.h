/* SPDX-License-Identifier: PostgreSQL */
/*
 * What is looked at before the first line: whether every pattern names
 * something, whether a user's chunk sources can be used, and whether every
 * table's column takes the bounds.
 */
#ifndef CHUNK_SURVEY_H
#define CHUNK_SURVEY_H

#include "chunk/statement.h"

/*
 * Ask each source of the user's for its tables: one that fails is reported,
 * marked idle, and remembered in *flaw; the others go on.  Sources for
 * extensions that are not there are idle.
 */
status survey_sources(struct pg *pg, struct sources *sources, status *flaw)
    MUST_CHECK;

/* Patterns that name nothing to list are reported; STATUS_USAGE, unless
 * if_exists allows it. */
status survey_patterns(struct pg *pg, const struct statement *st) MUST_CHECK;

/* Which sources have a part in it: the others are marked idle.  Tells of
 * tables that were only asked for by a wide pattern and stay out. */
status survey_tables(struct pg *pg, const struct statement *st,
    struct sources *sources) MUST_CHECK;

/* A hypertable whose own table holds rows is reported, for they are in none
 * of its chunks, and remembered in *flaw. */
status survey_roots(struct pg *pg, const struct statement *st, status *flaw)
    MUST_CHECK;

/* Find the types of all columns that the bounds go by, and read the bounds
 * as such.  Tables that cannot take them are reported; STATUS_USAGE. */
status survey_bounds(struct pg *pg, const struct statement *st,
    struct bounds *bounds) MUST_CHECK;

#endif
