/* SPDX-License-Identifier: PostgreSQL */
/*
 * COPY ... TO STDOUT: batches of rows.  This file has what both ways of
 * reading share, and the way through libpq; copy_wire.c has the other.
 */
#include "pg/copy_private.h"

#include <poll.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/signal.h"

/* Fewer ends than bytes: rows of a byte or two end a batch early. */
#define BYTES_PER_END 16
#define LEAST_ENDS 4096
/* A buffer that one huge row has made is given back when it is this many
 * times what a batch needs. */
#define KEEP_FACTOR 4

void
copy_reserve(struct pg_copy *c, size_t n)
{
	if (c->len + n <= c->out_size) {
		return;
	}
	if (c->len > 0) {
		BUG("a batch would grow by %zu bytes", n);
	}
	free(c->out);
	c->out = mem_alloc(n + COPY_STEP);
	c->out_size = n;
}

/* An empty batch, with memory for one of max bytes. */
static void
begin_batch(struct pg_copy *c, size_t max)
{
	size_t ends = max / BYTES_PER_END;

	c->len = 0;
	c->count = 0;
	PQfreemem(c->given);
	c->given = NULL;
	if (c->out_size < max || c->out_size / KEEP_FACTOR > max) {
		free(c->out);
		c->out = mem_alloc(max + COPY_STEP);
		c->out_size = max;
	}
	if (ends < LEAST_ENDS) {
		ends = LEAST_ENDS;
	}
	if (c->ends_size < ends) {
		free(c->ends);
		c->ends = mem_resize(NULL, ends, sizeof(*c->ends));
		c->ends_size = ends;
	}
}

/* The results that follow the last row: the tag, or what went wrong. */
static status
libpq_finish(struct pg_copy *c)
{
	struct pg *pg = c->pg;
	status s = STATUS_OK;
	bool ended = false;
	PGresult *res;

	while ((res = pg_next_result(pg)) != NULL) {
		if (PQresultStatus(res) == PGRES_COMMAND_OK) {
			c->rows = strtoull(PQcmdTuples(res), NULL, 10);
			ended = true;
		} else if (s == STATUS_OK) {
			s = pg_error_result(pg, res);
		}
		PQclear(res);
	}
	c->done = true;
	if (s == STATUS_OK && !ended) {
		s = pg->lost ? STATUS_RETRY : pg_error_lost(pg, NULL);
	}
	return s;
}

/* The next row into c->held; *n < 0 at the end. */
static status
libpq_row(struct pg_copy *c, int *n)
{
	struct pg *pg = c->pg;
	short ready;

	while ((*n = PQgetCopyData(pg->conn, &c->held, 1)) == 0) {
		if (!pg_wait(pg, POLLIN, &ready)) {
			return STATUS_RETRY;
		}
		/* A failure shows in the next call. */
		(void)PQconsumeInput(pg->conn);
	}
	return STATUS_OK;
}

static void
add_held(struct pg_copy *c)
{
	copy_reserve(c, c->held_size);
	memcpy(c->out + c->len, c->held, c->held_size);
	c->len += c->held_size;
	copy_end_row(c);
	PQfreemem(c->held);
	c->held = NULL;
}

/*
 * A row that is longer than a batch stays where libpq put it, and is the
 * whole batch; one that does not fit any more begins the next.
 */
static status
libpq_fill(struct pg_copy *c, size_t max)
{
	for (;;) {
		if (c->held == NULL) {
			int n;
			status s = libpq_row(c, &n);

			if (s != STATUS_OK) {
				return s;
			}
			if (n < 0) {
				return libpq_finish(c);
			}
			c->held_size = (size_t)n;
		}
		if (copy_full(c, c->held_size, max)) {
			return STATUS_OK;
		}
		if (c->held_size > max) {
			c->given = c->held;
			c->held = NULL;
			c->len = c->held_size;
			copy_end_row(c);
			return STATUS_OK;
		}
		add_held(c);
	}
}

static status
libpq_begin(struct pg_copy *c)
{
	struct pg *pg = c->pg;
	PGresult *res = pg_next_result(pg);
	status s = STATUS_OK;

	if (PQresultStatus(res) == PGRES_COPY_OUT) {
		PQclear(res);
		return STATUS_OK;
	}
	c->done = true;
	if (res == NULL) {
		return pg->lost ? STATUS_RETRY : pg_error_lost(pg, NULL);
	}
	if (PQresultStatus(res) != PGRES_FATAL_ERROR) {
		BUG("a statement that is no COPY TO STDOUT");
	}
	s = pg_error_result(pg, res);
	PQclear(res);
	pg_drain(pg);
	return s;
}

/* End a copy that fails: report it. */
static status
give_up(struct pg_copy *c, status s)
{
	if (c->doing != NULL) {
		pg_report(c->pg, c->doing);
	}
	c->done = c->done || c->pg->lost;
	c->failed = s;
	return s;
}

status
pg_copy_out(struct pg *pg, const char *doing, const struct sql *sql,
    struct pg_copy **out)
{
	struct pg_copy *c = mem_zalloc(sizeof(*c));
	status s = pg_send(pg, sql);

	*out = NULL;
	c->pg = pg;
	c->doing = doing == NULL ? NULL : mem_strdup(doing);
	c->direct = !PQsslInUse(pg->conn) && !PQgssEncInUse(pg->conn);
	if (s != STATUS_OK) {
		c->done = true;
	} else {
		s = c->direct ? wire_begin(c) : libpq_begin(c);
	}
	if (s != STATUS_OK) {
		s = give_up(c, s);
		pg_copy_free(c);
		return s;
	}
	*out = c;
	return STATUS_OK;
}

status
pg_copy_next(struct pg_copy *c, size_t max, struct pg_copy_batch *b)
{
	status s = c->failed;

	if (s != STATUS_OK) {
		return s;
	}
	if (max == 0) {
		max = 1;
	}
	if (!c->pg->aborted && signal_abort()) {
		pg_cancel(c->pg);
	}
	begin_batch(c, max);
	if (!c->done) {
		s = c->direct ? wire_fill(c, max) : libpq_fill(c, max);
	}
	if (s != STATUS_OK) {
		return give_up(c, s);
	}
	*b = (struct pg_copy_batch){c->given != NULL ? c->given : c->out,
	    c->len, c->ends, c->count};
	return STATUS_OK;
}

uint64_t
pg_copy_rows(const struct pg_copy *c)
{
	return c->rows;
}

/* Read on until the server has noticed that it was cancelled. */
static void
end_early(struct pg_copy *c)
{
	struct pg *pg = c->pg;
	status s;

	if (!pg->aborted) {
		pg_cancel(pg);
	}
	if (c->direct) {
		c->discard = true;
		c->len = 0;
		c->count = 0;
		s = wire_fill(c, 1); /* as failed as asked for */
		(void)s;
		return;
	}
	for (;;) {
		int n;

		PQfreemem(c->held);
		c->held = NULL;
		if (libpq_row(c, &n) != STATUS_OK || n < 0) {
			break;
		}
	}
	pg_drain(pg);
}

void
pg_copy_free(struct pg_copy *c)
{
	if (c == NULL) {
		return;
	}
	if (!c->done && !c->pg->lost) {
		end_early(c);
	}
	PQfreemem(c->held);
	PQfreemem(c->given);
	free(c->doing);
	free(c->out);
	free(c->ends);
	free(c->in);
	free(c);
}
