/* SPDX-License-Identifier: PostgreSQL */
/*
 * How a queue stands.
 */
#ifndef QUEUE_STANDING_H
#define QUEUE_STANDING_H

#include "data/record.h"
#include "queue/queue.h"

struct standing {
	int64_t chunks, bytes;		 /* in all; bytes are estimates */
	int64_t pending, running, later; /* due; worked on; backing off */
	int64_t done, wrong, failed;	 /* wrong: of those done */
	int64_t renewed; /* new lines that wait for who works on the old */
	int64_t by_ctid; /* pending slices by ctid */
	int64_t jobs;	 /* paused */
	int64_t rows_done, bytes_done;
	double rate;  /* bytes a second, lately; below 0: not known */
	double left;  /* seconds; below 0: not known */
	status worst; /* of the failed */
};

status standing_read(const struct queue_options *o, struct pg *pg,
    struct standing *out) MUST_CHECK;
/* STATUS_OK, STATUS_NO for wrong answers, or the worst of the failed. */
status standing_status(const struct standing *s);
/* Everything has been done, or given up. */
bool standing_over(const struct standing *s);
/* "12 of 20 chunks are done, 1 has failed": for people, appended. */
void standing_show(const struct standing *s, struct str *out);

#endif
