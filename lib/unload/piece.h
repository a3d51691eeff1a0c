/* SPDX-License-Identifier: PostgreSQL */
/*
 * One chunk: from the catalogs' description of its relation to the last of
 * its segments.
 */
#ifndef UNLOAD_PIECE_H
#define UNLOAD_PIECE_H

#include "pg/table.h"
#include "pg/failure.h"
#include "unload/state.h"

struct piece {
	struct unload *u;
	const struct chunk *chunk;
	char *name; /* of the relation, for messages */
	struct pg_table table;
	bool described;
	enum copy_format format;
	enum archive_part part;	   /* that is read */
	struct archive_chunk *out; /* NULL: nothing of it has left */
	struct digest_rows *digest;
	uint64_t payloads; /* CopyData messages so far */
	uint64_t rows, bytes;
	double started;
	struct failure why;
	bool gone; /* the server no longer has the snapshot */
};

void piece_init(struct piece *p, struct unload *u, const struct chunk *chunk);
void piece_free(struct piece *p);

/*
 * Read it over pg, in a transaction of its own that is ended again.
 * Anything but STATUS_OK: why says so, and nothing was reported, unless the
 * archive is broken.  Without p->out nothing has left, and it may be tried
 * again.
 */
status piece_read(struct piece *p, struct pg *pg) MUST_CHECK;

/* Its done.json, or its failed.json with p->why (with a chunk.json before it
 * where there was none yet). */
status piece_finish(struct piece *p, bool done) MUST_CHECK;

#endif
