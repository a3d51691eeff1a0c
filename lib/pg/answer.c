/* SPDX-License-Identifier: PostgreSQL */
/*
 * The answer to one command of a walsender.
 *
 * Messages are those of the simple protocol ("Message Formats" in the chapter
 * "Frontend/Backend Protocol" of the PostgreSQL manual): 'T' and 'D' for
 * rows, 'C' for their end and for that of the command, 'H', 'd', 'c' for a
 * COPY OUT, 'E' for a failure, 'Z' when all is over; in between 'N', 'S'
 * and 'A'.
 *
 * libpq has sent the command and seen nothing of the answer.  It is received
 * into one buffer, which a message is given from without being copied; only
 * what is left of a cut one is moved to the front.
 */
#include "pg/answer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/signal.h"

#define IN_SIZE ((size_t)512 * 1024)
#define HEADER 5			/* type, length */
#define LONGEST (64 * 1024 * 1024)	/* message */
#define LONG_STREAM (1024 * 1024)	/* bytes after which sleeping pays */
#define SLEEP_BELOW ((size_t)96 * 1024) /* see slept() */
#define MOMENT 10000L /* ns; in effect some 60 us, by timer slack */

struct answers {
	struct pg *pg;
	int wake_fd;
	bool direct; /* we read the socket, not libpq */
	bool in_copy;
	bool refused; /* 'E' has come; 'Z' follows */
	struct answer now;

	/* Direct: received bytes, from in[from] to in[to]. */
	char *in;
	size_t in_size, from, to;
	uint64_t received;
	size_t since_sleep;

	char *held; /* libpq: the payload that was given last */
};

static uint32_t
load32(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	    (uint32_t)b[2] << 8 | b[3];
}

static status
lost(struct answers *a, const char *reason)
{
	/* A server that gave its reason before it hung up is believed. */
	if (a->refused) {
		a->pg->lost = true;
		return a->pg->error.class;
	}
	return pg_error_lost(a->pg, reason);
}

/* Wait for the server, a signal or whoever wakes us. */
static status
await(struct answers *a, short events)
{
	struct pollfd fds[3] = {{PQsocket(a->pg->conn), events, 0},
	    {signal_stop_fd(), POLLIN, 0}, {a->wake_fd, POLLIN, 0}};

	for (;;) {
		if (poll(fds, 3, -1) < 0 && errno != EINTR)
			return lost(a, strerror(errno));
		if (fds[1].revents != 0 || signal_stop() != 0)
			return pg_error_own(a->pg, STATUS_RETRY, "interrupted");
		if (fds[2].revents != 0)
			return pg_error_own(a->pg, STATUS_RETRY, "");
		if (fds[0].revents != 0)
			return STATUS_OK;
	}
}

/*
 * The server sends 8 kB at a time, and a reader that is woken for each piece
 * costs both sides more than the reading does.  So where a stream keeps coming,
 * sleep a moment and find many pieces; but not when so much has come since
 * the last time that the next sleep would let the socket's buffer (208 kB)
 * run full.
 */
static bool
slept(struct answers *a)
{
	const struct timespec moment = {0, MOMENT};
	size_t since = a->since_sleep;

	a->since_sleep = 0;
	if (!a->in_copy || a->received < LONG_STREAM || since == 0 ||
	    since > SLEEP_BELOW)
		return false;
	(void)nanosleep(&moment, NULL);
	return true;
}

/* Receive at least a byte. */
static status
receive(struct answers *a)
{
	status s = STATUS_OK;
	ssize_t got;

	for (;;) {
		got = recv(PQsocket(a->pg->conn), a->in + a->to,
		    a->in_size - a->to, 0);
		if (got > 0)
			break;
		if (got == 0)
			return lost(a, "the server closed it");
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			s = slept(a) ? STATUS_OK : await(a, POLLIN);
		else if (errno != EINTR)
			return lost(a, strerror(errno));
		if (s != STATUS_OK)
			return s;
	}
	a->to += (size_t)got;
	a->received += (uint64_t)got;
	a->since_sleep += (size_t)got;
	/* A busy stream is never waited for. */
	return signal_stop() == 0
	    ? STATUS_OK
	    : pg_error_own(a->pg, STATUS_RETRY, "interrupted");
}

/* Make sure that n bytes lie at in[from]. */
static status
need(struct answers *a, size_t n)
{
	while (a->to - a->from < n) {
		size_t have = a->to - a->from;
		status s;

		if (a->from > 0 && a->in_size - a->from < n) {
			memmove(a->in, a->in + a->from, have);
			a->from = 0;
			a->to = have;
		}
		if (n > a->in_size) {
			a->in = mem_realloc(a->in, n);
			a->in_size = n;
		}
		s = receive(a);
		if (s != STATUS_OK)
			return s;
	}
	return STATUS_OK;
}

/* The next message, whole; *p is its body. */
static status
next_message(struct answers *a, char *type, const char **p, size_t *n)
{
	status s;

	if (a->from == a->to)
		a->from = a->to = 0;
	s = need(a, HEADER);
	if (s != STATUS_OK)
		return s;
	*type = a->in[a->from];
	*n = load32(a->in + a->from + 1);
	if (*n < 4 || *n > LONGEST)
		return lost(a, "a message of an impossible length");
	*n -= 4;
	s = need(a, HEADER + *n);
	if (s != STATUS_OK)
		return s;
	*p = a->in + a->from + HEADER;
	a->from += HEADER + *n;
	return STATUS_OK;
}

static void
add_cell(struct answer *now, const char *text, size_t n, bool null)
{
	char *copy CLEANUP_FREE = mem_strndup(text, n);

	strv_add(&now->cells, copy);
	if (null) {
		free(now->cells.data[now->cells.len - 1]);
		now->cells.data[now->cells.len - 1] = NULL;
	}
}

/* A DataRow: int16 columns, then for each an int32 length and its bytes. */
static status
take_row(struct answers *a, const char *p, size_t n)
{
	const char *end = p + n;

	if (n < 2)
		return lost(a, "a row that is cut");
	a->now.columns = (size_t)(unsigned char)p[0] << 8 | (unsigned char)p[1];
	p += 2;
	for (size_t i = 0; i < a->now.columns; i++) {
		uint32_t len;
		bool null;

		if (end - p < 4)
			return lost(a, "a row that is cut");
		len = load32(p);
		null = len == UINT32_MAX;
		p += 4;
		if (null)
			len = 0;
		if (len > (size_t)(end - p))
			return lost(a, "a row that is cut");
		add_cell(&a->now, p, len, null);
		p += len;
	}
	return STATUS_OK;
}

static void
begin(struct answers *a)
{
	strv_free(&a->now.cells);
	a->now = (struct answer){.kind = ANSWER_END};
}

/* One message; *given when it makes an answer for the caller. */
static status
take(struct answers *a, char type, const char *p, size_t n, bool *rows,
    bool *given)
{
	*given = true;
	switch (type) {
	case 'd':
		a->now.kind = ANSWER_DATA;
		a->now.bytes = p;
		a->now.n = n;
		return STATUS_OK;
	case 'H':
		a->now.kind = ANSWER_COPY;
		a->in_copy = true;
		return STATUS_OK;
	case 'c':
		a->now.kind = ANSWER_COPY_END;
		a->in_copy = false;
		return STATUS_OK;
	case 'C':
		a->now.kind = *rows ? ANSWER_ROWS : ANSWER_TAG;
		return STATUS_OK;
	case 'Z':
		return a->refused ? a->pg->error.class : STATUS_OK;
	default:
		break;
	}
	*given = false;
	switch (type) {
	case 'T':
		*rows = true;
		return STATUS_OK;
	case 'D':
		return take_row(a, p, n);
	case 'E':
		pg_wire_error(a->pg, p, n);
		a->refused = true;
		return STATUS_OK;
	case 'N':
		pg_wire_notice(a->pg, p, n);
		return STATUS_OK;
	case 'S':
	case 'A':
		return STATUS_OK;
	default:
		return lost(a, "a message that does not belong there");
	}
}

static status
next_direct(struct answers *a)
{
	bool rows = false, given = false;
	const char *p = "";
	size_t n = 0;
	char type = 0;
	status s;

	do {
		s = next_message(a, &type, &p, &n);
		if (s == STATUS_OK)
			s = take(a, type, p, n, &rows, &given);
	} while (s == STATUS_OK && !given);
	return s;
}

/* --- through libpq ------------------------------------------------------- */

static status
await_libpq(struct answers *a)
{
	status s = await(a, POLLIN);

	/* What came before a failure has been read by now. */
	if (s == STATUS_OK && !PQconsumeInput(a->pg->conn))
		return lost(a, PQerrorMessage(a->pg->conn));
	return s;
}

static void
take_result(struct answer *now, const PGresult *res)
{
	int columns = PQnfields(res);

	now->columns = (size_t)columns;
	for (int row = 0; row < PQntuples(res); row++)
		for (int i = 0; i < columns; i++)
			add_cell(now, PQgetvalue(res, row, i),
			    (size_t)PQgetlength(res, row, i),
			    PQgetisnull(res, row, i) != 0);
}

static status
next_result(struct answers *a)
{
	PGresult *res;
	status s = STATUS_OK;

	while (s == STATUS_OK && PQisBusy(a->pg->conn))
		s = await_libpq(a);
	if (s != STATUS_OK)
		return s;
	res = PQgetResult(a->pg->conn);
	if (res == NULL)
		return a->refused ? a->pg->error.class : STATUS_OK;
	switch (PQresultStatus(res)) {
	case PGRES_TUPLES_OK:
		a->now.kind = ANSWER_ROWS;
		take_result(&a->now, res);
		break;
	case PGRES_COPY_OUT:
		a->now.kind = ANSWER_COPY;
		a->in_copy = true;
		break;
	case PGRES_COMMAND_OK:
		a->now.kind = ANSWER_TAG;
		break;
	default:
		s = pg_error_result(a->pg, res);
		a->refused = true;
	}
	PQclear(res);
	return s;
}

static status
next_libpq(struct answers *a)
{
	status s = STATUS_OK;
	int n;

	PQfreemem(a->held);
	a->held = NULL;
	if (!a->in_copy)
		return next_result(a);
	while ((n = PQgetCopyData(a->pg->conn, &a->held, 1)) == 0) {
		s = await_libpq(a);
		if (s != STATUS_OK)
			return s;
	}
	if (n == -2)
		return lost(a, PQerrorMessage(a->pg->conn));
	if (n == -1) {
		a->in_copy = false;
		a->now.kind = ANSWER_COPY_END;
		return STATUS_OK;
	}
	a->now.kind = ANSWER_DATA;
	a->now.bytes = a->held;
	a->now.n = (size_t)n;
	return STATUS_OK;
}

/* --- both ---------------------------------------------------------------- */

status
pg_answer_next(struct answers *a, const struct answer **out)
{
	begin(a);
	*out = &a->now;
	return a->direct ? next_direct(a) : next_libpq(a);
}

/* Everything that libpq still holds goes out before its socket is ours. */
static status
flush(struct answers *a)
{
	status s = STATUS_OK;
	int unsent;

	while (s == STATUS_OK && (unsent = PQflush(a->pg->conn)) != 0) {
		if (unsent < 0)
			return lost(a, PQerrorMessage(a->pg->conn));
		s = await(a, POLLOUT);
	}
	return s;
}

status
pg_answer_open(struct pg *pg, const struct sql *command, int wake_fd,
    struct answers **out)
{
	struct answers *a = mem_zalloc(sizeof(*a));
	status s;

	a->pg = pg;
	a->wake_fd = wake_fd;
	a->direct = !PQsslInUse(pg->conn) && !PQgssEncInUse(pg->conn);
	s = pg_send_simple(pg, command);
	if (s == STATUS_OK)
		s = flush(a);
	if (s == STATUS_OK && a->direct) {
		a->in = mem_alloc(IN_SIZE);
		a->in_size = IN_SIZE;
	}
	if (s != STATUS_OK) {
		pg_answer_free(a);
		a = NULL;
	}
	*out = a;
	return s;
}

void
pg_answer_free(struct answers *a)
{
	if (a == NULL)
		return;
	/* libpq has missed the answer, and would wait for it. */
	if (a->direct)
		a->pg->lost = true;
	strv_free(&a->now.cells);
	PQfreemem(a->held);
	free(a->in);
	free(a);
}
