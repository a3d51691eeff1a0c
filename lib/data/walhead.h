/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the first page of a WAL segment says of it (the long page header of
 * access/xlog_internal.h, PostgreSQL 13 to 18).
 */
#ifndef DATA_WALHEAD_H
#define DATA_WALHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WALHEAD_BYTES 40

struct walhead {
	uint32_t timeline; /* of the page; at most that of the file */
	uint64_t address;  /* of its first byte */
	uint64_t system;
	uint32_t segment_size, page_size;
};

/* False: n bytes do not begin a segment. */
bool walhead_parse(const void *bytes, size_t n, struct walhead *out);
/* Why a file of this name cannot begin so; NULL: it can. */
const char *walhead_misfit(const struct walhead *h, const char *name);

#endif
