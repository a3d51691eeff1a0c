/* SPDX-License-Identifier: PostgreSQL */
/*
 * A table that stays half filled has its indexes at least.
 */
#include "load/leftover.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "load/index.h"

enum { LEFT_SCHEMA, LEFT_TABLE, LEFT_HALF };

/*
 * Tables of ended runs of this name: those that lack slices, and those of
 * earlier runs that lack indexes.  What an open run is filling is its own;
 * a table that was dropped or renamed since is nobody's.
 */
static status
find(const struct run *run, struct pg *pg, struct pg_result **out,
    struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "select s.target_schema, s.target_table,");
	sql_add(&q, " pg_catalog.bool_or(s.completed is null and s.run = ");
	run_param(&q, run->id);
	sql_add(&q, ") from ");
	run_table(run, &q, "sliced");
	sql_add(&q, " as s join ");
	run_table(run, &q, "run");
	sql_add(&q, " as r on r.id = s.run where r.name = ");
	sql_param(&q, run->name);
	sql_add(&q, " and (r.finished is not null");
	sql_add(&q, " or r.abandoned is not null)");
	sql_add(&q, " and (s.completed is null or s.run <> ");
	run_param(&q, run->id);
	sql_add(&q, ") and exists (select from pg_catalog.pg_class as c");
	sql_add(&q, " join pg_catalog.pg_namespace as n");
	sql_add(&q, " on n.oid = c.relnamespace where c.oid = s.target_oid");
	sql_add(&q, " and (n.nspname, c.relname)");
	sql_add(&q, " = (s.target_schema, s.target_table))");
	sql_add(&q, " and not exists (select from ");
	run_table(run, &q, "sliced");
	sql_add(&q, " as t join ");
	run_table(run, &q, "run");
	sql_add(&q, " as o on o.id = t.run");
	sql_add(&q, " where (t.target_schema, t.target_table)");
	sql_add(&q, " = (s.target_schema, s.target_table)");
	sql_add(&q, " and t.completed is null");
	sql_add(&q, " and o.finished is null and o.abandoned is null)");
	sql_add(&q, " group by 1, 2 order by 1, 2");
	return failure_run(f, pg, &q, out, "read the ledger");
}

static void
say_half(const struct load *load, const struct job *place)
{
	log_warning("%s holds only a part of its rows: an earlier pipeline of "
		    "run \"%s\" began it, and this one did not list it",
	    place->target, load->run.name);
	if (load->options->mode == LOAD_REPLACE)
		log_hint("List it, and it is begun anew.");
	else if (load->options->mode == LOAD_UPSERT)
		log_hint("List it, and it is merged whole.");
	else
		log_hint("Delete those rows before it is appended again, or "
			 "load it with --mode replace.");
}

static status
build(struct pg *pg, const struct job *place, struct failure *f)
{
	struct index_list list CLEANUP(index_list_free) = INDEX_LIST_INIT;
	status s = index_deferred(pg, place, &list, f);

	if (s != STATUS_OK || list.len == 0)
		return s;
	s = index_rebuild(pg, place, &list, f);
	if (s == STATUS_OK)
		log_info("built %zu index%s of %s that had waited for it to be "
			 "whole",
		    list.len, list.len == 1 ? "" : "es", place->target);
	return s;
}

static status
settle(struct load *load, struct pg *pg, const struct job *place, bool half,
    struct failure *f)
{
	char *what CLEANUP_FREE = mem_printf("table %s", place->target);
	struct failure ignored CLEANUP(failure_clear) = {0};
	bool taken = false;
	status s = run_try_lock(pg, what, false, &taken, f);

	if (s != STATUS_OK || !taken)
		return s;
	if (half)
		say_half(load, place);
	s = build(pg, place, f);
	if (!pg_broken(pg) &&
	    run_unlock(pg, what, false, &ignored) != STATUS_OK)
		log_verbose("%s", ignored.message);
	return s;
}

status
leftover_settle(struct load *load, struct pg *pg, struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s = find(&load->run, pg, &r, f);
	int i;

	for (i = 0; s == STATUS_OK && i < pg_rows(r); i++) {
		struct str shown = STR_INIT;
		struct job place = {.load = load,
		    .schema = mem_strdup(pg_value(r, i, LEFT_SCHEMA)),
		    .table = mem_strdup(pg_value(r, i, LEFT_TABLE))};

		sql_show_name(&shown, place.schema, place.table);
		place.target = str_take(&shown);
		s = settle(load, pg, &place, pg_true(r, i, LEFT_HALF), f);
		free(place.schema);
		free(place.table);
		free(place.target);
	}
	return s;
}
