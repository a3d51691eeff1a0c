/* SPDX-License-Identifier: PostgreSQL */
/*
 * Claiming rows and ending claims.
 */
#include "queue/claim.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "queue/home.h"

#define BACKOFF_MOST 600000 /* ms */

const char *const queue_orders[] = {"largest", "smallest", "listed", "reversed",
    NULL};

void
claim_free(struct claim *c)
{
	free(c->chunk);
	free(c->piece);
	free(c->run);
	json_decref(c->line);
	memset(c, 0, sizeof(*c));
}

/* --- claiming --------------------------------------------------------------------- */

/* Rows that could be worked on now, but for locks. */
static void
add_pending(const struct queue_options *o, struct sql *q)
{
	home_where(o, q);
	sql_add(q, " and state = 'pending'");
}

/* ctid slices are of one snapshot, that of the queue's row. */
static void
add_fit(const struct queue_options *o, struct sql *q)
{
	if (o->snapshot == NULL) {
		sql_add(q, " and not by_ctid");
		return;
	}
	sql_add(q, " and (not by_ctid or exists (select from ");
	home_table(o, q, "queue");
	sql_add(q, " as h where h.name = queue and h.snapshot = ");
	sql_param(q, o->snapshot);
	sql_add(q, "))");
}

static void
add_order(enum queue_order order, struct sql *q)
{
	switch (order) {
	case QUEUE_LARGEST:
		sql_add(q, " order by bytes desc nulls last, id");
		break;
	case QUEUE_SMALLEST:
		sql_add(q, " order by bytes nulls first, id");
		break;
	case QUEUE_LISTED:
		sql_add(q, " order by id");
		break;
	case QUEUE_REVERSED:
		sql_add(q, " order by id desc");
		break;
	}
}

static void
add_columns(const struct queue_options *o, struct sql *q)
{
	sql_add(q, "select id, round, tries, coalesce(bytes, -1), by_ctid,");
	sql_add(q, " chunk, line, piece, (select h.run from ");
	home_table(o, q, "queue");
	sql_add(q, " as h where h.name = queue) from ");
	home_table(o, q, "queued");
}

/* What is done anew must not be taken for done by the ledger. */
static char *
name_run(const char *run, int64_t round)
{
	return round > 1 ? mem_printf("%s #%" PRId64, run, round)
			 : mem_strdup(run);
}

static status
read_row(const struct pg_result *r, struct claim *c)
{
	const char *text = pg_value(r, 0, 6);
	const char *run = pg_value(r, 0, 8);
	json_error_t error;

	c->id = pg_int(r, 0, 0);
	c->round = pg_int(r, 0, 1);
	c->tries = pg_int(r, 0, 2);
	c->bytes = pg_int(r, 0, 3);
	c->by_ctid = pg_true(r, 0, 4);
	c->chunk = mem_strdup(pg_value(r, 0, 5));
	c->piece = mem_strdup(pg_value(r, 0, 7));
	if (run == NULL) {
		log_error("\"%s\" is of a queue that is gone", c->chunk);
		log_hint("pg-queue put makes it anew");
		return STATUS_FAIL;
	}
	c->run = name_run(run, c->round);
	c->line = record_load(text, strlen(text), &error);
	if (c->line != NULL)
		return STATUS_OK;
	log_error("the queue's line of \"%s\" is no record: %s", c->chunk,
	    error.text);
	return STATUS_FAIL;
}

static status
mark(const struct queue_options *o, struct pg *pg, int64_t id)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	home_mark(o, &q, id);
	return home_run(pg, "take a chunk of the queue", &q, NULL);
}

status
claim_next(const struct queue_options *o, struct pg *pg, int64_t round,
    struct claim *c)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s = claim_absorb(o, pg);

	claim_free(c);
	if (s == STATUS_OK)
		s = pg_do(pg, "take a chunk of the queue", "begin read write");
	if (s != STATUS_OK)
		return s;
	add_columns(o, &q);
	add_pending(o, &q);
	sql_add(&q, " and (due is null");
	sql_add(&q, " or due <= pg_catalog.clock_timestamp())");
	if (round > 0) {
		sql_add(&q, " and round = ");
		sql_int(&q, round);
	}
	add_fit(o, &q);
	add_order(o->order, &q);
	sql_add(&q, " limit 1 for no key update skip locked");
	s = home_run(pg, "take a chunk of the queue", &q, &r);
	if (s == STATUS_OK && pg_rows(r) > 0)
		s = read_row(r, c);
	if (s == STATUS_OK && c->id != 0)
		s = mark(o, pg, c->id);
	if (s != STATUS_OK || c->id == 0) {
		failure_roll_back(pg);
		claim_free(c);
	}
	return s;
}

status
claim_again(const struct queue_options *o, struct pg *pg, const struct claim *c,
    bool *mine)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s = pg_do(pg, "take a chunk again", "begin read write");

	*mine = false;
	if (s != STATUS_OK)
		return s;
	add_columns(o, &q);
	add_pending(o, &q);
	sql_add(&q, " and id = ");
	sql_int(&q, c->id);
	/* Whoever failed with it meanwhile has counted a try. */
	sql_add(&q, " and round = ");
	sql_int(&q, c->round);
	sql_add(&q, " and tries = ");
	sql_int(&q, c->tries);
	sql_add(&q, " for no key update skip locked");
	s = home_run(pg, "take a chunk again", &q, &r);
	*mine = s == STATUS_OK && pg_rows(r) > 0;
	if (*mine)
		s = mark(o, pg, c->id);
	if (s != STATUS_OK || !*mine)
		failure_roll_back(pg);
	return s;
}

/* --- ending ----------------------------------------------------------------------- */

/* What was done under a snapshot that is no longer the queue's does not
 * count: the table is filled anew under the other one. */
static void
add_done(const struct queue_options *o, const struct claim *c,
    const struct outcome *out, struct sql *q)
{
	sql_add(q, " set state = ");
	if (c->by_ctid) {
		sql_add(q, "case when (select h.snapshot from ");
		home_table(o, q, "queue");
		sql_add(q, " as h where h.name = queue) = ");
		sql_param(q, o->snapshot);
		sql_add(q, " then 'done' else 'pending' end, snapshot = ");
		sql_param(q, o->snapshot);
	} else
		sql_add(q, "'done'");
	sql_add(q, ", due = null, error = null, answer = ");
	sql_param(q, out->answer);
	sql_add(q, ", wrong = ");
	sql_param(q, out->wrong ? "true" : "false");
	sql_add(q, ", result = ");
	sql_param(q, out->result);
}

static void
add_failed(const struct queue_options *o, const struct claim *c,
    const struct outcome *out, struct sql *q)
{
	uint64_t pause = o->backoff;
	int64_t i;

	for (i = 0; i < c->tries && pause < BACKOFF_MOST; i++)
		pause *= 2;
	if (pause > BACKOFF_MOST)
		pause = BACKOFF_MOST;
	sql_add(q, " set tries = tries + 1, error = ");
	sql_param(q, out->error);
	if ((uint64_t)c->tries >= o->retries) {
		sql_add(q, ", state = 'failed', due = null");
		return;
	}
	/* Half of it is random, so that what failed together does not come
	 * back together. */
	sql_add(q, ", due = pg_catalog.clock_timestamp() + ");
	sql_int(q, (int64_t)pause);
	sql_add(q, " * (0.5 + pg_catalog.random() / 2)");
	sql_add(q, " * interval '1 millisecond'");
}

status
claim_end(const struct queue_options *o, struct pg *pg, const struct claim *c,
    const struct outcome *out, double *due)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	const char *left;
	status s;

	*due = -1;
	sql_add(&q, "update ");
	home_table(o, &q, "queued");
	if (out->done)
		add_done(o, c, out, &q);
	else
		add_failed(o, c, out, &q);
	sql_add(&q, ", worker = ");
	sql_param(&q, out->worker);
	sql_add(&q, ", ended = pg_catalog.clock_timestamp(),");
	sql_add(&q, " began = pg_catalog.clock_timestamp() - ");
	sql_int(&q, (int64_t)(out->seconds * 1000));
	sql_add(&q, " * interval '1 millisecond' where id = ");
	sql_int(&q, c->id);
	sql_add(&q, " returning pg_catalog.date_part('epoch',");
	sql_add(&q, " due - pg_catalog.clock_timestamp())");
	s = home_run(pg, "write the queue", &q, &r);
	if (s == STATUS_OK && pg_rows(r) > 0) {
		left = pg_value(r, 0, 0);
		if (left != NULL)
			*due = strtod(left, NULL);
	}
	if (s == STATUS_OK)
		return pg_do(pg, "write the queue", "commit");
	failure_roll_back(pg);
	return s;
}

void
claim_release(struct pg *pg)
{
	failure_roll_back(pg);
}

/* --- the rest --------------------------------------------------------------------- */

status
claim_rest(const struct queue_options *o, struct pg *pg, struct rest *out)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql q CLEANUP_SQL = SQL_INIT;
	status s;

	sql_add(&q, "select pg_catalog.count(*) filter (where due > n.now),");
	sql_add(&q, " coalesce(pg_catalog.date_part('epoch',");
	sql_add(&q, " pg_catalog.min(due) filter (where due > n.now)");
	sql_add(&q, " - pg_catalog.min(n.now)), 0),");
	sql_add(&q, " pg_catalog.count(*) filter (");
	sql_add(&q, "where due is null or due <= n.now) from ");
	home_table(o, &q, "queued");
	sql_add(&q, " cross join (select pg_catalog.clock_timestamp())");
	sql_add(&q, " as n (now)");
	add_pending(o, &q);
	add_fit(o, &q);
	s = home_run(pg, "look into the queue", &q, &r);
	if (s != STATUS_OK)
		return s;
	out->later = pg_int(r, 0, 0);
	out->due = strtod(pg_value(r, 0, 1), NULL);
	out->others = pg_int(r, 0, 2);
	return STATUS_OK;
}

void
claim_renew(struct sql *q)
{
	sql_add(q, " set chunk = n.chunk, predicate = n.predicate,");
	sql_add(q, " line = n.line, rows = n.rows, bytes = n.bytes,");
	sql_add(q, " state = 'pending', round = k.round + 1, tries = 0,");
	sql_add(q, " due = null, error = null, answer = null,");
	sql_add(q, " wrong = false, result = null, snapshot = null");
}

status
claim_absorb(const struct queue_options *o, struct pg *pg)
{
	struct sql q CLEANUP_SQL = SQL_INIT;

	sql_add(&q, "with n as (select k.id, x.* from ");
	home_table(o, &q, "queue_next");
	sql_add(&q, " as x join ");
	home_table(o, &q, "queued");
	sql_add(&q, " as k on k.queue = x.queue and k.piece = x.piece");
	sql_add(&q, " where x.queue = ");
	sql_param(&q, o->name);
	sql_add(&q, " for update of x, k skip locked), u as (update ");
	home_table(o, &q, "queued");
	sql_add(&q, " as k");
	claim_renew(&q);
	sql_add(&q, " from n where k.id = n.id) delete from ");
	home_table(o, &q, "queue_next");
	sql_add(&q, " as x using n where x.queue = n.queue");
	sql_add(&q, " and x.piece = n.piece");
	return home_run(pg, "renew chunks of the queue", &q, NULL);
}
