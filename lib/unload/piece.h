/* SPDX-License-Identifier: PostgreSQL */
/*
 * One chunk: from the catalogs' description of its relation to the last of
 * its segments.
 */
#ifndef UNLOAD_PIECE_H
#define UNLOAD_PIECE_H

#include "pg/table.h"
#include "pg/timescale.h"
#include "pg/failure.h"
#include "unload/state.h"

/* One COPY stream of it. */
struct piece_part {
	enum archive_part part;
	const struct pg_table *table;
	enum copy_format format;
	struct digest_rows *digest;
	uint64_t payloads; /* CopyData messages so far */
	uint64_t rows;
	bool batches;	 /* each row of it stands for several ... */
	size_t counter;	 /* ... as many as this column says */
	uint64_t within; /* all that they stand for */
};

struct piece {
	struct unload *u;
	const struct chunk *chunk;
	char *name; /* of the relation, for messages */
	struct pg_table table;
	bool described;
	struct pg_chunk hyper;	 /* of a chunk of a hypertable, see batches.h */
	char *extension;	 /* version of TimescaleDB */
	char *order;		 /* pg_batch_order() of its batches */
	struct pg_table batches; /* its compressed rows, if they come so */
	struct piece_part parts[ARCHIVE_PARTS];
	uint64_t place;		   /* in the order of the list */
	struct archive_chunk *out; /* NULL: nothing of it has left */
	uint64_t rows, bytes;
	struct digest by_rows; /* of a chunk whose batches have none */
	double started;
	struct failure why;
	bool gone;     /* the server no longer has the snapshot */
	bool vanished; /* the chunk was dropped since it was listed */
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
