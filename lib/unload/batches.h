/* SPDX-License-Identifier: PostgreSQL */
/*
 * A chunk of a hypertable: what it is made of now, whatever it was when it
 * was listed.
 *
 * Not compressed, it is a table like any other.  Compressed and wanted whole,
 * it comes in two parts, its batches as they are stored and the rows that are
 * in none.  Cut by a predicate, or when asked for, all of it comes as rows,
 * which TimescaleDB gives when the chunk is read without "only".
 */
#ifndef UNLOAD_BATCHES_H
#define UNLOAD_BATCHES_H

#include "unload/piece.h"

/* Look at the chunk under the snapshot, and decide.  One that has been merged
 * or split since it was listed is a failure. */
status batches_describe(struct piece *p, struct pg *pg) MUST_CHECK;
/*
 * With the chunk locked: lock where its compressed rows are, and see that it
 * was not compressed or decompressed after the snapshot was taken, which
 * moves rows to where the snapshot does not show them.
 */
status batches_hold(struct piece *p, struct pg *pg) MUST_CHECK;
/* Are there rows besides the batches? */
status batches_rest(struct piece *p, struct pg *pg, bool *rest) MUST_CHECK;
/* After a failure, out of its transaction: is the chunk gone?  Then that is
 * the failure now.  p->vanished: there is no other in its place. */
bool batches_vanished(struct piece *p, struct pg *pg);

/*
 * Within batches are numbers of types that are others in each database: then
 * the digest is that of the rows, and the server is asked for it, DIGEST_NONE
 * where it cannot give it.
 */
bool batches_portable(const struct piece *p);
status batches_row_digest(struct piece *p, struct pg *pg) MUST_CHECK;

/* The column that says how many rows a batch holds, in COPY's order. */
size_t batches_counter(const struct pg_table *batches);
/* "compressed", "partial" and, if they come so, "batches" of chunk.json. */
void batches_show(const struct piece *p, json_t *line);

#endif
