/* SPDX-License-Identifier: PostgreSQL */
/*
 * The verb that works: some hands, and how the queue stands afterwards.
 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/signal.h"
#include "base/thread.h"
#include "queue/claim.h"
#include "queue/gang.h"
#include "queue/home.h"
#include "queue/slices.h"
#include "queue/standing.h"

static void
name_worker(struct gang *g)
{
	char host[40] = "";

	(void)gethostname(host, sizeof(host) - 1);
	(void)snprintf(g->worker, sizeof(g->worker), "%s %ld", host,
	    (long)getpid());
}

static status
expect(const struct queue_options *o, struct pg *pg)
{
	struct standing now;
	status s = standing_read(o, pg, &now);

	if (s != STATUS_OK)
		return s;
	if (now.pending + now.later + now.renewed == 0)
		log_info("queue \"%s\": nothing is pending", o->name);
	progress_expect((uint64_t)(now.pending + now.later),
	    (uint64_t)(now.bytes - now.bytes_done));
	return STATUS_OK;
}

/* The first hand's session is there; a thread that cannot be started is no
 * failure where another one runs. */
static status
run_hands(struct gang *g, struct hand *hands)
{
	size_t n = 0, i;
	status s = STATUS_OK;

	while (n < g->options->jobs && s == STATUS_OK) {
		hands[n].gang = g;
		s = thread_start(&hands[n].thread, hand_run, &hands[n],
		    THREAD_LARGE);
		n += s == STATUS_OK;
	}
	for (i = 0; i < n; i++)
		(void)pthread_join(hands[i].thread, NULL);
	return n > 0 ? (status)atomic_load(&g->worst) : s;
}

/* How it stands, on whatever session is still there. */
static status
conclude(const struct queue_options *o, struct pg **pg)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	struct standing now;
	status s = STATUS_OK;

	if (*pg == NULL || pg_broken(*pg)) {
		pg_close(*pg);
		*pg = NULL;
		s = home_open(o, pg, NULL);
	}
	if (s == STATUS_OK)
		s = standing_read(o, *pg, &now);
	if (s != STATUS_OK)
		return s;
	standing_show(&now, &text);
	log_info("queue \"%s\": %s", o->name, str_text(&text));
	if (now.failed > 0)
		log_hint("pg-queue list says why they were given up, pg-queue "
			 "retry tries them again");
	s = standing_status(&now);
	/* Slices that came while we were at it. */
	return status_worse(s,
	    slices_refuse(o, o->snapshot == NULL ? now.by_ctid : 0));
}

status
queue_verb_work(const struct queue_options *o)
{
	struct gang g = {.options = o};
	struct hand *hands = mem_zalloc(o->jobs * sizeof(*hands));
	status s = home_open(o, &hands[0].pg, NULL);
	size_t i;

	thread_lean_heap();
	name_worker(&g);
	if (s == STATUS_OK)
		s = slices_prepare(o, hands[0].pg);
	if (s == STATUS_OK)
		s = expect(o, hands[0].pg);
	if (s == STATUS_OK) {
		progress_start("done with");
		s = run_hands(&g, hands);
		progress_stop();
		if (!signal_abort())
			s = status_worse(s, conclude(o, &hands[0].pg));
	}
	for (i = 0; i < o->jobs; i++)
		pg_close(hands[i].pg);
	free(hands);
	return s;
}
