/* SPDX-License-Identifier: PostgreSQL */
/*
 * The verbs that pause TimescaleDB's background jobs in the target and resume
 * just those.  What is remembered commits with the change itself, so that no
 * kill at any moment loses a job.
 */
#include <inttypes.h>

#include "base/log.h"
#include "base/mem.h"
#include "queue/home.h"

#define FIRST_JOB 1000 /* below are TimescaleDB's own */

/* The schema that TimescaleDB's functions are in, for the caller to free. */
static status
find_extension(struct pg *pg, char **schema)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "select n.nspname from pg_catalog.pg_extension as e");
	sql_add(&q, " join pg_catalog.pg_namespace as n");
	sql_add(&q, " on n.oid = e.extnamespace");
	sql_add(&q, " where e.extname = 'timescaledb'");
	s = home_run(pg, "look for TimescaleDB", &q, &r);
	if (s != STATUS_OK)
		return s;
	if (pg_rows(r) == 0) {
		log_error("database \"%s\" has no TimescaleDB: it has no "
			  "background jobs",
		    pg_database(pg));
		return STATUS_FAIL;
	}
	*schema = mem_strdup(pg_value(r, 0, 0));
	return STATUS_OK;
}

static void
add_alter(struct sql *q, const char *schema, bool scheduled)
{
	sql_name(q, schema, "alter_job");
	if (scheduled)
		sql_add(q, "(j.job_id, scheduled => true)");
	else
		sql_add(q, "(j.job_id, scheduled => false)");
}

/* Two queues may want the same job: one after the other. */
static status
begin_alone(const struct queue_options *o, struct pg *pg, const char *doing)
{
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s = pg_do(pg, doing, "begin read write");

	sql_add(&q, "lock table ");
	home_table(o, &q, "queue_job");
	sql_add(&q, " in share row exclusive mode");
	return s == STATUS_OK ? home_run(pg, doing, &q, NULL) : s;
}

/* --- pausing ---------------------------------------------------------------------- */

/* Jobs that run by schedule, those that another queue has paused, and
 * whether they are ours to change. */
static status
find_jobs(const struct queue_options *o, struct pg *pg, struct pg_result **out)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "select j.job_id, coalesce(j.application_name, ''),");
	sql_add(&q, " pg_catalog.pg_has_role(j.owner, 'usage')");
	sql_add(&q, " from timescaledb_information.jobs as j");
	sql_add(&q, " where j.job_id >= ");
	sql_int(&q, FIRST_JOB);
	sql_add(&q, " and (j.scheduled or exists (select from ");
	home_table(o, &q, "queue_job");
	sql_add(&q, " as k where k.job = j.job_id))");
	sql_add(&q, " and not exists (select from ");
	home_table(o, &q, "queue_job");
	sql_add(&q, " as k where k.job = j.job_id and k.queue = ");
	sql_param(&q, o->name);
	sql_add(&q, " and not j.scheduled) order by j.job_id");
	return home_run(pg, "list the background jobs", &q, out);
}

static status
remember(const struct queue_options *o, struct pg *pg, int64_t job,
    const char *name)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "insert into ");
	home_table(o, &q, "queue_job");
	sql_add(&q, " (queue, job, name) values (");
	sql_param(&q, o->name);
	sql_add(&q, ", ");
	sql_int(&q, job);
	sql_add(&q, ", ");
	sql_param(&q, name);
	sql_add(&q, ") on conflict (queue, job) do nothing");
	return home_run(pg, "write the queue", &q, NULL);
}

static status
change(struct pg *pg, const char *schema, int64_t job, bool scheduled)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "select ");
	add_alter(&q, schema, scheduled);
	sql_add(&q, " from timescaledb_information.jobs as j");
	sql_add(&q, " where j.job_id = ");
	sql_int(&q, job);
	return home_run(pg,
	    scheduled ? "resume a background job" : "pause a background job",
	    &q, NULL);
}

static status
pause_one(const struct queue_options *o, struct pg *pg, const char *schema,
    const struct pg_result *jobs, int i)
{
	int64_t job = pg_int(jobs, i, 0);
	status s = begin_alone(o, pg, "pause a background job");

	if (s == STATUS_OK)
		s = remember(o, pg, job, pg_value(jobs, i, 1));
	if (s == STATUS_OK)
		s = change(pg, schema, job, false);
	if (s == STATUS_OK)
		return pg_do(pg, "pause a background job", "commit");
	failure_roll_back(pg);
	return s;
}

static status
pause_all(const struct queue_options *o, struct pg *pg, const char *schema)
{
	struct pg_result *jobs CLEANUP_RESULT = NULL;
	status s = find_jobs(o, pg, &jobs), worst = STATUS_OK;
	uint64_t n = 0;
	int i;

	for (i = 0; s == STATUS_OK && i < pg_rows(jobs); i++) {
		if (!pg_true(jobs, i, 2)) {
			log_warning("job %s, \"%s\", belongs to another role "
				    "and goes on",
			    pg_value(jobs, i, 0), pg_value(jobs, i, 1));
			continue;
		}
		s = pause_one(o, pg, schema, jobs, i);
		n += s == STATUS_OK;
		worst = status_worse(worst, s);
		if (!pg_broken(pg))
			s = STATUS_OK;
	}
	log_info("queue \"%s\": %" PRIu64 " background job%s paused", o->name,
	    n, n == 1 ? " is" : "s are");
	return status_worse(s, worst);
}

/* What runs already is not stopped by taking it off the schedule. */
static status
warn_running(const struct queue_options *o, struct pg *pg)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;
	int i;

	sql_add(&q, "select k.job, k.name from ");
	home_table(o, &q, "queue_job");
	sql_add(&q, " as k join timescaledb_information.job_stats as s");
	sql_add(&q, " on s.job_id = k.job where k.queue = ");
	sql_param(&q, o->name);
	sql_add(&q, " and s.job_status = 'Running' order by k.job");
	s = home_run(pg, "look for running jobs", &q, &r);
	for (i = 0; s == STATUS_OK && i < pg_rows(r); i++)
		log_warning("job %s, \"%s\", is running: it is paused when it "
			    "ends",
		    pg_value(r, i, 0), pg_value(r, i, 1));
	return s;
}

status
queue_verb_pause_jobs(const struct queue_options *o)
{
	struct pg *pg CLEANUP(pg_cleanup) = NULL;
	char *schema CLEANUP_FREE = NULL;
	status s = home_make(o, &pg);

	if (s == STATUS_OK)
		s = find_extension(pg, &schema);
	if (s == STATUS_OK)
		s = pause_all(o, pg, schema);
	return s == STATUS_OK ? warn_running(o, pg) : s;
}

/* --- resuming --------------------------------------------------------------------- */

static status
find_paused(const struct queue_options *o, struct pg *pg,
    struct pg_result **out)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "select k.job, k.name, exists (select from");
	sql_add(&q, " timescaledb_information.jobs as j");
	sql_add(&q, " where j.job_id = k.job) from ");
	home_table(o, &q, "queue_job");
	sql_add(&q, " as k where k.queue = ");
	sql_param(&q, o->name);
	sql_add(&q, " order by k.job");
	return home_run(pg, "list the paused jobs", &q, out);
}

/* Does another queue want it paused? */
static status
ask_others(const struct queue_options *o, struct pg *pg, int64_t job,
    bool *wanted)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "select from ");
	home_table(o, &q, "queue_job");
	sql_add(&q, " where queue <> ");
	sql_param(&q, o->name);
	sql_add(&q, " and job = ");
	sql_int(&q, job);
	s = home_run(pg, "list the paused jobs", &q, &r);
	*wanted = s == STATUS_OK && pg_rows(r) > 0;
	return s;
}

static status
forget(const struct queue_options *o, struct pg *pg, int64_t job)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "delete from ");
	home_table(o, &q, "queue_job");
	home_where(o, &q);
	sql_add(&q, " and job = ");
	sql_int(&q, job);
	return home_run(pg, "write the queue", &q, NULL);
}

static status
resume_one(const struct queue_options *o, struct pg *pg, const char *schema,
    const struct pg_result *jobs, int i)
{
	int64_t job = pg_int(jobs, i, 0);
	bool wanted = false, there = pg_true(jobs, i, 2);
	status s = begin_alone(o, pg, "resume a background job");

	if (s == STATUS_OK)
		s = ask_others(o, pg, job, &wanted);
	if (s == STATUS_OK)
		s = forget(o, pg, job);
	if (s == STATUS_OK && there && !wanted)
		s = change(pg, schema, job, true);
	if (s == STATUS_OK)
		s = pg_do(pg, "resume a background job", "commit");
	else
		failure_roll_back(pg);
	if (s == STATUS_OK && !there)
		log_warning("job %s, \"%s\", is not there any more",
		    pg_value(jobs, i, 0), pg_value(jobs, i, 1));
	else if (s == STATUS_OK && wanted)
		log_info("job %s, \"%s\", stays paused for another queue",
		    pg_value(jobs, i, 0), pg_value(jobs, i, 1));
	return s;
}

status
queue_verb_resume_jobs(const struct queue_options *o)
{
	struct pg *pg CLEANUP(pg_cleanup) = NULL;
	struct pg_result *jobs CLEANUP_RESULT = NULL;
	char *schema CLEANUP_FREE = NULL;
	status s = home_open(o, &pg, NULL), worst = STATUS_OK;
	uint64_t n = 0;
	int i;

	if (s == STATUS_OK)
		s = find_extension(pg, &schema);
	if (s == STATUS_OK)
		s = find_paused(o, pg, &jobs);
	if (s != STATUS_OK)
		return s;
	for (i = 0; i < pg_rows(jobs) && !pg_broken(pg); i++) {
		s = resume_one(o, pg, schema, jobs, i);
		n += s == STATUS_OK;
		worst = status_worse(worst, s);
	}
	log_info("queue \"%s\": %" PRIu64 " background job%s resumed", o->name,
	    n, n == 1 ? " is" : "s are");
	return worst;
}
