/* SPDX-License-Identifier: PostgreSQL */
/*
 * The sequences that belong to the tables that were copied (serial columns,
 * identity columns, "owned by"), or to what those are partitions or children
 * of.  They know no snapshots: read after the last row, they are at or
 * beyond every value that the rows hold.
 */
#ifndef UNLOAD_SEQUENCE_H
#define UNLOAD_SEQUENCE_H

#include "data/record.h"
#include <stddef.h>
#include <stdint.h>

#include "pg/conn.h"

/*
 * {"sequences":[...]} for the tables with these oids, over a connection
 * without a transaction.  One that may not be read is named in a warning
 * and left out.  NULL *out: there are none.  Reports.
 */
status sequence_read(struct pg *pg, const uint32_t *tables, size_t ntables,
    json_t **out) MUST_CHECK;

#endif
