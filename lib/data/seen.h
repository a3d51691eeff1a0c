/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which ids have come already, in 16 bytes each: two hashes stand for an
 * id, so that a list of millions costs little.
 */
#ifndef DATA_SEEN_H
#define DATA_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seen {
	uint64_t (*slots)[2]; /* 0, 0: free */
	size_t size, used;    /* size is a power of two */
};
#define SEEN_INIT          \
	{                  \
		NULL, 0, 0 \
	}

/* True when it is new. */
bool seen_add(struct seen *s, const char *id);
bool seen_has(const struct seen *s, const char *id);
void seen_free(struct seen *s);

#endif
