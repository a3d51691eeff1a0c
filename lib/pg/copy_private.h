/* SPDX-License-Identifier: PostgreSQL */
/*
 * COPY out: what the two ways of reading rows share (copy_out.c), and the
 * one that reads the socket itself (copy_wire.c).
 */
#ifndef PG_COPY_PRIVATE_H
#define PG_COPY_PRIVATE_H

#include "pg/copy.h"
#include "pg/private.h"

/* Rows are copied in steps of this many bytes, so buffers are that much
 * longer than what they hold. */
#define COPY_STEP 64

struct pg_copy {
	struct pg *pg;
	char *doing;
	bool direct;   /* we read the socket, not libpq */
	bool done;     /* the server is ready for the next statement */
	bool refused;  /* an error has come; the end of the statement follows */
	status failed; /* what the next call returns */
	uint64_t rows;

	/* The batch: payloads one after the other. */
	char *out;
	size_t out_size; /* without COPY_STEP */
	size_t len;
	size_t *ends;
	size_t ends_size;
	size_t count;

	/* Direct: bytes as received, from in[from] to in[to]. */
	char *in;
	size_t in_size; /* without COPY_STEP */
	size_t from, to;
	size_t row_left;      /* of the row at out[len] that is still to come */
	size_t skip;	      /* of a row that nobody wants */
	uint64_t received;    /* bytes in all */
	uint64_t since_sleep; /* bytes; see copy_wire.c */
	bool started;	      /* CopyOutResponse has come */
	bool discard;	      /* rows are thrown away */

	/* libpq: the row that did not fit any more, and the one that was
	 * longer than a batch and is one. */
	char *held, *given;
	size_t held_size;
};

/* Make room for a row of n bytes behind out[len]; only an empty batch grows,
 * to exactly what the row needs. */
void copy_reserve(struct pg_copy *c, size_t n);
/* Does a row of n bytes end the batch instead of joining it? */
static inline bool
copy_full(const struct pg_copy *c, size_t n, size_t max)
{
	return c->count > 0 &&
	    (n > max || c->len > max - n || c->count == c->ends_size);
}

static inline void
copy_end_row(struct pg_copy *c)
{
	c->ends[c->count++] = c->len;
}

/* Direct reading: until CopyOutResponse; until a batch is full or the
 * statement has ended (done); pg's error is set on failure. */
status wire_begin(struct pg_copy *c) MUST_CHECK;
status wire_fill(struct pg_copy *c, size_t max) MUST_CHECK;

#endif
