/* SPDX-License-Identifier: PostgreSQL */
/*
 * A loader's connection, and how a chunk passes through it.
 */
#include "load/loader.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/signal.h"
#include "load/chore.h"
#include "load/flight.h"
#include "load/sliced.h"

#define TRIES 5		      /* of what comes before a chunk's first row */
#define FIRST_PAUSE 100000000 /* ns */
#define LONGEST_PAUSE 500000000
#define INDEX_MEMORY ((uint64_t)512 * 1024 * 1024)
#define INDEX_MEMORY_LEAST ((uint64_t)64 * 1024 * 1024)

struct loader {
	struct load *load;
	struct pg *pg; /* NULL: lost */
};

/* --- connection --------------------------------------------------------------------------- */

static status
replica(struct pg *pg, struct failure *f)
{
	status s = failure_do(f, pg, "set session_replication_role = 'replica'",
	    "disable triggers");

	if (s != STATUS_OK)
		failure_hint(f,
		    "--disable-triggers needs a superuser, or the "
		    "right to set session_replication_role.");
	return s;
}

/* A dead client's statement ends soon, and its locks with it, where the
 * server can tell. */
static void
check_client(struct pg *pg)
{
	if (pg_version(pg) >= 140000 &&
	    pg_do(pg, NULL, "set client_connection_check_interval = '2s'") !=
		STATUS_OK)
		log_verbose("the server cannot tell when a client is gone");
}

static status
set_up(struct load *load, struct pg *pg)
{
	struct failure f CLEANUP(failure_clear) = {0};
	uint64_t memory = INDEX_MEMORY / load->options->jobs;
	status s;

	check_client(pg);
	s = index_memory(pg,
	    memory > INDEX_MEMORY_LEAST ? memory : INDEX_MEMORY_LEAST, &f);
	if (s == STATUS_OK && load->options->disable_triggers)
		s = replica(pg, &f);
	if (s != STATUS_OK)
		failure_report(&f);
	return s;
}

static status
connect_loader(struct loader *l, bool spare)
{
	struct pg_params params = l->load->options->target;
	status s;

	params.spare = spare;
	s = pg_connect(&params, &l->pg);
	return s == STATUS_OK ? set_up(l->load, l->pg) : s;
}

static status
connect_again(struct loader *l)
{
	if (l->pg != NULL && !pg_broken(l->pg))
		return STATUS_OK;
	pg_close(l->pg);
	l->pg = NULL;
	return connect_loader(l, false);
}

status
loader_open(struct load *load, bool spare, struct loader **out)
{
	struct loader *l = mem_zalloc(sizeof(*l));
	status s;

	l->load = load;
	s = connect_loader(l, spare);
	if (s != STATUS_OK) {
		loader_close(l);
		l = NULL;
	}
	*out = l;
	return s;
}

void
loader_close(struct loader *l)
{
	if (l == NULL)
		return;
	pg_close(l->pg);
	free(l);
}

struct pg *
loader_pg(struct loader *l)
{
	return connect_again(l) == STATUS_OK ? l->pg : NULL;
}

/* --- a chunk's life ----------------------------------------------------------------------- */

static bool
dead(const struct load *load)
{
	return signal_abort() || atomic_load(&load->dead);
}

/* Is it worth another attempt?  A lock was waited for long enough. */
static bool
passes(const struct chore *c, const struct failure *f)
{
	return f->class == STATUS_RETRY &&
	    (pg_broken(c->pg) || strncmp(f->sqlstate, "40", 2) == 0);
}

/* One attempt; what it waits for is not waited for after a signal. */
static status
try_prepare(struct chore *c, bool *raced, struct failure *f)
{
	status s;

	pg_stoppable(c->pg, true);
	s = chore_prepare(c, raced, f);
	pg_stoppable(c->pg, false);
	if (s == STATUS_OK || signal_stop() == 0)
		return s;
	/* Cancelled by us, or a wait of our own that was given up. */
	if (strcmp(f->sqlstate, "57014") == 0 ||
	    (s == STATUS_RETRY && f->sqlstate[0] == '\0' && !pg_broken(c->pg)))
		return failure_set(f, STATUS_RETRY, "interrupted");
	return s;
}

static status
prepare(struct loader *l, struct chore *c, struct failure *f)
{
	struct timespec pause = {0, FIRST_PAUSE};
	bool raced = false, raced_before = false;
	int try;

	for (try = 1;; try++) {
		status s;

		if (connect_again(l) != STATUS_OK) {
			/* Others would wait as long for nothing. */
			atomic_store(&l->load->halted, true);
			return failure_set(f, STATUS_RETRY,
			    "there is no connection to the target");
		}
		c->pg = l->pg;
		s = try_prepare(c, &raced, f);
		if (s == STATUS_OK)
			return s;
		if (dead(l->load) || signal_stop() != 0 || try == TRIES ||
		    !((raced && !raced_before) || passes(c, f)))
			return s;
		raced_before = raced_before || raced;
		log_verbose("trying \"%s\" again: %s", c->job->chunk.id,
		    f->message);
		failure_clear(f);
		chore_reset(c);
		(void)nanosleep(&pause, NULL);
		if (pause.tv_nsec < LONGEST_PAUSE)
			pause.tv_nsec *= 2;
	}
}

/*
 * The connection was lost at the commit: did it happen?  Only the server
 * knows, once it can be asked.
 */
static status
resolve(struct loader *l, struct chore *c, struct failure *f)
{
	struct failure lost CLEANUP(failure_clear) = {0};
	bool committed = false;
	status s;

	log_warning("the connection was lost while \"%s\" was committed; "
		    "looking whether it was",
	    c->job->chunk.id);
	s = connect_again(l);
	if (s == STATUS_OK) {
		c->pg = l->pg;
		s = chore_committed(c, &committed, &lost);
		if (s != STATUS_OK)
			failure_roll_back(c->pg);
	}
	if (s == STATUS_OK && committed)
		return STATUS_OK;
	if (s != STATUS_OK)
		failure_hint(f,
		    "Whether it is loaded could not be found out; "
		    "the ledger knows.");
	return STATUS_RETRY;
}

static status
commit(struct loader *l, struct chore *c, struct failure *f)
{
	status s = failure_do(f, c->pg, "commit", "commit");

	if (s == STATUS_OK || !pg_broken(c->pg))
		return s;
	return resolve(l, c, f);
}

/* What the user can do about it. */
static void
advise(const struct job *job, struct failure *f)
{
	if (strcmp(f->sqlstate, "23503") == 0) {
		f->class = STATUS_RETRY;
		failure_hint(f,
		    job->chunk.by == SLICE_NONE
			? "If the rows that it refers to come later, running the "
			  "pipeline again loads it then; tables that refer to "
			  "each other need --disable-triggers."
			: "If the rows that it refers to come later, run the "
			  "pipeline again; if they are its own, use pg-chunks "
			  "--split 0 or --disable-triggers.");
	} else if (strcmp(f->sqlstate, "55P03") == 0 && f->hint == NULL)
		failure_hint(f,
		    "Something holds a lock on it; --lock-timeout "
		    "says how long to wait.");
}

/* Everything up to the commit; on failure all of it is undone. */
static status
load_chunk(struct loader *l, struct chore *c, struct failure *f)
{
	status s = prepare(l, c, f);

	if (s != STATUS_OK || c->skip)
		return s;
	s = chore_copy(c, f);
	if (s == STATUS_OK)
		s = chore_finish(c, f);
	if (s != STATUS_OK) {
		failure_roll_back(c->pg);
		return s;
	}
	return commit(l, c, f);
}

/* What failed at the source, or only because other rows have not come yet,
 * does not hold up the rest. */
static void
halt(struct load *load, const struct chore *c, const struct failure *f)
{
	if (load->options->keep_going || c->at_source ||
	    strcmp(f->sqlstate, "23503") == 0)
		return;
	atomic_store(&load->halted, true);
}

static void
fail(struct loader *l, const struct chore *c, struct failure *f)
{
	struct job *job = c->job;

	advise(job, f);
	halt(l->load, c, f);
	entry_failed(l->load, job, f);
	result_failed(job, f, false);
}

/* The reader of the archive writes to the job until its chunk ends. */
static void
drain(struct job *job)
{
	queue_deafen(job->queue);
	queue_wait_end(job->queue);
}

static void
answer(struct loader *l, struct chore *c, status s, double since,
    struct failure *f)
{
	struct job *job = c->job;

	if (s != STATUS_OK && job_vanished(job)) {
		entry_vanished(l->load, job);
		result_vanished(job, f);
	} else if (s != STATUS_OK)
		fail(l, c, f);
	else if (c->skip)
		result_skipped(job, &c->entry);
	else {
		result_loaded(job, &c->entry, num_now() - since);
		if (job->chunk.by != SLICE_NONE)
			sliced_loaded(c->pg, job);
	}
	drain(job);
}

void
loader_run(struct loader *l, struct job *job)
{
	struct chore c = {.job = job};
	struct failure f CLEANUP(failure_clear) = {0};
	double since = num_now();
	status s = load_chunk(l, &c, &f);

	/* What is left of the archive's chunk may take long to pass. */
	hands_give(l->load, &c.hands);
	answer(l, &c, s, since, &f);
	flight_end(l->load->flights, job->n);
	chore_reset(&c);
	job_free(job);
}
