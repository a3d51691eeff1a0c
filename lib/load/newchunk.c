/* SPDX-License-Identifier: PostgreSQL */
/*
 * New chunks of hypertables.
 */
#include "load/newchunk.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "load/attach.h"
#include "load/columns.h"

#define COLLISION "TS503"

/* --- making -------------------------------------------------------------------------- */

/* A name that nobody has: of this chunk, this process and this moment. */
static char *
new_name(const struct job *job)
{
	char *what CLEANUP_FREE =
	    mem_printf("%s %ld %.6f", job->chunk.id, (long)getpid(), num_now());

	return mem_printf("pgpipe_%016llx",
	    (unsigned long long)digest_hash(what, strlen(what)));
}

/* Storage parameters, such as those of autovacuum. */
static status
add_options(struct pg *pg, struct sql *q, const struct pg_relation *like,
    struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql ask CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&ask, "select pg_catalog.string_agg(pg_catalog.format(");
	sql_add(&ask, "'%I=%L', pg_catalog.split_part(o, '=', 1),");
	sql_add(&ask, " pg_catalog.substr(o, pg_catalog.strpos(o, '=') + 1)),");
	sql_add(&ask, " ', ') from pg_catalog.pg_class as k,");
	sql_add(&ask, " pg_catalog.unnest(k.reloptions) as o where k.oid = ");
	sql_int(&ask, like->oid);
	s = failure_run(f, pg, &ask, &r, "look at \"%s.%s\"", like->schema,
	    like->name);
	if (s != STATUS_OK || pg_value(r, 0, 0) == NULL)
		return s;
	sql_add(q, " with (");
	sql_given(q, pg_value(r, 0, 0));
	sql_add(q, ")");
	return STATUS_OK;
}

static void
add_create(struct sql *q, const struct pg *pg, const struct pg_relation *like,
    const struct pg_relation *table, bool indexes)
{
	sql_add(q, "create table ");
	sql_name(q, table->schema, table->name);
	sql_add(q, " (like ");
	sql_name(q, like->schema, like->name);
	sql_add(q, " including defaults including generated");
	sql_add(q, " including constraints including storage");
	if (pg_version(pg) >= 140000)
		sql_add(q, " including compression");
	if (indexes)
		sql_add(q, " including indexes");
	sql_add(q, ")");
}

static status
give(struct pg *pg, const struct job *job, const struct pg_relation *table,
    const char *owner, struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "alter table ");
	sql_name(&q, table->schema, table->name);
	sql_add(&q, " owner to ");
	sql_ident(&q, owner);
	return failure_run(f, pg, &q, NULL, "give a chunk to the owner of %s",
	    job->target);
}

static status
find_oid(struct pg *pg, const struct job *job, struct pg_relation *table,
    struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	struct str name CLEANUP(str_free) = STR_INIT;
	status s;

	sql_show_name(&name, table->schema, table->name);
	sql_add(&q, "select ");
	sql_param(&q, str_text(&name));
	sql_add(&q, "::pg_catalog.regclass::pg_catalog.oid");
	s = failure_run(f, pg, &q, &r, "make a chunk for %s", job->target);
	if (s == STATUS_OK)
		table->oid = (uint32_t)pg_int(r, 0, 0);
	return s;
}

status
newchunk_like(struct pg *pg, const struct job *job,
    const struct pg_relation *like, const char *schema, bool indexes,
    struct pg_relation *out, struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;
	char *owner CLEANUP_FREE = NULL;
	status s;

	out->schema = mem_strdup(schema);
	out->name = new_name(job);
	add_create(&q, pg, like, out, indexes);
	s = add_options(pg, &q, like, f);
	if (s == STATUS_OK)
		s = attach_place(pg, &q, like->schema, like->name, &owner, f);
	if (s == STATUS_OK)
		s = failure_run(f, pg, &q, NULL, "make a chunk for %s",
		    job->target);
	if (s == STATUS_OK && owner != NULL)
		s = give(pg, job, out, owner, f);
	return s == STATUS_OK ? find_oid(pg, job, out, f) : s;
}

status
newchunk_create(struct pg *pg, const struct job *job,
    const struct pg_hypertable *h, struct target *t, struct failure *f)
{
	struct pg_relation made = {0, NULL, NULL};
	status s = newchunk_like(pg, job, &h->relation, h->relation.schema,
	    false, &made, f);

	if (s == STATUS_OK)
		s = target_look(pg, job, made.schema, made.name, t, f);
	pg_relation_free(&made);
	if (s != STATUS_OK)
		return s;
	free(t->parent_schema);
	free(t->parent_table);
	t->parent_schema = mem_strdup(h->relation.schema);
	t->parent_table = mem_strdup(h->relation.name);
	t->created = true;
	return STATUS_OK;
}

/* --- attaching ------------------------------------------------------------------------- */

static void
add_likeness(struct sql *q, const struct pg_relation *like,
    const struct pg_relation *table)
{
	sql_add(q, "select pg_catalog.format('grant %s on %I.%I to %s%s',");
	sql_add(q, " a.privilege_type, ");
	sql_param(q, table->schema);
	sql_add(q, "::text, ");
	sql_param(q, table->name);
	sql_add(q, "::text, case when a.grantee = 0 then 'public'");
	sql_add(q, " else pg_catalog.quote_ident(g.rolname) end,");
	sql_add(q, " case when a.is_grantable then ' with grant option' end)");
	sql_add(q, " from pg_catalog.pg_class as k");
	sql_add(q, " cross join lateral pg_catalog.aclexplode(k.relacl) as a");
	sql_add(q, " left join pg_catalog.pg_roles as g on g.oid = a.grantee");
	sql_add(q, " where a.grantee <> k.relowner");
	sql_add(q, " and (a.grantee = 0 or g.oid is not null) and k.oid = ");
	sql_int(q, like->oid);
	sql_add(q, " union all select pg_catalog.format(");
	sql_add(q, "'alter table %I.%I alter column %I set statistics %s', ");
	sql_param(q, table->schema);
	sql_add(q, "::text, ");
	sql_param(q, table->name);
	sql_add(q, "::text, c.attname, c.attstattarget)");
	sql_add(q, " from pg_catalog.pg_attribute as c");
	sql_add(q, " where c.attnum > 0 and not c.attisdropped");
	sql_add(q, " and c.attstattarget >= 0 and c.attrelid = ");
	sql_int(q, like->oid);
	/* n_distinct and its like, which are numbers. */
	sql_add(q, " union all select pg_catalog.format(");
	sql_add(q, "'alter table %I.%I alter column %I set (%s)', ");
	sql_param(q, table->schema);
	sql_add(q, "::text, ");
	sql_param(q, table->name);
	sql_add(q, "::text, c.attname, pg_catalog.array_to_string(");
	sql_add(q, "c.attoptions, ', ')) from pg_catalog.pg_attribute as c");
	sql_add(q, " where c.attnum > 0 and not c.attisdropped");
	sql_add(q, " and c.attoptions is not null and c.attrelid = ");
	sql_int(q, like->oid);
}

status
newchunk_liken(struct pg *pg, const struct job *job,
    const struct pg_relation *like, const struct pg_relation *table,
    struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql ask CLEANUP_SQL = SQL_INIT;
	status s;
	int i;

	add_likeness(&ask, like, table);
	s = failure_run(f, pg, &ask, &r, "look at %s", job->target);
	for (i = 0; s == STATUS_OK && i < pg_rows(r); i++) {
		struct sql q CLEANUP_SQL = SQL_INIT;

		sql_given(&q, pg_value(r, i, 0));
		s = failure_run(f, pg, &q, NULL,
		    "make a chunk of %s what its others are", job->target);
	}
	return s;
}

void
newchunk_slices(struct sql *q, const struct job *job)
{
	char *text CLEANUP_FREE = json_dumps(job->chunk.slices, JSON_COMPACT);

	sql_add(q, "(select pg_catalog.jsonb_object_agg(w.key,");
	sql_add(q, " pg_catalog.jsonb_build_array(");
	sql_add(q, "(w.value ->> 0)::pg_catalog.int8,");
	sql_add(q, " (w.value ->> 1)::pg_catalog.int8))");
	sql_add(q, " from pg_catalog.jsonb_each(");
	sql_param(q, text);
	sql_add(q, "::pg_catalog.jsonb) as w)");
}

bool
newchunk_collision(const struct failure *f)
{
	return strcmp(f->sqlstate, COLLISION) == 0;
}

static status
make_chunk(struct pg *pg, const struct job *job, const struct pg_hypertable *h,
    const struct target *t, struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "select from _timescaledb_functions.create_chunk(");
	sql_int(&q, h->relation.oid);
	sql_add(&q, "::pg_catalog.oid::pg_catalog.regclass, ");
	newchunk_slices(&q, job);
	sql_add(&q, ", null, null, ");
	sql_int(&q, t->table.oid);
	sql_add(&q, "::pg_catalog.oid::pg_catalog.regclass)");
	return failure_run(f, pg, &q, NULL, "attach a chunk to %s",
	    job->target);
}

/* Still empty, it goes; nobody writes to it before we are done. */
static status
remove_empty(struct pg *pg, const struct job *job, const struct pg_chunk *c,
    bool *filled, struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql lock CLEANUP_SQL = SQL_INIT, look CLEANUP_SQL = SQL_INIT;
	struct sql drop CLEANUP_SQL = SQL_INIT;
	status s;

	*filled = false;
	sql_add(&lock, "lock table only ");
	sql_name(&lock, c->chunk.schema, c->chunk.name);
	sql_add(&lock, " in access exclusive mode");
	s = failure_run(f, pg, &lock, NULL, "lock a chunk of %s", job->target);
	if (s != STATUS_OK)
		return s;
	sql_add(&look, "select exists (select from ");
	sql_name(&look, c->chunk.schema, c->chunk.name);
	sql_add(&look, ")");
	s = failure_run(f, pg, &look, &r, "look at a chunk of %s", job->target);
	if (s != STATUS_OK)
		return s;
	*filled = pg_true(r, 0, 0);
	if (*filled)
		return STATUS_OK;
	sql_add(&drop, "drop table ");
	sql_name(&drop, c->chunk.schema, c->chunk.name);
	return failure_run(f, pg, &drop, NULL, "replace a chunk of %s",
	    job->target);
}

status
newchunk_attach(struct pg *pg, const struct job *job,
    const struct pg_hypertable *h, const struct pg_chunk *empty,
    const struct target *t, bool *collided, struct failure *f)
{
	const struct pg_relation table = {t->table.oid, t->table.schema,
	    t->table.name};
	const struct pg_timescale *ts;
	status s = STATUS_OK;

	*collided = false;
	if (pg_timescale(pg, &ts) != STATUS_OK)
		return failure_from_pg(f, pg, "look at TimescaleDB");
	/* Where they would be made twice, the server makes them. */
	if (ts->adopts)
		s = attach_indexes(pg, job, t, f);
	if (s == STATUS_OK)
		s = newchunk_liken(pg, job, &h->relation, &table, f);
	if (s == STATUS_OK)
		s = failure_do(f, pg, "savepoint attach", "attach a chunk");
	if (s != STATUS_OK)
		return s;
	if (empty != NULL)
		s = remove_empty(pg, job, empty, collided, f);
	if (s == STATUS_OK && !*collided)
		s = make_chunk(pg, job, h, t, f);
	if (!*collided && (s == STATUS_OK || !newchunk_collision(f)))
		return s;
	*collided = true;
	failure_clear(f);
	return failure_do(f, pg, "rollback to savepoint attach",
	    "attach a chunk");
}

status
newchunk_pour(struct pg *pg, const struct job *job,
    const struct pg_hypertable *h, const struct target *t, struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT, drop CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "insert into ");
	sql_name(&q, h->relation.schema, h->relation.name);
	sql_add(&q, " (");
	columns_list(&q, job);
	sql_add(&q, ") overriding system value select ");
	columns_list(&q, job);
	sql_add(&q, " from ");
	target_name(&q, t);
	s = failure_run(f, pg, &q, NULL, "load into %s", job->target);
	sql_add(&drop, "drop table ");
	target_name(&drop, t);
	return s == STATUS_OK
	    ? failure_run(f, pg, &drop, NULL, "load into %s", job->target)
	    : s;
}
