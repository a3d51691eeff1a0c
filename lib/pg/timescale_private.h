/* SPDX-License-Identifier: PostgreSQL */
/*
 * What queries over TimescaleDB's catalog share: parts of a "with".
 */
#ifndef PG_TIMESCALE_PRIVATE_H
#define PG_TIMESCALE_PRIVATE_H

#include "pg/sql.h"
#include "pg/timescale.h"

/* want(name, lo, hi): a row for each of the slices. */
void timescale_add_want(struct sql *sql, const json_t *slices);
/* dim: the dimensions of h; counts is the type that its slices count in, which
 * a function may give. */
void timescale_add_dimensions(struct sql *sql, const struct pg_hypertable *h);

#endif
