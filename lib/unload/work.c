/* SPDX-License-Identifier: PostgreSQL */
/*
 * A queue of chunk lines between the thread that reads them and the workers.
 */
#include "unload/work.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/signal.h"
#include "data/seen.h"
#include "base/thread.h"

/* Lines read ahead: together about so many bytes of text. */
#define AHEAD ((size_t)512 * 1024)
#define GLANCE 50000000L /* ns between looks at the stop flag */

struct item {
	struct chunk chunk;
	size_t cost;
	struct item *next;
};

struct work {
	pthread_mutex_t lock;
	pthread_cond_t change;
	struct record_reader *reader; /* of the reading thread while it runs */
	pthread_t thread;
	bool threaded;
	char *name;
	struct seen seen;
	struct item *first, **last;
	size_t queued; /* cost of all items */
	size_t items;
	bool ended;   /* nothing is added any more */
	bool stopped; /* nothing is given out any more */
	bool whole;   /* a list without an end line, by its nature complete */
	status bad;   /* lines that were refused */
	bool unread;  /* a line could not be answered */
};

static struct work *
work_new(const char *name)
{
	struct work *w = mem_zalloc(sizeof(*w));

	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_cond_init(&w->change, NULL);
	w->name = mem_strdup(name);
	w->last = &w->first;
	return w;
}

static void
expect(const struct chunk *c)
{
	progress_expect(1, c->bytes > 0 ? (uint64_t)c->bytes : 0);
}

/* A chunk into the queue, where there is room for it; owns it. */
static void
push(struct work *w, struct chunk *c, size_t cost)
{
	struct item *item = mem_zalloc(sizeof(*item));

	item->chunk = *c;
	item->cost = cost;
	(void)pthread_mutex_lock(&w->lock);
	while (w->queued > AHEAD && !w->stopped)
		(void)pthread_cond_wait(&w->change, &w->lock);
	*w->last = item;
	w->last = &item->next;
	w->queued += cost;
	w->items++;
	(void)pthread_cond_broadcast(&w->change);
	(void)pthread_mutex_unlock(&w->lock);
}

static void
refuse(struct work *w, bool unread)
{
	(void)pthread_mutex_lock(&w->lock);
	w->bad = STATUS_USAGE;
	w->unread = w->unread || unread;
	(void)pthread_mutex_unlock(&w->lock);
}

/*
 * One record: a chunk that has not come before, or a report.  Takes the
 * reference, so that a chunk in the queue is the only one that knows it.
 */
static void
take_record(struct work *w, json_t *record, const char *where)
{
	struct chunk c;
	status s = chunk_from_record(record, where, &c);

	json_decref(record);
	if (s != STATUS_OK) {
		refuse(w, true);
		return;
	}
	if (!seen_add(&w->seen, c.id)) {
		log_error("chunk \"%s\" comes twice, again in %s", c.id, where);
		log_detail("it is read once");
		refuse(w, false);
		chunk_free(&c);
		return;
	}
	expect(&c);
	push(w, &c, json_dumpb(c.record, NULL, 0, JSON_COMPACT));
}

static bool
stopped(struct work *w)
{
	bool yes;

	(void)pthread_mutex_lock(&w->lock);
	yes = w->stopped;
	(void)pthread_mutex_unlock(&w->lock);
	return yes;
}

static void
end(struct work *w, bool failed)
{
	(void)pthread_mutex_lock(&w->lock);
	if (failed) {
		w->bad = STATUS_USAGE;
		w->unread = true;
	}
	w->ended = true;
	(void)pthread_cond_broadcast(&w->change);
	(void)pthread_mutex_unlock(&w->lock);
}

static void *
read_lines(void *arg)
{
	struct work *w = arg;
	status s = STATUS_OK;

	while (!stopped(w)) {
		json_t *record;
		char *where CLEANUP_FREE = NULL;

		s = record_reader_next(w->reader, &record);
		if (s != STATUS_OK || record == NULL)
			break;
		where = mem_printf("chunk line %llu of %s",
		    (unsigned long long)record_reader_lines(w->reader),
		    w->name);
		take_record(w, record, where);
	}
	end(w, s != STATUS_OK);
	return NULL;
}

status
work_from_lines(int fd, const char *name, struct work **out)
{
	struct work *w = work_new(name);
	status s;

	*out = w;
	w->reader = record_reader_open(fd, name);
	s = thread_start(&w->thread, read_lines, w, THREAD_SMALL);
	if (s == STATUS_OK)
		w->threaded = true; /* of this thread alone */
	else
		w->ended = true;
	return s;
}

struct work *
work_from_array(json_t *lines)
{
	struct work *w = work_new("the arguments");
	size_t i;
	json_t *line;

	w->whole = true;
	json_array_foreach(lines, i, line)
	{
		struct chunk c;

		if (chunk_from_record(line, w->name, &c) != STATUS_OK)
			BUG("a line of our own is no chunk line");
		if (!seen_add(&w->seen, c.id)) {
			log_error("\"%s\" is named twice", c.id);
			log_detail("it is read once");
			refuse(w, false);
			chunk_free(&c);
			continue;
		}
		expect(&c);
		push(w, &c, 0);
	}
	json_decref(lines);
	w->ended = true;
	return w;
}

/* Wait a moment for a change, so that a stop is noticed too. */
static void
glance(struct work *w)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += GLANCE;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	(void)pthread_cond_timedwait(&w->change, &w->lock, &until);
}

bool
work_wait(struct work *w, size_t *most)
{
	bool some;

	(void)pthread_mutex_lock(&w->lock);
	while (w->first == NULL && !w->ended && signal_stop() == 0)
		glance(w);
	some = w->first != NULL;
	*most = w->ended ? w->items : SIZE_MAX;
	(void)pthread_mutex_unlock(&w->lock);
	return some;
}

static struct item *
pop(struct work *w)
{
	struct item *item = w->first;

	w->first = item->next;
	if (w->first == NULL)
		w->last = &w->first;
	w->queued -= item->cost;
	w->items--;
	(void)pthread_cond_broadcast(&w->change);
	return item;
}

bool
work_next(struct work *w, struct chunk *out)
{
	struct item *item = NULL;

	(void)pthread_mutex_lock(&w->lock);
	while (w->first == NULL && !w->ended && !w->stopped)
		(void)pthread_cond_wait(&w->change, &w->lock);
	if (w->first != NULL && !w->stopped)
		item = pop(w);
	(void)pthread_mutex_unlock(&w->lock);
	if (item == NULL)
		return false;
	*out = item->chunk;
	free(item);
	return true;
}

void
work_stop(struct work *w)
{
	(void)pthread_mutex_lock(&w->lock);
	w->stopped = true;
	(void)pthread_cond_broadcast(&w->change);
	(void)pthread_mutex_unlock(&w->lock);
}

status
work_finish(struct work *w, bool partial)
{
	status s;

	(void)pthread_mutex_lock(&w->lock);
	if (!w->ended)
		BUG("work is not at its end");
	s = w->bad;
	/* What a line that cannot be read hides is not known. */
	if (!w->whole && !w->unread)
		s = status_worse(s, record_reader_finish(w->reader, partial));
	(void)pthread_mutex_unlock(&w->lock);
	return s;
}

bool
work_complete(struct work *w)
{
	bool yes;

	(void)pthread_mutex_lock(&w->lock);
	yes = w->ended && !w->unread && w->first == NULL &&
	    (w->whole || record_reader_complete(w->reader));
	(void)pthread_mutex_unlock(&w->lock);
	return yes;
}

void
work_free(struct work *w)
{
	bool ended;

	if (w == NULL)
		return;
	work_stop(w);
	(void)pthread_mutex_lock(&w->lock);
	ended = w->ended;
	(void)pthread_mutex_unlock(&w->lock);
	if (!ended) {
		(void)pthread_detach(w->thread);
		return;
	}
	if (w->threaded)
		(void)pthread_join(w->thread, NULL);
	while (w->first != NULL) {
		struct item *item = pop(w);

		chunk_free(&item->chunk);
		free(item);
	}
	seen_free(&w->seen);
	record_reader_free(w->reader);
	(void)pthread_cond_destroy(&w->change);
	(void)pthread_mutex_destroy(&w->lock);
	free(w->name);
	free(w);
}
