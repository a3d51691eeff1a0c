/* SPDX-License-Identifier: PostgreSQL */
/*
 * The run: work, output, snapshot, workers, sequences, the stream's end.
 */
#include "unload/unload.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/output.h"
#include "base/progress.h"
#include "base/signal.h"
#include "base/thread.h"
#include "unload/named.h"
#include "unload/sequence.h"
#include "unload/state.h"
#include "unload/worker.h"

/* A run, from its first file to its last. */
struct run {
	struct unload u;
	struct output output;
	struct pool *pool;
	size_t most; /* chunks there can be, as far as known */
};

/* Chunk lines, of which the first must come before anything is begun: a
 * list that failed is no reason to connect. */
static status
await_lines(struct run *run)
{
	status s =
	    work_from_lines(STDIN_FILENO, "standard input", &run->u.work);

	if (s != STATUS_OK || work_wait(run->u.work, &run->most))
		return s;
	if (signal_stop() != 0)
		return STATUS_RETRY;
	/* An empty list that says so is work, if little. */
	s = work_finish(run->u.work, run->u.options->partial);
	return s;
}

static status
look_up_tables(struct run *run)
{
	const struct unload_options *o = run->u.options;
	json_t *lines;
	status s = named_lines(&run->u.snapshot, o->tables, o->ntables, &lines);

	if (s != STATUS_OK)
		return s;
	run->u.work = work_from_array(lines);
	(void)work_wait(run->u.work, &run->most);
	return STATUS_OK;
}

/* Everything that can fail before a byte is written. */
static status
prepare(struct run *run)
{
	const struct unload_options *o = run->u.options;
	size_t jobs = o->jobs;
	status s = STATUS_OK;

	if (o->ntables == 0)
		s = await_lines(run);
	if (s == STATUS_OK)
		s = output_open(&run->output, o->output);
	if (s == STATUS_OK)
		s = snapshot_take(&o->server, o->snapshot, &run->u.snapshot);
	if (s == STATUS_OK && o->ntables > 0)
		s = look_up_tables(run);
	if (s != STATUS_OK)
		return s;
	if (run->most < jobs)
		jobs = run->most > 0 ? run->most : 1;
	return workers_open(&run->u, jobs, &run->pool);
}

static status
begin_stream(struct run *run)
{
	json_t *stream CLEANUP(record_cleanup) =
	    snapshot_stream(&run->u.snapshot);

	record_set_count(stream, "most_open", workers_size(run->pool));
	run->u.archive = archive_writer_new(run->output.fd, run->output.name);
	run->u.turns = turns_new();
	return archive_write_start(run->u.archive, stream);
}

/* A connection outside the snapshot: the holder's, whose transaction has no
 * use any more, or a new one where that is lost. */
static status
leave_snapshot(struct unload *u)
{
	if (pg_do(u->snapshot.holder, NULL, "rollback") == STATUS_OK)
		return STATUS_OK;
	pg_close(u->snapshot.holder);
	u->snapshot.holder = NULL;
	return pg_connect(&u->options->server, &u->snapshot.holder);
}

/* Sequences know no snapshot: they are read after the last row. */
static status
write_sequences(struct unload *u)
{
	json_t *sequences CLEANUP(record_cleanup) = NULL;
	status s;

	if (u->tally.ntables == 0)
		return STATUS_OK;
	s = leave_snapshot(u);
	if (s == STATUS_OK)
		s = sequence_read(u->snapshot.holder, u->tally.tables,
		    u->tally.ntables, &sequences);
	if (s == STATUS_OK && sequences != NULL)
		s = archive_write_member(u->archive, "sequences.json",
		    sequences);
	return s;
}

static status
end_stream(struct run *run, bool interrupted)
{
	struct unload *u = &run->u;
	json_t *end CLEANUP(record_cleanup) = json_object();

	(void)json_object_set(end, "failed_chunks", u->tally.failed);
	(void)json_object_set_new(end, "interrupted",
	    json_boolean(interrupted));
	(void)json_object_set_new(end, "complete",
	    json_boolean(!interrupted && work_complete(u->work)));
	(void)json_object_set_new(end, "partial",
	    json_boolean(u->options->partial));
	return archive_write_end(u->archive, end);
}

/* The archive is as whole as it will be: say so in it. */
static status
conclude(struct run *run, bool interrupted, status s)
{
	struct unload *u = &run->u;
	status also = STATUS_OK;

	if (atomic_load(&u->broken))
		return status_worse(s, STATUS_FAIL);
	if (!interrupted)
		also = write_sequences(u);
	if (interrupted || also != STATUS_OK) {
		interrupted = true;
		also = status_worse(also, STATUS_RETRY);
	}
	s = status_worse(s, status_worse(also, u->tally.worst));
	also = end_stream(run, interrupted);
	if (also != STATUS_OK)
		return status_worse(s, also);
	if (!interrupted)
		s = status_worse(s, work_finish(u->work, u->options->partial));
	return status_worse(s, output_keep(&run->output, s == STATUS_OK));
}

/* False: aborted, and what threads use must stay. */
static bool
work_through(struct run *run, status *s)
{
	enum pool_end end;

	*s = begin_stream(run);
	if (*s != STATUS_OK)
		return true;
	progress_start("copied");
	*s = workers_run(run->pool, &end);
	progress_stop();
	if (end == POOL_ABORTED) {
		output_abandon(&run->output);
		return false;
	}
	if (run->u.tally.nfailed > 0)
		log_info("%" PRIu64 " chunk%s failed", run->u.tally.nfailed,
		    run->u.tally.nfailed == 1 ? "" : "s");
	*s = conclude(run, end == POOL_STOPPED, *s);
	return true;
}

static void
clean_up(struct run *run)
{
	archive_writer_free(run->u.archive);
	workers_free(run->pool);
	snapshot_free(&run->u.snapshot);
	output_free(&run->output);
	work_free(run->u.work);
	tally_free(&run->u.tally);
	turns_free(run->u.turns);
	free(run);
}

status
unload_run(const struct unload_options *options)
{
	struct run *run = mem_zalloc(sizeof(*run));
	status s;

	thread_lean_heap();
	run->u.options = options;
	run->output.fd = -1;
	run->most = SIZE_MAX;
	tally_init(&run->u.tally);
	s = prepare(run);
	if (s == STATUS_OK && !work_through(run, &s))
		return s;
	clean_up(run);
	return s;
}
