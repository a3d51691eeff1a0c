/* SPDX-License-Identifier: PostgreSQL */
/*
 * The places of those that were taken and have not begun: there are never
 * more than there are workers.
 */
#include "unload/turn.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"

#define PATIENCE 200000000 /* ns */

struct turns {
	pthread_mutex_t taking; /* so that places are in the list's order */
	pthread_mutex_t lock;
	pthread_cond_t change;
	uint64_t *open; /* ascending */
	size_t len;
	uint64_t taken;
};

struct turns *
turns_new(void)
{
	struct turns *t = mem_zalloc(sizeof(*t));

	(void)pthread_mutex_init(&t->taking, NULL);
	(void)pthread_mutex_init(&t->lock, NULL);
	(void)pthread_cond_init(&t->change, NULL);
	return t;
}

void
turns_free(struct turns *t)
{
	if (t == NULL)
		return;
	(void)pthread_cond_destroy(&t->change);
	(void)pthread_mutex_destroy(&t->lock);
	(void)pthread_mutex_destroy(&t->taking);
	free(t->open);
	free(t);
}

bool
turn_next(struct turns *t, struct work *work, struct chunk *out,
    uint64_t *place)
{
	bool any;

	*place = 0;
	(void)pthread_mutex_lock(&t->taking);
	any = work_next(work, out);
	if (any) {
		(void)pthread_mutex_lock(&t->lock);
		t->open = mem_resize(t->open, t->len + 1, sizeof(t->open[0]));
		t->open[t->len++] = *place = ++t->taken;
		(void)pthread_mutex_unlock(&t->lock);
	}
	(void)pthread_mutex_unlock(&t->taking);
	return any;
}

void
turn_wait(struct turns *t, uint64_t place)
{
	struct timespec until;
	int late = 0;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += PATIENCE;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	(void)pthread_mutex_lock(&t->lock);
	while (late == 0 && t->len > 0 && t->open[0] < place)
		late = pthread_cond_timedwait(&t->change, &t->lock, &until);
	(void)pthread_mutex_unlock(&t->lock);
}

void
turn_over(struct turns *t, uint64_t place)
{
	(void)pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < t->len; i++)
		if (t->open[i] == place) {
			t->len--;
			memmove(t->open + i, t->open + i + 1,
			    (t->len - i) * sizeof(t->open[0]));
			(void)pthread_cond_broadcast(&t->change);
			break;
		}
	(void)pthread_mutex_unlock(&t->lock);
}
