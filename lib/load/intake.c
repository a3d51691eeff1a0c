/* SPDX-License-Identifier: PostgreSQL */
/*
 * Events of the archive, in the order of the stream.
 */
#include "load/intake.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/signal.h"
#include "data/archive.h"
#include "load/entry.h"
#include "load/leftover.h"
#include "load/pool.h"
#include "load/same.h"
#include "load/sequences.h"
#include "load/shapes.h"
#include "load/sliced.h"

#define MOST_OPEN 1024 /* no stream of ours has more chunks open */

struct intake {
	struct load *load;
	struct pool *pool;
	struct job **open; /* those whose end has not come */
	size_t nopen;
	struct seen shapes;	 /* ways that targets are filled in it */
	struct seen seen;	 /* ids of this archive */
	json_t *sequences, *end; /* members, or NULL */
	uint64_t before;	 /* chunks answered before this archive */
	bool running;		 /* within an archive */
	bool whole;
};

static bool
dead(const struct load *load)
{
	return signal_abort() || atomic_load(&load->dead);
}

/* --- an archive begins -------------------------------------------------------------------- */

static status
open_pool(struct intake *in, const json_t *stream)
{
	int64_t most = record_int(stream, "most_open");
	size_t loaders = in->load->options->jobs;

	if (most < 1 || most > MOST_OPEN) {
		log_error("the archive does not say how many chunks are open "
			  "at once");
		return STATUS_USAGE;
	}
	if ((size_t)most > loaders)
		loaders = (size_t)most;
	return in->pool == NULL ? pool_open(in->load, loaders, &in->pool)
				: pool_grow(in->pool, loaders);
}

static status
begin_run(struct intake *in, json_t *stream)
{
	struct failure f CLEANUP(failure_clear) = {0};
	struct load *load = in->load;
	status s = source_read(stream, &load->run.source);

	if (s != STATUS_OK)
		return s;
	(void)pthread_mutex_lock(&load->control_lock);
	pg_stoppable(load->control, true);
	s = same_check(load, &f);
	if (s == STATUS_OK)
		s = run_begin(&load->run, load->control, load->options, &f);
	pg_stoppable(load->control, false);
	(void)pthread_mutex_unlock(&load->control_lock);
	if (s != STATUS_OK)
		failure_report(&f);
	return s;
}

static status
start(struct intake *in, json_t *stream)
{
	status s = open_pool(in, stream);

	if (s == STATUS_OK)
		s = begin_run(in, stream);
	if (s != STATUS_OK)
		return s;
	in->load->slices = sliced_set_new();
	in->before = in->load->results.loaded + in->load->results.skipped;
	in->running = true;
	return STATUS_OK;
}

/* --- chunks ------------------------------------------------------------------------------- */

/* Why a chunk is not even tried. */
static status
refusal(struct intake *in, const struct job *job, struct failure *f)
{
	struct load *load = in->load;

	if (!seen_add(&in->seen, job->chunk.id))
		return failure_set(f, STATUS_USAGE,
		    "the same chunk has come before in this archive");
	if (load->same && job_into_itself(job))
		return failure_set(f, STATUS_FAIL,
		    "cannot load a table into itself: source and target are "
		    "the same database");
	/* A chunk of a hypertable has its own place there. */
	if (!job->chunk.hypertable &&
	    shapes_take(&in->shapes, job, f) != STATUS_OK)
		return f->class;
	if (signal_stop() != 0)
		return failure_set(f, STATUS_RETRY, "interrupted");
	if (atomic_load(&load->halted))
		return failure_set(f, STATUS_RETRY,
		    "not tried: an earlier chunk failed");
	return STATUS_OK;
}

/* Answered at once; its rows will pass by. */
static void
refuse(struct load *load, struct job *job, const struct failure *f)
{
	bool untried = f->class == STATUS_RETRY;

	if (f->class != STATUS_USAGE)
		entry_failed(load, job, f);
	if (untried)
		load->results.untried++;
	else if (!load->options->keep_going)
		atomic_store(&load->halted, true);
	result_failed(job, f, untried);
	job_free(job);
}

static void
hold(struct intake *in, struct job *job)
{
	in->open = mem_resize(in->open, in->nopen + 1, sizeof(struct job *));
	in->open[in->nopen++] = job;
}

static size_t
count_loading(const struct intake *in)
{
	size_t i, n = 0;

	for (i = 0; i < in->nopen; i++)
		n += in->open[i]->queue != NULL;
	return n;
}

static status
begin_chunk(struct intake *in, const struct archive_event *e)
{
	struct failure f CLEANUP(failure_clear) = {0};
	struct job *job;
	status s = job_new(in->load, e->n, e->value, &job);

	if (s != STATUS_OK)
		return s;
	if (!job->described) {
		hold(in, job);
		return STATUS_OK;
	}
	if (count_loading(in) == pool_size(in->pool)) {
		log_error("the archive has more chunks open than it said");
		job_free(job);
		return STATUS_USAGE;
	}
	/* Whoever makes room may have failed. */
	pool_await(in->pool);
	if (refusal(in, job, &f) != STATUS_OK) {
		refuse(in->load, job, &f);
		return STATUS_OK;
	}
	pool_take(in->pool, job);
	hold(in, job);
	return STATUS_OK;
}

static size_t
find(const struct intake *in, uint64_t n)
{
	size_t i;

	for (i = 0; i < in->nopen && in->open[i]->n != n; i++)
		;
	return i;
}

/* A chunk without a description has no loader: it can only have failed. */
static void
end_undescribed(struct intake *in, struct job *job)
{
	struct failure f CLEANUP(failure_clear) = {0};

	(void)job_source_failure(job, &f);
	if (job_vanished(job)) {
		entry_vanished(in->load, job);
		result_vanished(job, &f);
	} else {
		entry_failed(in->load, job, &f);
		result_failed(job, &f, false);
	}
	job_free(job);
}

static void
end_job(struct intake *in, size_t i, enum job_end end, json_t *outcome)
{
	struct job *job = in->open[i];

	in->open[i] = in->open[--in->nopen];
	job->end = end;
	job->outcome = outcome == NULL ? NULL : json_deep_copy(outcome);
	if (job->queue == NULL)
		end_undescribed(in, job);
	else /* The last touch: from here on it is the loader's. */
		queue_end(job->queue);
}

static status
end_chunk(struct intake *in, const struct archive_event *e, enum job_end end)
{
	size_t i = find(in, e->n);

	if (i == in->nopen)
		return STATUS_OK; /* it was refused */
	if (in->open[i]->queue == NULL && end == JOB_DONE) {
		log_error("chunk \"%s\" of the archive lacks its columns or "
			  "its format",
		    in->open[i]->chunk.id);
		return STATUS_USAGE;
	}
	end_job(in, i, end, e->value);
	return STATUS_OK;
}

static status
data(struct intake *in, const struct archive_event *e)
{
	size_t i = find(in, e->n);

	if (i == in->nopen || in->open[i]->queue == NULL)
		return STATUS_OK;
	if (e->part != ARCHIVE_ROWS && in->open[i]->chunk.batches == NULL) {
		log_error("chunk \"%s\" of the archive has batches and does "
			  "not describe them",
		    in->open[i]->chunk.id);
		return STATUS_USAGE;
	}
	/* A loader that is deaf has its answer already. */
	(void)queue_put(in->open[i]->queue, e->part, e->bytes, e->size);
	return STATUS_OK;
}

/* --- an archive ends ---------------------------------------------------------------------- */

static status
set_sequences(struct intake *in)
{
	struct pg *pg;

	if (!in->load->options->sequences)
		return STATUS_OK;
	if (in->sequences == NULL) {
		log_verbose("the archive has no sequences");
		return STATUS_OK;
	}
	pg = pool_pg(in->pool);
	return pg == NULL ? STATUS_RETRY
			  : sequences_set(in->load, pg, in->sequences);
}

/* Relations whose slices all came and do not make a whole. */
static status
complete(struct intake *in, bool listed)
{
	struct pg *pg = pool_pg(in->pool);
	size_t incomplete = 0;
	status s;

	if (pg == NULL)
		return STATUS_RETRY;
	s = sliced_end(in->load, pg, &incomplete);
	if (s != STATUS_OK || incomplete == 0 || !listed ||
	    in->load->results.failed > 0)
		return s;
	log_error("the slices of %zu table%s do not make a whole", incomplete,
	    incomplete == 1 ? "" : "s");
	log_hint("List each table once; what was begun with other slices of "
		 "the same snapshot is begun anew with --restart.");
	return STATUS_FAIL;
}

static status
end_run(struct intake *in, bool whole, bool partial)
{
	struct failure f CLEANUP(failure_clear) = {0};
	struct load *load = in->load;
	struct run_outcome outcome = {.mode = load->options->mode,
	    .whole = whole,
	    .partial = partial,
	    .unrecorded = load->results.unrecorded,
	    .answered =
		load->results.loaded + load->results.skipped - in->before};
	bool finished = false;
	status s;

	(void)pthread_mutex_lock(&load->control_lock);
	s = run_end(&load->run, load->control, &outcome, &finished, &f);
	if (s == STATUS_OK && finished)
		s = leftover_settle(load, load->control, &f);
	(void)pthread_mutex_unlock(&load->control_lock);
	if (s != STATUS_OK)
		failure_report(&f);
	return s;
}

/* What the end member says of the list: is there more that should have
 * come? */
static status
judge_end(struct intake *in, bool *listed, bool *partial)
{
	*partial = record_flag(in->end, "partial");
	*listed = record_flag(in->end, "complete");
	if (record_flag(in->end, "interrupted")) {
		log_error("the archive was ended before all chunks were read");
		return STATUS_RETRY;
	}
	if (!*listed && !*partial) {
		log_error("the list of chunks that was read may have been "
			  "cut");
		return STATUS_RETRY;
	}
	/* Other chunks of a shared run come elsewhere. */
	*partial = *partial || in->load->options->shared_run != NULL;
	return signal_stop() != 0 ? STATUS_RETRY : STATUS_OK;
}

static void
forget_archive(struct intake *in)
{
	sliced_set_free(in->load->slices);
	in->load->slices = NULL;
	seen_free(&in->seen);
	seen_free(&in->shapes);
	json_decref(in->sequences);
	json_decref(in->end);
	in->sequences = in->end = NULL;
	run_free(&in->load->run);
	in->running = false;
}

/* The archive is whole to its last byte: only now it counts. */
static status
finish(struct intake *in)
{
	bool listed = false, partial = false;
	status s, judged;

	pool_wait(in->pool);
	judged = judge_end(in, &listed, &partial);
	if (judged != STATUS_OK)
		in->whole = false;
	s = dead(in->load) ? STATUS_OK
			   : complete(in, judged == STATUS_OK && !partial);
	if (judged == STATUS_OK && !dead(in->load)) {
		s = status_worse(s, set_sequences(in));
		if (s == STATUS_OK || s == STATUS_NO)
			s = status_worse(s, end_run(in, true, partial));
	} else if (!dead(in->load))
		s = status_worse(s, end_run(in, false, partial));
	forget_archive(in);
	return status_worse(s, judged);
}

/* --- events ------------------------------------------------------------------------------- */

static status
take(struct intake *in, const struct archive_event *e)
{
	switch (e->kind) {
	case ARCHIVE_START: {
		status s = in->running ? finish(in) : STATUS_OK;

		result_worse(&in->load->results, s);
		return start(in, e->value);
	}
	case ARCHIVE_CHUNK:
		return begin_chunk(in, e);
	case ARCHIVE_DATA:
		return data(in, e);
	case ARCHIVE_DONE:
		return end_chunk(in, e, JOB_DONE);
	case ARCHIVE_FAILED:
		return end_chunk(in, e, JOB_FAILED);
	case ARCHIVE_MEMBER:
		if (strcmp(e->name, "sequences.json") == 0)
			in->sequences = json_incref(e->value);
		else
			log_verbose("passing over \"%s\"", e->name);
		return STATUS_OK;
	case ARCHIVE_END:
		in->end = json_incref(e->value);
		return STATUS_OK;
	case ARCHIVE_EOF:
		break;
	}
	return in->running ? finish(in) : STATUS_OK;
}

static status
read_all(struct intake *in, struct archive_reader *reader)
{
	struct archive_event e;
	status s;

	do {
		s = archive_read_event(reader, &e);
		if (s == STATUS_OK)
			s = take(in, &e);
	} while (s == STATUS_OK && e.kind != ARCHIVE_EOF && !dead(in->load));
	if (s == STATUS_OK && e.kind != ARCHIVE_EOF)
		in->whole = false;
	return s;
}

status
intake_run(struct load *load, int fd, const char *name, bool *whole)
{
	struct intake in = {.load = load,
	    .seen = SEEN_INIT,
	    .shapes = SEEN_INIT,
	    .whole = true};
	struct archive_reader *reader = archive_reader_new(fd, name);
	status s;

	in.open = mem_resize(NULL, 1, sizeof(struct job *));
	s = read_all(&in, reader);

	/* What is open is rolled back; what was done before is done. */
	while (in.nopen > 0)
		end_job(&in, 0, JOB_CUT, NULL);
	if (in.pool != NULL)
		pool_wait(in.pool);
	pool_close(in.pool);
	forget_archive(&in);
	archive_reader_free(reader);
	free(in.open);
	*whole = in.whole && s == STATUS_OK;
	return s;
}
