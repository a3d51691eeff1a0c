/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which slices of a relation are there: it is whole when they form one
 * chain from the open start to the open end, and nothing is left over.
 */
#ifndef LOAD_COVERAGE_H
#define LOAD_COVERAGE_H

#include <stdbool.h>
#include <stddef.h>

struct stretch {
	char *from, *to; /* NULL: open */
};

struct coverage {
	struct stretch *stretches; /* none continues another */
	size_t len, cap;
};
#define COVERAGE_INIT      \
	{                  \
		NULL, 0, 0 \
	}

void coverage_add(struct coverage *c, const char *from, const char *to);
bool coverage_whole(const struct coverage *c);
void coverage_free(struct coverage *c);

#endif
