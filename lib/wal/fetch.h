/* SPDX-License-Identifier: PostgreSQL */
/*
 * What restore_command runs: a file of the archive to where the server wants
 * it, and the next ones made ready meanwhile.
 */
#ifndef WAL_FETCH_H
#define WAL_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct fetch_request {
	const char *archive;
	const char *name;  /* %f */
	const char *path;  /* %p */
	const char *spool; /* NULL: beside path when that is in pg_wal */
	uint64_t prefetch; /* segments to make ready, 0: none */
	bool json;	   /* print a record of it */
	bool partial;	   /* take a partial segment for a whole one */
};

/*
 * STATUS_NO (silent but for log_verbose): the archive is there and does not
 * have it.  Any failure is something else, and path is then not there.
 */
status wal_fetch(const struct fetch_request *r) MUST_CHECK;
/* Make ready what follows the segment r->name; path is not used. */
status wal_prefetch(const struct fetch_request *r) MUST_CHECK;

#endif
