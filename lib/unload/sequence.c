/* SPDX-License-Identifier: PostgreSQL */
/*
 * Owned sequences: which there are, in one query; where they stand, in one
 * for some hundreds of them at a time, because each is a relation to read
 * from, and to lock.
 */
#include "unload/sequence.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/str.h"
#include "data/record.h"

#define AT_ONCE 500

static void
add_oids(struct str *out, const uint32_t *oids, size_t n)
{
	size_t i;

	str_addc(out, '{');
	for (i = 0; i < n; i++)
		str_addf(out, "%s%" PRIu32, i > 0 ? "," : "", oids[i]);
	str_addc(out, '}');
}

enum column {
	SEQUENCE_SCHEMA,
	SEQUENCE_NAME,
	TABLE_SCHEMA,
	TABLE_NAME,
	COLUMN_NAME,
	INCREMENT,
	READABLE
};

static void
add_query(struct sql *sql, const uint32_t *tables, size_t ntables)
{
	struct str oids CLEANUP(str_free) = STR_INIT;

	add_oids(&oids, tables, ntables);
	sql_add(sql, "with recursive copied(oid) as (");
	sql_add(sql, " select o.oid from pg_catalog.unnest(");
	sql_param(sql, str_text(&oids));
	sql_add(sql, "::pg_catalog.oid[]) as o(oid)");
	sql_add(sql, " union");
	sql_add(sql, " select i.inhparent from pg_catalog.pg_inherits as i");
	sql_add(sql, " join copied on i.inhrelid = copied.oid)");
	sql_add(sql, " select sn.nspname, s.relname, tn.nspname, t.relname,");
	sql_add(sql, " a.attname, q.seqincrement,");
	sql_add(sql, " pg_catalog.has_sequence_privilege(s.oid, 'select')");
	sql_add(sql, " and pg_catalog.has_schema_privilege(sn.oid, 'usage')");
	sql_add(sql, " from copied");
	sql_add(sql, " join pg_catalog.pg_class as t on t.oid = copied.oid");
	sql_add(sql, " join pg_catalog.pg_namespace as tn");
	sql_add(sql, " on tn.oid = t.relnamespace");
	sql_add(sql, " join pg_catalog.pg_depend as d");
	sql_add(sql, " on d.refclassid = 'pg_catalog.pg_class'");
	sql_add(sql, "::pg_catalog.regclass and d.refobjid = t.oid");
	sql_add(sql, " and d.classid = 'pg_catalog.pg_class'");
	sql_add(sql, "::pg_catalog.regclass and d.deptype in ('a', 'i')");
	sql_add(sql, " join pg_catalog.pg_attribute as a");
	sql_add(sql, " on a.attrelid = t.oid and a.attnum = d.refobjsubid");
	sql_add(sql, " join pg_catalog.pg_class as s");
	sql_add(sql, " on s.oid = d.objid and s.relkind = 'S'");
	sql_add(sql, " join pg_catalog.pg_sequence as q");
	sql_add(sql, " on q.seqrelid = s.oid");
	sql_add(sql, " join pg_catalog.pg_namespace as sn");
	sql_add(sql, " on sn.oid = s.relnamespace");
	sql_add(sql, " order by 1, 2");
}

static json_t *
describe(const struct pg_result *r)
{
	json_t *sequence = json_object(), *owner = json_object();

	record_set_text(sequence, "schema", pg_value(r, 0, SEQUENCE_SCHEMA));
	record_set_text(sequence, "sequence", pg_value(r, 0, SEQUENCE_NAME));
	record_set_text(owner, "schema", pg_value(r, 0, TABLE_SCHEMA));
	record_set_text(owner, "table", pg_value(r, 0, TABLE_NAME));
	record_set_text(owner, "column", pg_value(r, 0, COLUMN_NAME));
	(void)json_object_set_new(sequence, "owner", owner);
	record_set_text(sequence, "increment", pg_value(r, 0, INCREMENT));
	return sequence;
}

static void
stays_behind(const char *schema, const char *sequence, const char *why)
{
	struct str name CLEANUP(str_free) = STR_INIT;

	sql_show_name(&name, schema, sequence);
	log_warning("sequence %s stays behind: %s", str_text(&name), why);
}

static status
found(void *arg, const struct pg_result *r)
{
	json_t *list = arg;

	if (!pg_true(r, 0, READABLE))
		stays_behind(pg_value(r, 0, SEQUENCE_SCHEMA),
		    pg_value(r, 0, SEQUENCE_NAME), "it may not be read");
	else
		(void)json_array_append_new(list, describe(r));
	return STATUS_OK;
}

/* select n, last_value, is_called from each, as one query. */
static void
add_values(struct sql *sql, const json_t *list, size_t from, size_t to)
{
	size_t i;

	for (i = from; i < to; i++) {
		const json_t *s = json_array_get(list, i);

		if (i > from)
			sql_add(sql, " union all ");
		sql_add(sql, "select ");
		sql_int(sql, (int64_t)i);
		sql_add(sql, ", last_value, is_called from ");
		sql_name(sql, record_text(s, "schema"),
		    record_text(s, "sequence"));
	}
}

static status
read_values(struct pg *pg, json_t *list, size_t from, size_t to)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s;
	int row;

	add_values(&sql, list, from, to);
	s = pg_run(pg, NULL, &sql, &r);
	for (row = 0; s == STATUS_OK && row < pg_rows(r); row++) {
		json_t *one = json_array_get(list, (size_t)pg_int(r, row, 0));

		record_set_text(one, "last_value", pg_value(r, row, 1));
		(void)json_object_set_new(one, "is_called",
		    json_boolean(pg_true(r, row, 2)));
	}
	return s;
}

/* One that has gone meanwhile must not take the others with it. */
static status
read_singly(struct pg *pg, json_t *list, size_t from, size_t to)
{
	size_t i;

	for (i = from; i < to; i++) {
		const json_t *one = json_array_get(list, i);

		if (read_values(pg, list, i, i + 1) == STATUS_OK)
			continue;
		if (pg_broken(pg)) {
			pg_report(pg, "read the sequences");
			return STATUS_RETRY;
		}
		stays_behind(record_text(one, "schema"),
		    record_text(one, "sequence"), pg_last_error(pg)->message);
	}
	return STATUS_OK;
}

static void
drop_unread(json_t *list)
{
	size_t i = json_array_size(list);

	while (i-- > 0)
		if (json_object_get(json_array_get(list, i), "last_value") ==
		    NULL)
			(void)json_array_remove(list, i);
}

status
sequence_read(struct pg *pg, const uint32_t *tables, size_t ntables,
    json_t **out)
{
	json_t *list CLEANUP(record_cleanup) = json_array();
	struct sql sql CLEANUP_SQL = SQL_INIT;
	size_t n, from, to;
	status s;

	*out = NULL;
	if (ntables == 0)
		return STATUS_OK;
	add_query(&sql, tables, ntables);
	s = pg_each(pg, "look up the sequences", &sql, found, list);
	n = json_array_size(list);
	for (from = 0; s == STATUS_OK && from < n; from = to) {
		to = n - from > AT_ONCE ? from + AT_ONCE : n;
		if (read_values(pg, list, from, to) != STATUS_OK)
			s = read_singly(pg, list, from, to);
	}
	if (s != STATUS_OK)
		return s;
	drop_unread(list);
	if (json_array_size(list) > 0)
		*out = json_pack("{s:O}", "sequences", list);
	return STATUS_OK;
}
