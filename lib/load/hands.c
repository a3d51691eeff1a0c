/* SPDX-License-Identifier: PostgreSQL */
/*
 * Locks are tried again and again: who waited in the server would keep others
 * from the control connection.
 */
#include "load/hands.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"

status
hands_try(struct load *load, const char *what, bool shared, bool *taken,
    struct failure *f)
{
	status s;

	(void)pthread_mutex_lock(&load->control_lock);
	s = run_try_lock(load->control, what, shared, taken, f);
	(void)pthread_mutex_unlock(&load->control_lock);
	return s;
}

status
hands_drop(struct load *load, const char *what, bool shared, struct failure *f)
{
	status s;

	(void)pthread_mutex_lock(&load->control_lock);
	s = run_unlock(load->control, what, shared, f);
	(void)pthread_mutex_unlock(&load->control_lock);
	return s;
}

void
hands_let_go(struct load *load, const char *what, bool shared)
{
	struct failure f CLEANUP(failure_clear) = {0};

	if (hands_drop(load, what, shared, &f) != STATUS_OK)
		log_verbose("%s", f.message);
}

status
hands_full(const struct job *job, struct failure *f)
{
	(void)failure_set(f, STATUS_RETRY,
	    "another process has %s in its hands", job->target);
	failure_hint(f,
	    "Parts of one table are loaded by one process at a time, unless "
	    "pg-queue hands them out; --lock-timeout says how long to wait.");
	return STATUS_RETRY;
}

/* --- a chunk's ---------------------------------------------------------------------------- */

/* The caller frees. */
static char *
name(const struct job *job, const char *kind)
{
	char *place CLEANUP_FREE = NULL;

	if (!job->chunk.hypertable)
		return mem_printf("%s %s", kind, job->target);
	place = json_dumps(job->chunk.slices, JSON_COMPACT | JSON_SORT_KEYS);
	return mem_printf("%s %s %s", kind, job->target,
	    place == NULL ? "" : place);
}

/*
 * Who hands out a job's parts, of which none overlap, is told by the run's name
 * (NULL: nobody does).  A round of it (" #2") is the same job.  The caller
 * frees.
 */
static char *
group_of(const struct job *job)
{
	const char *run = job->load->options->handed, *end;

	if (run == NULL)
		return NULL;
	end = strrchr(run, '#');
	if (end == NULL || end - run < 2 || end[-1] != ' ' ||
	    end[1 + strspn(end + 1, "0123456789")] != '\0')
		end = run + strlen(run) + 1;
	return mem_printf("parts %s of %.*s", job->target, (int)(end - run - 1),
	    run);
}

/* Does another process hold one lock without the other?  Of those that share
 * the first, only the server knows who they are. */
static status
strangers(struct load *load, const char *what, const char *group, bool *out,
    struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "with held as materialized (select l.pid,");
	sql_add(&q, " (l.classid::bigint << 32) | l.objid::bigint as key");
	sql_add(&q, " from pg_catalog.pg_locks as l");
	sql_add(&q, " where l.locktype = 'advisory' and l.objsubid = 1");
	sql_add(&q, " and l.granted and l.pid <> pg_catalog.pg_backend_pid()");
	sql_add(&q, " and l.database = (select d.oid");
	sql_add(&q, " from pg_catalog.pg_database as d");
	sql_add(&q, " where d.datname = pg_catalog.current_database()))");
	sql_add(&q, " select exists (select from held as h where h.key = ");
	sql_add(&q, "pg_catalog.hashtextextended('pgpipe ' || ");
	sql_param(&q, what);
	sql_add(&q, "::text, 0) and not exists (select from held as o");
	sql_add(&q, " where o.pid = h.pid and o.key = ");
	sql_add(&q, "pg_catalog.hashtextextended('pgpipe ' || ");
	sql_param(&q, group);
	sql_add(&q, "::text, 0)))");
	(void)pthread_mutex_lock(&load->control_lock);
	s = failure_run(f, load->control, &q, &r, "look who has %s", what);
	(void)pthread_mutex_unlock(&load->control_lock);
	*out = s == STATUS_OK && pg_true(r, 0, 0);
	return s;
}

/* Try to share a lock with those only who have the group's, too. */
static status
join(struct load *load, const char *what, const char *group, bool *taken,
    struct failure *f)
{
	bool any = false;
	status s = hands_try(load, what, true, taken, f);

	if (s != STATUS_OK || !*taken)
		return s;
	s = strangers(load, what, group, &any, f);
	if (s == STATUS_OK && !any)
		return s;
	*taken = false;
	return status_worse(s, hands_drop(load, what, true, f));
}

/* Wait for a lock, for a group's or (NULL) one alone; *held gets its name. */
static status
take(const struct job *job, const char *kind, bool shared, const char *group,
    char **held, struct failure *f)
{
	uint64_t timeout = job->load->options->target.lock_timeout;
	char *what = name(job, kind);
	double since = num_now();
	bool taken = false;
	status s;

	do
		s = group == NULL
		    ? hands_try(job->load, what, shared, &taken, f)
		    : join(job->load, what, group, &taken, f);
	while (s == STATUS_OK && !taken && run_lock_pause(since, timeout));
	if (s == STATUS_OK && taken) {
		*held = what;
		return s;
	}
	free(what);
	return s == STATUS_OK ? hands_full(job, f) : s;
}

/* The group's lock comes first, so that nobody is taken for a stranger. */
static status
take_parts(const struct job *job, struct hands *h, struct failure *f)
{
	char *group = group_of(job);
	bool taken = false;
	status s;

	if (group == NULL)
		return take(job, "parts", false, NULL, &h->parts, f);
	s = hands_try(job->load, group, true, &taken, f);
	if (s != STATUS_OK || !taken) {
		free(group);
		return s == STATUS_OK ? hands_full(job, f) : s;
	}
	h->group = group;
	return take(job, "parts", true, group, &h->parts, f);
}

/* Of a hypertable's chunk all is cleared as a part is. */
static bool
is_part(const struct job *job)
{
	return job->chunk.where != NULL || job->chunk.hypertable;
}

status
hands_take(const struct job *job, struct hands *h, struct failure *f)
{
	const struct load *load = job->load;
	status s;

	if (load->options->mode != LOAD_REPLACE || job->chunk.by != SLICE_NONE)
		return STATUS_OK;
	h->shared = load->run.schema != NULL || load->options->handed != NULL;
	s = take(job, "table", h->shared, NULL, &h->table, f);
	return s == STATUS_OK && is_part(job) ? take_parts(job, h, f) : s;
}

void
hands_give(struct load *load, struct hands *h)
{
	if (h->parts != NULL)
		hands_let_go(load, h->parts, h->group != NULL);
	if (h->group != NULL)
		hands_let_go(load, h->group, true);
	if (h->table != NULL)
		hands_let_go(load, h->table, h->shared);
	free(h->parts);
	free(h->group);
	free(h->table);
	*h = (struct hands){.table = NULL};
}
