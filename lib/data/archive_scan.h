/* SPDX-License-Identifier: PostgreSQL */
/*
 * What libarchive forgives and a copy archive must not: a tar cut between
 * members or within its end, padding that is not zero, bytes after the end.
 * The scanner sees the raw bytes before libarchive does and follows the
 * headers by itself.  Private to lib/data/archive*.c.
 *
 * Accepted are plain files with POSIX or GNU headers, pax headers before
 * them, two zero blocks, and zeros up to a multiple of 10,240 bytes.
 */
#ifndef DATA_ARCHIVE_SCAN_H
#define DATA_ARCHIVE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCAN_PAX_MAX 65536 /* bytes of one pax header that are read */

enum scan_state {
	SCAN_HEADER, /* within a header or a zero block */
	SCAN_PAX,    /* within a pax header's records */
	SCAN_DATA,   /* within a member's bytes */
	SCAN_ZERO,   /* within the zeros up to a block's end */
	SCAN_TAIL,   /* within the zeros after the last member */
	SCAN_DONE    /* the archive is whole */
};

struct scan {
	enum scan_state state;
	uint64_t start;	 /* of this archive within the stream */
	uint64_t offset; /* within the stream */
	uint64_t left;	 /* bytes of the present state, DATA, PAX, ZERO */
	uint64_t pad;	 /* zeros after them */
	uint64_t size;	 /* of the next member, from a pax header ... */
	bool sized;	 /* ... if there was one */
	bool extended;	 /* a pax header waits for its member */
	unsigned char block[512];
	size_t nblock;
	char pax[SCAN_PAX_MAX];
	size_t npax;
	const char *problem; /* what is wrong with it, once known */
	const char *hint;    /* what to do about it, or NULL */
};

void scan_init(struct scan *s);
/* Follow the next bytes, up to the end of this archive; how many were
 * taken.  Sets problem; nothing may be taken after that. */
size_t scan_take(struct scan *s, const void *bytes, size_t n);
/* End of file, before SCAN_DONE: sets problem. */
void scan_cut(struct scan *s);
/* Another archive follows. */
void scan_again(struct scan *s);

#endif
