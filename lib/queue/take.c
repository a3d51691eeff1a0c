/* SPDX-License-Identifier: PostgreSQL */
/*
 * The verb that takes chunks for a pipeline around it: their lines go out,
 * result lines come back on standard input, and in between the rows are
 * locked, each by a session of its own.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "queue/answer.h"
#include "queue/home.h"
#include "queue/slices.h"

#define INPUT "standard input"

struct held {
	struct pg *pg;
	struct claim claim;
	struct answer answer;
	bool ended; /* its row is written and free */
};

struct take {
	const struct queue_options *options;
	struct held *held;
	size_t n;
	char worker[80];
	double begun;
};

static void
clean_up(struct take *t)
{
	size_t i;

	for (i = 0; i < t->n; i++) {
		answer_free(&t->held[i].answer);
		claim_free(&t->held[i].claim);
		pg_close(t->held[i].pg);
	}
	free(t->held);
}

/* --- out ---------------------------------------------------------------------------- */

/* One pipeline has one run: all are of the first one's round. */
static status
take_one(struct take *t, bool *more)
{
	struct held *h = &t->held[t->n];
	int64_t round = t->n == 0 ? 0 : t->held[0].claim.round;
	status s = STATUS_OK;

	if (h->pg == NULL)
		s = home_open(t->options, &h->pg, NULL);
	if (s == STATUS_OK && t->n == 0)
		s = slices_prepare(t->options, h->pg);
	if (s == STATUS_OK)
		s = claim_next(t->options, h->pg, round, &h->claim);
	*more = s == STATUS_OK && h->claim.id != 0;
	if (!*more) {
		pg_close(h->pg);
		h->pg = NULL;
		return s;
	}
	answer_begin(&h->answer, &h->claim);
	t->n++;
	return STATUS_OK;
}

/* The reader waits for end of file before it is done. */
static status
give_out(struct take *t)
{
	json_t *extra CLEANUP(record_cleanup) = json_object();
	status s = STATUS_OK;
	size_t i;

	if (t->n > 0)
		record_set_text(extra, "run", t->held[0].claim.run);
	for (i = 0; s == STATUS_OK && i < t->n; i++)
		s = record_print(t->held[i].answer.given);
	if (s == STATUS_OK)
		s = record_print_end("pg-queue", t->n, extra);
	return status_worse(s, io_out_close());
}

/* --- back --------------------------------------------------------------------------- */

static status
end_one(struct take *t, struct held *h, int code)
{
	struct outcome out = {.worker = t->worker,
	    .seconds = num_now() - t->begun};
	double due;
	status s;

	answer_judge(&h->answer, code, &out);
	h->ended = true;
	s = claim_end(t->options, h->pg, &h->claim, &out, &due);
	if (s != STATUS_OK)
		return s;
	if (!out.done)
		log_error("\"%s\" was not done", h->claim.chunk);
	return out.done ? out.wrong ? STATUS_NO : STATUS_OK : STATUS_RETRY;
}

static status
take_back(struct take *t, json_t *record)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		if (!t->held[i].ended &&
		    answer_take(&t->held[i].answer, record))
			return end_one(t, &t->held[i], 0);
	return STATUS_OK;
}

/* Nothing at all came back: nobody has tried. */
static status
end_rest(struct take *t, bool tried)
{
	status s = STATUS_OK;
	size_t i, n = 0;

	for (i = 0; i < t->n; i++) {
		if (t->held[i].ended)
			continue;
		n++;
		if (tried)
			s = status_worse(s, end_one(t, &t->held[i], -1));
		else
			claim_release(t->held[i].pg);
	}
	if (n > 0 && !tried) {
		log_error("no result line came back: the chunks are pending "
			  "again");
		log_hint("mkfifo back; pg-queue take ... < back | pg-copyout "
			 "... | pg-copyin ... > back");
		s = STATUS_RETRY;
	}
	return s;
}

static status
read_back(struct take *t)
{
	struct record_reader *r = record_reader_open(STDIN_FILENO, INPUT);
	status worst = STATUS_OK, s = STATUS_OK;

	while (s == STATUS_OK) {
		json_t *record CLEANUP(record_cleanup) = NULL;

		s = record_reader_next(r, &record);
		if (s != STATUS_OK || record == NULL)
			break;
		worst = status_worse(worst, take_back(t, record));
	}
	worst = status_worse(worst,
	    end_rest(t,
		record_reader_lines(r) > 0 || record_reader_complete(r)));
	record_reader_free(r);
	return status_worse(s, worst);
}

status
queue_verb_take(const struct queue_options *o)
{
	struct take t = {.options = o, .begun = num_now()};
	char host[40] = "";
	bool more = true;
	status s = STATUS_OK;

	(void)gethostname(host, sizeof(host) - 1);
	(void)snprintf(t.worker, sizeof(t.worker), "%s %ld", host,
	    (long)getpid());
	t.held = mem_zalloc(o->jobs * sizeof(*t.held));
	while (s == STATUS_OK && more && t.n < o->jobs)
		s = take_one(&t, &more);
	if (s == STATUS_OK)
		s = give_out(&t);
	if (s == STATUS_OK && t.n == 0) {
		log_info("queue \"%s\": there is nothing to take", o->name);
		s = STATUS_NO;
	} else if (s == STATUS_OK)
		s = read_back(&t);
	clean_up(&t);
	return s;
}
