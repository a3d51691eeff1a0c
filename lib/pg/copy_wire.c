/* SPDX-License-Identifier: PostgreSQL */
/*
 * COPY ... TO STDOUT read from the socket itself.
 *
 * After Parse, Bind, Describe, Execute and Sync, which libpq has sent, the
 * server answers ("Message Flow" and "Message Formats" in the chapter
 * "Frontend/Backend Protocol" of the PostgreSQL manual):
 *
 *	'1' '2' 'n'	the statement was taken
 *	'H'		the rows begin
 *	'd' ...		one row each: type byte, int32 length with itself,
 *			payload
 *	'c' 'C'		the rows have ended; "COPY n"
 *	'E'		or what went wrong, at any point
 *	'Z'		ready for the next statement
 *
 * and in between, whenever it likes, 'N' (notice), 'S' (a setting has
 * changed) and 'A' (notification).
 *
 * All of it is taken here, the 'Z' too, so that libpq has seen nothing of
 * this answer and still waits for it.  A Sync by hand makes the server say
 * 'Z' once more: that one is libpq's, and it is idle again.
 *
 * Bytes are received into a buffer that stays in the cache, and rows are
 * copied from it to the end of the batch.  What is missing of a row that is
 * long is received where it belongs in the batch.
 */
#include "pg/copy_private.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"

#define IN_SIZE (256 * 1024)
#define HEADER 5 /* type, length */
#define LONG_ROW 8192
#define LONG_STREAM (128 * 1024)
#define SLEEP_BELOW (96 * 1024)
#define MOMENT 300000L			/* ns */
#define LONGEST_TALK (64 * 1024 * 1024) /* of what is no row */

static uint32_t
load32(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	    (uint32_t)b[2] << 8 | b[3];
}

static status
lost(struct pg_copy *c, const char *reason)
{
	/* A server that gave its reason before it hung up is believed. */
	if (c->refused) {
		c->pg->lost = true;
		return c->pg->error.class;
	}
	return pg_error_lost(c->pg, reason);
}

/*
 * The server sends 8 kB at a time, and a reader that is woken for each piece
 * costs both sides more than the reading.  So where rows keep coming, sleep
 * a moment and find many pieces.  Not when so much came since the last time
 * that the next sleep would let the socket's buffer (208 kB) run full, and
 * not at the start: small tables are over by then.
 */
static bool
slept(struct pg_copy *c)
{
	const struct timespec moment = {0, MOMENT};

	if (c->received < LONG_STREAM || c->since_sleep > SLEEP_BELOW ||
	    c->since_sleep == 0) {
		c->since_sleep = 0;
		return false;
	}
	c->since_sleep = 0;
	(void)nanosleep(&moment, NULL);
	return true;
}

/* Nothing is there to be received: wait. */
static status
await_more(struct pg_copy *c)
{
	short ready;

	if (slept(c) || pg_wait(c->pg, POLLIN, &ready)) {
		return STATUS_OK;
	}
	return STATUS_RETRY;
}

/* Receive at least a byte: what is missing of a row first. */
static status
receive(struct pg_copy *c)
{
	struct iovec parts[2] = {{c->out + c->len, c->row_left},
	    {c->in + c->to, c->in_size - c->to}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	ssize_t got;
	size_t n, row;

	if (c->row_left == 0) {
		message.msg_iov = parts + 1;
		message.msg_iovlen = 1;
	}
	while ((got = recvmsg(PQsocket(c->pg->conn), &message, 0)) < 0) {
		if (errno == EAGAIN || errno == EWOULDBLOCK) {
			if (await_more(c) != STATUS_OK) {
				return STATUS_RETRY;
			}
		} else if (errno != EINTR) {
			return lost(c, strerror(errno));
		}
	}
	if (got == 0) {
		return lost(c, "the server closed it");
	}
	n = (size_t)got;
	c->received += n;
	c->since_sleep += n;
	row = n < c->row_left ? n : c->row_left;
	c->row_left -= row;
	c->len += row;
	c->to += n - row;
	if (row > 0 && c->row_left == 0) {
		copy_end_row(c);
	}
	return STATUS_OK;
}

/* "COPY 123" with its NUL. */
static void
take_tag(struct pg_copy *c, const char *p, size_t n)
{
	if (n > 5 && p[n - 1] == '\0' && memcmp(p, "COPY ", 5) == 0) {
		c->rows = strtoull(p + 5, NULL, 10);
	}
}

/* Whatever is no row, whole. */
static status
take_talk(struct pg_copy *c, char type, const char *p, size_t n)
{
	switch (type) {
	case '1': /* ParseComplete */
	case '2': /* BindComplete */
	case 'n': /* NoData */
	case 'c': /* CopyDone */
	case 'S': /* ParameterStatus */
	case 'A': /* NotificationResponse */
		return STATUS_OK;
	case 'H': /* CopyOutResponse */
		c->started = true;
		return STATUS_OK;
	case 'C': /* CommandComplete */
		take_tag(c, p, n);
		return STATUS_OK;
	case 'E': /* ErrorResponse */
		pg_wire_error(c->pg, p, n);
		c->refused = true;
		return STATUS_OK;
	case 'N': /* NoticeResponse */
		pg_wire_notice(c->pg, p, n);
		return STATUS_OK;
	case 'Z': /* ReadyForQuery */
		c->done = true;
		return STATUS_OK;
	default:
		return lost(c, "a message that does not belong in a COPY");
	}
}

/* Move what is there to the front, and make room for need bytes. */
static void
make_room(struct pg_copy *c, size_t need)
{
	size_t n = c->to - c->from;

	if (c->from > 0) {
		memmove(c->in, c->in + c->from, n);
		c->from = 0;
		c->to = n;
	}
	if (need > c->in_size) {
		c->in = mem_realloc(c->in, need + COPY_STEP);
		c->in_size = need;
	}
}

/* Copy n bytes, n small, without a call: up to COPY_STEP more than asked are
 * read and written, which both buffers have room for. */
static inline void
copy_short(char *to, const char *from, size_t n)
{
	do {
		memcpy(to, from, COPY_STEP);
		to += COPY_STEP;
		from += COPY_STEP;
		n = n > COPY_STEP ? n - COPY_STEP : 0;
	} while (n > 0);
}

enum taken {
	TAKEN_FULL, /* the batch is full */
	TAKEN_ALL,  /* more must be received */
	TAKEN_TALK  /* what is no row comes next */
};

/*
 * Rows from the buffer to the batch: the hot loop.
 */
static enum taken
take_rows(struct pg_copy *c, size_t max)
{
	const char *p = c->in + c->from;
	const char *end = c->in + c->to;
	enum taken why = TAKEN_ALL;

	while (end - p >= HEADER) {
		size_t n = (size_t)load32(p + 1) - 4;

		if (*p != 'd' || n > INT32_MAX) {
			why = TAKEN_TALK;
			break;
		}
		if (copy_full(c, n, max)) {
			why = TAKEN_FULL;
			break;
		}
		if (n > (size_t)(end - p - HEADER)) {
			break;
		}
		if (c->len + n > c->out_size) {
			copy_reserve(c, n);
		}
		if (n <= 4 * COPY_STEP) {
			copy_short(c->out + c->len, p + HEADER, n);
		} else {
			memcpy(c->out + c->len, p + HEADER, n);
		}
		c->len += n;
		copy_end_row(c);
		p += HEADER + n;
	}
	c->from = (size_t)(p - c->in);
	return why;
}

/* Step over rows that nobody wants. */
static enum taken
skip_rows(struct pg_copy *c)
{
	for (;;) {
		size_t have = c->to - c->from;
		size_t n = c->skip < have ? c->skip : have;

		c->skip -= n;
		c->from += n;
		if (have - n < HEADER) {
			return TAKEN_ALL;
		}
		if (c->in[c->from] != 'd' || load32(c->in + c->from + 1) < 4) {
			return TAKEN_TALK;
		}
		c->skip = (size_t)load32(c->in + c->from + 1) - 4;
		c->from += HEADER;
	}
}

/* The row at from is cut: what there is of a long one goes to the batch, and
 * the rest is received there. */
static void
begin_long_row(struct pg_copy *c)
{
	size_t have = c->to - c->from;
	size_t n;

	if (c->discard || have < HEADER) {
		return;
	}
	n = (size_t)load32(c->in + c->from + 1) - 4;
	if (n < LONG_ROW) {
		return;
	}
	have -= HEADER;
	copy_reserve(c, n);
	memcpy(c->out + c->len, c->in + c->from + HEADER, have);
	c->len += have;
	c->row_left = n - have;
	c->from = c->to;
}

/* The message at from, which is no row; *whole false: receive more. */
static status
take_message(struct pg_copy *c, bool *whole)
{
	const char *p = c->in + c->from;
	char type = *p;
	uint32_t length = load32(p + 1);

	if (length < 4 || length > LONGEST_TALK || type == 'd') {
		return lost(c, "a message of an impossible length");
	}
	*whole = c->to - c->from > length;
	if (!*whole) {
		make_room(c, (size_t)length + 1);
		return STATUS_OK;
	}
	c->from += (size_t)length + 1;
	return take_talk(c, type, p + HEADER, length - 4);
}

/* All that has been received, until the batch is full (*full) or more must
 * come. */
static status
take(struct pg_copy *c, size_t max, bool *full)
{
	for (;;) {
		enum taken why = c->discard ? skip_rows(c) : take_rows(c, max);
		bool whole = false;
		status s;

		*full = why == TAKEN_FULL;
		if (why == TAKEN_ALL) {
			begin_long_row(c);
		}
		if (why != TAKEN_TALK) {
			return STATUS_OK;
		}
		s = take_message(c, &whole);
		if (s != STATUS_OK || !whole) {
			return s;
		}
	}
}

/* Make libpq see that the statement has ended. */
static status
wake_libpq(struct pg_copy *c)
{
	static const char sync[5] = {'S', 0, 0, 0, 4};
	struct pg *pg = c->pg;
	size_t sent = 0;
	short ready;

	while (sent < sizeof(sync)) {
		ssize_t n = send(PQsocket(pg->conn), sync + sent,
		    sizeof(sync) - sent, MSG_NOSIGNAL);

		if (n >= 0) {
			sent += (size_t)n;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			if (!pg_wait(pg, POLLOUT, &ready)) {
				return STATUS_RETRY;
			}
		} else if (errno != EINTR) {
			return lost(c, strerror(errno));
		}
	}
	pg_drain(pg);
	return pg->lost ? STATUS_RETRY : STATUS_OK;
}

/* The statement has ended.  Its rows are whole even if the connection is
 * lost right afterwards; the next statement will say so. */
static status
finish(struct pg_copy *c)
{
	status s = c->refused ? c->pg->error.class : STATUS_OK;

	if (wake_libpq(c) != STATUS_OK) {
		c->pg->lost = true;
	}
	return s;
}

status
wire_fill(struct pg_copy *c, size_t max)
{
	bool full = false;
	status s;

	for (;;) {
		if (c->row_left == 0) {
			s = take(c, max, &full);
			if (s != STATUS_OK) {
				return s;
			}
			if (full) {
				return STATUS_OK;
			}
			/* Beyond the end nothing may be left half read. */
			if (c->done && c->from == c->to) {
				return finish(c);
			}
		}
		make_room(c, 0);
		s = receive(c);
		if (s != STATUS_OK) {
			return s;
		}
	}
}

/* Everything that libpq still holds goes out before its socket is ours. */
static status
flush(struct pg_copy *c)
{
	int unsent;
	short ready;

	while ((unsent = PQflush(c->pg->conn)) > 0) {
		if (!pg_wait(c->pg, POLLOUT, &ready)) {
			return STATUS_RETRY;
		}
	}
	return unsent < 0 ? lost(c, PQerrorMessage(c->pg->conn)) : STATUS_OK;
}

status
wire_begin(struct pg_copy *c)
{
	status s = flush(c);

	c->in_size = IN_SIZE;
	c->in = mem_alloc(IN_SIZE + COPY_STEP);
	while (s == STATUS_OK && !c->started && !c->done) {
		bool whole = c->to - c->from >= HEADER;

		if (whole) {
			s = take_message(c, &whole);
		}
		if (s == STATUS_OK && !whole) {
			s = receive(c);
		}
	}
	if (s == STATUS_OK && c->done) {
		if (!c->refused) {
			BUG("a statement that is no COPY TO STDOUT");
		}
		return finish(c);
	}
	return s;
}
