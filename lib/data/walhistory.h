/* SPDX-License-Identifier: PostgreSQL */
/*
 * The history file of a timeline: from which ones it comes, and where it left
 * them.
 */
#ifndef DATA_WALHISTORY_H
#define DATA_WALHISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wal_parent {
	uint32_t timeline;
	uint64_t end; /* the first byte that is of the next one */
};

struct wal_history {
	uint32_t timeline;
	struct wal_parent *parents; /* the oldest first */
	size_t count;
};
/* clang-format off */
#define WAL_HISTORY_INIT {0, NULL, 0}
/* clang-format on */

/* Lines "1<tab>0/5000000<tab>reason", comments and blank lines; at least one
 * parent, in rising order, below timeline, and the last line is whole. */
bool wal_history_parse(const char *text, size_t n, uint32_t timeline,
    struct wal_history *out);
/* Whether the timeline is, or comes from, that one. */
bool wal_history_has(const struct wal_history *h, uint32_t timeline);
/* Where it left that one; UINT64_MAX for itself, 0 where it does not come from
 * it. */
uint64_t wal_history_end(const struct wal_history *h, uint32_t timeline);
void wal_history_free(struct wal_history *h); /* also the cleanup */

#endif
