/* SPDX-License-Identifier: PostgreSQL */
/*
 * COPY streams.
 *
 * Out: while a COPY TO STDOUT runs on a connection without TLS or GSS, the
 * rows are read from its socket directly, because PQgetCopyData() keeps a
 * row twice and allocates each one; protocol: "COPY Operations" and
 * "Message Formats" of the PostgreSQL manual (CopyData 'd', CopyDone 'c',
 * CommandComplete 'C', ErrorResponse 'E', NoticeResponse 'N',
 * ParameterStatus 'S').  Afterwards a Sync makes libpq see the idle
 * connection again.  With TLS or GSS rows come through PQgetCopyData().
 */
#ifndef PG_COPY_H
#define PG_COPY_H

#include "pg/conn.h"

struct pg_copy;

/* Start "copy ... to stdout" (no parameters are possible in COPY). */
status pg_copy_out(struct pg *pg, const char *doing, const struct sql *sql,
    struct pg_copy **out) MUST_CHECK;
/*
 * The next rows.  *rows points at count CopyData payloads that lie one
 * after the other (headers already taken out), ends[i] is the offset just
 * behind the i-th; each payload is one row (in binary the first one begins
 * with the 19-byte header, and the last one is the trailer or ends in it).
 * At most about max bytes are given at once, more only when a single row
 * is longer; memory is bounded by max + that row.  count = 0: the stream
 * has ended and the server said "COPY n"; ask pg_copy_rows.
 * The bytes are valid until the next call; the caller may not write them.
 */
struct pg_copy_batch {
	const char *bytes;
	size_t size;
	const size_t *ends;
	size_t count;
};
status pg_copy_next(struct pg_copy *c, size_t max, struct pg_copy_batch *b)
    MUST_CHECK;
uint64_t pg_copy_rows(const struct pg_copy *c); /* of the COPY tag */
/* Ends whatever state it is in; a copy that has not ended is cancelled and
 * drained (or the connection is closed).  NULL is legal. */
void pg_copy_free(struct pg_copy *c);

/* In: start, put any pieces, end.  pg_copy_put reports failure as early as
 * the server has said so. */
status pg_copy_in(struct pg *pg, const char *doing, const struct sql *sql)
    MUST_CHECK;
status pg_copy_put(struct pg *pg, const void *bytes, size_t n) MUST_CHECK;
/* fail non-NULL: end with that message (CopyFail), which is not reported and
 * gives STATUS_OK when the server has refused as asked.  Else *rows of the tag.
 * Failures are reported with the doing of pg_copy_in (not if it was NULL). */
status pg_copy_in_end(struct pg *pg, const char *fail, uint64_t *rows)
    MUST_CHECK;

#endif
