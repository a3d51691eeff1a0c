/* SPDX-License-Identifier: PostgreSQL */
/*
 * Receiving WAL as it is written (START_REPLICATION ... PHYSICAL).
 *
 * The server is answered at least every `every` ms and whenever it asks, so
 * the caller's write may not wait for somebody slow: whoever feeds a slow
 * consumer runs this in a thread of its own and keeps what it gets in files.
 */
#ifndef PG_WALSTREAM_H
#define PG_WALSTREAM_H

#include "pg/conn.h"

struct walstream_ops {
	/* n bytes of WAL that begin at lsn; without gaps, never twice. */
	status (*write)(void *arg, uint64_t lsn, const void *bytes, size_t n);
	/* Up to where the server may forget it; 0: say nothing of that, so
	 * that this connection is never taken for a synchronous standby.
	 * Asked before each answer to the server. */
	uint64_t (*flushed)(void *arg);
	/* Whether this is all that is wanted; asked after each write and when
	 * wake_fd becomes readable, which it then makes unreadable again. */
	bool (*enough)(void *arg, uint64_t received);
	void *arg;
	int wake_fd; /* or -1 */
	/* Everything that has come was written: whether to answer now, because
	 * somebody's commit waits for it.  NULL: never. */
	bool (*pressing)(void *arg);
};

enum walstream_why {
	WALSTREAM_ENOUGH,   /* enough() said so */
	WALSTREAM_TIMELINE, /* the timeline has ended at `received` */
	WALSTREAM_ENDED	    /* the server has ended the stream */
};

struct walstream_end {
	enum walstream_why why;
	uint64_t received; /* the first byte that was not */
	uint32_t next_timeline;
	uint64_t next_start;
};

/*
 * Receive, after replication_identify, the WAL of a timeline from start on, a multiple of the segment size,
 * through slot (NULL: none).  STATUS_OK with *end where it ends in good order.
 * A stop that was asked for ends it as if enough() had said so.  Failures
 * are reported.  The connection can be used again after STATUS_OK, unless it is
 * pg_broken.
 */
status walstream_run(struct pg *pg, const char *slot, uint32_t timeline,
    uint64_t start, uint64_t every, const struct walstream_ops *ops,
    struct walstream_end *end) MUST_CHECK;

#endif
