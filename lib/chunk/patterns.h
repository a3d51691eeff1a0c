/* SPDX-License-Identifier: PostgreSQL */
/*
 * All patterns of a request: those that name tables and those that leave
 * some of them out.
 */
#ifndef CHUNK_PATTERNS_H
#define CHUNK_PATTERNS_H

#include "chunk/pattern.h"
#include "chunk/request.h"

struct patterns {
	struct pattern *items;
	size_t count;
};

/* Every pattern that is none is reported; STATUS_USAGE. */
status patterns_parse(const struct request *request, struct patterns *out)
    MUST_CHECK;
void patterns_free(struct patterns *p); /* also the cleanup */

/* Before a transaction begins: are they of this database, and is what is a
 * regular expression one that the server takes?  Reports each that is not. */
status patterns_check(const struct patterns *p, struct pg *pg) MUST_CHECK;

#endif
