/* SPDX-License-Identifier: PostgreSQL */
/*
 * One lock, and a list that is short.
 */
#include "refresh/team.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/signal.h"
#include "base/thread.h"

struct team {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct plan *plan;
	const struct refresh_options *options;
	status failed; /* standard output is gone */
};

struct worker {
	struct team *team;
	struct site site;
	pthread_t thread;
};

static bool
is_ready(const struct item *item)
{
	return !item->taken && (item->after == NULL || item->after->answered);
}

/* With the lock: something to do, or NULL when there will be nothing more. */
static struct item *
take(struct team *t)
{
	for (;;) {
		bool left = false;
		size_t i;

		for (i = 0; i < t->plan->n && t->failed == STATUS_OK; i++) {
			struct item *item = t->plan->items[i];

			if (is_ready(item)) {
				item->taken = true;
				return item;
			}
			left |= !item->taken;
		}
		if (!left)
			return NULL;
		(void)pthread_cond_wait(&t->changed, &t->lock);
	}
}

/* A level is refreshed from the one below: what that lacks would be held to
 * be materialised. */
static bool
lacks_below(struct item *item)
{
	const struct item *below = item->after;
	char *name CLEANUP_FREE = NULL, *other CLEANUP_FREE = NULL;

	if (below == NULL || below->verdict != ITEM_FAILED)
		return false;
	if (below->interrupted) {
		item_interrupt(item);
		return true;
	}
	name = item_name(item);
	other = item_name(below);
	(void)item_fail(item, below->failure.class,
	    "%s was not refreshed, because %s was not", name, other);
	return true;
}

static void
do_item(struct worker *w, struct item *item)
{
	if (item->failure.class != STATUS_OK || lacks_below(item))
		return;
	if (signal_stop() != 0)
		item_interrupt(item);
	else
		item_refresh(item, w->team->options, &w->site);
}

static void *
work(void *arg)
{
	struct worker *w = arg;
	struct team *t = w->team;
	struct item *item;

	(void)pthread_mutex_lock(&t->lock);
	while ((item = take(t)) != NULL) {
		status st;

		(void)pthread_mutex_unlock(&t->lock);
		do_item(w, item);
		st = item_answer(item);
		(void)pthread_mutex_lock(&t->lock);
		item->answered = true;
		t->failed = status_worse(t->failed, st);
		(void)pthread_cond_broadcast(&t->changed);
	}
	(void)pthread_mutex_unlock(&t->lock);
	site_close(&w->site);
	return NULL;
}

/* As many as were started; one is enough. */
static size_t
start(struct team *t, struct worker *workers, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		workers[i].team = t;
		if (thread_start(&workers[i].thread, work, &workers[i],
			THREAD_LARGE) != STATUS_OK)
			break;
	}
	return i;
}

status
team_run(struct plan *plan, const struct refresh_options *options,
    struct site *target)
{
	size_t n = options->jobs < plan->n ? options->jobs : plan->n, i;
	struct team team = {.plan = plan, .options = options};
	struct worker *workers;

	if (n == 0)
		return STATUS_OK;
	(void)pthread_mutex_init(&team.lock, NULL);
	(void)pthread_cond_init(&team.changed, NULL);
	workers = mem_zalloc(n * sizeof(*workers));
	workers[0].site = *target;
	*target = (struct site){.role = target->role};
	n = start(&team, workers, n);
	if (n == 0) {
		site_close(&workers[0].site);
		team.failed = STATUS_RETRY;
	}
	for (i = 0; i < n; i++)
		(void)pthread_join(workers[i].thread, NULL);
	free(workers);
	(void)pthread_cond_destroy(&team.changed);
	(void)pthread_mutex_destroy(&team.lock);
	return team.failed;
}
