/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rows of the table "sliced", from the first look to completion.
 */
#include "load/unit.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "load/attach.h"
#include "load/index.h"
#include "load/target.h"
#include "load/unlogged.h"

/* --- finding ------------------------------------------------------------------------------ */

status
unit_rows(struct pg *pg, const struct job *job, const char *within, bool lock,
    struct pg_result **out, struct failure *f)
{
	const struct run *run = &job->load->run;
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "select id, run, run = ");
	run_param(&q, run->id);
	sql_add(&q, " and within is not distinct from ");
	sql_param(&q, within);
	sql_add(&q, ", run = ");
	run_param(&q, run->id);
	sql_add(&q, ", identity = ");
	sql_param(&q, run->source.identity);
	sql_add(&q, ", completed is not null, within,");
	sql_add(&q, " (source_schema, source_table) = (");
	sql_param(&q, job->chunk.schema);
	sql_add(&q, "::text, ");
	sql_param(&q, job->chunk.table);
	sql_add(&q, "::text), target_oid,");
	unlogged_sliced_gone(&q, run, job->load->options->mode == LOAD_REPLACE);
	sql_add(&q, ", coalesce(target_oid = ");
	entry_target_oid(&q, job);
	sql_add(&q, ", false) from ");
	run_table(run, &q, "sliced");
	sql_add(&q, " as s where true");
	entry_where_target(&q, job);
	sql_add(&q, " order by id");
	if (lock)
		sql_add(&q, " for update");
	return failure_run(f, pg, &q, out, "read the ledger");
}

int
unit_mine(const struct pg_result *r)
{
	int i;

	for (i = 0; i < pg_rows(r); i++)
		if (pg_true(r, i, UNIT_MINE))
			return i;
	return -1;
}

status
unit_joinable(struct pg *pg, const struct job *job, bool *out,
    struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s = unit_rows(pg, job, job->chunk.within, false, &r, f);
	int i;

	*out = false;
	if (s != STATUS_OK)
		return s;
	i = unit_mine(r);
	*out = i >= 0 &&
	    (pg_true(r, i, UNIT_IDENTITY) || pg_true(r, i, UNIT_COMPLETED)) &&
	    pg_true(r, i, UNIT_THERE) && !pg_true(r, i, UNIT_GONE);
	return STATUS_OK;
}

status
unit_coverage(struct pg *pg, const struct job *job, int64_t id,
    struct coverage *out, struct failure *f)
{
	const struct run *run = &job->load->run;
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;
	int i;

	sql_add(&q, "select c.chunk, c.slice ->> 'by', c.slice ->> 'from',");
	sql_add(&q, " c.slice ->> 'to' from ");
	run_table(run, &q, "chunk");
	sql_add(&q, " as c join ");
	run_table(run, &q, "sliced");
	sql_add(&q, " as s on s.run = c.run");
	sql_add(&q, " and s.target_schema = c.target_schema");
	sql_add(&q, " and s.target_table = c.target_table");
	sql_add(&q, " and s.within is not distinct from c.slice ->> 'within'");
	sql_add(&q, " where c.slice is not null and s.id = ");
	run_param(&q, id);
	sql_add(&q, " order by c.loaded");
	s = failure_run(f, pg, &q, &r, "read the ledger");
	for (i = 0; s == STATUS_OK && i < pg_rows(r); i++) {
		struct slice_at at = {pg_value(r, i, 0),
		    chunk_slice_by(pg_value(r, i, 1)), pg_value(r, i, 2),
		    pg_value(r, i, 3)};

		coverage_add(out, &at);
	}
	return s;
}

status
unit_hold(struct pg *pg, const struct job *job, int64_t id, bool loaded,
    struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	if (id == 0)
		return STATUS_OK;
	sql_add(&q, "select");
	unlogged_sliced_gone(&q, &job->load->run, false);
	sql_add(&q, " from ");
	run_table(&job->load->run, &q, "sliced");
	sql_add(&q, " as s where s.id = ");
	run_param(&q, id);
	if (!loaded)
		sql_add(&q, " and s.completed is null");
	sql_add(&q, " for key share of s");
	s = failure_run(f, pg, &q, &r, "read the ledger");
	if (s != STATUS_OK)
		return s;
	if (pg_rows(r) == 0)
		return failure_set(f, STATUS_RETRY,
		    "%s was begun anew by another process", job->target);
	return pg_true(r, 0, 0) ? unlogged_fail(job, f) : STATUS_OK;
}

status
unit_complete(struct pg *pg, const struct job *job, int64_t id, bool *first,
    struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	*first = true;
	if (id == 0)
		return STATUS_OK;
	sql_add(&q, "update ");
	run_table(&job->load->run, &q, "sliced");
	sql_add(&q, " set completed = pg_catalog.clock_timestamp()");
	sql_add(&q, " where id = ");
	run_param(&q, id);
	sql_add(&q, " and completed is null");
	s = failure_run(f, pg, &q, &r, "write the ledger");
	*first = s == STATUS_OK && pg_affected(r) == 1;
	return s;
}

/* --- settling ----------------------------------------------------------------------------- */

static status
attach(struct pg *pg, const struct job *job, struct failure *f)
{
	struct target t CLEANUP(target_free) = {0};
	status s = failure_do(f, pg, "begin", "attach %s", job->target);

	if (s == STATUS_OK)
		s = target_open(pg, job, &t, f);
	if (s == STATUS_OK && t.bound != NULL)
		s = attach_finish(pg, job, &t, f);
	if (s == STATUS_OK)
		return failure_do(f, pg, "commit", "attach %s", job->target);
	failure_roll_back(pg);
	return s;
}

static status
is_attaching(struct pg *pg, const struct job *job, bool *out, struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "select from ");
	run_table(&job->load->run, &q, "attaching");
	sql_add(&q, " where true");
	entry_where_target(&q, job);
	s = failure_run(f, pg, &q, &r, "read the ledger");
	*out = s == STATUS_OK && pg_rows(r) > 0;
	return s;
}

status
unit_settle(struct pg *pg, const struct job *job, struct failure *f)
{
	struct index_list list CLEANUP(index_list_free) = INDEX_LIST_INIT;
	bool attaching = false;
	status s;

	if (job->load->run.schema == NULL)
		return STATUS_OK;
	s = index_deferred(pg, job, &list, f);
	if (s == STATUS_OK)
		s = index_rebuild(pg, job, &list, f);
	if (s == STATUS_OK)
		s = is_attaching(pg, job, &attaching, f);
	return s == STATUS_OK && attaching ? attach(pg, job, f) : s;
}

void
unit_where_unsettled(struct sql *q, const struct run *run)
{
	sql_add(q, " s.completed is not null and exists (select");
	sql_add(q, " from pg_catalog.pg_class as k");
	sql_add(q, " join pg_catalog.pg_namespace as n");
	sql_add(q, " on n.oid = k.relnamespace where k.oid = s.target_oid");
	sql_add(q, " and (n.nspname, k.relname)");
	sql_add(q, " = (s.target_schema, s.target_table)");
	sql_add(q, " and (exists (select from ");
	run_table(run, q, "deferred");
	sql_add(q, " as d where d.target_oid = k.oid");
	sql_add(q, " and (d.target_schema, d.target_table)");
	sql_add(q, " = (s.target_schema, s.target_table) and not (");
	index_where_stale(q);
	sql_add(q, ")) or not k.relispartition and exists (select from ");
	run_table(run, q, "attaching");
	sql_add(q, " as a where (a.target_schema, a.target_table)");
	sql_add(q, " = (s.target_schema, s.target_table))))");
}

static status
refuse(const struct job *job, const char *waits, const char *hint,
    struct failure *f)
{
	(void)failure_set(f, STATUS_FAIL,
	    "%s is in the middle of another load: %s", job->target, waits);
	failure_hint(f, "%s", hint);
	return STATUS_FAIL;
}

status
unit_refuse_unsettled(struct pg *pg, const struct job *job,
    const struct target *t, bool attaching, struct failure *f)
{
	struct index_list list CLEANUP(index_list_free) = INDEX_LIST_INIT;
	char *hint CLEANUP_FREE = NULL;
	status s = index_deferred(pg, job, &list, f);

	if (s == STATUS_OK && list.len > 0) {
		hint = mem_printf("Run that one to its end first, or build "
				  "them by hand: \"%s\".deferred has their "
				  "definitions.",
		    job->load->run.schema);
		return refuse(job, "its indexes wait to be built", hint, f);
	}
	if (s != STATUS_OK || attaching || t->created || t->bound == NULL)
		return s;
	hint = mem_printf("Run that one to its end first, or attach it to "
			  "\"%s.%s\" by hand: %s",
	    t->parent_schema, t->parent_table, t->bound);
	return refuse(job, "it waits to be attached", hint, f);
}

/* --- summing ------------------------------------------------------------------------------ */

enum {
	SUM_ROWS,
	SUM_BYTES,
	SUM_DIGEST,
	SUM_SNAPSHOT,
	SUM_PG_SNAPSHOT,
	SUM_LSN
};

/* Pieces of the relation: slices, or the one chunk that it came as. */
static void
add_pieces(struct sql *q, const struct job *job)
{
	const struct run *run = &job->load->run;
	const char *within =
	    job->chunk.by == SLICE_NONE ? job->chunk.where : job->chunk.within;

	sql_add(q, "select rows, bytes, digest, snapshot, pg_snapshot, lsn");
	sql_add(q, " from ");
	run_table(run, q, "chunk");
	sql_add(q, " where loaded is not null and run = ");
	run_param(q, run->id);
	entry_where_target(q, job);
	sql_add(q, " and case when slice is null then predicate");
	sql_add(q, " else slice ->> 'within' end is not distinct from ");
	sql_param(q, within);
}

/*
 * Blocks have an order that everybody knows, so that a piece belongs to the
 * slice that it begins in, even if the relation was cut otherwise then.  What
 * was cut by key, or not at all, belongs to the first one: slices by block are
 * judged together.
 */
static void
add_blocks(struct sql *q, const struct job *job)
{
	sql_add(q, " and case when slice ->> 'by' = 'ctid'");
	sql_add(q, " then coalesce((slice ->> 'from')::numeric, 0)");
	sql_add(q, " else 0 end >= ");
	sql_param(q, job->chunk.from == NULL ? "0" : job->chunk.from);
	sql_add(q, "::numeric");
	if (job->chunk.to == NULL)
		return;
	sql_add(q, " and case when slice ->> 'by' = 'ctid'");
	sql_add(q, " then coalesce((slice ->> 'from')::numeric, 0)");
	sql_add(q, " else 0 end < ");
	sql_param(q, job->chunk.to);
	sql_add(q, "::numeric");
}

static char *
copy_of(const char *text)
{
	return text == NULL ? NULL : mem_strdup(text);
}

static void
take_snapshot(const struct pg_result *r, struct entry *out)
{
	out->snapshot = copy_of(pg_value(r, 0, SUM_SNAPSHOT));
	out->pg_snapshot = copy_of(pg_value(r, 0, SUM_PG_SNAPSHOT));
	out->lsn = copy_of(pg_value(r, 0, SUM_LSN));
}

/* A digest that one of the pieces lacks is none. */
static void
add_up(const struct pg_result *r, enum digest_kind kind, struct entry *out)
{
	struct digest sum = {.kind = kind}, piece;
	char text[DIGEST_SHOWN];
	bool known = kind != DIGEST_NONE;
	int i;

	for (i = 0; i < pg_rows(r); i++) {
		const char *shown = pg_value(r, i, SUM_DIGEST);

		out->rows += pg_int(r, i, SUM_ROWS);
		out->bytes += pg_int(r, i, SUM_BYTES);
		if (shown == NULL || !digest_parse(shown, &piece) ||
		    piece.kind != kind)
			known = false;
		else
			digest_add(&sum, &piece);
	}
	if (!known)
		return;
	digest_show(&sum, text);
	out->digest = mem_strdup(text);
}

/* Not known what the slice holds; known under which snapshot. */
static status
unknown_share(struct pg *pg, const struct job *job, struct entry *out,
    enum digest_kind *kind, struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	struct digest d = {.kind = DIGEST_NONE};
	const char *shown;
	status s;

	add_pieces(&q, job);
	sql_add(&q, " order by loaded limit 1");
	s = failure_run(f, pg, &q, &r, "read the ledger");
	if (s != STATUS_OK || pg_rows(r) == 0)
		return s;
	take_snapshot(r, out);
	shown = pg_value(r, 0, SUM_DIGEST);
	if (shown != NULL && digest_parse(shown, &d))
		*kind = d.kind;
	return STATUS_OK;
}

status
unit_sum(struct pg *pg, const struct job *job, struct entry *out,
    struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	enum digest_kind kind = DIGEST_NONE;
	status s = unknown_share(pg, job, out, &kind, f);

	add_pieces(&q, job);
	if (job->chunk.by == SLICE_CTID)
		add_blocks(&q, job);
	else if (job->chunk.by != SLICE_NONE) {
		sql_add(&q, " and chunk = ");
		sql_param(&q, job->chunk.id);
	}
	if (s == STATUS_OK)
		s = failure_run(f, pg, &q, &r, "read the ledger");
	if (s != STATUS_OK)
		return s;
	out->rows = out->bytes = 0;
	if (pg_rows(r) > 0 || job->chunk.by == SLICE_CTID)
		add_up(r, kind, out);
	else
		out->rows = out->bytes = -1;
	return STATUS_OK;
}
