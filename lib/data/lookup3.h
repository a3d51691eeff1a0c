/* SPDX-License-Identifier: PostgreSQL */
/*
 * Bob Jenkins' lookup3, as PostgreSQL's hash_bytes_extended() has it with
 * seed 0 on little-endian machines (src/common/hashfn.c), over bytes in one
 * piece or in many.  Private to lib/data/digest*.c.
 */
#ifndef DATA_LOOKUP3_H
#define DATA_LOOKUP3_H

#include <stddef.h>
#include <stdint.h>

struct lookup3 {
	uint32_t a, b, c;
	unsigned char held[12]; /* the bytes of a block that is not full */
	size_t nheld;
};

/* The length of all pieces must be known at the start. */
void lookup3_start(struct lookup3 *h, uint64_t total);
void lookup3_add(struct lookup3 *h, const void *bytes, size_t n);
uint64_t lookup3_end(struct lookup3 *h);

#endif
