/* SPDX-License-Identifier: PostgreSQL */
/*
 * One snapshot for many connections (SET TRANSACTION SNAPSHOT; "Snapshot
 * Synchronization Functions" in the PostgreSQL manual).
 *
 * A connection that does nothing else, the holder, keeps a transaction open
 * that has exported it.  To join fails once that transaction is gone, so
 * that every chunk's own beginning shows whether the snapshot still is what
 * the stream says.
 */
#ifndef UNLOAD_SNAPSHOT_H
#define UNLOAD_SNAPSHOT_H

#include "data/record.h"

#include "pg/conn.h"
#include "pg/failure.h"

struct snapshot {
	struct pg *holder;
	char *id;	/* as records name it */
	char *exported; /* by the holder: what workers join */
	char *visible;	/* pg_current_snapshot() */
	char *lsn;	/* of the WAL, taken before the snapshot was */
	char *system;	/* NULL: it may not be asked */
	char *database;
	char *started;	   /* the server's start: which server this is */
	char *clock;	   /* of the server, before the snapshot */
	uint32_t timeline; /* 0: it may not be asked */
	int version;
	bool standby;
};

/* Connect the holder; join NULL takes a snapshot, else joins that one.
 * Reports. */
status snapshot_take(const struct pg_params *params, const char *join,
    struct snapshot *out) MUST_CHECK;
void snapshot_free(struct snapshot *s); /* closes the holder */

/*
 * Begin a transaction on pg that sees the snapshot.  *gone is set when the
 * server no longer has it.  Nothing is reported.
 */
status snapshot_join(const struct snapshot *s, struct pg *pg,
    struct failure *why, bool *gone) MUST_CHECK;

/* pgpipe.json: what the stream is of, and which rows it shows. */
json_t *snapshot_stream(const struct snapshot *s);
/* "snapshot", "pg_snapshot" and "lsn" into a chunk's record. */
void snapshot_stamp(const struct snapshot *s, json_t *record);

#endif
