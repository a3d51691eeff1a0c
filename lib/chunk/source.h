/* SPDX-License-Identifier: PostgreSQL */
/*
 * Chunk sources: SQL files that say which tables they are for, and what
 * pieces such a table has (pgpipe-plugins(7)).  Ours are in share/chunks;
 * files of the plug-in path come before them and may take their names.
 */
#ifndef CHUNK_SOURCE_H
#define CHUNK_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "base/str.h"

struct source {
	char *name; /* "partition" */
	char *file;
	bool ours;	 /* from share/ */
	char *condition; /* SQL: on c of pg_class, n of pg_namespace */
	char *extension; /* it is only for databases that have this, or NULL */
	int api;	 /* 1; 2 has the columns leave and fields */
	bool whole;	 /* pieces are not read by "only", and never cut */
	struct str query;
	bool idle; /* it takes no part: unfit, or without tables */
};

/* In the order in which they are asked whether a table is theirs. */
struct sources {
	struct source *items;
	size_t count;
};

/* Reads them all.  A file that is no chunk source is reported, left out and
 * remembered in *flaw; STATUS_FAIL when nothing can be read at all. */
status sources_load(struct sources *out, status *flaw) MUST_CHECK;
void sources_free(struct sources *s); /* also the cleanup */

#endif
