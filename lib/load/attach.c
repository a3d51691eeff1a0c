/* SPDX-License-Identifier: PostgreSQL */
/*
 * New partitions.
 */
#include "load/attach.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"

#define DUPLICATE_TABLE "42P07"
#define UNIQUE_VIOLATION "23505" /* of pg_class, by one that was faster */

/* --- making ------------------------------------------------------------------------------- */

static status
missing(const struct job *job, struct failure *f)
{
	(void)failure_set(f, STATUS_FAIL, "%s does not exist in the target",
	    job->target);
	failure_hint(f,
	    "Make it (pg_dump --schema-only of the source, say), "
	    "or name the table to load into with --map.");
	return STATUS_FAIL;
}

/* The parent must be there and be a partitioned table. */
static status
check_parent(struct pg *pg, const struct job *job, const char *schema,
    const char *table, struct failure *f)
{
	struct pg_table parent = {0};
	char kind;
	bool exists, hypertable;

	if (pg_table_load(pg, schema, table, &parent) != STATUS_OK)
		return failure_from_pg(f, pg, "look at the parent of %s",
		    job->target);
	exists = parent.exists;
	kind = parent.kind;
	hypertable = parent.hypertable;
	pg_table_free(&parent);
	if (!exists) {
		(void)failure_set(f, STATUS_FAIL,
		    "the target has neither %s nor its parent \"%s.%s\"",
		    job->target, schema, table);
		failure_hint(f,
		    "Make the partitioned tables first, all "
		    "levels of them.");
		return STATUS_FAIL;
	}
	if (hypertable)
		return failure_set(f, STATUS_FAIL,
		    "cannot make %s: its parent \"%s.%s\" is a hypertable",
		    job->target, schema, table);
	if (kind == 'p')
		return STATUS_OK;
	(void)failure_set(f, STATUS_FAIL,
	    "the target has no %s, and its parent \"%s.%s\" is not "
	    "partitioned there",
	    job->target, schema, table);
	failure_hint(f,
	    "To load the partitions into that one table: --mode "
	    "append --map %s.%s=%s.%s",
	    job->chunk.schema, job->chunk.table, schema, table);
	return STATUS_FAIL;
}

/*
 * What attaching wants to be equal, and no more: an identity is the
 * parent's, and indexes come when the rows are there.
 */
static void
add_create(struct sql *q, const struct job *job, const char *schema,
    const char *table, int version)
{
	sql_add(q, "create table ");
	sql_name(q, job->schema, job->table);
	sql_add(q, " (like ");
	sql_name(q, schema, table);
	sql_add(q, " including defaults including generated");
	sql_add(q, " including constraints including storage");
	if (version >= 140000)
		sql_add(q, " including compression");
	sql_add(q, ")");
}

/* Tablespace as "create table ... partition of" would have it, and owner. */
status
attach_place(struct pg *pg, struct sql *q, const char *schema,
    const char *table, char **owner, struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql ask CLEANUP_SQL = SQL_INIT;
	const char *space;
	status s;

	sql_add(&ask, "select s.spcname, case when a.rolname <> current_user");
	sql_add(&ask, " then a.rolname end");
	sql_add(&ask, " from pg_catalog.pg_class as c");
	sql_add(&ask, " join pg_catalog.pg_namespace as n");
	sql_add(&ask, " on n.oid = c.relnamespace");
	sql_add(&ask, " join pg_catalog.pg_roles as a on a.oid = c.relowner");
	sql_add(&ask, " left join pg_catalog.pg_tablespace as s");
	sql_add(&ask, " on s.oid = c.reltablespace");
	sql_add(&ask, " where n.nspname = ");
	sql_param(&ask, schema);
	sql_add(&ask, " and c.relname = ");
	sql_param(&ask, table);
	s = failure_run(f, pg, &ask, &r, "look at \"%s.%s\"", schema, table);
	if (s != STATUS_OK || pg_rows(r) != 1)
		return s;
	space = pg_value(r, 0, 0);
	if (space != NULL) {
		sql_add(q, " tablespace ");
		sql_ident(q, space);
	}
	if (pg_value(r, 0, 1) != NULL)
		*owner = mem_strdup(pg_value(r, 0, 1));
	return STATUS_OK;
}

static status
create(struct pg *pg, const struct job *job, const char *schema,
    const char *table, bool *raced, struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT, o CLEANUP_SQL = SQL_INIT;
	char *owner CLEANUP_FREE = NULL;
	status s;

	add_create(&q, job, schema, table, pg_version(pg));
	s = attach_place(pg, &q, schema, table, &owner, f);
	if (s != STATUS_OK)
		return s;
	s = failure_run(f, pg, &q, NULL, "make %s like \"%s.%s\"", job->target,
	    schema, table);
	*raced = s != STATUS_OK &&
	    (strcmp(f->sqlstate, DUPLICATE_TABLE) == 0 ||
		strcmp(f->sqlstate, UNIQUE_VIOLATION) == 0);
	if (s != STATUS_OK || owner == NULL)
		return s;
	sql_add(&o, "alter table ");
	sql_name(&o, job->schema, job->table);
	sql_add(&o, " owner to ");
	sql_ident(&o, owner);
	return failure_run(f, pg, &o, NULL,
	    "give %s to the owner of its "
	    "parent",
	    job->target);
}

status
attach_create(struct pg *pg, const struct job *job, struct target *t,
    bool *raced, struct failure *f)
{
	const struct chunk *c = &job->chunk;
	const char *schema, *table;
	status s;

	*raced = false;
	if (strcmp(c->source, "partition") != 0 || c->parent_table == NULL ||
	    c->bound == NULL)
		return missing(job, f);
	(void)map_relation(&job->load->map, c->parent_schema, c->parent_table,
	    &schema, &table);
	s = check_parent(pg, job, schema, table, f);
	if (s == STATUS_OK)
		s = create(pg, job, schema, table, raced, f);
	if (s != STATUS_OK)
		return s;
	target_free(t);
	s = target_open(pg, job, t, f);
	if (s != STATUS_OK)
		return s;
	free(t->parent_schema);
	free(t->parent_table);
	free(t->bound);
	t->parent_schema = mem_strdup(schema);
	t->parent_table = mem_strdup(table);
	t->bound = mem_strdup(c->bound);
	t->created = true;
	return STATUS_OK;
}

/* What is going to be attached, or is no partition, needs no judgement. */
static bool
may_stand_alone(const struct job *job, const struct target *t)
{
	const struct chunk *c = &job->chunk;

	return c->hypertable || c->bound == NULL || c->parent_table == NULL ||
	    t->bound != NULL ||
	    map_names_relation(&job->load->map, c->schema, c->table);
}

/* On whatever level: the levels between may be others here. */
static bool
is_part_of(const struct target *t, const char *schema, const char *table)
{
	struct str name CLEANUP(str_free) = STR_INIT;
	size_t i;

	sql_show_name(&name, schema, table);
	for (i = 0; i < json_array_size(t->ancestors); i++)
		if (str_eq(json_string_value(json_array_get(t->ancestors, i)),
			str_text(&name)))
			return true;
	return false;
}

static status
refuse_alone(const struct job *job, const struct target *t, const char *schema,
    const char *table, struct failure *f)
{
	const struct chunk *c = &job->chunk;
	const char *other = json_string_value(json_array_get(t->ancestors, 0));

	(void)failure_set(f, STATUS_FAIL,
	    "%s is no partition of \"%s.%s\" in the target, which would not "
	    "have its rows",
	    job->target, schema, table);
	if (other != NULL)
		failure_hint(f,
		    "There it is one of %s: detach it from that or rename it; "
		    "--map %s.%s=%s.%s loads it where it is.",
		    other, c->schema, c->table, job->schema, job->table);
	else
		failure_hint(f,
		    "Attach it, or drop it, and it is made and attached; --map "
		    "%s.%s=%s.%s loads it where it is.",
		    c->schema, c->table, job->schema, job->table);
	return STATUS_FAIL;
}

status
attach_check(struct pg *pg, const struct job *job, const struct target *t,
    struct failure *f)
{
	const struct chunk *c = &job->chunk;
	struct pg_table parent = {0};
	const char *schema, *table;
	bool partitioned;

	if (may_stand_alone(job, t))
		return STATUS_OK;
	(void)map_relation(&job->load->map, c->parent_schema, c->parent_table,
	    &schema, &table);
	if (is_part_of(t, schema, table))
		return STATUS_OK;
	if (pg_table_load(pg, schema, table, &parent) != STATUS_OK)
		return failure_from_pg(f, pg, "look at the parent of %s",
		    job->target);
	partitioned = parent.exists && parent.kind == 'p';
	pg_table_free(&parent);
	return partitioned ? refuse_alone(job, t, schema, table, f) : STATUS_OK;
}

/* --- attaching ---------------------------------------------------------------------------- */

status
attach_later(struct pg *pg, const struct job *job, const struct target *t,
    struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "insert into ");
	run_table(&job->load->run, &q, "attaching");
	sql_add(&q, " (target_schema, target_table, parent_schema,");
	sql_add(&q, " parent_table, bound) values (");
	sql_param(&q, job->schema);
	sql_add(&q, ", ");
	sql_param(&q, job->table);
	sql_add(&q, ", ");
	sql_param(&q, t->parent_schema);
	sql_add(&q, ", ");
	sql_param(&q, t->parent_table);
	sql_add(&q, ", ");
	sql_param(&q, t->bound);
	/* A row that is there is of a table that was dropped since. */
	sql_add(&q, ") on conflict (target_schema, target_table) do update");
	sql_add(&q, " set parent_schema = excluded.parent_schema,");
	sql_add(&q, " parent_table = excluded.parent_table,");
	sql_add(&q, " bound = excluded.bound");
	return failure_run(f, pg, &q, NULL, "write the ledger");
}

/*
 * The parent's indexes as statements for the new table.  An index's
 * definition begins with words that are known; what follows them holds for
 * the child as it stands.  A definition that begins otherwise is left to
 * the server, which makes what is missing when the table is attached.
 */
static status
parent_indexes(struct pg *pg, const struct target *t, struct pg_result **out,
    struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "select case when k.oid is not null");
	sql_add(&q, " then pg_catalog.format('alter table %I.%I add ', ");
	sql_param(&q, t->table.schema);
	sql_add(&q, "::text, ");
	sql_param(&q, t->table.name);
	sql_add(&q, "::text) || pg_catalog.pg_get_constraintdef(k.oid)");
	sql_add(&q, " when pg_catalog.starts_with(d.def, d.head)");
	sql_add(&q, " then pg_catalog.format('create %sindex on %I.%I ',");
	sql_add(&q, " d.uniq, ");
	sql_param(&q, t->table.schema);
	sql_add(&q, "::text, ");
	sql_param(&q, t->table.name);
	sql_add(&q, "::text) || pg_catalog.substr(d.def,");
	sql_add(&q, " pg_catalog.length(d.head) + 1) end,");
	sql_add(&q, " coalesce(s.spcname, '')");
	sql_add(&q, " from pg_catalog.pg_index as i");
	sql_add(&q, " join pg_catalog.pg_class as x on x.oid = i.indexrelid");
	sql_add(&q, " join pg_catalog.pg_class as p on p.oid = i.indrelid");
	sql_add(&q, " join pg_catalog.pg_namespace as n");
	sql_add(&q, " on n.oid = p.relnamespace");
	sql_add(&q, " left join pg_catalog.pg_constraint as k");
	sql_add(&q, " on k.conindid = x.oid and k.conrelid = p.oid");
	sql_add(&q, " and k.contype in ('p', 'u', 'x')");
	sql_add(&q, " left join pg_catalog.pg_tablespace as s");
	sql_add(&q, " on s.oid = x.reltablespace");
	sql_add(&q, " cross join lateral (select u.uniq,");
	sql_add(&q, " pg_catalog.pg_get_indexdef(x.oid) as def,");
	sql_add(&q, " 'CREATE ' || pg_catalog.upper(u.uniq) || 'INDEX '");
	sql_add(&q, " || pg_catalog.quote_ident(x.relname) || ' ON '");
	sql_add(&q, " || case when p.relkind = 'p' then 'ONLY ' else '' end");
	sql_add(&q, " || pg_catalog.quote_ident(n.nspname) || '.'");
	sql_add(&q, " || pg_catalog.quote_ident(p.relname) || ' ' as head");
	sql_add(&q, " from (select case when i.indisunique then 'unique '");
	sql_add(&q, " else '' end as uniq) as u) as d");
	sql_add(&q, " where n.nspname = ");
	sql_param(&q, t->parent_schema);
	sql_add(&q, " and p.relname = ");
	sql_param(&q, t->parent_table);
	sql_add(&q, " order by i.indisprimary desc, x.relname");
	return failure_run(f, pg, &q, out, "look at the indexes of \"%s.%s\"",
	    t->parent_schema, t->parent_table);
}

static status
build_index(struct pg *pg, const struct job *job, const char *statement,
    const char *tablespace, struct failure *f)
{
	struct sql space CLEANUP_SQL = SQL_INIT, q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&space, "select pg_catalog.set_config('default_tablespace', ");
	sql_param(&space, tablespace);
	sql_add(&space, ", true)");
	s = failure_run(f, pg, &space, NULL, "choose a tablespace");
	if (s != STATUS_OK)
		return s;
	log_verbose("%s", statement);
	sql_given(&q, statement);
	return failure_run(f, pg, &q, NULL, "build an index of %s (%s)",
	    job->target, statement);
}

status
attach_now(struct pg *pg, const struct job *job, const struct target *t,
    struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "alter table ");
	sql_name(&q, t->parent_schema, t->parent_table);
	sql_add(&q, " attach partition ");
	sql_name(&q, job->schema, job->table);
	sql_add(&q, " ");
	sql_given(&q, t->bound);
	s = failure_run(f, pg, &q, NULL, "attach %s to \"%s.%s\" %s",
	    job->target, t->parent_schema, t->parent_table, t->bound);
	if (s != STATUS_OK && strcmp(f->sqlstate, "42P17") == 0)
		failure_hint(f,
		    "If the target has that part under another "
		    "name, --map tells which.");
	return s;
}

static status
forget(struct pg *pg, const struct job *job, struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	if (job->load->run.schema == NULL)
		return STATUS_OK;
	sql_add(&q, "delete from ");
	run_table(&job->load->run, &q, "attaching");
	sql_add(&q, " where target_schema = ");
	sql_param(&q, job->schema);
	sql_add(&q, " and target_table = ");
	sql_param(&q, job->table);
	return failure_run(f, pg, &q, NULL, "write the ledger");
}

status
attach_indexes(struct pg *pg, const struct job *job, const struct target *t,
    struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s = parent_indexes(pg, t, &r, f);
	int i;

	for (i = 0; s == STATUS_OK && i < pg_rows(r); i++)
		if (pg_value(r, i, 0) != NULL)
			s = build_index(pg, job, pg_value(r, i, 0),
			    pg_value(r, i, 1), f);
	return s;
}

status
attach_finish(struct pg *pg, const struct job *job, const struct target *t,
    struct failure *f)
{
	status s = attach_indexes(pg, job, t, f);

	if (s == STATUS_OK)
		s = attach_now(pg, job, t, f);
	return s == STATUS_OK ? forget(pg, job, f) : s;
}
