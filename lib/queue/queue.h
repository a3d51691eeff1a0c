/* SPDX-License-Identifier: PostgreSQL */
/*
 * Work kept in tables of the target (share/sql/queue.sql), so that many
 * processes on many hosts share it and resume it.
 *
 *	the queue says who should	a row is locked by the session of who
 *					works on it, and only that one writes it
 *	the ledger says who did		where the pipeline has one: a chunk that
 *					is handed out twice is loaded once
 *
 * A lock goes with its session: what a killed worker held is pending again.
 */
#ifndef QUEUE_QUEUE_H
#define QUEUE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/str.h"
#include "pg/conn.h"

#define QUEUE_NAME "default"
#define QUEUE_JOBS_MAX 256

enum queue_order {
	QUEUE_LARGEST,
	QUEUE_SMALLEST,
	QUEUE_LISTED, /* as the lines came */
	QUEUE_REVERSED
};
extern const char *const queue_orders[]; /* names, NULL at the end */

struct queue_options {
	struct pg_params target;
	const char *schema; /* of the tables */
	const char *name;   /* of the queue */
	bool partial;	    /* a list is short on purpose */

	/* take and work */
	const char *pipeline;
	const char *snapshot; /* for ctid slices, or NULL */
	enum queue_order order;
	uint64_t jobs;
	uint64_t most;	  /* chunks, 0: no limit */
	uint64_t retries; /* after the first try */
	uint64_t backoff; /* ms, after the first failure; then doubled */
	bool wait;	  /* for what others work on */

	/* status */
	bool watch;
	uint64_t interval; /* ms */

	/* retry */
	bool wrong; /* what was answered with no */

	struct strv chunks; /* those named; of retry and drop */
};

/* The verbs.  Each connects, does what pg-queue(1) says, and reports. */
status queue_verb_put(const struct queue_options *o) MUST_CHECK;
status queue_verb_take(const struct queue_options *o) MUST_CHECK;
status queue_verb_work(const struct queue_options *o) MUST_CHECK;
status queue_verb_pending(const struct queue_options *o) MUST_CHECK;
status queue_verb_results(const struct queue_options *o) MUST_CHECK;
status queue_verb_list(const struct queue_options *o) MUST_CHECK;
status queue_verb_status(const struct queue_options *o) MUST_CHECK;
status queue_verb_retry(const struct queue_options *o) MUST_CHECK;
status queue_verb_drop(const struct queue_options *o) MUST_CHECK;
status queue_verb_clear(const struct queue_options *o) MUST_CHECK;
status queue_verb_pause_jobs(const struct queue_options *o) MUST_CHECK;
status queue_verb_resume_jobs(const struct queue_options *o) MUST_CHECK;

/* The SQL of the tables, with the schema's name put in; for pgpipe init. */
status queue_sql(const char *schema, struct str *out) MUST_CHECK;
status queue_init(struct pg *pg, const char *schema) MUST_CHECK;

#endif
