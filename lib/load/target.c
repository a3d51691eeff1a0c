/* SPDX-License-Identifier: PostgreSQL */
/*
 * Looking at a target with one query, and judging it before a row moves.
 */
#include "load/target.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "load/columns.h"

/* Bits of pg_trigger.tgtype. */
#define ON_INSERT "4"
#define ON_DELETE "8"
#define ON_UPDATE "16"
#define ON_TRUNCATE "32"

void
target_name(struct sql *q, const struct target *t)
{
	sql_name(q, t->table.schema, t->table.name);
}

void
target_only(struct sql *q, const struct target *t)
{
	if (t->table.kind != 'p' && !t->table.hypertable)
		sql_add(q, "only ");
	target_name(q, t);
}

/*
 * Triggers of users that fire in this session, which may be a replica's.
 * Foreign keys and deferrable unique constraints are triggers, too, but not
 * of this kind, nor are TimescaleDB's; a partition has copies of its parent's.
 */
static void
add_triggers(struct sql *q)
{
	sql_add(q, "t as (select g.tgname as name, g.tgtype as type");
	sql_add(q, " from pg_catalog.pg_trigger as g");
	sql_add(q, " where g.tgrelid = (select oid from k)");
	sql_add(q, " and not exists (select from pg_catalog.pg_proc as p");
	sql_add(q, " join pg_catalog.pg_namespace as n");
	sql_add(q, " on n.oid = p.pronamespace where p.oid = g.tgfoid");
	sql_add(q, " and n.nspname in ('_timescaledb_functions',");
	sql_add(q, " '_timescaledb_internal'))");
	sql_add(q, " and not exists (select from pg_catalog.pg_constraint");
	sql_add(q, " as c where c.oid = g.tgconstraint");
	sql_add(q, " and c.contype <> 't')");
	sql_add(q, " and g.tgenabled in ('A', case");
	sql_add(q, " pg_catalog.current_setting('session_replication_role')");
	sql_add(q, " when 'replica' then 'R' else 'O' end))");
}

static void
add_trigger_names(struct sql *q)
{
	sql_add(q, ", (select pg_catalog.string_agg('\"' || name || '\"',");
	sql_add(q, " ', ' order by name) from t where type & ");
}

static void
build(struct sql *q, const struct target *t)
{
	sql_add(q, "with k as (select c.* from pg_catalog.pg_class as c");
	sql_add(q, " where c.oid = ");
	run_param(q, t->table.oid);
	sql_add(q, "), ");
	add_triggers(q);
	sql_add(q, " select k.relkind = 'r' and (select a.amname = 'heap'");
	sql_add(q, " from pg_catalog.pg_am as a where a.oid = k.relam),");
	sql_add(q, " pg_catalog.pg_has_role(k.relowner, 'USAGE'),");
	sql_add(q, " pg_catalog.has_table_privilege(k.oid, 'TRUNCATE'),");
	sql_add(q, " exists (select from t where type & " ON_TRUNCATE);
	sql_add(q, " <> 0), exists (select from t where type & " ON_DELETE);
	sql_add(q, " <> 0), exists (select from pg_catalog.pg_rewrite as w");
	sql_add(q, " where w.ev_class = k.oid and w.ev_type = '4'");
	sql_add(q, " and w.ev_enabled <> 'D'),");
	sql_add(q, " (select pg_catalog.string_agg(pg_catalog.format(");
	sql_add(q, "'\"%s\" of \"%s.%s\"', f.conname, n.nspname, r.relname),");
	sql_add(q, " ', ' order by f.conname)");
	sql_add(q, " from pg_catalog.pg_constraint as f");
	sql_add(q, " join pg_catalog.pg_class as r on r.oid = f.conrelid");
	sql_add(q, " join pg_catalog.pg_namespace as n");
	sql_add(q, " on n.oid = r.relnamespace");
	sql_add(q, " where f.confrelid = k.oid and f.contype = 'f'");
	sql_add(q, " and f.conrelid <> k.oid)");
	add_trigger_names(q);
	sql_add(q, ON_INSERT " <> 0)");
	add_trigger_names(q);
	sql_add(q, ON_UPDATE " <> 0)");
	sql_add(q, ", (select pg_catalog.string_agg('\"' || w.rulename");
	sql_add(q, " || '\"', ', ' order by w.rulename)");
	sql_add(q, " from pg_catalog.pg_rewrite as w");
	sql_add(q, " where w.ev_class = k.oid and w.ev_type = '3'");
	sql_add(q, " and w.ev_enabled <> 'D'),");
	sql_add(q, " (select pg_catalog.string_agg('\"' || f.conname || '\"',");
	sql_add(q, " ', ' order by f.conname)");
	sql_add(q, " from pg_catalog.pg_constraint as f");
	sql_add(q, " where f.confrelid = k.oid and f.contype = 'f'");
	sql_add(q, " and f.conrelid = k.oid");
	sql_add(q, " and f.confdeltype in ('c', 'n', 'd')),");
	sql_add(q, " k.relpersistence = 'u' or k.relkind = 'p' and exists (");
	sql_add(q, "select from pg_catalog.pg_partition_tree(k.oid) as p");
	sql_add(q, " join pg_catalog.pg_class as l on l.oid = p.relid");
	sql_add(q, " where l.relpersistence = 'u'),");
	sql_add(q, " exists (select from pg_catalog.pg_constraint as f");
	sql_add(q, " where f.conrelid = k.oid and f.contype = 'f'");
	sql_add(q, " and f.confrelid <> k.oid),");
	sql_add(q, " case when k.relispartition then");
	sql_add(q, " (select pg_catalog.jsonb_agg(");
	sql_add(q, " pg_catalog.jsonb_build_array(n.nspname, c.relname))");
	sql_add(q, " from pg_catalog.pg_partition_ancestors(k.oid) as a");
	sql_add(q, " join pg_catalog.pg_class as c on c.oid = a.relid");
	sql_add(q, " join pg_catalog.pg_namespace as n");
	sql_add(q, " on n.oid = c.relnamespace where c.oid <> k.oid) end");
	sql_add(q, ", pg_catalog.pg_get_expr(k.relpartbound, k.oid),");
	sql_add(q, " pg_catalog.has_table_privilege(k.oid,");
	sql_add(q, " 'INSERT, UPDATE, DELETE, TRUNCATE')");
	sql_add(q, " from k");
}

static char *
copy_of(const char *text)
{
	return text == NULL ? NULL : mem_strdup(text);
}

/* [["s","t"],...] as names for messages, or NULL. */
static json_t *
shown_names(const char *text)
{
	json_t *pairs CLEANUP(record_cleanup) =
	    text == NULL ? NULL : json_loads(text, 0, NULL);
	json_t *names = pairs == NULL ? NULL : json_array();
	size_t i;

	for (i = 0; i < json_array_size(pairs); i++) {
		const json_t *pair = json_array_get(pairs, i);
		struct str name CLEANUP(str_free) = STR_INIT;

		sql_show_name(&name, json_string_value(json_array_get(pair, 0)),
		    json_string_value(json_array_get(pair, 1)));
		(void)json_array_append_new(names,
		    json_string(str_text(&name)));
	}
	return names;
}

static status
look(struct pg *pg, const struct job *job, struct target *t, struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	build(&q, t);
	s = failure_run(f, pg, &q, &r, "look at %s", job->target);
	if (s != STATUS_OK)
		return s;
	if (pg_rows(r) != 1)
		return failure_set(f, STATUS_RETRY,
		    "%s was dropped by somebody else", job->target);
	t->heap = pg_true(r, 0, 0);
	t->owner = pg_true(r, 0, 1);
	t->may_truncate = pg_true(r, 0, 2);
	t->truncate_triggers = pg_true(r, 0, 3);
	t->delete_triggers = pg_true(r, 0, 4);
	t->keeps_rows = t->delete_triggers || pg_true(r, 0, 5);
	t->references = copy_of(pg_value(r, 0, 6));
	t->insert_triggers = copy_of(pg_value(r, 0, 7));
	t->update_triggers = copy_of(pg_value(r, 0, 8));
	t->insert_rules = copy_of(pg_value(r, 0, 9));
	t->cascades = copy_of(pg_value(r, 0, 10));
	t->unlogged = pg_true(r, 0, 11);
	t->keys = pg_true(r, 0, 12);
	t->ancestors = shown_names(pg_value(r, 0, 13));
	t->own_bound = copy_of(pg_value(r, 0, 14));
	t->may_lock = pg_true(r, 0, 15);
	return STATUS_OK;
}

/* Is it a new partition that an earlier process began to fill? */
static status
look_for_parent(struct pg *pg, const struct job *job, struct target *t,
    struct failure *f)
{
	const struct run *run = &job->load->run;
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	if (run->schema == NULL || t->table.is_partition)
		return STATUS_OK;
	sql_add(&q, "select parent_schema, parent_table, bound from ");
	run_table(run, &q, "attaching");
	sql_add(&q, " where target_schema = ");
	sql_param(&q, job->schema);
	sql_add(&q, " and target_table = ");
	sql_param(&q, job->table);
	s = failure_run(f, pg, &q, &r, "read the ledger");
	if (s != STATUS_OK || pg_rows(r) == 0)
		return s;
	t->parent_schema = copy_of(pg_value(r, 0, 0));
	t->parent_table = copy_of(pg_value(r, 0, 1));
	t->bound = copy_of(pg_value(r, 0, 2));
	return STATUS_OK;
}

status
target_look(struct pg *pg, const struct job *job, const char *schema,
    const char *table, struct target *t, struct failure *f)
{
	if (pg_table_load(pg, schema, table, &t->table) != STATUS_OK)
		return failure_from_pg(f, pg, "look at %s", job->target);
	return t->table.exists ? look(pg, job, t, f) : STATUS_OK;
}

status
target_open(struct pg *pg, const struct job *job, struct target *t,
    struct failure *f)
{
	status s = target_look(pg, job, job->schema, job->table, t, f);

	return s == STATUS_OK && t->table.exists
	    ? look_for_parent(pg, job, t, f)
	    : s;
}

void
target_free(struct target *t)
{
	pg_table_free(&t->table);
	free(t->references);
	free(t->cascades);
	json_decref(t->refers_to);
	json_decref(t->ancestors);
	free(t->insert_triggers);
	free(t->insert_rules);
	free(t->update_triggers);
	free(t->own_bound);
	free(t->parent_schema);
	free(t->parent_table);
	free(t->bound);
	memset(t, 0, sizeof(*t));
}

status
target_keys(struct pg *pg, const struct job *job, struct target *t,
    struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	if (!t->keys && t->parent_table == NULL)
		return STATUS_OK;
	sql_add(&q, "select pg_catalog.jsonb_agg(");
	sql_add(&q, " pg_catalog.jsonb_build_array(n.nspname, c.relname))");
	sql_add(&q, " from pg_catalog.pg_constraint as f");
	sql_add(&q, " join pg_catalog.pg_class as c on c.oid = f.confrelid");
	sql_add(&q, " join pg_catalog.pg_namespace as n");
	sql_add(&q, " on n.oid = c.relnamespace");
	sql_add(&q, " where f.contype = 'f' and f.confrelid <> f.conrelid");
	sql_add(&q, " and f.conrelid = ");
	if (t->parent_table == NULL)
		run_param(&q, t->table.oid);
	else {
		sql_add(&q, "(select p.oid from pg_catalog.pg_class as p");
		sql_add(&q, " where p.relname = ");
		sql_param(&q, t->parent_table);
		sql_add(&q, " and p.relnamespace = (select s.oid");
		sql_add(&q, " from pg_catalog.pg_namespace as s");
		sql_add(&q, " where s.nspname = ");
		sql_param(&q, t->parent_schema);
		sql_add(&q, "))");
	}
	s = failure_run(f, pg, &q, &r, "look at the foreign keys of %s",
	    job->target);
	if (s == STATUS_OK)
		t->refers_to = shown_names(pg_value(r, 0, 0));
	return s;
}

/* --- judging ------------------------------------------------------------------------ */

static const char *
refused_kind(const struct pg_table *table)
{
	if (table->hypertable)
		return "a hypertable";
	if (table->hypertable_chunk)
		return "a chunk of a hypertable";
	switch (table->kind) {
	case 'r':
	case 'p':
		return NULL;
	case 'v':
		return "a view";
	case 'm':
		return "a materialized view";
	case 'f':
		return "a foreign table";
	default:
		return "no table";
	}
}

/* A source that was a target itself has a ledger, too. */
static bool
is_ledger(const struct job *job)
{
	static const char *const tables[] = {"format", "run", "chunk", "sliced",
	    "failed", "deferred", "attaching", "unlogged"};
	size_t i;

	if (!str_eq(job->schema, job->load->run.schema))
		return false;
	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (strcmp(job->table, tables[i]) == 0)
			return true;
	return false;
}

status
target_check(struct pg *pg, const struct job *job, const struct target *t,
    struct failure *f)
{
	const char *kind =
	    job->chunk.hypertable ? NULL : refused_kind(&t->table);

	if (kind != NULL)
		return failure_set(f, STATUS_FAIL,
		    "cannot load into %s: it is "
		    "%s",
		    job->target, kind);
	if (is_ledger(job)) {
		(void)failure_set(f, STATUS_FAIL,
		    "cannot load into %s: it is the ledger", job->target);
		failure_hint(f,
		    "Leave the source's ledger out (pg-chunks -x), "
		    "or use --map or --ledger-schema.");
		return STATUS_FAIL;
	}
	if (t->table.row_security) {
		(void)failure_set(f, STATUS_FAIL,
		    "cannot load into %s: its "
		    "row security holds for user \"%s\"",
		    job->target, pg_user(pg));
		failure_hint(f,
		    t->owner ? "It is forced on its owner, too: connect with "
			       "BYPASSRLS."
			     : "Connect as its owner or with BYPASSRLS.");
		return STATUS_FAIL;
	}
	return columns_check(pg, job, t, f);
}

/*
 * COPY would wait for who alters the table, and then send int8 in binary to
 * what is a float8 by now.
 */
status
target_hold(struct pg *pg, const struct job *job, struct target *t,
    struct failure *f)
{
	bool same;

	if (t->created)
		return STATUS_OK;
	if (pg_table_hold(pg, &t->table, t->may_lock, &same) != STATUS_OK)
		return failure_from_pg(f, pg, "lock %s", job->target);
	t->changed = !same;
	return same
	    ? STATUS_OK
	    : failure_set(f, STATUS_RETRY,
		  "%s was altered while it was waited for", job->target);
}

/* A partition of the same name may be there for other rows, too. */
static bool
bound_differs(const struct job *job, const struct target *t)
{
	return job->load->options->mode == LOAD_REPLACE &&
	    t->own_bound != NULL && job->chunk.bound != NULL &&
	    job->chunk.where == NULL && !str_eq(t->own_bound, job->chunk.bound);
}

void
target_warn(const struct job *job, const struct target *t)
{
	bool upsert = job->load->options->mode == LOAD_UPSERT, said;
	bool differs = bound_differs(job, t);

	if (t->insert_triggers == NULL && t->insert_rules == NULL && !upsert &&
	    !differs)
		return;
	(void)pthread_mutex_lock(&job->load->warned_lock);
	said = !seen_add(&job->load->warned, job->target);
	(void)pthread_mutex_unlock(&job->load->warned_lock);
	if (said)
		return;
	if (differs)
		log_warning("all rows of %s are replaced, and it is a "
			    "partition %s, where the source's is %s",
		    job->target, t->own_bound, job->chunk.bound);
	if (t->insert_triggers != NULL)
		log_warning("triggers of %s fire for the rows that are loaded "
			    "and may change them: %s",
		    job->target, t->insert_triggers);
	else if (upsert && t->update_triggers != NULL)
		log_warning("triggers of %s fire for the rows that are merged "
			    "and may change them: %s",
		    job->target, t->update_triggers);
	if (t->insert_rules != NULL && !upsert)
		log_warning("rules of %s are not applied to the rows that are "
			    "loaded: %s",
		    job->target, t->insert_rules);
}
