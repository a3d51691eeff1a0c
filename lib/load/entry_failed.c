/* SPDX-License-Identifier: PostgreSQL */
/*
 * Chunks that failed, as the ledger knows them.
 */
#include "load/entry.h"

#include "base/log.h"

static status
insert_failed(struct pg *pg, const struct job *job, const struct failure *why,
    struct failure *f)
{
	const struct run *run = &job->load->run;
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "insert into ");
	run_table(run, &q, "failed");
	sql_add(&q, " (run, chunk, target_schema, target_table, process,");
	sql_add(&q, " class, sqlstate, message) values (");
	run_param(&q, run->id);
	sql_add(&q, ", ");
	sql_param(&q, job->chunk.id);
	sql_add(&q, ", ");
	sql_param(&q, job->schema);
	sql_add(&q, ", ");
	sql_param(&q, job->table);
	sql_add(&q, ", ");
	sql_param(&q, run->process);
	sql_add(&q, ", ");
	run_param(&q, why->class);
	sql_add(&q, ", nullif(");
	sql_param(&q, why->sqlstate);
	sql_add(&q, ", ''), ");
	sql_param(&q, why->message);
	sql_add(&q, ") on conflict (run, chunk) do update set");
	sql_add(&q, " process = excluded.process, class = excluded.class,");
	sql_add(&q, " sqlstate = excluded.sqlstate,");
	sql_add(&q, " message = excluded.message,");
	sql_add(&q, " failed = excluded.failed");
	return failure_run(f, pg, &q, NULL, "write the ledger");
}

/* The loader's own connection may be what failed. */
void
entry_failed(struct load *load, const struct job *job,
    const struct failure *why)
{
	struct failure f CLEANUP(failure_clear) = {0};
	status s = STATUS_RETRY;

	if (load->run.schema == NULL)
		return;
	(void)pthread_mutex_lock(&load->control_lock);
	if (!pg_broken(load->control))
		s = insert_failed(load->control, job, why, &f);
	(void)pthread_mutex_unlock(&load->control_lock);
	if (s == STATUS_OK)
		return;
	(void)pthread_mutex_lock(&load->results.lock);
	load->results.unrecorded = true;
	(void)pthread_mutex_unlock(&load->results.lock);
}

static status
delete_failed(struct pg *pg, const struct job *job, struct failure *f)
{
	const struct run *run = &job->load->run;
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "delete from ");
	run_table(run, &q, "failed");
	sql_add(&q, " where run = ");
	run_param(&q, run->id);
	sql_add(&q, " and chunk = ");
	sql_param(&q, job->chunk.id);
	return failure_run(f, pg, &q, NULL, "write the ledger");
}

void
entry_vanished(struct load *load, const struct job *job)
{
	struct failure f CLEANUP(failure_clear) = {0};
	status s = STATUS_RETRY;

	if (load->run.schema == NULL)
		return;
	(void)pthread_mutex_lock(&load->control_lock);
	if (!pg_broken(load->control))
		s = delete_failed(load->control, job, &f);
	(void)pthread_mutex_unlock(&load->control_lock);
	if (s != STATUS_OK)
		log_verbose("could not forget the failure of \"%s\"",
		    job->chunk.id);
}
