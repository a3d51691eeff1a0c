/* SPDX-License-Identifier: PostgreSQL */
/*
 * From a chunk line to chunk.json.
 */
#ifndef UNLOAD_LINE_H
#define UNLOAD_LINE_H

#include "pg/table.h"
#include "unload/snapshot.h"

/*
 * A copy of the line without what an earlier run answered with (so that a
 * failed line is work like any other), stamped with the snapshot.
 */
json_t *line_fresh(const json_t *line, const struct snapshot *s);
/* Add what the relation is and how its rows come. */
void line_describe(json_t *line, const struct pg_table *t,
    enum copy_format format, bool digest);

#endif
