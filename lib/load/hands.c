/* SPDX-License-Identifier: PostgreSQL */
/*
 * Locks are tried again and again: who waited in the server would keep others
 * from the control connection.
 */
#include "load/hands.h"

#include <stdlib.h>

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

/* Wait for a lock; *held gets its name. */
static status
take(const struct job *job, const char *kind, bool shared, char **held,
    struct failure *f)
{
	uint64_t timeout = job->load->options->target.lock_timeout;
	char *what = name(job, kind);
	double since = num_now();
	bool taken = false;
	status s;

	do
		s = hands_try(job->load, what, shared, &taken, f);
	while (s == STATUS_OK && !taken && run_lock_pause(since, timeout));
	if (s == STATUS_OK && taken) {
		*held = what;
		return s;
	}
	free(what);
	return s == STATUS_OK ? hands_full(job, f) : s;
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
	h->table_shared = load->run.schema != NULL;
	h->parts_shared = load->run.shared;
	s = take(job, "table", h->table_shared, &h->table, f);
	if (s == STATUS_OK && is_part(job))
		s = take(job, "parts", h->parts_shared, &h->parts, f);
	return s;
}

void
hands_give(struct load *load, struct hands *h)
{
	if (h->parts != NULL)
		hands_let_go(load, h->parts, h->parts_shared);
	if (h->table != NULL)
		hands_let_go(load, h->table, h->table_shared);
	free(h->parts);
	free(h->table);
	*h = (struct hands){.table = NULL};
}
