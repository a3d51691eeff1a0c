/* SPDX-License-Identifier: PostgreSQL */
/*
 * The digest of a chunk that is compressed: over its batches as they are
 * stored and the rows that are in none, so that nothing is decompressed.
 */
#ifndef COMPARE_BATCHES_H
#define COMPARE_BATCHES_H

#include "compare/seat.h"

/* Which columns of batches, how they are hashed, and how other rows are. */
struct batch_kind {
	const json_t *columns; /* as "columns" of "batches"; borrowed */
	enum digest_kind batches, rows;
};

/* What a line says; false: it does not. */
bool batch_kind_from_line(const struct chunk *c, struct batch_kind *out);
/* What the place has; *columns is what it points into, owned. */
status batch_kind_from_place(struct side *s, const struct seat *p,
    struct batch_kind *out, json_t **columns) MUST_CHECK;

/* Is the place compressed, as far as is known? */
bool batches_there(const struct seat *p);
/*
 * Of one snapshot.  *why says, owned, what makes it impossible: then there is
 * no digest.  shape is that of the chunk's rows.
 */
status batches_digest(struct side *s, const struct seat *p,
    const struct batch_kind *kind, const struct shape *shape,
    struct digest *out, char **why) MUST_CHECK;

#endif
