/* SPDX-License-Identifier: PostgreSQL */
/*
 * Workers take chunks until there are none left.  The main thread watches:
 * over the signals, and over a pipe by which workers tell that they ended
 * or that the archive broke.
 */
#include "unload/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/progress.h"
#include "base/signal.h"
#include "unload/piece.h"
#include "base/thread.h"

#define TRIES 3
#define PAUSE 250.0	      /* ms before the second try, then doubled */
#define NEEDED 10000	      /* ms for a connection */
#define ONE_MORE 3000	      /* ms for one that can be done without */
#define ABORT_PATIENCE 3000.0 /* ms for workers to end after an abort */
#define CANCEL_AGAIN 250      /* ms between cancels of what still runs */

#define STRANGERS 5 /* chunks of another database that are named */

#define TELL_ENDED 'e'
#define TELL_BROKEN 'b'

struct worker {
	struct pool *pool;
	struct unload *u;
	pthread_t thread;
	bool started;
	struct pg *pg;	     /* of the thread while it runs */
	_Atomic int64_t pid; /* of its backend, 0: none */
	bool quit;	     /* no connection to be had */
	bool drained;	     /* there was no more work */
};

struct pool {
	struct unload *u;
	struct worker *workers;
	size_t size, running;
	bool broken; /* as heard from a worker */
	int tell[2];
};

static void
tell(struct pool *pool, char what)
{
	ssize_t done;

	do
		done = write(pool->tell[1], &what, 1);
	while (done < 0 && errno == EINTR);
}

/*
 * Is this the server that holds the snapshot?  With several hosts in the
 * connection string, or after a restart, it may be another one.  The number
 * of the backend is for cancelling it.  Slices of a table run side by side
 * as the jobs say and not otherwise, and in the order of the table.
 */
static status
settle(struct worker *w, bool *other)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	struct pg_result *r CLEANUP_RESULT = NULL;
	status s;

	*other = false;
	sql_add(&sql, "select pg_catalog.pg_backend_pid(),");
	sql_add(&sql, " pg_catalog.pg_postmaster_start_time(),");
	sql_add(&sql, " pg_catalog.set_config(");
	sql_add(&sql, "'max_parallel_workers_per_gather', '0', false),");
	sql_add(&sql, " pg_catalog.set_config(");
	sql_add(&sql, "'synchronize_seqscans', 'off', false),");
	sql_add(&sql, " pg_catalog.set_config('jit', 'off', false)");
	s = pg_run(w->pg, "set up a connection", &sql, &r);
	if (s != STATUS_OK)
		return s;
	atomic_store(&w->pid, pg_int(r, 0, 0));
	*other = !str_eq(pg_value(r, 0, 1), w->u->snapshot.started);
	return STATUS_OK;
}

static void
disconnect(struct worker *w)
{
	atomic_store(&w->pid, 0);
	pg_close(w->pg);
	w->pg = NULL;
}

static status
connect_worker(struct worker *w, uint64_t timeout)
{
	struct pg_params params = w->u->options->server;
	bool other;
	status s;

	params.connect_timeout = timeout;
	s = pg_connect(&params, &w->pg);
	if (s != STATUS_OK) {
		w->pg = NULL;
		return s;
	}
	s = settle(w, &other);
	if (s == STATUS_OK && other) {
		log_error("the connection leads to another server than the "
			  "one that holds the snapshot");
		log_detail("or to the same one after a restart");
		s = STATUS_RETRY;
	}
	if (s != STATUS_OK)
		disconnect(w);
	return s;
}

/* Wait before another try; false when a stop is asked for. */
static bool
pause_before(int try)
{
	double jitter = num_now() * 1000;
	double ms = PAUSE * (double)(1 << try);
	struct pollfd stop = {.fd = signal_stop_fd(), .events = POLLIN};

	/* The clock's own last digits are as random as is needed here. */
	jitter -= (double)(int64_t)jitter;
	if (signal_stop() != 0)
		return false;
	(void)poll(&stop, 1, (int)(ms * (0.5 + jitter)));
	return signal_stop() == 0;
}

static bool
giving_up(const struct unload *u)
{
	return signal_abort() || atomic_load(&u->lost) ||
	    atomic_load(&u->broken);
}

/* One try; a lost connection is made anew before it. */
static status
try_piece(struct worker *w, struct piece *p)
{
	status s;

	if (w->pg != NULL && pg_broken(w->pg))
		disconnect(w);
	if (w->pg == NULL) {
		s = connect_worker(w, NEEDED);
		w->quit = s != STATUS_OK;
		if (w->quit)
			return failure_set(&p->why, STATUS_RETRY,
			    "there is no connection to read %s with", p->name);
	}
	s = piece_read(p, w->pg);
	if (p->gone && !atomic_exchange(&w->u->lost, true)) {
		log_error("the snapshot is gone: the connection that held it "
			  "has ended");
		log_hint("run it again; what was read is in the archive");
	}
	return s;
}

/* What we found ourselves holds as long as the snapshot does. */
static bool
for_good(const struct worker *w, const struct piece *p)
{
	return w->pg != NULL && !pg_broken(w->pg) && p->why.sqlstate[0] == '\0';
}

static status
read_piece(struct worker *w, struct piece *p)
{
	status s;
	int try;

	for (try = 0;; try++) {
		s = try_piece(w, p);
		if (s != STATUS_RETRY || p->out != NULL || try + 1 == TRIES ||
		    w->quit || giving_up(w->u) || for_good(w, p))
			return s;
		log_warning("%s; trying again", p->why.message);
		if (!pause_before(try))
			return s;
	}
}

/* A chunk line of another database than this: nothing is read for it. */
static bool
is_ours(struct unload *u, const struct chunk *c, struct failure *why)
{
	const struct snapshot *s = &u->snapshot;

	if (c->database != NULL && !str_eq(c->database, s->database))
		(void)failure_set(why, STATUS_USAGE,
		    "chunk \"%s\" is of database \"%s\", and this is \"%s\"",
		    c->id, c->database, s->database);
	else if (c->system != NULL && s->system != NULL &&
	    !str_eq(c->system, s->system))
		(void)failure_set(why, STATUS_USAGE,
		    "chunk \"%s\" is of server %s, and this is %s", c->id,
		    c->system, s->system);
	else
		return true;
	failure_hint(why,
	    "list the chunks with the connection string that "
	    "they are read with");
	return false;
}

/* A whole list of another database is not worth as many messages. */
static void
report(struct unload *u, const struct failure *why)
{
	unsigned n = 0;

	if (atomic_load(&u->broken))
		return;
	if (why->class == STATUS_USAGE)
		n = atomic_fetch_add(&u->strangers, 1);
	if (n < STRANGERS)
		failure_report(why);
	else if (n == STRANGERS)
		log_detail("more such chunks are not named");
}

static void
done(struct unload *u, const struct piece *p)
{
	tally_done(&u->tally, p->table.oid);
	progress_add(1, 0, 0);
	progress_settle(p->chunk->bytes > 0 ? (uint64_t)p->chunk->bytes : 0,
	    p->bytes);
	log_verbose("chunk \"%s\": %" PRIu64 " rows, %" PRIu64 " bytes",
	    p->chunk->id, p->rows, p->bytes);
}

static void
do_chunk(struct worker *w, const struct chunk *c, uint64_t place)
{
	struct unload *u = w->u;
	struct piece p;
	status s;

	piece_init(&p, u, c);
	p.place = place;
	s = is_ours(u, c, &p.why) ? read_piece(w, &p) : STATUS_USAGE;
	if (s != STATUS_OK && !p.vanished)
		report(u, &p.why);
	if (piece_finish(&p, s == STATUS_OK) == STATUS_OK) {
		if (s == STATUS_OK)
			done(u, &p);
		else if (p.vanished)
			/* What is not there any more is no work. */
			log_warning("%s", p.why.message);
		else
			tally_failed(&u->tally, c->id, s);
	}
	if (atomic_load(&u->broken))
		tell(w->pool, TELL_BROKEN);
	piece_free(&p);
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	struct chunk c;
	uint64_t place;

	while (!w->quit && !giving_up(w->u) && signal_stop() == 0) {
		w->drained = !turn_next(w->u->turns, w->u->work, &c, &place);
		if (w->drained)
			break;
		do_chunk(w, &c, place);
		turn_over(w->u->turns, place);
		chunk_free(&c);
	}
	if (giving_up(w->u))
		work_stop(w->u->work);
	disconnect(w);
	tell(w->pool, TELL_ENDED);
	return NULL;
}

static status
connect_more(struct pool *pool, size_t jobs)
{
	struct worker *w = &pool->workers[pool->size];
	status s;

	w->pool = pool;
	w->u = pool->u;
	/* One is needed, the others are not waited for long. */
	s = connect_worker(w, pool->size == 0 ? NEEDED : ONE_MORE);
	if (s == STATUS_OK) {
		pool->size++;
		return s;
	}
	if (s != STATUS_RETRY || pool->size == 0 || signal_stop() != 0)
		return s;
	log_warning("going on with %zu connection%s to read with, not %zu",
	    pool->size, pool->size == 1 ? "" : "s", jobs);
	return STATUS_NO;
}

status
workers_open(struct unload *u, size_t jobs, struct pool **out)
{
	struct pool *pool = mem_zalloc(sizeof(*pool));
	status s = STATUS_OK;

	*out = pool;
	pool->u = u;
	pool->workers = mem_zalloc(jobs * sizeof(*pool->workers));
	if (pipe(pool->tell) != 0) {
		log_error("could not make a pipe: %s", strerror(errno));
		pool->tell[0] = pool->tell[1] = -1;
		return STATUS_RETRY;
	}
	(void)fcntl(pool->tell[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(pool->tell[1], F_SETFD, FD_CLOEXEC);
	while (s == STATUS_OK && pool->size < jobs)
		s = connect_more(pool, jobs);
	return s == STATUS_NO ? STATUS_OK : s;
}

size_t
workers_size(const struct pool *pool)
{
	return pool->size;
}

/*
 * The archive broke: what other workers wait for in the server has no use
 * any more.  A cancel that comes between two statements is lost, so this is
 * done again until all have ended.
 */
static void
cancel_all(struct pool *pool)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	size_t i;

	for (i = 0; i < pool->size; i++) {
		int64_t pid = atomic_load(&pool->workers[i].pid);

		if (pid == 0 || pg_broken(pool->u->snapshot.holder))
			continue;
		sql_clear(&sql);
		sql_add(&sql, "select pg_catalog.pg_cancel_backend(");
		sql_int(&sql, pid);
		sql_add(&sql, ")");
		if (pg_run(pool->u->snapshot.holder, NULL, &sql, NULL) !=
		    STATUS_OK)
			log_verbose("could not cancel a running copy");
	}
}

static void
hear(struct pool *pool)
{
	char said[64];
	ssize_t n = read(pool->tell[0], said, sizeof(said));
	ssize_t i;

	for (i = 0; i < n; i++) {
		if (said[i] == TELL_ENDED)
			pool->running--;
		else
			pool->broken = true;
	}
	if (pool->broken)
		work_stop(pool->u->work);
}

/* After an abort the workers have a moment to end; they cancel what runs. */
static int
patience(const struct pool *pool, double aborted)
{
	double left;

	if (aborted <= 0)
		return pool->broken ? CANCEL_AGAIN : -1;
	left = ABORT_PATIENCE - (num_now() - aborted) * 1000;
	return left > 0 ? (int)left + 1 : 0;
}

/* False: aborted, and threads may still be running. */
static bool
watch(struct pool *pool)
{
	double aborted = 0;
	bool stopped = false;

	while (pool->running > 0) {
		struct pollfd fds[3] = {{pool->tell[0], POLLIN, 0},
		    {stopped ? -1 : signal_stop_fd(), POLLIN, 0},
		    {aborted > 0 ? -1 : signal_abort_fd(), POLLIN, 0}};
		int n = poll(fds, 3, patience(pool, aborted));

		if (n == 0 && aborted > 0)
			return false;
		if (n < 0)
			continue;
		if (fds[0].revents != 0)
			hear(pool);
		if (pool->broken && pool->running > 0)
			cancel_all(pool);
		if (fds[1].revents != 0) {
			stopped = true;
			work_stop(pool->u->work);
			log_info("stopping once the open chunks are read; "
				 "a second signal ends at once");
		}
		if (fds[2].revents != 0)
			aborted = num_now();
	}
	return true;
}

static status
start(struct pool *pool)
{
	size_t i;

	for (i = 0; i < pool->size; i++) {
		struct worker *w = &pool->workers[i];
		status s = thread_start(&w->thread, work, w, THREAD_LARGE);

		if (s != STATUS_OK) {
			work_stop(pool->u->work);
			return s;
		}
		w->started = true;
		pool->running++;
	}
	return STATUS_OK;
}

/* Whether one of them has seen the end of the work. */
static bool
join(struct pool *pool)
{
	bool drained = false;
	size_t i;

	for (i = 0; i < pool->size; i++) {
		struct worker *w = &pool->workers[i];

		if (!w->started)
			continue;
		(void)pthread_join(w->thread, NULL);
		w->started = false;
		drained = drained || w->drained;
	}
	return drained;
}

status
workers_run(struct pool *pool, enum pool_end *end)
{
	status s = start(pool);
	bool drained;

	*end = POOL_ABORTED;
	if (!watch(pool))
		return STATUS_FAIL;
	drained = join(pool);
	if (signal_abort())
		return STATUS_FAIL;
	*end = POOL_STOPPED;
	if (drained && signal_stop() == 0 && !giving_up(pool->u))
		*end = POOL_DRAINED;
	return s;
}

void
workers_free(struct pool *pool)
{
	size_t i;

	if (pool == NULL)
		return;
	for (i = 0; i < pool->size; i++) {
		if (pool->workers[i].started)
			return; /* an abort: it is still at work */
		disconnect(&pool->workers[i]);
	}
	if (pool->tell[0] >= 0) {
		(void)close(pool->tell[0]);
		(void)close(pool->tell[1]);
	}
	free(pool->workers);
	free(pool);
}
