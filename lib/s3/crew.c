/* SPDX-License-Identifier: PostgreSQL */
/*
 * Several parts on their way at once.
 */
#include "s3/crew.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/mem.h"
#include "base/thread.h"

struct member {
	struct s3_crew *crew;
	struct s3 *s;
	pthread_t thread;
	bool started, busy; /* busy: its bytes are to be sent */
	size_t number;
	struct s3_bytes bytes;
};

struct s3_crew {
	struct s3_upload *upload;
	const char *name;
	struct member *members;
	unsigned count;
	atomic_bool told;     /* the failure */
	pthread_mutex_t lock; /* of what follows, and of busy */
	pthread_cond_t changed;
	bool ended;
	status worst;
};

/* The next part; false at the end. */
static bool
take_part(struct member *m)
{
	struct s3_crew *c = m->crew;
	bool busy;

	(void)pthread_mutex_lock(&c->lock);
	while (!m->busy && !c->ended)
		(void)pthread_cond_wait(&c->changed, &c->lock);
	busy = m->busy;
	(void)pthread_mutex_unlock(&c->lock);
	return busy;
}

static void *
work(void *arg)
{
	struct member *m = arg;
	struct s3_crew *c = m->crew;

	while (take_part(m)) {
		status st = s3_upload_part(m->s, c->upload, c->name, m->number,
		    m->bytes.data, m->bytes.n);

		(void)pthread_mutex_lock(&c->lock);
		c->worst = status_worse(c->worst, st);
		m->busy = false;
		(void)pthread_cond_broadcast(&c->changed);
		(void)pthread_mutex_unlock(&c->lock);
	}
	return NULL;
}

status
s3_crew_begin(const struct s3_config *config, struct s3_upload *u,
    const char *name, unsigned jobs, struct s3_crew **out)
{
	struct s3_crew *c = mem_zalloc(sizeof(*c));
	status st = STATUS_OK;

	c->upload = u;
	c->name = name;
	c->members = mem_zalloc(jobs * sizeof(*c->members));
	c->count = jobs;
	(void)pthread_mutex_init(&c->lock, NULL);
	(void)pthread_cond_init(&c->changed, NULL);
	/* libcurl is made ready before there are threads. */
	for (unsigned i = 0; st == STATUS_OK && i < jobs; i++) {
		c->members[i].crew = c;
		st = s3_open(config, &c->members[i].s);
		if (st == STATUS_OK)
			s3_tell_once(c->members[i].s, &c->told);
	}
	for (unsigned i = 0; st == STATUS_OK && i < jobs; i++) {
		st = thread_start(&c->members[i].thread, work, &c->members[i],
		    THREAD_LARGE);
		c->members[i].started = st == STATUS_OK;
	}
	*out = c;
	if (st == STATUS_OK)
		return st;
	c->worst = st;
	*out = NULL;
	return s3_crew_end(c);
}

static struct member *
find_free(struct s3_crew *c)
{
	for (unsigned i = 0; i < c->count; i++)
		if (!c->members[i].busy)
			return &c->members[i];
	return NULL;
}

status
s3_crew_send(struct s3_crew *c, size_t number, struct s3_bytes *bytes)
{
	struct member *m;
	status st;

	(void)pthread_mutex_lock(&c->lock);
	while ((m = find_free(c)) == NULL && c->worst == STATUS_OK)
		(void)pthread_cond_wait(&c->changed, &c->lock);
	st = c->worst;
	if (st == STATUS_OK && m != NULL) {
		struct s3_bytes used = m->bytes;

		m->bytes = *bytes;
		m->number = number;
		m->busy = true;
		*bytes = used;
		(void)pthread_cond_broadcast(&c->changed);
	}
	(void)pthread_mutex_unlock(&c->lock);
	return st;
}

status
s3_crew_end(struct s3_crew *c)
{
	status st;

	(void)pthread_mutex_lock(&c->lock);
	c->ended = true;
	(void)pthread_cond_broadcast(&c->changed);
	(void)pthread_mutex_unlock(&c->lock);
	for (unsigned i = 0; i < c->count; i++) {
		if (c->members[i].started)
			(void)pthread_join(c->members[i].thread, NULL);
		s3_close(c->members[i].s);
		free(c->members[i].bytes.data);
	}
	st = c->worst;
	(void)pthread_cond_destroy(&c->changed);
	(void)pthread_mutex_destroy(&c->lock);
	free(c->members);
	free(c);
	return st;
}
