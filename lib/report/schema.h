/* SPDX-License-Identifier: PostgreSQL */
/*
 * The tables of a collection, for the schema formats.
 */
#ifndef REPORT_SCHEMA_H
#define REPORT_SCHEMA_H

#include <stdbool.h>

#include "data/record.h"

#include "report/render.h"

/* One database's section "tables"; NULL behind the last.  Start with *i = 0.
 * *database is its name. */
const json_t *schema_next(const json_t *document,
    const struct render_options *o, size_t *i, const char **database);
/* Is the row something with columns that can be referred to? */
bool schema_is_table(const json_t *row);
/* Is this column, or this list of columns, the whole primary key or a unique
 * one? */
bool schema_is_unique(const json_t *row, const json_t *columns);
/* How many columns the primary key has. */
size_t schema_key_size(const json_t *row);
/* Comment and purpose as one text; "" without. */
void schema_note(struct str *out, const json_t *row);
/* "a, b" of a list of names. */
void schema_names(struct str *out, const json_t *names);

#endif
