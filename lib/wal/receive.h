/* SPDX-License-Identifier: PostgreSQL */
/*
 * Receiving a server's WAL into an archive, as it is written.
 */
#ifndef WAL_RECEIVE_H
#define WAL_RECEIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "data/codec_write.h"
#include "pg/conn.h"

struct receive_request {
	struct pg_params server;
	const char *archive;
	struct codec_spec codec;
	const char *slot; /* or NULL */
	bool create_slot;
	bool drop_slot;	  /* do only that */
	bool synchronous; /* flush and answer at once */
	bool no_loop;	  /* a lost connection is the end */
	bool json;	  /* a record for each whole segment */
	uint64_t every;	  /* ms between answers to the server */
	uint64_t start;	  /* where to begin: 0: after what is there */
	uint64_t until;	  /* stop there; 0: never */
};

/*
 * Until it is stopped, or `until` has come.  It begins after the last segment
 * of the archive, else where the slot is, else at the server's present segment;
 * connects again when the connection is lost; follows to new timelines.
 */
status wal_receive(const struct receive_request *r) MUST_CHECK;

#endif
