/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rows of share/sql/chunks-caggs.sql as lines.
 */
#include "chunk/cagg.h"

#include "base/mem.h"
#include "base/signal.h"
#include "data/record.h"

/* The columns of share/sql/chunks-caggs.sql. */
enum {
	CAGG_SCHEMA,
	CAGG_VIEW,
	CAGG_HYPERTABLE_SCHEMA,
	CAGG_HYPERTABLE_TABLE,
	CAGG_PARENT_SCHEMA,
	CAGG_PARENT_TABLE,
	CAGG_LEVEL,
	CAGG_TYPE,
	CAGG_WATERMARK,
	CAGG_BUCKET_WIDTH,
	CAGG_FINALIZED,
	CAGG_MATERIALIZED_ONLY
};

static void
set_relation(json_t *record, const char *field, const struct pg_result *r,
    int row, int schema)
{
	json_t *value = json_object();

	record_set_text(value, "schema", pg_value(r, row, schema));
	record_set_text(value, "table", pg_value(r, row, schema + 1));
	json_object_set_new(record, field, value);
}

static json_t *
make_record(struct pg *pg, const struct pg_result *r, int row)
{
	struct str id CLEANUP(str_free) = STR_INIT;
	json_t *record = json_object();

	sql_show_name(&id, pg_value(r, row, CAGG_SCHEMA),
	    pg_value(r, row, CAGG_VIEW));
	record_set_text(record, "cagg", str_text(&id));
	record_set_text(record, "source", "cagg");
	record_set_text(record, "schema", pg_value(r, row, CAGG_SCHEMA));
	record_set_text(record, "view", pg_value(r, row, CAGG_VIEW));
	set_relation(record, "hypertable", r, row, CAGG_HYPERTABLE_SCHEMA);
	set_relation(record, "parent", r, row, CAGG_PARENT_SCHEMA);
	record_set_int(record, "level", pg_int(r, row, CAGG_LEVEL));
	record_set_text(record, "type", pg_value(r, row, CAGG_TYPE));
	record_set_text(record, "watermark", pg_value(r, row, CAGG_WATERMARK));
	record_set_text(record, "bucket_width",
	    pg_value(r, row, CAGG_BUCKET_WIDTH));
	json_object_set_new(record, "finalized",
	    json_boolean(pg_true(r, row, CAGG_FINALIZED)));
	json_object_set_new(record, "materialized_only",
	    json_boolean(pg_true(r, row, CAGG_MATERIALIZED_ONLY)));
	record_set_text(record, "system", pg_system(pg));
	if (pg_timeline(pg) > 0)
		record_set_int(record, "timeline", pg_timeline(pg));
	else
		json_object_set_new(record, "timeline", json_null());
	record_set_text(record, "database", pg_database(pg));
	return record;
}

status
cagg_print_all(struct pg *pg, const struct statement *st, uint64_t *lines)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s;

	statement_caggs(st, &sql);
	s = pg_run(pg, "list continuous aggregates", &sql, &r);
	for (int row = 0; s == STATUS_OK && row < pg_rows(r); row++) {
		json_t *record CLEANUP(record_cleanup) =
		    make_record(pg, r, row);

		/* io_finish raises the signal. */
		s = signal_stop() != 0 ? STATUS_RETRY : record_print(record);
		if (s == STATUS_OK)
			++*lines;
	}
	return s;
}
