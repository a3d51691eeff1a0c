/* SPDX-License-Identifier: PostgreSQL */
/*
 * Whether segments of WAL are sound: page by page (magic number, address,
 * timeline, system) and record by record (length, the link to the one before,
 * CRC32C), as access/xlog_internal.h and xlogrecord.h of PostgreSQL 13 to 18
 * have them.  What a server would replay is proved before it starts.
 *
 * Segments come one after another, best in the order of their names; what
 * follows without a gap is one chain, up to where the WAL ends.
 */
#ifndef DATA_WALCHECK_H
#define DATA_WALCHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "data/walname.h"

/* WAL without a gap. */
struct wal_chain {
	uint32_t timeline; /* of its last segment */
	uint64_t from;	   /* its first record; 0: there was none */
	uint64_t upto;	   /* behind its last sound record */
	const char *why;   /* it ends there, NULL: no further segment came */
	bool
	    unwritten; /* it ends there in zeros, as WAL that goes no further does */
	bool hole; /* but pages of the same segment follow behind the zeros */
	char file[WAL_NAME]; /* its last segment */
};

struct walcheck;
struct walcheck *walcheck_new(void);
void walcheck_free(struct walcheck *w); /* NULL is legal */

/* A sound record, as it passes. */
#define WAL_RECORD_HEAD 120 /* bytes of its contents that are shown at most */
struct wal_record {
	uint64_t start, end; /* end is where the next one could begin */
	uint32_t xid;
	uint8_t rmgr, info;
	const unsigned char *bytes; /* what follows its header */
	size_t n;
	uint32_t timeline; /* of the file */
};
typedef void (*walcheck_fn)(void *arg, const struct wal_record *record);
void walcheck_observe(struct walcheck *w, walcheck_fn fn, void *arg);

/* A segment begins, has bytes, and ends. */
void walcheck_segment(struct walcheck *w, const char *name);
void walcheck_data(struct walcheck *w, const void *bytes, size_t n);
void walcheck_segment_end(struct walcheck *w);

size_t walcheck_chains(const struct walcheck *w);
const struct wal_chain *walcheck_chain(const struct walcheck *w, size_t i);
/* As the first page says it; 0 before there was one. */
uint32_t walcheck_segment_size(const struct walcheck *w);
uint64_t walcheck_system(const struct walcheck *w);
uint64_t walcheck_segments(const struct walcheck *w);

/*
 * Whether the chains hold all of start to end, for a server on the timeline.
 * If not, *where is the first byte that is lacking and *why says why (NULL:
 * no segment has it).
 */
bool walcheck_covers(const struct walcheck *w, uint32_t timeline,
    uint64_t start, uint64_t end, uint64_t *where, const char **why);

#endif
