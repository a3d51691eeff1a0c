/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rows of share/sql/chunks-list.sql.
 */
#include "chunk/piece.h"

#include <stdlib.h>

#include "base/mem.h"

/* The columns of share/sql/chunks-list.sql. */
enum {
	ROW_SCHEMA,
	ROW_TABLE,
	ROW_ROOT_SCHEMA,
	ROW_ROOT_TABLE,
	ROW_PARENT_SCHEMA,
	ROW_PARENT_TABLE,
	ROW_OID,
	ROW_KIND,
	ROW_PERSISTENCE,
	ROW_HEAP,
	ROW_REFUSE,
	ROW_LEAVE,
	ROW_FIELDS,
	ROW_BOUND,
	ROW_RANGE,
	ROW_PART,
	ROW_PREDICATE,
	ROW_COMPRESSED,
	ROW_REFERS_TO_ITSELF,
	ROW_ROWS,
	ROW_BLOCKS,
	ROW_BLOCK_SIZE,
	ROW_BYTES,
	ROW_COLUMN,
	ROW_TYPE_NO,
	ROW_MAY_BE_NULL,
	ROW_FROM_CUTS,
	ROW_UNTIL_CUTS,
	ROW_NUMBER,
	ROW_TEXT,
	ROW_NAME
};

void
piece_from_row(const struct pg_result *r, int row, struct piece *out)
{
	const char *number = pg_value(r, row, ROW_NUMBER);
	const char *type = pg_value(r, row, ROW_TYPE_NO);
	const char *rows = pg_value(r, row, ROW_ROWS);

	*out = (struct piece){
	    .schema = pg_value(r, row, ROW_SCHEMA),
	    .table = pg_value(r, row, ROW_TABLE),
	    .root_schema = pg_value(r, row, ROW_ROOT_SCHEMA),
	    .root_table = pg_value(r, row, ROW_ROOT_TABLE),
	    .parent_schema = pg_value(r, row, ROW_PARENT_SCHEMA),
	    .parent_table = pg_value(r, row, ROW_PARENT_TABLE),
	    .oid = pg_value(r, row, ROW_OID),
	    .kind = pg_value(r, row, ROW_KIND)[0],
	    .persistence = pg_value(r, row, ROW_PERSISTENCE)[0],
	    .heap = pg_true(r, row, ROW_HEAP),
	    .refuse = pg_value(r, row, ROW_REFUSE),
	    .leave = pg_value(r, row, ROW_LEAVE),
	    .fields = pg_value(r, row, ROW_FIELDS),
	    .bound = pg_value(r, row, ROW_BOUND),
	    .range = pg_value(r, row, ROW_RANGE),
	    .part = pg_value(r, row, ROW_PART),
	    .predicate = pg_value(r, row, ROW_PREDICATE),
	    .compressed = pg_true(r, row, ROW_COMPRESSED),
	    .refers_to_itself = pg_true(r, row, ROW_REFERS_TO_ITSELF),
	    .rows = rows == NULL ? -1 : pg_int(r, row, ROW_ROWS),
	    .bytes = pg_int(r, row, ROW_BYTES),
	    .blocks = (uint64_t)pg_int(r, row, ROW_BLOCKS),
	    .block_size = (uint64_t)pg_int(r, row, ROW_BLOCK_SIZE),
	    .column = pg_value(r, row, ROW_COLUMN),
	    .type_no = type == NULL ? PIECE_NO_TYPE
				    : (size_t)pg_int(r, row, ROW_TYPE_NO),
	    .may_be_null = pg_true(r, row, ROW_MAY_BE_NULL),
	    .from_cuts = pg_true(r, row, ROW_FROM_CUTS),
	    .until_cuts = pg_true(r, row, ROW_UNTIL_CUTS),
	    .has_number = number != NULL,
	    .number = number == NULL ? 0 : strtod(number, NULL),
	    .order_text = pg_value(r, row, ROW_TEXT),
	    .order_name = pg_value(r, row, ROW_NAME),
	};
}

char *
piece_name(const struct piece *p)
{
	struct str name = STR_INIT;

	sql_show_name(&name, p->schema, p->table);
	return str_take(&name);
}

char *
piece_id(const struct piece *p)
{
	struct str id = STR_INIT;

	sql_show_name(&id, p->root_schema, p->root_table);
	if (!str_eq(p->root_schema, p->schema) ||
	    !str_eq(p->root_table, p->table)) {
		str_addc(&id, '/');
		sql_show_name(&id, p->schema, p->table);
	}
	if (p->part != NULL) {
		str_addc(&id, '#');
		str_add(&id, p->part);
	}
	return str_take(&id);
}
