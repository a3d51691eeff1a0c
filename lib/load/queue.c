/* SPDX-License-Identifier: PostgreSQL */
/*
 * The ring: the writer fills the buffer at head and hands it over when it
 * is full or nothing more comes, so that threads wake each other seldom.
 */
#include "load/queue.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"

struct buffer {
	char *bytes; /* QUEUE_BUFFER, or NULL: not made yet */
	size_t used;
	enum archive_part part; /* all of them are of */
};

struct queue {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct buffer ring[QUEUE_BUFFERS];
	size_t head;  /* the writer's */
	size_t tail;  /* the reader's */
	size_t ready; /* handed over and not yet released */
	bool ended, deaf;
};

struct queue *
queue_new(void)
{
	struct queue *q = mem_zalloc(sizeof(*q));

	(void)pthread_mutex_init(&q->lock, NULL);
	(void)pthread_cond_init(&q->changed, NULL);
	return q;
}

void
queue_free(struct queue *q)
{
	size_t i;

	if (q == NULL)
		return;
	for (i = 0; i < QUEUE_BUFFERS; i++)
		free(q->ring[i].bytes);
	(void)pthread_cond_destroy(&q->changed);
	(void)pthread_mutex_destroy(&q->lock);
	free(q);
}

void
queue_reset(struct queue *q)
{
	size_t i;

	(void)pthread_mutex_lock(&q->lock);
	for (i = 0; i < QUEUE_BUFFERS; i++)
		q->ring[i].used = 0;
	q->head = q->tail = q->ready = 0;
	q->ended = q->deaf = false;
	(void)pthread_mutex_unlock(&q->lock);
}

/* With the lock: give the buffer at head to the reader. */
static void
hand_over(struct queue *q)
{
	q->head = (q->head + 1) % QUEUE_BUFFERS;
	q->ready++;
	(void)pthread_cond_signal(&q->changed);
}

/* A buffer at head with room in it, or NULL: nobody listens. */
static struct buffer *
room(struct queue *q)
{
	struct buffer *b;
	bool deaf;

	(void)pthread_mutex_lock(&q->lock);
	while (q->ready == QUEUE_BUFFERS && !q->deaf)
		(void)pthread_cond_wait(&q->changed, &q->lock);
	deaf = q->deaf;
	b = &q->ring[q->head];
	(void)pthread_mutex_unlock(&q->lock);
	if (deaf)
		return NULL;
	if (b->bytes == NULL)
		b->bytes = mem_alloc(QUEUE_BUFFER);
	return b;
}

/* What is in the buffer at head is of an earlier part: that is whole. */
static void
end_part(struct queue *q, enum archive_part part)
{
	(void)pthread_mutex_lock(&q->lock);
	if (q->ready < QUEUE_BUFFERS && q->ring[q->head].used > 0 &&
	    q->ring[q->head].part != part)
		hand_over(q);
	(void)pthread_mutex_unlock(&q->lock);
}

bool
queue_put(struct queue *q, enum archive_part part, const void *bytes, size_t n)
{
	const char *from = bytes;

	end_part(q, part);

	while (n > 0) {
		struct buffer *b = room(q);
		size_t some;

		if (b == NULL)
			return false;
		some = QUEUE_BUFFER - b->used;
		some = some < n ? some : n;
		b->part = part;
		memcpy(b->bytes + b->used, from, some);
		from += some;
		n -= some;
		b->used += some;
		if (b->used < QUEUE_BUFFER)
			continue;
		(void)pthread_mutex_lock(&q->lock);
		hand_over(q);
		(void)pthread_mutex_unlock(&q->lock);
	}
	return true;
}

void
queue_end(struct queue *q)
{
	(void)pthread_mutex_lock(&q->lock);
	if (q->ready < QUEUE_BUFFERS && q->ring[q->head].used > 0)
		hand_over(q);
	q->ended = true;
	(void)pthread_cond_signal(&q->changed);
	(void)pthread_mutex_unlock(&q->lock);
}

size_t
queue_get(struct queue *q, enum archive_part part, const void **bytes)
{
	size_t n = 0;

	(void)pthread_mutex_lock(&q->lock);
	while (q->ready == 0 && !q->ended)
		(void)pthread_cond_wait(&q->changed, &q->lock);
	if (q->ready > 0 && q->ring[q->tail].part == part) {
		*bytes = q->ring[q->tail].bytes;
		n = q->ring[q->tail].used;
	}
	(void)pthread_mutex_unlock(&q->lock);
	return n;
}

bool
queue_ended(struct queue *q)
{
	bool ended;

	(void)pthread_mutex_lock(&q->lock);
	while (q->ready == 0 && !q->ended)
		(void)pthread_cond_wait(&q->changed, &q->lock);
	ended = q->ready == 0;
	(void)pthread_mutex_unlock(&q->lock);
	return ended;
}

void
queue_release(struct queue *q)
{
	(void)pthread_mutex_lock(&q->lock);
	q->ring[q->tail].used = 0;
	q->tail = (q->tail + 1) % QUEUE_BUFFERS;
	q->ready--;
	(void)pthread_cond_signal(&q->changed);
	(void)pthread_mutex_unlock(&q->lock);
}

void
queue_deafen(struct queue *q)
{
	(void)pthread_mutex_lock(&q->lock);
	q->deaf = true;
	(void)pthread_cond_signal(&q->changed);
	(void)pthread_mutex_unlock(&q->lock);
}

void
queue_wait_end(struct queue *q)
{
	(void)pthread_mutex_lock(&q->lock);
	while (!q->ended)
		(void)pthread_cond_wait(&q->changed, &q->lock);
	(void)pthread_mutex_unlock(&q->lock);
}
