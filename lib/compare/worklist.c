/* SPDX-License-Identifier: PostgreSQL */
/*
 * A ring under one lock.
 */
#include "compare/worklist.h"

#include <pthread.h>

#include "base/mem.h"

struct worklist {
	pthread_mutex_t lock;
	pthread_cond_t work, space;
	void **jobs;
	size_t room, first, n;
	size_t waiting; /* workers without work */
	bool closed;
};

struct worklist *
worklist_new(size_t room)
{
	struct worklist *w = mem_zalloc(sizeof(*w));

	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_cond_init(&w->work, NULL);
	(void)pthread_cond_init(&w->space, NULL);
	w->jobs = mem_resize(NULL, room, sizeof(*w->jobs));
	w->room = room;
	return w;
}

void
worklist_free(struct worklist *w)
{
	if (w == NULL)
		return;
	(void)pthread_cond_destroy(&w->space);
	(void)pthread_cond_destroy(&w->work);
	(void)pthread_mutex_destroy(&w->lock);
	free(w->jobs);
	free(w);
}

bool
worklist_put(struct worklist *w, void *job)
{
	bool busy;

	(void)pthread_mutex_lock(&w->lock);
	while (w->n == w->room)
		(void)pthread_cond_wait(&w->space, &w->lock);
	w->jobs[(w->first + w->n++) % w->room] = job;
	busy = w->waiting < w->n;
	(void)pthread_cond_signal(&w->work);
	(void)pthread_mutex_unlock(&w->lock);
	return busy;
}

void *
worklist_take(struct worklist *w)
{
	void *job = NULL;

	(void)pthread_mutex_lock(&w->lock);
	w->waiting++;
	while (w->n == 0 && !w->closed)
		(void)pthread_cond_wait(&w->work, &w->lock);
	w->waiting--;
	if (w->n > 0) {
		job = w->jobs[w->first];
		w->first = (w->first + 1) % w->room;
		w->n--;
		(void)pthread_cond_signal(&w->space);
	}
	(void)pthread_mutex_unlock(&w->lock);
	return job;
}

void
worklist_close(struct worklist *w)
{
	(void)pthread_mutex_lock(&w->lock);
	w->closed = true;
	(void)pthread_cond_broadcast(&w->work);
	(void)pthread_mutex_unlock(&w->lock);
}
