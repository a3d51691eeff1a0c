/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rows of a result as JSON: each an object with the names of its columns.
 * Booleans are booleans; numbers are numbers, but text above 2^53 or with more
 * digits than a double keeps; json and jsonb are embedded; timestamps are
 * ISO 8601 in UTC; all else is text.
 */
#ifndef REPORT_ROWS_H
#define REPORT_ROWS_H

#include <stddef.h>

#include "data/record.h"
#include "pg/conn.h"

/* One row; a new object. */
json_t *rows_object(const struct pg_result *r, int row);
/* The first so many rows; a new list. */
json_t *rows_list(const struct pg_result *r, size_t limit);
/* [{"name","type"}]; a new list. */
json_t *rows_columns(const struct pg_result *r);

#endif
