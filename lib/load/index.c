/* SPDX-License-Identifier: PostgreSQL */
/*
 * Indexes go and come back.
 */
#include "load/index.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "load/entry.h"

static void
def_free(struct index_def *d)
{
	free(d->name);
	free(d->create);
	free(d->constraint);
	free(d->drop);
	free(d->tablespace);
	json_decref(d->after);
}

void
index_list_free(struct index_list *l)
{
	size_t i;

	for (i = 0; i < l->len; i++)
		def_free(&l->defs[i]);
	free(l->defs);
	*l = (struct index_list)INDEX_LIST_INIT;
}

static char *
copy_of(const char *text)
{
	return text == NULL ? NULL : mem_strdup(text);
}

static json_t *
statements(const char *text)
{
	return text == NULL ? json_array() : json_loads(text, 0, NULL);
}

static struct index_def *
append(struct index_list *l)
{
	struct index_def *d;

	l->defs = mem_resize(l->defs, l->len + 1, sizeof(*l->defs));
	d = &l->defs[l->len++];
	memset(d, 0, sizeof(*d));
	return d;
}

/* --- finding ------------------------------------------------------------------------------ */

/* Statements that say again what was said about an index. */
static void
add_after(struct sql *q)
{
	sql_add(q, " pg_catalog.to_jsonb(pg_catalog.array_remove(array[");
	sql_add(q, "(select pg_catalog.format(");
	sql_add(q, "'comment on index %I.%I is %L',");
	sql_add(q, " n.nspname, x.relname, o) from");
	sql_add(q, " pg_catalog.obj_description(x.oid, 'pg_class') as o");
	sql_add(q, " where o is not null),");
	sql_add(q, " (select pg_catalog.format(");
	sql_add(q, "'comment on constraint %I on %I.%I is %L',");
	sql_add(q, " k.conname, n.nspname, t.relname, o) from");
	sql_add(q, " pg_catalog.obj_description(k.oid, 'pg_constraint') as o");
	sql_add(q, " where o is not null),");
	sql_add(q, " case when i.indisclustered then pg_catalog.format(");
	sql_add(q, "'alter table only %I.%I cluster on %I',");
	sql_add(q, " n.nspname, t.relname, x.relname) end,");
	sql_add(q, " case when i.indisreplident then pg_catalog.format(");
	sql_add(q, "'alter table only %I.%I replica identity using index %I',");
	sql_add(q, " n.nspname, t.relname, x.relname) end] || array(");
	sql_add(q, "select pg_catalog.format(");
	sql_add(q, "'alter index %I.%I alter column %s set statistics %s',");
	sql_add(q, " n.nspname, x.relname, a.attnum, a.attstattarget)");
	sql_add(q, " from pg_catalog.pg_attribute as a");
	sql_add(q, " where a.attrelid = x.oid and a.attstattarget >= 0");
	sql_add(q, " order by a.attnum), null))");
}

/* The constraint that an index belongs to, put on the finished index; one
 * that no create index can make is made whole. */
static void
add_constraint(struct sql *q)
{
	sql_add(q, " case when k.oid is null then null");
	sql_add(q, " when k.contype = 'x' or i.indisexclusion");
	sql_add(q, " then pg_catalog.format('alter table only %I.%I");
	sql_add(q, " add constraint %I ', n.nspname, t.relname, k.conname)");
	sql_add(q, " || pg_catalog.pg_get_constraintdef(k.oid)");
	sql_add(q, " else pg_catalog.format('alter table only %I.%I");
	sql_add(q, " add constraint %I %s using index %I%s%s',");
	sql_add(q, " n.nspname, t.relname, k.conname,");
	sql_add(q, " case k.contype when 'p' then 'primary key'");
	sql_add(q, " else 'unique' end, x.relname,");
	sql_add(q, " case when k.condeferrable then ' deferrable' end,");
	sql_add(q, " case when k.condeferred then ' initially deferred' end)");
	sql_add(q, " end,");
}

/* Nobody else needs it to be there. */
static void
add_free_of_others(struct sql *q)
{
	sql_add(q, " and not x.relispartition");
	sql_add(q, " and not exists (select from pg_catalog.pg_depend as d");
	sql_add(q, " where d.refclassid = 'pg_catalog.pg_class'");
	sql_add(q, "::pg_catalog.regclass and d.refobjid = x.oid");
	sql_add(q, " and d.deptype in ('n', 'a', 'P', 'S'))");
	sql_add(q, " and not exists (select from pg_catalog.pg_depend as d");
	sql_add(q, " where d.refclassid = 'pg_catalog.pg_constraint'");
	sql_add(q, "::pg_catalog.regclass and d.refobjid = k.oid");
	sql_add(q, " and d.deptype in ('n', 'a', 'P', 'S'))");
	sql_add(q, " and not exists (select from pg_catalog.pg_depend as d");
	sql_add(q, " where d.classid = 'pg_catalog.pg_class'");
	sql_add(q, "::pg_catalog.regclass and d.objid = x.oid");
	sql_add(q, " and d.deptype in ('e', 'x'))");
	sql_add(q,
	    " and (s.oid is null or pg_catalog.has_tablespace_privilege");
	sql_add(q, "(s.oid, 'CREATE'))");
}

/* A published table's updates need its replica identity at all times. */
static void
add_published(struct sql *q, int version)
{
	sql_add(q, " and not ((i.indisreplident");
	sql_add(q, " or i.indisprimary and t.relreplident = 'd')");
	sql_add(q, " and (exists (select from pg_catalog.pg_publication as p");
	sql_add(q, " where p.puballtables)");
	sql_add(q,
	    " or exists (select from pg_catalog.pg_publication_rel as p");
	sql_add(q, " where p.prrelid = t.oid or p.prrelid in (select relid");
	sql_add(q, " from pg_catalog.pg_partition_ancestors(t.oid)))");
	if (version >= 150000) {
		sql_add(q, " or exists (select from");
		sql_add(q, " pg_catalog.pg_publication_namespace as p");
		sql_add(q, " where p.pnnspid = t.relnamespace)");
	}
	sql_add(q, "))");
}

static status
find(struct pg *pg, const struct job *job, const struct target *t,
    struct pg_result **out, struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "select x.relname,");
	sql_add(&q, " case when k.contype = 'x' or i.indisexclusion then null");
	sql_add(&q, " else pg_catalog.pg_get_indexdef(x.oid) end,");
	add_constraint(&q);
	sql_add(&q, " case when k.oid is null");
	sql_add(&q, " then pg_catalog.format('drop index %I.%I',");
	sql_add(&q, " n.nspname, x.relname)");
	sql_add(&q, " else pg_catalog.format('alter table only %I.%I");
	sql_add(&q, " drop constraint %I', n.nspname, t.relname, k.conname)");
	sql_add(&q, " end, coalesce(s.spcname, ''),");
	add_after(&q);
	sql_add(&q, " from pg_catalog.pg_index as i");
	sql_add(&q, " join pg_catalog.pg_class as x on x.oid = i.indexrelid");
	sql_add(&q, " join pg_catalog.pg_class as t on t.oid = i.indrelid");
	sql_add(&q, " join pg_catalog.pg_namespace as n");
	sql_add(&q, " on n.oid = t.relnamespace");
	sql_add(&q, " left join pg_catalog.pg_constraint as k");
	sql_add(&q, " on k.conindid = x.oid and k.conrelid = t.oid");
	sql_add(&q, " and k.contype in ('p', 'u', 'x')");
	sql_add(&q, " left join pg_catalog.pg_tablespace as s");
	sql_add(&q, " on s.oid = x.reltablespace");
	sql_add(&q, " where i.indrelid = ");
	run_param(&q, t->table.oid);
	sql_add(&q, " and i.indisvalid and i.indislive");
	add_free_of_others(&q);
	add_published(&q, pg_version(pg));
	/* The primary key is built first and dropped last. */
	sql_add(&q, " order by i.indisprimary desc, x.relname");
	return failure_run(f, pg, &q, out, "look at the indexes of %s",
	    job->target);
}

/* --- dropping ----------------------------------------------------------------------------- */

/* What the catalogs did not tell is found out by trying. */
static status
try_drop(struct pg *pg, const struct job *job, const struct index_def *d,
    bool *dropped, struct failure *f)
{
	status s = failure_do(f, pg, "savepoint try", "drop an index");

	if (s != STATUS_OK)
		return s;
	*dropped = pg_do_text(pg, NULL, d->drop) == STATUS_OK;
	if (*dropped)
		return failure_do(f, pg, "release savepoint try",
		    "drop an index");
	if (pg_broken(pg))
		return failure_from_pg(f, pg, "drop index \"%s\"", d->name);
	log_verbose("index \"%s\" of %s stays while rows are loaded: %s",
	    d->name, job->target, pg_last_error(pg)->message);
	return failure_do(f, pg, "rollback to savepoint try", "drop an index");
}

status
index_drop(struct pg *pg, const struct job *job, const struct target *t,
    struct index_list *out, struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s;
	int i;

	if (!t->owner || t->table.kind != 'r')
		return STATUS_OK;
	s = find(pg, job, t, &r, f);
	for (i = 0; s == STATUS_OK && i < pg_rows(r); i++) {
		struct index_def d = {.name = copy_of(pg_value(r, i, 0)),
		    .create = copy_of(pg_value(r, i, 1)),
		    .constraint = copy_of(pg_value(r, i, 2)),
		    .drop = copy_of(pg_value(r, i, 3)),
		    .tablespace = copy_of(pg_value(r, i, 4)),
		    .after = statements(pg_value(r, i, 5))};
		bool dropped = false;

		s = try_drop(pg, job, &d, &dropped, f);
		if (s == STATUS_OK && dropped)
			*append(out) = d;
		else
			def_free(&d);
	}
	return s;
}

void
index_where_stale(struct sql *q)
{
	sql_add(q, "not exists (select from pg_catalog.pg_class as k");
	sql_add(q, " where k.oid = d.target_oid) or exists (select");
	sql_add(q, " from pg_catalog.pg_index as i");
	sql_add(q, " join pg_catalog.pg_class as x on x.oid = i.indexrelid");
	sql_add(q, " where i.indrelid = d.target_oid and i.indisvalid");
	sql_add(q, " and x.relname = d.name)");
}

status
index_defer(struct pg *pg, const struct job *job, const struct index_list *l,
    struct failure *f)
{
	status s = STATUS_OK;
	size_t i;

	for (i = 0; s == STATUS_OK && i < l->len; i++) {
		const struct index_def *d = &l->defs[i];
		char *after CLEANUP_FREE = json_dumps(d->after, JSON_COMPACT);
		struct sql q CLEANUP_SQL = SQL_INIT;

		sql_add(&q, "insert into ");
		run_table(&job->load->run, &q, "deferred");
		sql_add(&q, " (target_oid, target_schema, target_table, name,");
		sql_add(&q, " definition, constraint_definition, tablespace,");
		sql_add(&q, " after) values (");
		entry_target_oid(&q, job);
		sql_add(&q, ", ");
		sql_param(&q, job->schema);
		sql_add(&q, ", ");
		sql_param(&q, job->table);
		sql_add(&q, ", ");
		sql_param(&q, d->name);
		sql_add(&q, ", ");
		sql_param(&q, d->create);
		sql_add(&q, ", ");
		sql_param(&q, d->constraint);
		sql_add(&q, ", ");
		sql_param(&q, d->tablespace);
		sql_add(&q, ", ");
		sql_param(&q, after);
		sql_add(&q, "::jsonb)");
		s = failure_run(f, pg, &q, NULL, "write the ledger");
	}
	return s;
}

static status
forget(struct pg *pg, const struct job *job, int64_t id, struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	if (id == 0)
		return STATUS_OK;
	sql_add(&q, "delete from ");
	run_table(&job->load->run, &q, "deferred");
	sql_add(&q, " where id = ");
	run_param(&q, id);
	return failure_run(f, pg, &q, NULL, "write the ledger");
}

status
index_deferred(struct pg *pg, const struct job *job, struct index_list *out,
    struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;
	int i;

	if (job->load->run.schema == NULL)
		return STATUS_OK;
	sql_add(&q, "select id, name, definition, constraint_definition,");
	sql_add(&q, " tablespace, after, ");
	index_where_stale(&q);
	/* Of a table that was renamed since: its definitions have its old name. */
	sql_add(&q, ", d.target_oid is distinct from ");
	entry_target_oid(&q, job);
	sql_add(&q, " from ");
	run_table(&job->load->run, &q, "deferred");
	sql_add(&q, " as d where true");
	entry_where_target(&q, job);
	sql_add(&q, " order by id");
	s = failure_run(f, pg, &q, &r, "read the ledger");
	for (i = 0; s == STATUS_OK && i < pg_rows(r); i++) {
		struct index_def *d;

		if (pg_true(r, i, 6)) {
			s = forget(pg, job, pg_int(r, i, 0), f);
			continue;
		}
		if (pg_true(r, i, 7))
			continue;
		d = append(out);
		d->id = pg_int(r, i, 0);
		d->name = copy_of(pg_value(r, i, 1));
		d->create = copy_of(pg_value(r, i, 2));
		d->constraint = copy_of(pg_value(r, i, 3));
		d->tablespace = copy_of(pg_value(r, i, 4));
		d->after = statements(pg_value(r, i, 5));
	}
	return s;
}

/* --- building ----------------------------------------------------------------------------- */

static status
run_given(struct pg *pg, const struct index_def *d, const char *statement,
    struct failure *f)
{
	status s;

	log_verbose("%s", statement);
	if (pg_do_text(pg, NULL, statement) == STATUS_OK)
		return STATUS_OK;
	s = failure_from_pg(f, pg, "build index \"%s\" again", d->name);
	if (f->detail == NULL)
		f->detail = mem_printf("its definition: %s", statement);
	else {
		char *more =
		    mem_printf("%s; its definition: %s", f->detail, statement);

		free(f->detail);
		f->detail = more;
	}
	return s;
}

static status
create(struct pg *pg, const struct index_def *d, struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "select pg_catalog.set_config('default_tablespace', ");
	sql_param(&q, d->tablespace);
	sql_add(&q, ", true)");
	s = failure_run(f, pg, &q, NULL,
	    "choose the tablespace of index "
	    "\"%s\"",
	    d->name);
	if (s != STATUS_OK || d->create == NULL)
		return s;
	return run_given(pg, d, d->create, f);
}

static status
run_after(struct pg *pg, const struct index_def *d, struct failure *f)
{
	status s = STATUS_OK;
	size_t i;

	for (i = 0; s == STATUS_OK && i < json_array_size(d->after); i++)
		s = run_given(pg, d,
		    json_string_value(json_array_get(d->after, i)), f);
	return s;
}

static status
complete(struct pg *pg, const struct job *job, const struct index_def *d,
    struct failure *f)
{
	status s = STATUS_OK;

	if (d->constraint != NULL)
		s = run_given(pg, d, d->constraint, f);
	if (s == STATUS_OK)
		s = run_after(pg, d, f);
	return s == STATUS_OK ? forget(pg, job, d->id, f) : s;
}

status
index_build(struct pg *pg, const struct job *job, const struct index_list *l,
    struct failure *f)
{
	status s = STATUS_OK;
	size_t i;

	for (i = 0; s == STATUS_OK && i < l->len; i++) {
		s = create(pg, &l->defs[i], f);
		if (s == STATUS_OK)
			s = complete(pg, job, &l->defs[i], f);
	}
	return s;
}

static status
rebuild_one(struct pg *pg, const struct job *job, const struct index_def *d,
    struct failure *f)
{
	status s = failure_do(f, pg, "begin", "build index \"%s\"", d->name);

	if (s == STATUS_OK)
		s = create(pg, d, f);
	if (s == STATUS_OK)
		s = complete(pg, job, d, f);
	if (s == STATUS_OK)
		return failure_do(f, pg, "commit", "build index \"%s\"",
		    d->name);
	failure_roll_back(pg);
	return s;
}

status
index_rebuild(struct pg *pg, const struct job *job, struct index_list *l,
    struct failure *f)
{
	status s = STATUS_OK;
	size_t i;

	for (i = 0; s == STATUS_OK && i < l->len; i++)
		s = rebuild_one(pg, job, &l->defs[i], f);
	return s;
}

status
index_memory(struct pg *pg, uint64_t bytes, struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;
	char text[40];

	(void)snprintf(text, sizeof(text), "%" PRIu64 "kB", bytes / 1024);
	sql_add(&q, "select pg_catalog.set_config('maintenance_work_mem', ");
	sql_param(&q, text);
	sql_add(&q, ", false) where pg_catalog.pg_size_bytes(");
	sql_add(&q, "pg_catalog.current_setting('maintenance_work_mem')) < ");
	sql_add(&q, "pg_catalog.pg_size_bytes(");
	sql_param(&q, text);
	sql_add(&q, ")");
	return failure_run(f, pg, &q, NULL, "set maintenance_work_mem");
}
