/* SPDX-License-Identifier: PostgreSQL */
/*
 * The answer to one command of a walsender, piece by piece: sets of rows and
 * COPY streams in any number and order.  Private to lib/pg.
 *
 * Without TLS or GSS it is read from the socket itself, so that a byte of a
 * COPY stream is given where it was received; afterwards the connection can
 * only be closed.  Else it comes through libpq.
 */
#ifndef PG_ANSWER_H
#define PG_ANSWER_H

#include "pg/private.h"

enum answer_kind {
	ANSWER_ROWS,	 /* a set of rows, whole */
	ANSWER_COPY,	 /* a COPY OUT begins */
	ANSWER_DATA,	 /* a CopyData payload of it */
	ANSWER_COPY_END, /* it has ended; which is no success yet */
	ANSWER_TAG,	 /* the command's final status */
	ANSWER_END	 /* ready for the next command */
};

/* Valid until the next call. */
struct answer {
	enum answer_kind kind;
	const char *bytes; /* ANSWER_DATA */
	size_t n;
	struct strv cells; /* ANSWER_ROWS: row by row; NULL is null */
	size_t columns;
};

struct answers;

/* Send the command.  wake_fd (-1: none): when that becomes readable, waiting
 * ends with STATUS_RETRY and an empty message; it also ends when a stop was
 * asked for. */
status pg_answer_open(struct pg *pg, const struct sql *command, int wake_fd,
    struct answers **out) MUST_CHECK;
/* On failure pg's error is set, and nothing more can be read but what
 * pg_last_error says. */
status pg_answer_next(struct answers *a, const struct answer **out) MUST_CHECK;
void pg_answer_free(struct answers *a); /* NULL is legal */

#endif
