/* SPDX-License-Identifier: PostgreSQL */
/*
 * A list under a lock: there are never more than there are loaders.
 */
#include "load/flight.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/signal.h"

#define LOOK 200000000 /* ns between two looks at the signals */
#define DEPTH 32       /* of references that are followed */

struct flight {
	uint64_t n;
	char *target;
	json_t *also;	      /* or NULL */
	const json_t *awaits; /* while it waits: targets */
	bool hurry;
};

struct flights {
	pthread_mutex_t lock;
	pthread_cond_t change;
	struct flight *items; /* in the order in which they began */
	size_t len;
};

struct flights *
flights_new(void)
{
	struct flights *f = mem_zalloc(sizeof(*f));

	(void)pthread_mutex_init(&f->lock, NULL);
	(void)pthread_cond_init(&f->change, NULL);
	return f;
}

void
flights_free(struct flights *f)
{
	if (f == NULL)
		return;
	while (f->len > 0) {
		f->len--;
		free(f->items[f->len].target);
		json_decref(f->items[f->len].also);
	}
	free(f->items);
	(void)pthread_cond_destroy(&f->change);
	(void)pthread_mutex_destroy(&f->lock);
	free(f);
}

static struct flight *
find(const struct flights *f, uint64_t n)
{
	size_t i;

	for (i = 0; i < f->len; i++)
		if (f->items[i].n == n)
			return &f->items[i];
	return NULL;
}

void
flight_begin(struct flights *f, uint64_t n, const char *target)
{
	(void)pthread_mutex_lock(&f->lock);
	f->items = mem_resize(f->items, f->len + 1, sizeof(*f->items));
	f->items[f->len++] =
	    (struct flight){.n = n, .target = mem_strdup(target)};
	(void)pthread_mutex_unlock(&f->lock);
}

void
flight_end(struct flights *f, uint64_t n)
{
	struct flight *it;

	(void)pthread_mutex_lock(&f->lock);
	it = find(f, n);
	if (it != NULL) {
		free(it->target);
		json_decref(it->also);
		f->len--;
		memmove(it, it + 1,
		    (size_t)(f->items + f->len - it) * sizeof(*it));
	}
	(void)pthread_cond_broadcast(&f->change);
	(void)pthread_mutex_unlock(&f->lock);
}

void
flight_also(struct flights *f, uint64_t n, json_t *names)
{
	struct flight *it;

	(void)pthread_mutex_lock(&f->lock);
	it = find(f, n);
	if (it != NULL && it->also == NULL)
		it->also = json_incref(names);
	(void)pthread_mutex_unlock(&f->lock);
}

static bool
among(const json_t *targets, const char *target)
{
	size_t i;

	for (i = 0; i < json_array_size(targets); i++)
		if (str_eq(json_string_value(json_array_get(targets, i)),
			target))
			return true;
	return false;
}

static bool
goes_into(const struct flight *it, const json_t *targets)
{
	size_t i;

	for (i = 0; i < json_array_size(it->also); i++)
		if (among(targets,
			json_string_value(json_array_get(it->also, i))))
			return true;
	return among(targets, it->target);
}

/* Does it wait for the other, or for one that does? */
static bool
depends(const struct flights *f, const struct flight *it,
    const struct flight *other, size_t depth)
{
	const struct flight *next;

	if (it == other)
		return true;
	if (it->awaits == NULL || it->hurry || depth == 0)
		return false;
	for (next = f->items; next < f->items + f->len; next++)
		if (next != it && goes_into(next, it->awaits) &&
		    depends(f, next, other, depth - 1))
			return true;
	return false;
}

static bool
must_wait(const struct flights *f, const struct flight *it,
    const json_t *targets)
{
	const struct flight *on;

	if (it->hurry || signal_abort())
		return false;
	for (on = f->items; on < f->items + f->len; on++)
		if (on != it && goes_into(on, targets) &&
		    !depends(f, on, it, DEPTH))
			return true;
	return false;
}

void
flight_await(struct flights *f, uint64_t n, const json_t *targets)
{
	struct flight *it;

	(void)pthread_mutex_lock(&f->lock);
	while ((it = find(f, n)) != NULL && must_wait(f, it, targets)) {
		struct timespec until;

		it->awaits = targets;
		(void)clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += LOOK;
		if (until.tv_nsec >= 1000000000) {
			until.tv_nsec -= 1000000000;
			until.tv_sec++;
		}
		(void)pthread_cond_timedwait(&f->change, &f->lock, &until);
	}
	if (it != NULL)
		it->awaits = NULL;
	(void)pthread_mutex_unlock(&f->lock);
}

size_t
flights_waiting(struct flights *f)
{
	size_t i, n = 0;

	(void)pthread_mutex_lock(&f->lock);
	for (i = 0; i < f->len; i++)
		n += f->items[i].awaits != NULL && !f->items[i].hurry;
	(void)pthread_mutex_unlock(&f->lock);
	return n;
}

void
flights_hurry(struct flights *f)
{
	size_t i = 0;

	(void)pthread_mutex_lock(&f->lock);
	while (
	    i < f->len && !(f->items[i].awaits != NULL && !f->items[i].hurry))
		i++;
	if (i < f->len)
		f->items[i].hurry = true;
	(void)pthread_cond_broadcast(&f->change);
	(void)pthread_mutex_unlock(&f->lock);
}
