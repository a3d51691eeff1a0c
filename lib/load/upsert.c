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
	free(u->stage);
	u->stage = NULL;
}

/*
 * Keys that "on conflict" can use: unique at once, of plain columns, without
 * a predicate.  One row an index: whether it is the primary key's, and its
 * columns' names sorted.
 */
static status
find_keys(struct pg *pg, const struct job *job, const struct target *t,
    struct pg_result **out, struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "select i.indisprimary, pg_catalog.to_jsonb(array(");
	sql_add(&q, "select a.attname::text");
	sql_add(&q, " from pg_catalog.pg_attribute as a");
	sql_add(&q, " where a.attrelid = i.indrelid");
	sql_add(&q, " and a.attnum = any ((i.indkey::int2[])");
	sql_add(&q, "[0:i.indnkeyatts - 1])");
	sql_add(&q, " order by a.attname::text collate \"C\"))");
	sql_add(&q, " from pg_catalog.pg_index as i");
	sql_add(&q, " where i.indrelid = ");
	run_param(&q, t->table.oid);
	sql_add(&q, " and i.indisunique and i.indimmediate and i.indisvalid");
	sql_add(&q, " and i.indpred is null and i.indexprs is null");
	sql_add(&q, " and not i.indisexclusion");
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

		if (asked->len == 0 ? pg_true(r, i, 0)
				    : same_names(&sorted, names))
			copy_names(names, &u->key);
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

status
upsert_prepare(struct pg *pg, const struct job *job, const struct target *t,
    struct upsert *u, struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s = find_keys(pg, job, t, &r, f);

	if (s == STATUS_OK)
		s = choose(job, r, u, f);
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

static bool
in_key(const struct upsert *u, const char *name)
{
	size_t i;

	for (i = 0; i < u->key.len; i++)
		if (str_eq(u->key.data[i], name))
			return true;
	return false;
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

status
upsert_merge(struct pg *pg, const struct job *job, const struct target *t,
    const struct upsert *u, uint64_t rows, struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	bool updates;
	status s;

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
