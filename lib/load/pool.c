/* SPDX-License-Identifier: PostgreSQL */
/*
 * Threads that wait for a job, do it, and wait again.
 */
#include "load/pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/mem.h"
#include "base/thread.h"
#include "load/flight.h"
#include "load/loader.h"

#define MOST_EXTRA 8
#define LOOK 50000000 /* ns between two looks at who waits */

struct slot {
	struct pool *pool;
	pthread_t thread;
	struct loader *loader;
	struct queue *queue;
	struct job *job; /* NULL: idle */
};

struct pool {
	struct load *load;
	pthread_mutex_t lock;
	pthread_cond_t given, taken; /* a job; it is done */
	struct slot **slots;
	size_t len, idle;
	size_t extra; /* made because others wait */
	bool full;    /* there are no more to be had */
	bool closing;
};

static void *
work(void *arg)
{
	struct slot *slot = arg;
	struct pool *p = slot->pool;

	(void)pthread_mutex_lock(&p->lock);
	for (;;) {
		while (slot->job == NULL && !p->closing)
			(void)pthread_cond_wait(&p->given, &p->lock);
		if (slot->job == NULL)
			break;
		(void)pthread_mutex_unlock(&p->lock);
		loader_run(slot->loader, slot->job);
		queue_reset(slot->queue);
		(void)pthread_mutex_lock(&p->lock);
		slot->job = NULL;
		p->idle++;
		(void)pthread_cond_broadcast(&p->taken);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return NULL;
}

static void
slot_free(struct slot *slot)
{
	loader_close(slot->loader);
	queue_free(slot->queue);
	free(slot);
}

static status
add(struct pool *p, bool spare)
{
	struct slot *slot = mem_zalloc(sizeof(*slot));
	status s;

	slot->pool = p;
	slot->queue = queue_new();
	s = loader_open(p->load, spare, &slot->loader);
	if (s == STATUS_OK)
		s = thread_start(&slot->thread, work, slot, THREAD_LARGE);
	if (s != STATUS_OK) {
		slot_free(slot);
		return s;
	}
	(void)pthread_mutex_lock(&p->lock);
	p->slots = mem_resize(p->slots, p->len + 1, sizeof(struct slot *));
	p->slots[p->len++] = slot;
	p->idle++;
	(void)pthread_mutex_unlock(&p->lock);
	return STATUS_OK;
}

status
pool_grow(struct pool *p, size_t loaders)
{
	status s = STATUS_OK;

	while (s == STATUS_OK && p->len - p->extra < loaders)
		s = add(p, false);
	return s;
}

status
pool_open(struct load *load, size_t loaders, struct pool **out)
{
	struct pool *p = mem_zalloc(sizeof(*p));
	status s;

	p->load = load;
	(void)pthread_mutex_init(&p->lock, NULL);
	(void)pthread_cond_init(&p->given, NULL);
	(void)pthread_cond_init(&p->taken, NULL);
	s = pool_grow(p, loaders);
	if (s != STATUS_OK) {
		pool_close(p);
		p = NULL;
	}
	*out = p;
	return s;
}

size_t
pool_size(const struct pool *p)
{
	return p->len - p->extra;
}

/*
 * Loaders that wait for another chunk's end hold up the archive, and with it
 * that chunk: there must be others, or they must not wait.
 */
static void
make_room(struct pool *p)
{
	if (flights_waiting(p->load->flights) == 0)
		return;
	p->full =
	    p->full || p->extra == MOST_EXTRA || add(p, true) != STATUS_OK;
	if (p->full)
		flights_hurry(p->load->flights);
	else
		p->extra++;
}

/* Has a loader become idle for the while? */
static bool
await(struct pool *p)
{
	struct timespec until;
	bool idle;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += LOOK;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	(void)pthread_mutex_lock(&p->lock);
	while (p->idle == 0 &&
	    pthread_cond_timedwait(&p->taken, &p->lock, &until) == 0)
		;
	idle = p->idle > 0;
	(void)pthread_mutex_unlock(&p->lock);
	return idle;
}

void
pool_await(struct pool *p)
{
	while (!await(p))
		make_room(p);
}

void
pool_take(struct pool *p, struct job *job)
{
	size_t i = 0;

	pool_await(p);
	(void)pthread_mutex_lock(&p->lock);
	while (p->slots[i]->job != NULL)
		i++;
	job->queue = p->slots[i]->queue;
	p->slots[i]->job = job;
	flight_begin(p->load->flights, job->n, job->target);
	p->idle--;
	(void)pthread_cond_broadcast(&p->given);
	(void)pthread_mutex_unlock(&p->lock);
}

void
pool_wait(struct pool *p)
{
	(void)pthread_mutex_lock(&p->lock);
	while (p->idle < p->len)
		(void)pthread_cond_wait(&p->taken, &p->lock);
	(void)pthread_mutex_unlock(&p->lock);
}

struct pg *
pool_pg(struct pool *p)
{
	return p->len == 0 ? NULL : loader_pg(p->slots[0]->loader);
}

void
pool_close(struct pool *p)
{
	size_t i;

	if (p == NULL)
		return;
	(void)pthread_mutex_lock(&p->lock);
	p->closing = true;
	(void)pthread_cond_broadcast(&p->given);
	(void)pthread_mutex_unlock(&p->lock);
	for (i = 0; i < p->len; i++) {
		(void)pthread_join(p->slots[i]->thread, NULL);
		slot_free(p->slots[i]);
	}
	free(p->slots);
	(void)pthread_cond_destroy(&p->taken);
	(void)pthread_cond_destroy(&p->given);
	(void)pthread_mutex_destroy(&p->lock);
	free(p);
}
