/* SPDX-License-Identifier: PostgreSQL */
/*
 * Lines are sorted as they come: what can be answered at once is, ctid
 * slices wait for each other, all else goes to the workers.  A worker has
 * connections of its own and takes one question after the other.  What a
 * connection that was lost has not answered is asked once more.
 */
#include "compare/crew.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/signal.h"
#include "base/thread.h"
#include "compare/judge.h"
#include "compare/slices.h"
#include "compare/worklist.h"

#define TRIES 2

/* A question and the lines that it answers. */
struct job {
	struct question question;
	struct chunk chunk;	   /* the line, when it is one; or */
	struct slice_group *group; /* some that are judged together */
};

struct crew;

struct worker {
	struct crew *crew;
	struct judge judge;
	pthread_t thread;
	bool ready; /* its connections were made before it began */
};

struct crew {
	const struct compare_options *options;
	struct answers *answers;
	struct worklist *work;
	struct slices *slices;
	struct server servers[SIDES];
	struct holder *holder;
	struct worker *workers;
	size_t n;		/* of workers that were started */
	atomic_size_t serving;	/* that are connected and take work */
	atomic_bool enough;	/* the server has no room for more of them */
	atomic_bool gone;	/* a server cannot be reached any more */
	atomic_int failed;	/* a status: standard output, memory, threads */
	atomic_bool unanswered; /* the list was not answered whole */
};

static void
note(struct crew *c, status st)
{
	int before = atomic_load(&c->failed);

	while (!atomic_compare_exchange_weak(&c->failed, &before,
	    (int)status_worse((status)before, st)))
		;
}

/* --- connections ----------------------------------------------------------------- */

static int
first_side(const struct crew *c)
{
	return c->options->pair ? SOURCE : TARGET;
}

static status
connect_side(struct crew *c, struct worker *w, int i)
{
	return side_open(&w->judge.side[i], &c->servers[i]);
}

static bool
is_open(const struct side *s)
{
	return s->pg != NULL && !pg_broken(s->pg);
}

/* Open what is not, or not any more. */
static status
connect_worker(struct crew *c, struct worker *w)
{
	status st = STATUS_OK;
	int i;

	for (i = first_side(c); i < SIDES && st == STATUS_OK; i++)
		if (!is_open(&w->judge.side[i]))
			st = connect_side(c, w, i);
	return st;
}

static void
disconnect_worker(struct worker *w)
{
	side_close(&w->judge.side[SOURCE]);
	side_close(&w->judge.side[TARGET]);
}

/* --- answering --------------------------------------------------------------------- */

static void
answer_line(struct crew *c, const struct verdict *v, json_t *line)
{
	note(c, answers_add(c->answers, v, line));
}

static void
answer_job(struct crew *c, const struct job *job, struct verdict *v)
{
	size_t i;

	if (job->group == NULL) {
		answer_line(c, v, job->chunk.record);
		return;
	}
	for (i = 0; i < job->group->lines.len; i++) {
		json_t *line CLEANUP(record_cleanup) =
		    slice_group_line(job->group, i);

		v->again = i > 0;
		answer_line(c, v, line);
	}
}

static void
job_free(struct job *job)
{
	chunk_free(&job->chunk);
	slice_group_free(job->group);
	free(job);
}

/* The answer where no server is asked any more. */
static void
refuse(struct crew *c, struct worker *w, struct verdict *v)
{
	struct side *s = &w->judge.side[TARGET];

	if (signal_stop() != 0) {
		verdict_set(v, VERDICT_UNPROVED, "interrupted");
		atomic_store(&c->unanswered, true);
		return;
	}
	if (c->options->pair && !is_open(&w->judge.side[SOURCE]))
		s = &w->judge.side[SOURCE];
	v->kind = VERDICT_UNPROVED;
	v->class = (status)atomic_load(&s->server->why);
	v->error = side_error(s, v->class);
}

static bool
hopeless(const struct crew *c)
{
	return atomic_load(&c->gone) || signal_stop() != 0;
}

static void
reconnect(struct crew *c, struct worker *w)
{
	if (hopeless(c) || connect_worker(c, w) == STATUS_OK)
		return;
	atomic_store(&c->gone, true);
}

/* A lost connection, or a conflict with others: but a lock that was waited
 * for long enough is not waited for again. */
static bool
worth_another(const struct crew *c, const struct worker *w,
    const struct verdict *v)
{
	const char *sqlstate =
	    v->error == NULL ? NULL : record_text(v->error, "sqlstate");
	int i;

	/* Rows that were listed would be listed again. */
	if (v->class != STATUS_RETRY || v->rows.printed > 0)
		return false;
	for (i = first_side(c); i < SIDES; i++)
		if (!is_open(&w->judge.side[i]))
			return true;
	return sqlstate != NULL && strncmp(sqlstate, "40", 2) == 0;
}

static void
ask(struct crew *c, struct worker *w, const struct job *job, struct verdict *v)
{
	int try;

	for (try = 0; try < TRIES; try++) {
		reconnect(c, w);
		if (hopeless(c))
			break;
		verdict_free(v);
		judge_chunk(&w->judge, &job->question, v);
		if (!worth_another(c, w, v))
			return;
	}
	if (v->class == STATUS_OK)
		refuse(c, w, v);
}

static void
serve(struct worker *w)
{
	struct crew *c = w->crew;
	struct job *job;

	while ((job = worklist_take(c->work)) != NULL) {
		struct verdict v = {.kind = VERDICT_UNPROVED};

		if (atomic_load(&c->failed) == STATUS_OK) {
			ask(c, w, job, &v);
			answer_job(c, job, &v);
		}
		verdict_free(&v);
		job_free(job);
	}
}

/*
 * A server that has no room for another connection still answers those who
 * have one; the last of them stays, and says what is the matter.
 */
static bool
worker_begin(struct worker *w)
{
	struct crew *c = w->crew;

	if (w->ready)
		return true;
	if (atomic_load(&c->gone))
		return false;
	if (connect_worker(c, w) == STATUS_OK)
		return true;
	if (!atomic_exchange(&c->enough, true))
		log_warning("going on with fewer jobs");
	return false;
}

static void *
worker_run(void *arg)
{
	struct worker *w = arg;

	if (worker_begin(w))
		serve(w);
	disconnect_worker(w);
	return NULL;
}

/* --- the crew ------------------------------------------------------------------------ */

/* The first worker's connections are made before any line is read, so that
 * what is wrong with them is known at once.  It works without them, too. */
static bool
start_worker(struct crew *c)
{
	struct worker *w = &c->workers[c->n];

	w->crew = c;
	w->judge = (struct judge){.options = c->options, .holder = c->holder};
	w->judge.side[SOURCE].server = &c->servers[SOURCE];
	w->judge.side[TARGET].server = &c->servers[TARGET];
	w->ready = c->n == 0;
	if (w->ready && connect_worker(c, w) != STATUS_OK)
		atomic_store(&c->gone, true);
	if (thread_start(&w->thread, worker_run, w, THREAD_LARGE) !=
	    STATUS_OK) {
		disconnect_worker(w);
		return false;
	}
	c->n++;
	return true;
}

static void
put_job(struct crew *c, struct job *job)
{
	bool busy = worklist_put(c->work, job);

	if (busy && c->n < c->options->jobs && !atomic_load(&c->enough) &&
	    !hopeless(c) && !start_worker(c))
		atomic_store(&c->enough, true);
}

/* --- sorting lines ------------------------------------------------------------------- */

static void
answer_unproved(struct crew *c, json_t *line, const char *reason)
{
	struct verdict v = {.kind = VERDICT_UNPROVED};

	/* Nothing was looked at: what went wrong before still stands. */
	v.error = json_deep_copy(json_object_get(line, "error"));
	verdict_set(&v, VERDICT_UNPROVED, "%s", reason);
	answer_line(c, &v, line);
	verdict_free(&v);
}

static void
put_chunk(struct crew *c, struct chunk *chunk, const struct digest *expected)
{
	struct job *job = mem_zalloc(sizeof(*job));

	job->chunk = *chunk;
	*chunk = (struct chunk){0};
	job->question.chunk = &job->chunk;
	job->question.expects = expected->kind != DIGEST_NONE;
	job->question.expected = *expected;
	put_job(c, job);
}

static void
put_group(struct crew *c, struct slice_group *group)
{
	struct job *job = mem_zalloc(sizeof(*job));
	struct verdict v = {.kind = VERDICT_UNPROVED};

	job->group = group;
	job->question.chunk = &group->chunk;
	job->question.whole = true;
	job->question.expects = group->whole;
	job->question.expected = group->digest;
	if (group->whole || c->options->pair) {
		put_job(c, job);
		return;
	}
	verdict_set(&v, VERDICT_UNPROVED, "%s", group->trouble);
	answer_job(c, job, &v);
	verdict_free(&v);
	job_free(job);
}

static void
put_slice(struct crew *c, struct chunk *chunk)
{
	struct slice_group *group;

	slices_add(c->slices, chunk, &group);
	if (group != NULL)
		put_group(c, group);
}

/* Why a line cannot be judged, or NULL. */
static const char *
unfit(const struct crew *c, const struct chunk *chunk,
    const struct digest *digest)
{
	if (record_flag(chunk->record, "vanished"))
		return "it was dropped at the source before it was copied";
	if (str_eq(chunk->status, "failed"))
		return "it was not loaded";
	if (c->options->pair)
		return NULL;
	if (str_eq(chunk->status, "unproved") && digest->kind == DIGEST_NONE)
		return "it was unproved before, and has no digest; --source "
		       "and --target look again";
	if (chunk->digest != NULL && digest->kind == DIGEST_NONE)
		return "its digest is not understood";
	if (chunk->status != NULL && digest->kind == DIGEST_NONE &&
	    chunk->batches != NULL)
		return "its batches were not kept as they came; --source and "
		       "--target compare rows";
	if (chunk->status != NULL && digest->kind == DIGEST_NONE)
		return "it carries no digest; --source and --target compare "
		       "without one";
	return NULL;
}

void
crew_take(struct crew *c, struct chunk *chunk)
{
	struct digest digest = {.kind = DIGEST_NONE};
	const char *reason;

	if (chunk->digest != NULL && !digest_parse(chunk->digest, &digest))
		digest.kind = DIGEST_NONE;
	progress_expect(1, chunk->bytes > 0 ? (uint64_t)chunk->bytes : 0);
	reason = unfit(c, chunk, &digest);
	if (reason != NULL) {
		if (chunk->by == SLICE_CTID)
			slices_failed(c->slices, chunk);
		answer_unproved(c, chunk->record, reason);
	} else if (chunk->by == SLICE_CTID &&
	    (c->options->pair || digest.kind != DIGEST_NONE)) {
		put_slice(c, chunk);
	} else {
		put_chunk(c, chunk, &digest);
	}
	chunk_free(chunk);
}

bool
crew_broken(const struct crew *c)
{
	return atomic_load(&c->failed) != STATUS_OK;
}

struct crew *
crew_new(const struct compare_options *options, struct answers *answers)
{
	struct crew *c = mem_zalloc(sizeof(*c));

	c->options = options;
	c->answers = answers;
	c->servers[SOURCE].params = options->source;
	c->servers[TARGET].params = options->target;
	c->work = worklist_new(2 * (size_t)options->jobs);
	c->slices = slices_new();
	c->holder = holder_new(&c->servers[TARGET].params);
	c->workers = mem_zalloc(options->jobs * sizeof(*c->workers));
	if (!start_worker(c))
		note(c, STATUS_RETRY);
	return c;
}

static void
crew_free(struct crew *c)
{
	free(c->workers);
	holder_free(c->holder);
	slices_free(c->slices);
	worklist_free(c->work);
	free(c);
}

status
crew_finish(struct crew *c, bool *answered)
{
	struct slice_group *group;
	status st;
	size_t i;

	while (!crew_broken(c) && (group = slices_rest(c->slices)) != NULL)
		put_group(c, group);
	worklist_close(c->work);
	for (i = 0; i < c->n; i++)
		(void)pthread_join(c->workers[i].thread, NULL);
	st = (status)atomic_load(&c->failed);
	*answered = st == STATUS_OK && !atomic_load(&c->unanswered);
	crew_free(c);
	return st;
}
