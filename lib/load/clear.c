/* SPDX-License-Identifier: PostgreSQL */
/*
 * Truncate where that is possible, delete where it is not, refuse where
 * either would reach further than the chunk.
 */
#include "load/clear.h"

#include "load/entry.h"

static status
lock(struct pg *pg, const struct job *job, const struct target *t,
    bool exclusive, struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "lock table ");
	target_only(&q, t);
	if (exclusive)
		sql_add(&q, " in access exclusive mode");
	else
		sql_add(&q, " in share row exclusive mode");
	return failure_run(f, pg, &q, NULL, "lock %s", job->target);
}

static void
add_predicate(struct sql *q, const char *predicate)
{
	if (predicate == NULL)
		return;
	/* The newline ends a comment that the predicate may end in. */
	sql_add(q, " where (");
	sql_given(q, predicate);
	sql_add(q, "\n)");
}

static status
has_rows(struct pg *pg, const struct job *job, const struct target *t,
    const char *predicate, bool *out, struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "select exists (select from ");
	target_only(&q, t);
	add_predicate(&q, predicate);
	sql_add(&q, ")");
	s = failure_run(f, pg, &q, &r, "look for rows in %s", job->target);
	*out = s == STATUS_OK && pg_true(r, 0, 0);
	return s;
}

status
clear_permit(struct pg *pg, const struct job *job, const struct target *t,
    struct failure *f)
{
	status s = entry_strangers(pg, job, t->table.oid, f);

	if (s != STATUS_OK)
		return s;
	if (t->references == NULL || job->load->options->disable_triggers)
		return STATUS_OK;
	(void)failure_set(f, STATUS_FAIL,
	    "cannot clear %s: it has rows, and others refer to it by foreign "
	    "key: %s",
	    job->target, t->references);
	failure_hint(f,
	    "--disable-triggers clears it all the same, if the "
	    "user may set session_replication_role; --mode upsert does not "
	    "clear.");
	return STATUS_FAIL;
}

/* Rows outside of the range may refer to rows inside. */
static status
permit_range(const struct job *job, const struct target *t, struct failure *f)
{
	if (t->cascades == NULL || job->load->options->disable_triggers)
		return STATUS_OK;
	(void)failure_set(f, STATUS_FAIL,
	    "cannot clear a part of %s: it has rows, and others of its own "
	    "that refer to them would be deleted or changed: %s",
	    job->target, t->cascades);
	failure_hint(f,
	    "--disable-triggers clears it all the same, if the "
	    "user may set session_replication_role; --mode upsert does not "
	    "clear.");
	return STATUS_FAIL;
}

static status
truncate_table(struct pg *pg, const struct job *job, const struct target *t,
    struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "truncate ");
	target_only(&q, t);
	return failure_run(f, pg, &q, NULL, "clear %s", job->target);
}

static status
delete_rows(struct pg *pg, const struct job *job, const struct target *t,
    const char *predicate, struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;
	bool left = false;
	status s;

	sql_add(&q, "delete from ");
	target_only(&q, t);
	add_predicate(&q, predicate);
	s = failure_run(f, pg, &q, NULL, "clear %s", job->target);
	if (s == STATUS_OK && t->keeps_rows)
		s = has_rows(pg, job, t, predicate, &left, f);
	if (s == STATUS_OK && left)
		return failure_set(f, STATUS_FAIL,
		    "could not clear %s: a "
		    "trigger or a rule keeps rows from being deleted",
		    job->target);
	return s;
}

/* By truncate, with the table to ourselves. */
static status
clear_exclusive(struct pg *pg, const struct job *job, const struct target *t,
    bool freeze, struct cleared *out, struct failure *f)
{
	bool rows = false;
	status s = lock(pg, job, t, true, f);

	if (s == STATUS_OK)
		s = has_rows(pg, job, t, NULL, &rows, f);
	if (s == STATUS_OK && rows)
		s = clear_permit(pg, job, t, f);
	if (s != STATUS_OK)
		return s;
	out->exclusive = true;
	/* Truncating the empty is for COPY FREEZE, and nothing must notice. */
	if (!rows && (!freeze || !t->heap || t->truncate_triggers))
		return STATUS_OK;
	out->fresh = t->heap;
	return truncate_table(pg, job, t, f);
}

status
clear_whole(struct pg *pg, const struct job *job, const struct target *t,
    bool freeze, struct cleared *out, struct failure *f)
{
	bool rows = false;
	status s;

	*out = (struct cleared){false, false};
	if (t->references == NULL && t->may_truncate)
		return clear_exclusive(pg, job, t, freeze, out, f);
	/* Who checks a foreign key may still look. */
	s = lock(pg, job, t, false, f);
	if (s == STATUS_OK)
		s = has_rows(pg, job, t, NULL, &rows, f);
	if (s == STATUS_OK && rows)
		s = clear_permit(pg, job, t, f);
	return s == STATUS_OK && rows ? delete_rows(pg, job, t, NULL, f) : s;
}

status
clear_range(struct pg *pg, const struct job *job, const struct target *t,
    const char *predicate, bool *any, struct failure *f)
{
	bool rows = false;
	status s = has_rows(pg, job, t, predicate, &rows, f);

	if (any != NULL)
		*any = *any || rows;
	if (s == STATUS_OK && rows)
		s = clear_permit(pg, job, t, f);
	if (s == STATUS_OK && rows)
		s = permit_range(job, t, f);
	return s == STATUS_OK && rows ? delete_rows(pg, job, t, predicate, f)
				      : s;
}
