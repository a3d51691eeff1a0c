/* SPDX-License-Identifier: PostgreSQL */
/*
 * Merging a chunk into a table that has other rows.
 */
#include "load/upsert.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "load/columns.h"

#define STAGE "pgpipe_stage"

void
upsert_free(struct upsert *u)
{
	strv_free(&u->key);
	strv_free(&u->may_be_null);
	free(u->stage);
	u->stage = NULL;
}

/* Of a key's columns, sorted by name. */
static void
add_columns(struct sql *q)
{
	sql_add(q, "pg_catalog.to_jsonb(array(select a.attname::text");
	sql_add(q, " from pg_catalog.pg_attribute as a");
	sql_add(q, " where a.attrelid = i.indrelid");
	sql_add(q, " and a.attnum = any ((i.indkey::int2[])");
	sql_add(q, "[0:i.indnkeyatts - 1])");
}

/*
 * Keys that "on conflict" can use: unique at once, of plain columns, without
 * a predicate.  One row an index: whether it is the primary key's, its
 * columns' names sorted, and those of them that may hold nulls which are all
 * different.
 */
static status
find_keys(struct pg *pg, const struct job *job, const struct target *t,
    struct pg_result **out, struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "select i.indisprimary, ");
	add_columns(&q);
	sql_add(&q, " order by a.attname::text collate \"C\")), ");
	add_columns(&q);
	sql_add(&q, " and not a.attnotnull");
	if (pg_version(pg) >= 150000)
		sql_add(&q, " and not i.indnullsnotdistinct");
	sql_add(&q, " order by a.attname::text collate \"C\"))");
	sql_add(&q, " from pg_catalog.pg_index as i");
	sql_add(&q, " where i.indrelid = ");
	run_param(&q, t->table.oid);
	sql_add(&q, " and i.indisunique and i.indimmediate and i.indisvalid");
	sql_add(&q, " and i.indpred is null and i.indexprs is null");
	sql_add(&q, " and not i.indisexclusion order by 3");
	return failure_run(f, pg, &q, out, "look at the keys of %s",
	    job->target);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
same_names(const struct strv *sorted, const json_t *names)
{
	size_t i;

	if (json_array_size(names) != sorted->len)
		return false;
	for (i = 0; i < sorted->len; i++)
		if (!str_eq(sorted->data[i],
			json_string_value(json_array_get(names, i))))
			return false;
	return true;
}

static bool
in_chunk(const struct job *job, const char *name)
{
	size_t i;

	for (i = 0; i < columns_count(job); i++)
		if (str_eq(columns_name(job, i), name))
			return true;
	return false;
}

static void
copy_names(const json_t *names, struct strv *out)
{
	size_t i;

	for (i = 0; i < json_array_size(names); i++)
		strv_add(out, json_string_value(json_array_get(names, i)));
}

static status
choose(const struct job *job, const struct pg_result *r, struct upsert *u,
    struct failure *f)
{
	const struct strv *asked = &job->load->options->key;
	struct strv sorted CLEANUP(strv_free) = STRV_INIT;
	size_t n;
	int i;

	for (n = 0; n < asked->len; n++)
		strv_add(&sorted, asked->data[n]);
	if (sorted.len > 0)
		qsort(sorted.data, sorted.len, sizeof(*sorted.data),
		    compare_names);
	for (i = 0; i < pg_rows(r) && u->key.len == 0; i++) {
		json_t *names CLEANUP(record_cleanup) =
		    json_loads(pg_value(r, i, 1), 0, NULL);
		json_t *nulls CLEANUP(record_cleanup) =
		    json_loads(pg_value(r, i, 2), 0, NULL);

		if (asked->len == 0 ? pg_true(r, i, 0)
				    : same_names(&sorted, names)) {
			copy_names(names, &u->key);
			copy_names(nulls, &u->may_be_null);
		}
	}
	if (u->key.len == 0) {
		(void)failure_set(f, STATUS_FAIL,
		    asked->len == 0
			? "cannot merge into %s: it has no primary key"
			: "cannot merge into %s: --key is no unique key of it",
		    job->target);
		failure_hint(f,
		    asked->len == 0
			? "--key names the columns of another unique key."
			: "It takes a unique index of just these columns, not "
			  "deferrable, without a predicate.");
		return STATUS_FAIL;
	}
	for (n = 0; n < u->key.len; n++)
		if (!in_chunk(job, u->key.data[n]))
			return failure_set(f, STATUS_FAIL,
			    "cannot merge into %s: its key's column \"%s\" is "
			    "not in \"%s.%s\" of the source",
			    job->target, u->key.data[n], job->chunk.schema,
			    job->chunk.table);
	return STATUS_OK;
}

static bool
in_key(const struct upsert *u, const char *name)
{
	size_t i;

	for (i = 0; i < u->key.len; i++)
		if (str_eq(u->key.data[i], name))
			return true;
	return false;
}

/* The server updates what it generates always to nothing but a new value. */
static status
check_identities(const struct job *job, const struct target *t,
    const struct upsert *u, struct failure *f)
{
	size_t i;

	for (i = 0; i < columns_count(job); i++) {
		const char *name = columns_name(job, i);
		const struct pg_column *c = pg_table_column(&t->table, name);

		if (c == NULL || c->identity != 'a' || in_key(u, name))
			continue;
		(void)failure_set(f, STATUS_FAIL,
		    "cannot merge into %s: its column \"%s\" is generated "
		    "always as identity, and is not in the key",
		    job->target, name);
		failure_hint(f,
		    "It can be merged once it is generated by "
		    "default.");
		return STATUS_FAIL;
	}
	return STATUS_OK;
}

status
upsert_prepare(struct pg *pg, const struct job *job, const struct target *t,
    struct upsert *u, struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s = find_keys(pg, job, t, &r, f);

	if (s == STATUS_OK)
		s = choose(job, r, u, f);
	if (s == STATUS_OK)
		s = check_identities(job, t, u, f);
	if (s != STATUS_OK)
		return s;
	u->stage = mem_strdup(STAGE);
	sql_add(&q, "create temporary table ");
	sql_name(&q, "pg_temp", u->stage);
	sql_add(&q, " on commit drop as select ");
	columns_list(&q, job);
	sql_add(&q, " from only ");
	target_name(&q, t);
	sql_add(&q, " with no data");
	return failure_run(f, pg, &q, NULL, "make a temporary table");
}

/* " on conflict (...) do ..."; false: there is nothing to update. */
static bool
add_conflict(struct sql *q, const struct job *job, const struct upsert *u)
{
	bool any = false;
	size_t i;

	sql_add(q, " on conflict (");
	for (i = 0; i < u->key.len; i++) {
		if (i > 0)
			sql_add(q, ", ");
		sql_ident(q, u->key.data[i]);
	}
	sql_add(q, ") do ");
	for (i = 0; i < columns_count(job); i++) {
		const char *name = columns_name(job, i);

		if (in_key(u, name))
			continue;
		if (any)
			sql_add(q, ", ");
		else
			sql_add(q, "update set ");
		any = true;
		sql_ident(q, name);
		sql_add(q, " = excluded.");
		sql_ident(q, name);
	}
	if (!any)
		sql_add(q, "nothing");
	return any;
}

/*
 * A null is no conflict with another one: such a row would be added once more
 * by every run.
 */
static status
check_nulls(struct pg *pg, const struct job *job, const struct upsert *u,
    struct failure *f)
{
	struct str names CLEANUP(str_free) = STR_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;
	size_t i;

	if (u->may_be_null.len == 0)
		return STATUS_OK;
	sql_add(&q, "select pg_catalog.count(*) from ");
	sql_name(&q, "pg_temp", u->stage);
	sql_add(&q, " where false");
	for (i = 0; i < u->may_be_null.len; i++) {
		sql_add(&q, " or ");
		sql_ident(&q, u->may_be_null.data[i]);
		sql_add(&q, " is null");
		str_addf(&names, "%s\"%s\"", i == 0 ? "" : ", ",
		    u->may_be_null.data[i]);
	}
	s = failure_run(f, pg, &q, &r, "look for nulls in the key");
	if (s != STATUS_OK || pg_int(r, 0, 0) == 0)
		return s;
	(void)failure_set(f, STATUS_FAIL,
	    "cannot merge into %s: %" PRId64 " of the rows have no value in a "
	    "column of the key (%s), and would be added again by every run",
	    job->target, pg_int(r, 0, 0), str_text(&names));
	failure_hint(f,
	    "Merge by a key whose columns are not null, or leave these rows "
	    "out%s.",
	    pg_version(pg) >= 150000
		? ", or make its index \"unique nulls not distinct\""
		: "");
	return STATUS_FAIL;
}

status
upsert_merge(struct pg *pg, const struct job *job, const struct target *t,
    const struct upsert *u, uint64_t rows, struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	bool updates;
	status s = check_nulls(pg, job, u, f);

	if (s != STATUS_OK)
		return s;
	sql_add(&q, "insert into ");
	target_name(&q, t);
	sql_add(&q, " (");
	columns_list(&q, job);
	sql_add(&q, ") overriding system value select ");
	columns_list(&q, job);
	sql_add(&q, " from ");
	sql_name(&q, "pg_temp", u->stage);
	updates = add_conflict(&q, job, u);
	s = failure_run(f, pg, &q, &r, "merge into %s", job->target);
	if (s != STATUS_OK)
		return s;
	if (updates && pg_affected(r) != rows)
		return failure_set(f, STATUS_FAIL,
		    "%" PRIu64 " rows came for %s and %" PRIu64 " were merged: "
		    "a trigger kept the others out",
		    rows, job->target, pg_affected(r));
	return STATUS_OK;
}
