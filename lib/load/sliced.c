/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the loaders of one process know of the relations that come in
 * slices: who begins one, who waits, who completes it.
 */
#include "load/sliced.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/signal.h"
#include "load/hands.h"
#include "load/unit.h"

enum stage { BEGINNING, OPEN, COMPLETE, BROKEN };

struct known {
	struct known *next;
	struct job place;  /* only a place: load and the target's names */
	char *lock;	   /* the session lock's name */
	bool held, shared; /* it is, and how */
	char *within;
	enum stage stage;
	struct failure failure; /* of a broken one */
	bool again;		/* the failure has passed by now, perhaps */
	struct unit unit;
	struct coverage begun; /* what has come here */
	bool completed;	       /* by us */
	bool tried;	       /* to settle it */
};

struct slices {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct known *first;
};

struct slices *
sliced_set_new(void)
{
	struct slices *s = mem_zalloc(sizeof(*s));

	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_cond_init(&s->changed, NULL);
	return s;
}

static void
known_free(struct known *k)
{
	free(k->place.schema);
	free(k->place.table);
	free(k->place.target);
	free(k->lock);
	free(k->within);
	failure_clear(&k->failure);
	coverage_free(&k->unit.coverage);
	coverage_free(&k->begun);
	free(k);
}

void
sliced_set_free(struct slices *s)
{
	struct known *k;

	if (s == NULL)
		return;
	while ((k = s->first) != NULL) {
		s->first = k->next;
		known_free(k);
	}
	(void)pthread_cond_destroy(&s->changed);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}

/* --- in whose hands it is ----------------------------------------------------------------- */

/*
 * Share it with those who have it in their hands, if it is as unit_joinable
 * wants it.  That is looked at with the lock: nobody begins it anew meanwhile.
 */
static status
join(struct pg *pg, const struct job *job, const char *what, bool *taken,
    struct failure *f)
{
	bool joinable = false;
	status s;

	*taken = false;
	if (job->load->run.schema == NULL)
		return STATUS_OK;
	s = hands_try(job->load, what, true, taken, f);
	if (s != STATUS_OK || !*taken)
		return s;
	s = unit_joinable(pg, job, &joinable, f);
	if (s == STATUS_OK && joinable)
		return s;
	*taken = false;
	return status_worse(s, hands_drop(job->load, what, true, f));
}

/*
 * Wait until the relation is ours alone, or may be shared with another
 * process.
 */
static status
lock_unit(struct pg *pg, const struct job *job, const char *what, bool *shared,
    struct failure *f)
{
	uint64_t timeout = job->load->options->target.lock_timeout;
	double since = num_now();
	bool taken = false;
	status s;

	for (;;) {
		*shared = false;
		s = hands_try(job->load, what, false, &taken, f);
		if (s == STATUS_OK && !taken)
			s = join(pg, job, what, shared, f);
		if (s != STATUS_OK || taken || *shared)
			return s;
		if (!run_lock_pause(since, timeout))
			break;
	}
	return hands_full(job, f);
}

/* From exclusive to shared, so that others of the same snapshot may join. */
static status
share_lock(struct load *load, const char *what, struct failure *f)
{
	bool taken;
	status s = hands_try(load, what, true, &taken, f);

	return s == STATUS_OK ? hands_drop(load, what, false, f) : s;
}

/* --- entering ----------------------------------------------------------------------------- */

static struct known *
find(struct slices *s, const struct job *job)
{
	struct known *k;

	for (k = s->first; k != NULL; k = k->next)
		if (str_eq(k->place.schema, job->schema) &&
		    str_eq(k->place.table, job->table) &&
		    str_eq(k->within, job->chunk.within))
			return k;
	return NULL;
}

static struct known *
add(struct slices *s, const struct job *job)
{
	struct known *k = mem_zalloc(sizeof(*k));

	k->place.load = job->load;
	k->place.schema = mem_strdup(job->schema);
	k->place.table = mem_strdup(job->table);
	k->place.target = mem_strdup(job->target);
	k->lock = mem_printf("table %s", job->target);
	k->within =
	    job->chunk.within == NULL ? NULL : mem_strdup(job->chunk.within);
	k->stage = BEGINNING;
	k->next = s->first;
	s->first = k;
	return k;
}

static void
say_unsettled(const struct job *job, const struct failure *f)
{
	log_error("all rows of %s are loaded, but %s", job->target, f->message);
	if (f->detail != NULL)
		log_detail("%s", f->detail);
	log_hint("Run the pipeline again: it will do what is left.");
	result_worse(&job->load->results, f->class);
}

/* What an earlier process left to be done is done now. */
static void
settle(struct pg *pg, const struct job *job)
{
	struct failure f CLEANUP(failure_clear) = {0};

	/* Nobody waits for it: it may take its time. */
	pg_stoppable(pg, false);
	if (unit_settle(pg, job, &f) != STATUS_OK)
		say_unsettled(job, &f);
	pg_stoppable(pg, true);
}

/*
 * The first slice of the relation in this process.  If somebody who shares it
 * has completed it just now, he is building its indexes.  What is complete is
 * nobody's.
 */
static status
begin(struct pg *pg, struct job *job, struct known *k, struct failure *f)
{
	bool ledger = job->load->run.schema != NULL;
	bool shared = false;
	status s;

	/* To what is appended or merged, others may add. */
	if (!ledger && job->load->options->mode != LOAD_REPLACE)
		return unit_begin(pg, job, &k->unit, f);
	s = lock_unit(pg, job, k->lock, &shared, f);
	if (s != STATUS_OK)
		return s;
	s = unit_begin(pg, job, &k->unit, f);
	if (s == STATUS_OK && k->unit.complete && !shared) {
		k->tried = true;
		settle(pg, job);
	}
	k->held = s == STATUS_OK && !k->unit.complete;
	k->shared = ledger;
	if (!k->held)
		hands_let_go(job->load, k->lock, shared);
	return k->held && ledger && !shared ? share_lock(job->load, k->lock, f)
					    : s;
}

static void
copy_failure(struct failure *to, const struct failure *from)
{
	*to = *from;
	to->message = mem_strdup(from->message);
	to->detail = from->detail == NULL ? NULL : mem_strdup(from->detail);
	to->hint = from->hint == NULL ? NULL : mem_strdup(from->hint);
}

static status
begin_and_tell(struct pg *pg, struct job *job, struct known *k,
    struct failure *f)
{
	struct slices *slices = job->load->slices;
	status s = begin(pg, job, k, f);

	(void)pthread_mutex_lock(&slices->lock);
	if (s != STATUS_OK) {
		k->stage = BROKEN;
		k->again = pg_broken(pg) || strncmp(f->sqlstate, "40", 2) == 0;
		copy_failure(&k->failure, f);
	} else
		k->stage = k->unit.complete ? COMPLETE : OPEN;
	(void)pthread_cond_broadcast(&slices->changed);
	(void)pthread_mutex_unlock(&slices->lock);
	return s;
}

/* With the lock: is it up to the caller to begin? */
static bool
claim(struct slices *s, const struct job *job, struct known **out)
{
	struct known *k = find(s, job);

	*out = k;
	if (k == NULL) {
		*out = add(s, job);
		return true;
	}
	while (k->stage == BEGINNING)
		(void)pthread_cond_wait(&s->changed, &s->lock);
	if (k->stage != BROKEN || !k->again)
		return false;
	failure_clear(&k->failure);
	k->stage = BEGINNING;
	return true;
}

static struct slice_at
slice_of(const struct job *job)
{
	const struct chunk *c = &job->chunk;

	return (struct slice_at){c->id, c->by, c->from, c->to};
}

/* A shared run that is restarted for some of its slices would lose the others,
 * which nobody would ask for again. */
static void
advise(const struct load *load, struct failure *f)
{
	failure_hint(f,
	    load->run.shared
		? "Take the table out of the queue with pg-queue drop, and put "
		  "it again."
		: "What was begun with other slices is begun anew with "
		  "--restart.");
}

/*
 * With the lock: the slice is to be loaded, unless it would bring rows that
 * others of its snapshot bring, too.
 */
static status
take_in(struct known *k, const struct job *job, struct failure *f)
{
	struct slice_at at = slice_of(job);

	if (coverage_fits(&k->unit.coverage, &at) &&
	    coverage_fits(&k->begun, &at)) {
		coverage_add(&k->begun, &at);
		return STATUS_OK;
	}
	(void)failure_set(f, STATUS_FAIL,
	    "%s has slices of the same snapshot that are cut in other places, "
	    "and the slice overlaps them",
	    job->target);
	advise(job->load, f);
	return STATUS_FAIL;
}

status
sliced_enter(struct pg *pg, struct job *job, enum sliced *out,
    struct failure *f)
{
	struct slices *slices = job->load->slices;
	struct known *k;
	status s = STATUS_OK;
	bool ours;

	(void)pthread_mutex_lock(&slices->lock);
	ours = claim(slices, job, &k);
	(void)pthread_mutex_unlock(&slices->lock);
	if (ours)
		s = begin_and_tell(pg, job, k, f);
	(void)pthread_mutex_lock(&slices->lock);
	if (s == STATUS_OK && k->stage == BROKEN) {
		copy_failure(f, &k->failure);
		s = f->class;
	}
	*out =
	    k->stage == OPEN && !k->completed ? SLICED_OPEN : SLICED_COMPLETE;
	if (s == STATUS_OK && *out == SLICED_OPEN)
		s = take_in(k, job, f);
	(void)pthread_mutex_unlock(&slices->lock);
	return s;
}

static struct known *
known_of(const struct job *job)
{
	struct slices *slices = job->load->slices;
	struct known *k;

	(void)pthread_mutex_lock(&slices->lock);
	k = find(slices, job);
	(void)pthread_mutex_unlock(&slices->lock);
	if (k == NULL)
		BUG("a slice of a relation that was not begun");
	return k;
}

status
sliced_hold(struct pg *pg, const struct job *job, uint32_t target,
    struct failure *f)
{
	const struct unit *unit = &known_of(job)->unit;

	if (target != 0 && target != unit->target)
		return entry_moved(job, f);
	return unit_hold(pg, job, unit->id, target == 0, f);
}

status
sliced_share(struct pg *pg, const struct job *job, struct entry *out,
    struct failure *f)
{
	return unit_sum(pg, job, out, f);
}

/* --- completing --------------------------------------------------------------------------- */

static status
complete(struct pg *pg, const struct job *job, struct known *k,
    struct failure *f)
{
	bool first = false;
	status s = unit_complete(pg, job, k->unit.id, &first, f);

	if (s != STATUS_OK || !first)
		return s;
	k->tried = true;
	return unit_settle(pg, job, f);
}

/* Then it is in our hands no more. */
static void
complete_or_say(struct pg *pg, const struct job *job, struct known *k)
{
	struct failure f CLEANUP(failure_clear) = {0};

	if (complete(pg, job, k, &f) != STATUS_OK)
		say_unsettled(job, &f);
	if (k->held)
		hands_let_go(job->load, k->lock, k->shared);
	k->held = false;
}

void
sliced_loaded(struct pg *pg, struct job *job)
{
	struct slices *slices = job->load->slices;
	struct slice_at at = slice_of(job);
	struct known *k;
	bool whole;

	(void)pthread_mutex_lock(&slices->lock);
	k = find(slices, job);
	if (k == NULL)
		BUG("a slice of a relation that was not begun");
	coverage_add(&k->unit.coverage, &at);
	whole = coverage_whole(&k->unit.coverage) && !k->completed;
	if (whole)
		k->completed = true;
	(void)pthread_mutex_unlock(&slices->lock);
	if (whole)
		complete_or_say(pg, job, k);
}

/* Two who loaded other cuts at the same time did not see each other. */
static status
doubled(const struct known *k, struct failure *f)
{
	(void)failure_set(f, STATUS_FAIL,
	    "slices of %s that were loaded overlap: rows may be there twice",
	    k->place.target);
	advise(k->place.load, f);
	return STATUS_FAIL;
}

/* Another process may have loaded what we lack. */
static status
end_one(struct pg *pg, struct known *k, size_t *incomplete, struct failure *f)
{
	struct coverage all = COVERAGE_INIT;
	status s = unit_coverage(pg, &k->place, k->unit.id, &all, f);
	bool whole = coverage_whole(&all);

	if (s == STATUS_OK && all.doubled)
		s = doubled(k, f);
	coverage_free(&all);
	if (s != STATUS_OK)
		return s;
	if (whole) {
		k->completed = true;
		complete_or_say(pg, &k->place, k);
	} else
		(*incomplete)++;
	return STATUS_OK;
}

static bool
tried(const struct slices *s, const struct job *place)
{
	const struct known *k;

	for (k = s->first; k != NULL; k = k->next)
		if (k->tried && str_eq(k->place.schema, place->schema) &&
		    str_eq(k->place.table, place->table))
			return true;
	return false;
}

/* Unless somebody has it in his hands. */
static status
settle_other(struct pg *pg, const struct job *place, struct failure *f)
{
	char *lock CLEANUP_FREE = mem_printf("table %s", place->target);
	bool taken = false;
	status s = hands_try(place->load, lock, false, &taken, f);

	if (s != STATUS_OK || !taken)
		return s;
	settle(pg, place);
	hands_let_go(place->load, lock, false);
	return STATUS_OK;
}

/*
 * What another pipeline of the run could not settle, or died over, keeps it
 * from being finished, and this list need not hold it.
 */
static status
settle_others(struct load *load, struct pg *pg, struct failure *f)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;
	int i;

	sql_add(&q, "select distinct s.target_schema, s.target_table from ");
	run_table(&load->run, &q, "sliced");
	sql_add(&q, " as s where s.run = ");
	run_param(&q, load->run.id);
	sql_add(&q, " and");
	unit_where_unsettled(&q, &load->run);
	sql_add(&q, " order by 1, 2");
	s = failure_run(f, pg, &q, &r, "read the ledger");
	for (i = 0; s == STATUS_OK && i < pg_rows(r); i++) {
		struct str shown = STR_INIT;
		struct job place = {.load = load,
		    .schema = mem_strdup(pg_value(r, i, 0)),
		    .table = mem_strdup(pg_value(r, i, 1))};

		sql_show_name(&shown, place.schema, place.table);
		place.target = str_take(&shown);
		if (!tried(load->slices, &place))
			s = settle_other(pg, &place, f);
		free(place.schema);
		free(place.table);
		free(place.target);
	}
	return s;
}

status
sliced_end(struct load *load, struct pg *pg, size_t *incomplete)
{
	struct failure f CLEANUP(failure_clear) = {0};
	struct known *k;
	status s = STATUS_OK;

	*incomplete = 0;
	for (k = load->slices->first; k != NULL; k = k->next) {
		if (k->stage != OPEN || k->completed)
			continue;
		if (load->run.schema == NULL)
			(*incomplete)++;
		else if (s == STATUS_OK)
			s = end_one(pg, k, incomplete, &f);
	}
	/* Of a shared run each process answers for what it was given. */
	if (s == STATUS_OK && load->run.schema != NULL && !load->run.shared &&
	    signal_stop() == 0)
		s = settle_others(load, pg, &f);
	if (s != STATUS_OK)
		failure_report(&f);
	return s;
}
