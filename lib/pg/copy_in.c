/* SPDX-License-Identifier: PostgreSQL */
/*
 * COPY ... FROM STDIN.
 *
 * It is started by the simple protocol: after an error in the extended one
 * the server may answer both the Sync that libpq sent with the statement and
 * the one that it sends at the end, and libpq waits for one answer only.
 *
 * Without TLS or GSS, CopyData messages go to the socket straight from the
 * caller's memory; libpq, which has nothing left to send, would copy them
 * once more.  With them, libpq sends.
 *
 * A server that has met an error says so at once, but reads on and throws
 * away.  libpq does not look at answers before the end of the COPY.  So the
 * socket is looked at after each piece: 'E' is the first byte of an error.
 * With TLS that byte cannot be seen; there, something that has arrived and is
 * no notice is taken for an error when nothing else has made it one by the
 * next look.  CopyFail brings the truth out either way.
 */
#include "pg/copy.h"
#include "pg/private.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/signal.h"

/* The server holds one message in memory, and copies it best when it fits
 * in the cache. */
#define PIECE (64 * 1024)
#define SMALL_PIECE (16 * 1024)
#define GIVEN_UP "the client has given up"

static bool
is_direct(const struct pg *pg)
{
	return !PQsslInUse(pg->conn) && !PQgssEncInUse(pg->conn);
}

static void
leave_copy(struct pg *pg)
{
	free(pg->copy_doing);
	pg->copy_doing = NULL;
	pg->copying_in = false;
	str_free(&pg->copy_held);
}

/* All that is left of the statement; *tag takes the rows of its tag. */
static status
take_results(struct pg *pg, uint64_t *tag)
{
	status s = STATUS_OK;
	bool ended = false;
	PGresult *res;

	while ((res = pg_next_result(pg)) != NULL) {
		if (PQresultStatus(res) == PGRES_COMMAND_OK) {
			*tag = strtoull(PQcmdTuples(res), NULL, 10);
			ended = true;
		} else if (s == STATUS_OK) {
			s = pg_error_result(pg, res);
		}
		PQclear(res);
	}
	if (s == STATUS_OK && !ended) {
		s = pg->lost ? STATUS_RETRY : pg_error_lost(pg, NULL);
	}
	return s;
}

/* CopyDone, or CopyFail with a message; then what the server says. */
static status
end_copy(struct pg *pg, const char *fail, uint64_t *tag)
{
	short ready;
	int rc;

	while ((rc = PQputCopyEnd(pg->conn, fail)) == 0) {
		if (PQflush(pg->conn) < 0 ||
		    !pg_wait(pg, POLLOUT | POLLIN, &ready)) {
			return pg_error_lost(pg, NULL);
		}
		if ((ready & POLLIN) != 0) {
			(void)PQconsumeInput(pg->conn);
		}
	}
	return rc < 0 ? pg_error_lost(pg, NULL) : take_results(pg, tag);
}

/* The COPY cannot go on: learn why, and report it. */
static status
fail_copy(struct pg *pg)
{
	uint64_t tag;
	status s = end_copy(pg, GIVEN_UP, &tag);

	if (signal_abort() && !pg->lost) {
		s = pg_error_own(pg, STATUS_RETRY, "interrupted");
	} else if (s == STATUS_OK ||
	    strstr(pg->error.message, GIVEN_UP) != NULL) {
		/* Nothing but our own CopyFail. */
		s = pg_error_own(pg, STATUS_RETRY,
		    "the server sent what does not belong in a COPY");
	}
	if (pg->copy_doing != NULL) {
		pg_report(pg, pg->copy_doing);
	}
	pg->copy_failed = s;
	return s;
}

/* What does not end a COPY: let libpq log notices. */
static void
take_notices(struct pg *pg)
{
	(void)PQconsumeInput(pg->conn);
	(void)PQisBusy(pg->conn);
}

static void
look_directly(struct pg *pg)
{
	char type;
	ssize_t n = recv(PQsocket(pg->conn), &type, 1, MSG_PEEK | MSG_DONTWAIT);

	if (n < 0 &&
	    (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
		return;
	}
	if (n <= 0 || type == 'E') {
		pg->copy_refused = true;
	} else {
		take_notices(pg);
	}
}

static void
look_through_tls(struct pg *pg)
{
	struct pollfd fd = {PQsocket(pg->conn), POLLIN, 0};
	bool more = poll(&fd, 1, 0) == 1;

	if (more || pg->copy_suspect) {
		take_notices(pg);
	}
	if (pg->copy_suspect && pg->notices == pg->copy_notices) {
		pg->copy_refused = true;
	}
	pg->copy_suspect = more && pg->notices == pg->copy_notices;
	pg->copy_notices = pg->notices;
	if (PQstatus(pg->conn) == CONNECTION_BAD) {
		pg->copy_refused = true;
	}
}

/* See whether the server has said that it goes no further. */
static void
look(struct pg *pg)
{
	if (is_direct(pg)) {
		look_directly(pg);
	} else {
		look_through_tls(pg);
	}
}

/*
 * The socket is full.  A server that is sending notices does not read, so
 * these are taken meanwhile; one that has met an error reads on.
 */
static bool
await_room(struct pg *pg)
{
	short events = pg->copy_refused ? POLLOUT : POLLIN | POLLOUT;
	short ready;

	if (!pg_wait(pg, events, &ready)) {
		return false;
	}
	if ((ready & POLLIN) != 0) {
		look(pg);
	}
	return true;
}

/* Step over n bytes that have been sent. */
static void
advance(struct msghdr *message, size_t n)
{
	while (message->msg_iovlen > 0 && n >= message->msg_iov->iov_len) {
		n -= message->msg_iov->iov_len;
		message->msg_iov++;
		message->msg_iovlen--;
	}
	if (message->msg_iovlen > 0) {
		message->msg_iov->iov_base =
		    (char *)message->msg_iov->iov_base + n;
		message->msg_iov->iov_len -= n;
	}
}

/*
 * A message that is begun must be finished, or nothing that follows can be
 * understood.  False: the connection is lost; end_copy says why.
 */
static bool
send_directly(struct pg *pg, const char *bytes, size_t n)
{
	uint32_t length = (uint32_t)n + 4;
	unsigned char header[5] = {'d', (unsigned char)(length >> 24),
	    (unsigned char)(length >> 16), (unsigned char)(length >> 8),
	    (unsigned char)length};
	struct iovec parts[2] = {{header, sizeof(header)}, {NULL, n}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};

	/* An iovec has no const; the bytes are only read. */
	memcpy(&parts[1].iov_base, &bytes, sizeof(void *));
	while (message.msg_iovlen > 0) {
		ssize_t sent =
		    sendmsg(PQsocket(pg->conn), &message, MSG_NOSIGNAL);

		if (sent >= 0) {
			advance(&message, (size_t)sent);
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			if (!await_room(pg)) {
				return false;
			}
		} else if (errno != EINTR) {
			return false;
		}
	}
	return true;
}

static bool
send_through_libpq(struct pg *pg, const char *bytes, size_t n)
{
	int rc;

	while ((rc = PQputCopyData(pg->conn, bytes, (int)n)) == 0) {
		if (PQflush(pg->conn) < 0 || !await_room(pg)) {
			return false;
		}
	}
	while (rc >= 0 && (rc = PQflush(pg->conn)) > 0) {
		if (!await_room(pg)) {
			return false;
		}
	}
	return rc == 0;
}

/* One CopyData message, n at most PIECE. */
static status
send_piece(struct pg *pg, const char *bytes, size_t n)
{
	bool sent = is_direct(pg) ? send_directly(pg, bytes, n)
				  : send_through_libpq(pg, bytes, n);

	if (sent) {
		look(pg);
	}
	if (!sent || pg->copy_refused || signal_abort()) {
		return fail_copy(pg);
	}
	return STATUS_OK;
}

static status
send_held(struct pg *pg)
{
	status s = STATUS_OK;

	if (pg->copy_held.len > 0) {
		s = send_piece(pg, pg->copy_held.data, pg->copy_held.len);
		str_clear(&pg->copy_held);
	}
	return s;
}

status
pg_copy_put(struct pg *pg, const void *bytes, size_t n)
{
	struct str *held = &pg->copy_held;
	const char *p = bytes;
	status s = pg->copy_failed;

	if (!pg->copying_in) {
		BUG("no COPY is running");
	}
	while (s == STATUS_OK && n > 0) {
		size_t room = PIECE - held->len;
		size_t some = n < room ? n : room;

		if (held->len == 0 && some >= SMALL_PIECE) {
			s = send_piece(pg, p, some);
		} else {
			str_reserve(held, PIECE - held->len);
			str_addn(held, p, some);
			if (held->len == PIECE) {
				s = send_held(pg);
			}
		}
		p += some;
		n -= some;
	}
	return s;
}

status
pg_copy_in(struct pg *pg, const char *doing, const struct sql *sql)
{
	status s = pg_send_simple(pg, sql);
	PGresult *res = NULL;

	if (s == STATUS_OK) {
		res = pg_next_result(pg);
	}
	if (res != NULL && PQresultStatus(res) == PGRES_COPY_IN) {
		PQclear(res);
		pg->copying_in = true;
		pg->copy_doing = doing == NULL ? NULL : mem_strdup(doing);
		pg->copy_failed = STATUS_OK;
		pg->copy_refused = false;
		pg->copy_suspect = false;
		pg->copy_notices = pg->notices;
		return STATUS_OK;
	}
	if (res != NULL) {
		if (PQresultStatus(res) != PGRES_FATAL_ERROR) {
			BUG("a statement that is no COPY FROM STDIN");
		}
		s = pg_error_result(pg, res);
		PQclear(res);
		pg_drain(pg);
	} else if (s == STATUS_OK) {
		s = pg->lost ? STATUS_RETRY : pg_error_lost(pg, NULL);
	}
	if (doing != NULL) {
		pg_report(pg, doing);
	}
	return s;
}

/* The end that was asked for with a reason: any refusal is the right one. */
static status
end_with(struct pg *pg, const char *fail)
{
	uint64_t tag;
	status s = pg->copy_failed;

	if (s == STATUS_OK) {
		s = end_copy(pg, fail, &tag);
		if (s == STATUS_OK) {
			s = pg_error_lost(pg, "a COPY that failed went well");
		}
	}
	return pg->lost ? s : STATUS_OK;
}

status
pg_copy_in_end(struct pg *pg, const char *fail, uint64_t *rows)
{
	uint64_t tag = 0;
	status s;

	if (!pg->copying_in) {
		BUG("no COPY is running");
	}
	if (fail != NULL) {
		s = end_with(pg, fail);
	} else if ((s = pg->copy_failed) == STATUS_OK &&
	    (s = send_held(pg)) == STATUS_OK) {
		s = end_copy(pg, NULL, &tag);
		if (s != STATUS_OK && pg->copy_doing != NULL) {
			pg_report(pg, pg->copy_doing);
		}
	}
	if (rows != NULL) {
		*rows = tag;
	}
	leave_copy(pg);
	return s;
}
