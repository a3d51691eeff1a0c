/* SPDX-License-Identifier: PostgreSQL */
/*
 * The WAL that a server needs to start from the backup, received while the
 * backup runs: a connection and a thread of its own, and a temporary slot, so
 * that neither a stalled consumer of the backup nor a busy server loses it.
 */
#ifndef TAKE_WAL_H
#define TAKE_WAL_H

#include <stdint.h>

#include "base/status.h"
#include "data/walname.h"
#include "pg/conn.h"

/* Where files of pg_wal go, one after the other, from the thread; names are
 * relative to pg_wal and may be "archive_status/...". */
struct wal_files {
	status (*begin)(void *arg, const char *name, uint64_t size);
	status (*data)(void *arg, const void *bytes, size_t n);
	status (*end)(void *arg);
	void *arg;
};

struct wal_keeper;

/* Connect to the server that pg is with, and make the slot: before the
 * backup begins, so that what is missing shows early. */
status wal_keeper_open(const struct pg_params *params, const struct pg *beside,
    struct wal_keeper **out) MUST_CHECK;
/* Receive from the segment of start on; files stays the caller's. */
status wal_keeper_start(struct wal_keeper *k, uint32_t timeline, uint64_t start,
    uint32_t segment_size, const struct wal_files *files) MUST_CHECK;
/* Readable once the thread has failed, which it has then reported. */
int wal_keeper_failed_fd(const struct wal_keeper *k);
/* What the thread has failed with; STATUS_OK while it has not. */
status wal_keeper_failure(struct wal_keeper *k) MUST_CHECK;
/* Go on until everything before end is there; then the last file has ended. */
status wal_keeper_finish(struct wal_keeper *k, uint64_t end) MUST_CHECK;
/* Names of the first and the last segment. */
const char *wal_keeper_first(const struct wal_keeper *k);
const char *wal_keeper_last(const struct wal_keeper *k);
void wal_keeper_free(struct wal_keeper *k); /* NULL is legal; stops it */

#endif
