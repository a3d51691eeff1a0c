/* SPDX-License-Identifier: PostgreSQL */
/*
 * Receiving WAL.
 *
 * In the COPY BOTH that START_REPLICATION begins, the server sends 'w' (int64
 * start, int64 its end, int64 time, bytes) and 'k' (int64 end, int64 time,
 * byte: answer at once); we send 'r' (int64 written, flushed, applied, time,
 * byte), all big-endian, times in microseconds since 2000 ("Streaming
 * Replication Protocol").
 */
#include "pg/walstream.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/signal.h"
#include "data/walname.h"
#include "pg/private.h"

#define WAL_HEADER 25
#define KEEPALIVE 18
#define REPLY 34
#define PATIENCE 10.0	/* seconds for the end of the stream */
#define EPOCH 946684800 /* seconds from 1970 to 2000 */

static const char doing[] = "receive the write-ahead log";

struct walstream {
	struct pg *pg;
	const struct walstream_ops *ops;
	uint64_t received;
	double every, next_reply;
	bool reported; /* a failure of ops */
};

static void
store64(unsigned char *p, uint64_t value)
{
	for (int i = 7; i >= 0; i--) {
		p[i] = (unsigned char)(value & 0xff);
		value >>= 8;
	}
}

static uint64_t
load64(const char *p)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | (unsigned char)p[i];
	return value;
}

static uint64_t
now_since_2000(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)(ts.tv_sec - EPOCH) * 1000000 +
	    (uint64_t)ts.tv_nsec / 1000;
}

static status
flush(struct walstream *w)
{
	int unsent;
	short ready;

	while ((unsent = PQflush(w->pg->conn)) > 0)
		if (!pg_wait(w->pg, POLLOUT, &ready))
			return STATUS_RETRY;
	return unsent < 0 ? pg_error_lost(w->pg, NULL) : STATUS_OK;
}

static status
reply(struct walstream *w)
{
	unsigned char message[REPLY] = {'r'};

	store64(message + 1, w->received);
	store64(message + 9, w->ops->flushed(w->ops->arg));
	store64(message + 25, now_since_2000());
	w->next_reply = num_now() + w->every;
	if (PQputCopyData(w->pg->conn, (const char *)message, REPLY) < 0)
		return pg_error_lost(w->pg, NULL);
	return flush(w);
}

/* --- what comes ------------------------------------------------------------ */

static status
take_wal(struct walstream *w, const char *p, size_t n)
{
	uint64_t lsn;
	status s;

	if (n < WAL_HEADER)
		return pg_error_own(w->pg, STATUS_FAIL,
		    "a message of the server is cut");
	lsn = load64(p + 1);
	if (lsn != w->received)
		return pg_error_own(w->pg, STATUS_FAIL,
		    "the server has left out a part of it");
	s = w->ops->write(w->ops->arg, lsn, p + WAL_HEADER, n - WAL_HEADER);
	w->reported |= s != STATUS_OK;
	w->received += n - WAL_HEADER;
	return s;
}

static status
take(struct walstream *w, const char *p, size_t n)
{
	if (n > 0 && p[0] == 'w')
		return take_wal(w, p, n);
	if (n == KEEPALIVE && p[0] == 'k')
		return p[KEEPALIVE - 1] != 0 ? reply(w) : STATUS_OK;
	return pg_error_own(w->pg, STATUS_FAIL,
	    "the server sends messages of an unknown kind");
}

/* Sleep until something comes, or the next reply is due. */
static status
await(struct walstream *w)
{
	struct pollfd fds[3] = {{PQsocket(w->pg->conn), POLLIN, 0},
	    {signal_stop_fd(), POLLIN, 0}, {w->ops->wake_fd, POLLIN, 0}};
	double left = w->next_reply - num_now();

	if (left > 0 && poll(fds, 3, (int)(left * 1000) + 1) < 0 &&
	    errno != EINTR)
		return pg_error_lost(w->pg, strerror(errno));
	/* What came before a failure has been read by now. */
	if (fds[0].revents != 0 && !PQconsumeInput(w->pg->conn))
		return pg_error_lost(w->pg, NULL);
	return STATUS_OK;
}

/* Until there is enough (*ended false) or the server has ended the COPY. */
static status
receive(struct walstream *w, bool *ended)
{
	status s = STATUS_OK;

	*ended = false;
	while (s == STATUS_OK && signal_stop() == 0 &&
	    !w->ops->enough(w->ops->arg, w->received)) {
		char *bytes = NULL;
		int n = PQgetCopyData(w->pg->conn, &bytes, 1);

		if (n == -1) {
			*ended = true;
			return STATUS_OK;
		}
		if (n == -2)
			return pg_error_lost(w->pg, NULL);
		if (n > 0)
			s = take(w, bytes, (size_t)n);
		PQfreemem(bytes);
		if (s == STATUS_OK && num_now() >= w->next_reply)
			s = reply(w);
		if (s == STATUS_OK && n == 0 && w->ops->pressing != NULL &&
		    w->ops->pressing(w->ops->arg))
			s = reply(w);
		if (s == STATUS_OK && n == 0)
			s = await(w);
	}
	return s;
}

/* --- the end ----------------------------------------------------------------- */

/* A row with the next timeline and where it begins. */
static status
take_switch(struct walstream *w, const PGresult *res, struct walstream_end *end)
{
	uint64_t timeline;

	if (PQntuples(res) != 1 || PQnfields(res) < 2 ||
	    !num_u64(PQgetvalue(res, 0, 0), 1, UINT32_MAX, &timeline) ||
	    !wal_lsn_parse(PQgetvalue(res, 0, 1), &end->next_start))
		return pg_error_own(w->pg, STATUS_FAIL,
		    "the server does not say which timeline is next");
	end->next_timeline = (uint32_t)timeline;
	end->why = WALSTREAM_TIMELINE;
	return STATUS_OK;
}

/* What is still on its way is thrown away.  False: the server does not end the
 * stream in time, or is gone. */
static bool
drain(struct walstream *w)
{
	double give_up = num_now() + PATIENCE;
	char *bytes;
	int n;

	for (;;) {
		struct pollfd p = {PQsocket(w->pg->conn), POLLIN, 0};
		double left = give_up - num_now();

		n = PQgetCopyData(w->pg->conn, &bytes, 1);
		PQfreemem(n > 0 ? bytes : NULL);
		if (n < 0)
			return true;
		if (left <= 0)
			return false;
		if (n == 0 && poll(&p, 1, (int)(left * 1000) + 1) > 0 &&
		    !PQconsumeInput(w->pg->conn))
			return false;
	}
}

/*
 * Say goodbye.  Where we have enough, a server that does not answer it takes
 * nothing away, but the connection is of no more use.
 */
static status
finish(struct walstream *w, bool ended, struct walstream_end *end)
{
	status s;
	PGresult *res;

	end->why = ended ? WALSTREAM_ENDED : WALSTREAM_ENOUGH;
	end->received = w->received;
	s = PQputCopyEnd(w->pg->conn, NULL) <= 0 ? pg_error_lost(w->pg, NULL)
						 : flush(w);
	if (!ended && (s != STATUS_OK || !drain(w))) {
		w->pg->lost = true;
		return STATUS_OK;
	}
	while ((res = pg_next_result(w->pg)) != NULL) {
		switch (PQresultStatus(res)) {
		case PGRES_TUPLES_OK:
			if (s == STATUS_OK && ended)
				s = take_switch(w, res, end);
			break;
		case PGRES_FATAL_ERROR:
			if (s == STATUS_OK)
				s = pg_error_result(w->pg, res);
			break;
		default:
			break;
		}
		PQclear(res);
	}
	if (!ended)
		return STATUS_OK;
	return s == STATUS_OK && w->pg->lost ? STATUS_RETRY : s;
}

/* --- the beginning ------------------------------------------------------------ */

/* A timeline that ends right where we would begin: only its successor comes. */
static status
take_end(struct walstream *w, PGresult *res, struct walstream_end *end)
{
	status s = take_switch(w, res, end);

	while ((res = pg_next_result(w->pg)) != NULL) {
		if (s == STATUS_OK && PQresultStatus(res) == PGRES_FATAL_ERROR)
			s = pg_error_result(w->pg, res);
		PQclear(res);
	}
	return s == STATUS_OK && w->pg->lost ? STATUS_RETRY : s;
}

static status
begin(struct walstream *w, const char *slot, uint32_t timeline, uint64_t start,
    struct walstream_end *end, bool *over)
{
	struct sql sql CLEANUP_SQL = SQL_INIT;
	PGresult *res;
	status s;

	sql_add(&sql, "START_REPLICATION ");
	if (slot != NULL) {
		sql_add(&sql, "SLOT ");
		sql_ident(&sql, slot);
	}
	sql_add(&sql, " PHYSICAL ");
	sql_lsn(&sql, start);
	sql_add(&sql, " TIMELINE ");
	sql_int(&sql, timeline);
	s = pg_send_simple(w->pg, &sql);
	if (s != STATUS_OK)
		return s;
	res = pg_next_result(w->pg);
	*over = PQresultStatus(res) == PGRES_TUPLES_OK;
	if (res == NULL)
		s = w->pg->lost ? STATUS_RETRY : pg_error_lost(w->pg, NULL);
	else if (*over)
		s = take_end(w, res, end);
	else if (PQresultStatus(res) != PGRES_COPY_BOTH)
		s = PQresultStatus(res) == PGRES_FATAL_ERROR
		    ? pg_error_result(w->pg, res)
		    : pg_error_own(w->pg, STATUS_FAIL,
			  "the timeline has already ended there");
	PQclear(res);
	return s;
}

status
walstream_run(struct pg *pg, const char *slot, uint32_t timeline,
    uint64_t start, uint64_t every, const struct walstream_ops *ops,
    struct walstream_end *end)
{
	struct walstream w = {.pg = pg,
	    .ops = ops,
	    .received = start,
	    .every = (double)every / 1000};
	bool ended = false, over = false;
	status s;

	*end = (struct walstream_end){.received = start};
	s = begin(&w, slot, timeline, start, end, &over);
	w.next_reply = num_now() + w.every;
	if (s == STATUS_OK && !over)
		s = receive(&w, &ended);
	end->received = w.received;
	if (s == STATUS_OK && !over)
		s = finish(&w, ended, end);
	if (s != STATUS_OK && !w.reported)
		pg_report(pg, doing);
	return s;
}
