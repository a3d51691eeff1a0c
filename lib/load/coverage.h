/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which slices of a relation are there: it is whole when they form one
 * chain from the open start to the open end, and nothing is left over.
 * Slices of another cut would bring rows that are there already.
 */
#ifndef LOAD_COVERAGE_H
#define LOAD_COVERAGE_H

#include "data/chunk.h"
#include "data/seen.h"

struct stretch {
	char *from, *to; /* NULL: open */
};

struct coverage {
	struct stretch *stretches; /* none continues another */
	size_t len, cap;
	enum slice_by by;
	struct seen ids;
	bool doubled; /* some were added that did not fit */
};
#define COVERAGE_INIT                                    \
	{                                                \
		NULL, 0, 0, SLICE_NONE, SEEN_INIT, false \
	}

struct slice_at {
	const char *id; /* of the chunk */
	enum slice_by by;
	const char *from, *to; /* NULL: open */
};
/* One that is there already changes nothing. */
void coverage_add(struct coverage *c, const struct slice_at *slice);
/*
 * Is it one of them, or beside them all?  Blocks are compared; the order of
 * values is the database's, so of slices by key or time it is only known that
 * they are cut the same way.
 */
bool coverage_fits(const struct coverage *c, const struct slice_at *slice);
bool coverage_whole(const struct coverage *c);
void coverage_free(struct coverage *c);

#endif
