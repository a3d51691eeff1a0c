/* SPDX-License-Identifier: PostgreSQL */
/*
 * The pieces of all chunk sources as one stream in the order that was asked
 * for.  Each source has a cursor of its own, so that one whose query fails
 * takes no other with it; they are merged here.  At any time a thousand rows of
 * each are held.
 */
#ifndef CHUNK_STREAM_H
#define CHUNK_STREAM_H

#include "chunk/piece.h"
#include "chunk/statement.h"

struct stream;

/* Opens the cursors, in pg's open transaction.  A source of the user's that
 * fails is reported and remembered in *flaw; any other failure is returned. */
status stream_open(struct pg *pg, const struct statement *st,
    const struct bounds *bounds, enum request_order order, status *flaw,
    struct stream **out) MUST_CHECK;
/* *source NULL at the end; piece is valid until the next call. */
status stream_next(struct stream *s, const struct source **source,
    struct piece *piece) MUST_CHECK;
void stream_free(struct stream *s); /* NULL is legal */
void stream_cleanup(struct stream **s);

#endif
