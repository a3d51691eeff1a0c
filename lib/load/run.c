/* SPDX-License-Identifier: PostgreSQL */
/*
 * Beginning, continuing and finishing a run.
 */
#include "load/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/signal.h"
#include "load/unlogged.h"

#define LOCK_PAUSE 50000000 /* ns between two looks */

/* --- the source ------------------------------------------------------------- */

status
source_read(json_t *record, struct source *out)
{
	const json_t *from = json_object_get(record, "source");
	struct str text = STR_INIT;

	*out = (struct source){0};
	if (!json_is_object(from) || record_text(from, "database") == NULL) {
		log_error("the archive does not say where it comes from");
		return STATUS_USAGE;
	}
	out->record = json_incref(record);
	out->system = record_text(from, "system");
	out->database = record_text(from, "database");
	out->timeline = record_int(from, "timeline");
	out->standby = record_flag(from, "standby");
	out->started = record_text(from, "started");
	out->clock = record_text(from, "clock");
	out->snapshot = record_text(record, "snapshot");
	out->pg_snapshot = record_text(record, "pg_snapshot");
	out->lsn = record_text(record, "lsn");
	/* Clones of one server that did the same work number their snapshots
	 * alike; they were started at different times. */
	str_addf(&text, "%s/%" PRId64 "/%s/%s/%s/%s",
	    out->system == NULL ? "" : out->system, out->timeline,
	    out->database, out->snapshot == NULL ? "" : out->snapshot,
	    out->pg_snapshot == NULL ? "" : out->pg_snapshot,
	    out->started == NULL ? "" : out->started);
	out->identity = str_take(&text);
	out->shown = out->system == NULL
	    ? mem_printf("database \"%s\"", out->database)
	    : mem_printf("database \"%s\" of system %s", out->database,
		  out->system);
	return STATUS_OK;
}

void
source_free(struct source *s)
{
	json_decref(s->record);
	free(s->identity);
	free(s->shown);
	*s = (struct source){0};
}

/* --- little helpers ----------------------------------------------------------- */

void
run_table(const struct run *run, struct sql *q, const char *table)
{
	sql_name(q, run->schema, table);
}

void
run_param(struct sql *q, int64_t value)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%" PRId64, value);
	sql_param(q, text);
}

status
run_try_lock(struct pg *pg, const char *what, bool shared, bool *taken,
    struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	if (shared)
		sql_add(&q, "select pg_catalog.pg_try_advisory_lock_shared(");
	else
		sql_add(&q, "select pg_catalog.pg_try_advisory_lock(");
	sql_add(&q, "pg_catalog.hashtextextended('pgpipe ' || ");
	sql_param(&q, what);
	sql_add(&q, "::text, 0))");
	s = failure_run(f, pg, &q, &r, "lock %s", what);
	*taken = s == STATUS_OK && pg_true(r, 0, 0);
	return s;
}

bool
run_lock_pause(double since, uint64_t timeout)
{
	const struct timespec pause = {0, LOCK_PAUSE};

	if (signal_stop() != 0 ||
	    (timeout != 0 && num_now() - since >= (double)timeout / 1000))
		return false;
	(void)nanosleep(&pause, NULL);
	return true;
}

static status
lock(struct pg *pg, const char *what, bool shared, uint64_t timeout,
    bool *taken, struct failure *f)
{
	double since = num_now();
	status s;

	do
		s = run_try_lock(pg, what, shared, taken, f);
	while (s == STATUS_OK && !*taken && run_lock_pause(since, timeout));
	return s;
}

status
run_unlock(struct pg *pg, const char *what, bool shared, struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	if (shared)
		sql_add(&q, "select pg_catalog.pg_advisory_unlock_shared(");
	else
		sql_add(&q, "select pg_catalog.pg_advisory_unlock(");
	sql_add(&q, "pg_catalog.hashtextextended('pgpipe ' || ");
	sql_param(&q, what);
	sql_add(&q, "::text, 0))");
	return failure_run(f, pg, &q, NULL, "unlock %s", what);
}

/* --- beginning ------------------------------------------------------------------ */

/* The open run of that name, with its number of chunks; no row: none. */
static status
find_open(const struct run *run, struct pg *pg, struct pg_result **out,
    struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "select r.id, r.restarted, r.system, r.database,");
	sql_add(&q, " (select pg_catalog.count(*) from ");
	run_table(run, &q, "chunk");
	sql_add(&q,
	    " as c where c.run = r.id and c.replaced is null and not (");
	unlogged_chunk_gone(&q, run, false);
	sql_add(&q, ")) from ");
	run_table(run, &q, "run");
	sql_add(&q, " as r where r.name = ");
	sql_param(&q, run->name);
	sql_add(&q, " and r.finished is null and r.abandoned is null");
	sql_add(&q, " for no key update");
	return failure_run(f, pg, &q, out, "look for run \"%s\"", run->name);
}

static status
insert_run(struct run *run, struct pg *pg, bool restarted, struct failure *f)
{
	const struct source *from = &run->source;
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "insert into ");
	run_table(run, &q, "run");
	sql_add(&q, " (name, system, timeline, database, restarted)");
	sql_add(&q, " values (");
	sql_param(&q, run->name);
	sql_add(&q, ", ");
	sql_param(&q, from->system);
	sql_add(&q, ", nullif(");
	run_param(&q, from->timeline);
	sql_add(&q, "::bigint, -1), ");
	sql_param(&q, from->database);
	sql_add(&q, ", ");
	sql_param(&q, restarted ? "true" : "false");
	sql_add(&q, ") returning id");
	s = failure_run(f, pg, &q, &r, "begin run \"%s\"", run->name);
	if (s != STATUS_OK)
		return s;
	run->id = pg_int(r, 0, 0);
	run->restarted = restarted;
	run->begun = true;
	return STATUS_OK;
}

static status
abandon(const struct run *run, struct pg *pg, int64_t id, struct failure *f)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "update ");
	run_table(run, &q, "run");
	sql_add(&q, " set abandoned = pg_catalog.clock_timestamp()");
	sql_add(&q, " where id = ");
	run_param(&q, id);
	return failure_run(f, pg, &q, NULL, "abandon run \"%s\"", run->name);
}

/* Two names are the same source unless both sides know better. */
static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL || str_eq(a, b);
}

static status
continue_run(struct run *run, const struct pg_result *r, struct failure *f)
{
	const struct source *from = &run->source;
	const char *system = pg_value(r, 0, 2), *database = pg_value(r, 0, 3);

	if (!same(system, from->system) || !same(database, from->database)) {
		(void)failure_set(f, STATUS_FAIL,
		    "run \"%s\" is not finished, and its source is another "
		    "one: database \"%s\" of system %s, not %s",
		    run->name, database == NULL ? "" : database,
		    system == NULL ? "unknown" : system, from->shown);
		failure_hint(f,
		    "Take another --run, or abandon the "
		    "unfinished one with --restart.");
		return STATUS_FAIL;
	}
	run->id = pg_int(r, 0, 0);
	run->restarted = pg_true(r, 0, 1);
	run->known = pg_int(r, 0, 4);
	return STATUS_OK;
}

/* Within the transaction that keeps other beginners of this name out.  A
 * shared run is begun anew once, not by each who shares it. */
static status
find_or_insert(struct run *run, struct pg *pg,
    const struct load_options *options, struct failure *f)
{
	bool restart = options->restart, shared = options->shared_run != NULL;
	uint64_t timeout = options->target.lock_timeout;
	struct pg_result *r CLEANUP_RESULT = NULL;
	char *what CLEANUP_FREE = NULL;
	bool alone = false;
	status s = find_open(run, pg, &r, f);

	if (s != STATUS_OK)
		return s;
	if (pg_rows(r) == 0)
		return insert_run(run, pg, restart, f);
	if (!restart || (shared && pg_true(r, 0, 1)))
		return continue_run(run, r, f);
	what = mem_printf("run %" PRId64, pg_int(r, 0, 0));
	s = lock(pg, what, false, timeout, &alone, f);
	if (s == STATUS_OK && !alone)
		return failure_set(f, STATUS_RETRY,
		    "cannot restart run \"%s\": another process is loading "
		    "in it",
		    run->name);
	if (s == STATUS_OK)
		s = abandon(run, pg, pg_int(r, 0, 0), f);
	return s == STATUS_OK ? insert_run(run, pg, true, f) : s;
}

static status
begin_in_ledger(struct run *run, struct pg *pg,
    const struct load_options *options, struct failure *f)
{
	char *what CLEANUP_FREE = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	bool taken;
	status s;

	sql_add(&q, "select pg_catalog.pg_advisory_xact_lock(");
	sql_add(&q, "pg_catalog.hashtextextended('pgpipe begin ' || ");
	sql_param(&q, run->name);
	sql_add(&q, "::text, 0))");
	s = failure_do(f, pg, "begin read write", "begin run \"%s\"",
	    run->name);
	if (s == STATUS_OK)
		s = failure_run(f, pg, &q, NULL, "begin run \"%s\"", run->name);
	if (s == STATUS_OK)
		s = find_or_insert(run, pg, options, f);
	if (s != STATUS_OK)
		return s;
	what = mem_printf("run %" PRId64, run->id);
	s = lock(pg, what, true, options->target.lock_timeout, &taken, f);
	if (s == STATUS_OK && !taken)
		s = failure_set(f, STATUS_RETRY,
		    "another process keeps run \"%s\" to itself", run->name);
	return s == STATUS_OK
	    ? failure_do(f, pg, "commit", "begin run \"%s\"", run->name)
	    : s;
}

static void
name_process(struct run *run)
{
	char host[40] = "";
	struct timespec now;

	(void)gethostname(host, sizeof(host) - 1);
	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)snprintf(run->process, sizeof(run->process), "%s %ld %lld.%09ld",
	    host, (long)getpid(), (long long)now.tv_sec, now.tv_nsec);
}

/* A run has one source, whoever shares it. */
static char *
name_run(const struct load_options *options, const struct source *from)
{
	const char *shared = options->shared_run;

	if (options->run != NULL)
		return mem_strdup(options->run);
	return mem_printf("%s%s%s%s%s", shared == NULL ? "" : shared,
	    shared == NULL ? "" : "/", from->system == NULL ? "" : from->system,
	    from->system == NULL ? "" : "/", from->database);
}

status
run_begin(struct run *run, struct pg *control,
    const struct load_options *options, struct failure *f)
{
	status s;

	name_process(run);
	run->schema = options->ledger_schema;
	run->shared = options->shared_run != NULL;
	free(run->name);
	run->name = name_run(options, &run->source);
	if (run->schema == NULL) {
		run->restarted = true;
		log_info("begins without a ledger: what is loaded now, a "
			 "later run will load again");
		return STATUS_OK;
	}
	s = begin_in_ledger(run, control, options, f);
	if (s != STATUS_OK)
		return s;
	if (run->begun)
		log_info("begins run \"%s\"", run->name);
	else
		log_info("continues run \"%s\": %" PRId64 " chunk%s loaded "
			 "already",
		    run->name, run->known, run->known == 1 ? " is" : "s are");
	return STATUS_OK;
}

void
run_free(struct run *run)
{
	source_free(&run->source);
	free(run->name);
	run->name = NULL;
}
