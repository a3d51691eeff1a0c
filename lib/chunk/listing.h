/* SPDX-License-Identifier: PostgreSQL */
/*
 * pg-chunks' work: the chunk lines of a database, on stdout.
 */
#ifndef CHUNK_LISTING_H
#define CHUNK_LISTING_H

#include "chunk/request.h"

/*
 * Prints a line for each chunk, and the end line when nothing at all failed.
 * A table that cannot be listed is reported, and the rest goes on.
 */
status listing_run(const struct request *request) MUST_CHECK;

#endif
