/* SPDX-License-Identifier: PostgreSQL */
/*
 * Compressed rows of TimescaleDB as a table: how they go in binary.
 */
#include "pg/table.h"

#include <stdlib.h>

#include "base/str.h"

#define BYTEA_OID 17

/* What is in its columns has a binary form, but a type with a number that
 * is another one in each database. */
static void
make_bytes(struct pg_column *c, const char *open, const char *close)
{
	c->open = open;
	c->close = close;
	c->binary = true;
	free(c->canonical);
	c->canonical = NULL;
	c->digest.type = BYTEA_OID;
	c->digest.array = false;
	c->digest.element = 0;
}

void
pg_table_batches(struct pg_table *t)
{
	size_t i;

	for (i = 0; i < t->ncolumns; i++) {
		struct pg_column *c = &t->columns[i];

		if (str_eq(c->type_name,
			"_timescaledb_internal.compressed_data"))
			make_bytes(c,
			    "_timescaledb_functions.compressed_data_send(",
			    ")");
		/* A filter has no binary form; its text is that of bytea. */
		else if (str_eq(c->type_name, "_timescaledb_internal.bloom1")) {
			make_bytes(c, "",
			    "::pg_catalog.text::pg_catalog.bytea");
			c->as_bytes = true;
		}
	}
}
