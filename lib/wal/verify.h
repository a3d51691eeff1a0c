/* SPDX-License-Identifier: PostgreSQL */
/*
 * Proving an archive.
 */
#ifndef WAL_VERIFY_H
#define WAL_VERIFY_H

#include <stdbool.h>

#include "base/status.h"

struct verify_request {
	const char *archive;
	const char *system; /* the identifier it must have, or NULL */
	bool files;	    /* a line for each, with its hash */
	bool json;
};

/* A line for each thing that is wrong; STATUS_NO when there is one. */
status wal_verify(const struct verify_request *r) MUST_CHECK;

#endif
