/* SPDX-License-Identifier: PostgreSQL */
/*
 * Keeping the triggers of continuous aggregates still.
 */
#include "load/quiet.h"

#include <string.h>

#include "base/log.h"

#define TRIGGER "ts_cagg_invalidation_trigger"

void
quiet_free(struct quiet *q)
{
	strv_free(&q->again);
	q->way = QUIET_UNKNOWN;
}

/* --- choosing -------------------------------------------------------------------------- */

static bool
any_triggers(const struct pg_chunk *chunks, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (chunks[i].invalidates)
			return true;
	return false;
}

static void
add_oids(struct sql *q, const struct pg_chunk *chunks, size_t n)
{
	size_t i;

	sql_add(q, "(0");
	for (i = 0; i < n; i++) {
		sql_add(q, ", ");
		sql_int(q, chunks[i].chunk.oid);
	}
	sql_add(q, ")");
}

/*
 * May we set the role, with nothing else missed by it?  And may we drop
 * triggers?
 */
static status
ask(struct pg *pg, const struct job *job, const struct pg_chunk *chunks,
    size_t n, bool *role, bool *owner, struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "select ");
	if (pg_version(pg) >= 150000) {
		sql_add(&q, "pg_catalog.has_parameter_privilege(");
		sql_add(&q, "'session_replication_role', 'SET')");
	} else {
		sql_add(&q, "(select u.rolsuper from pg_catalog.pg_roles as u");
		sql_add(&q, " where u.rolname = current_user)");
	}
	sql_add(&q, " and not exists (select from pg_catalog.pg_trigger as g");
	sql_add(&q, " where g.tgname <> '" TRIGGER "'");
	sql_add(&q, " and g.tgenabled <> 'D' and g.tgrelid in ");
	add_oids(&q, chunks, n);
	sql_add(&q, "), (select pg_catalog.bool_and(pg_catalog.pg_has_role(");
	sql_add(&q, "k.relowner, 'USAGE')) from pg_catalog.pg_class as k");
	sql_add(&q, " where k.oid in ");
	add_oids(&q, chunks, n);
	sql_add(&q, ")");
	s = failure_run(f, pg, &q, &r, "look at the triggers of %s",
	    job->target);
	if (s != STATUS_OK)
		return s;
	*role = pg_true(r, 0, 0);
	*owner = pg_true(r, 0, 1);
	return s;
}

static void
cannot(const struct job *job)
{
	bool said;

	(void)pthread_mutex_lock(&job->load->warned_lock);
	said = !seen_add(&job->load->warned, job->target);
	(void)pthread_mutex_unlock(&job->load->warned_lock);
	if (!said)
		log_warning("continuous aggregates of %s take note of what is "
			    "loaded and compute it again at their next "
			    "refresh; this version of TimescaleDB, or the "
			    "user's rights, leave no way around it",
		    job->target);
}

static status
choose(struct pg *pg, const struct job *job, const struct pg_hypertable *h,
    const struct pg_chunk *chunks, size_t n, struct quiet *q, struct failure *f)
{
	const struct pg_timescale *t;
	bool role = false, owner = false;
	status s;

	if (pg_timescale(pg, &t) != STATUS_OK)
		return failure_from_pg(f, pg, "look at TimescaleDB");
	if (t->may_skip) {
		q->way = QUIET_SETTING;
		return STATUS_OK;
	}
	if (!h->watched || job->load->options->disable_triggers) {
		q->way = QUIET_NEEDLESS;
		return STATUS_OK;
	}
	if (!any_triggers(chunks, n)) {
		/* None on chunks: either there are none yet, or changes are
		 * noted without. */
		q->way = n == 0 ? QUIET_NEEDLESS : QUIET_NONE;
		return STATUS_OK;
	}
	s = ask(pg, job, chunks, n, &role, &owner, f);
	q->way = role ? QUIET_REPLICA : owner ? QUIET_TRIGGER : QUIET_NONE;
	return s;
}

/* --- doing ----------------------------------------------------------------------------- */

static status
drop_trigger(struct pg *pg, const struct job *job, const struct pg_chunk *c,
    struct quiet *q, struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql ask_it CLEANUP_SQL = SQL_INIT, drop CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&ask_it, "select pg_catalog.pg_get_triggerdef(g.oid)");
	sql_add(&ask_it, " from pg_catalog.pg_trigger as g");
	sql_add(&ask_it, " where g.tgname = '" TRIGGER "' and g.tgrelid = ");
	sql_int(&ask_it, c->chunk.oid);
	s = failure_run(f, pg, &ask_it, &r, "look at the triggers of %s",
	    job->target);
	if (s != STATUS_OK || pg_rows(r) == 0)
		return s;
	sql_add(&drop, "drop trigger " TRIGGER " on ");
	sql_name(&drop, c->chunk.schema, c->chunk.name);
	s = failure_run(f, pg, &drop, NULL,
	    "keep continuous aggregates of %s from taking note", job->target);
	if (s == STATUS_OK)
		strv_add(&q->again, pg_value(r, 0, 0));
	return s;
}

status
quiet_begin(struct pg *pg, const struct job *job, const struct pg_hypertable *h,
    const struct pg_chunk *chunks, size_t n, struct quiet *q, struct failure *f)
{
	status s = STATUS_OK;
	size_t i;

	if (q->way == QUIET_UNKNOWN)
		s = choose(pg, job, h, chunks, n, q, f);
	if (s != STATUS_OK)
		return s;
	switch (q->way) {
	case QUIET_UNKNOWN:
	case QUIET_NEEDLESS:
		break;
	case QUIET_NONE:
		cannot(job);
		break;
	case QUIET_SETTING:
		return failure_do(f, pg,
		    "set local timescaledb.skip_cagg_invalidation = on",
		    "keep continuous aggregates quiet");
	case QUIET_REPLICA:
		return failure_do(f, pg,
		    "set local session_replication_role = 'replica'",
		    "keep continuous aggregates quiet");
	case QUIET_TRIGGER:
		for (i = 0; s == STATUS_OK && i < n; i++)
			if (chunks[i].invalidates)
				s = drop_trigger(pg, job, &chunks[i], q, f);
		break;
	}
	return s;
}

status
quiet_end(struct pg *pg, const struct job *job, struct quiet *q,
    struct failure *f)
{
	status s = STATUS_OK;
	size_t i;

	/* Making chunks and compressing them wants its triggers. */
	if (q->way == QUIET_REPLICA)
		return failure_do(f, pg,
		    "set local session_replication_role = 'origin'",
		    "let triggers fire again");
	for (i = 0; s == STATUS_OK && i < q->again.len; i++) {
		struct sql make CLEANUP_SQL = SQL_INIT;

		sql_given(&make, q->again.data[i]);
		s = failure_run(f, pg, &make, NULL, "give %s its trigger back",
		    job->target);
	}
	strv_free(&q->again);
	return s;
}
