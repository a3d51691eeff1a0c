/* SPDX-License-Identifier: PostgreSQL */
/*
 * The files of a manifest by path.  Private to lib/data/manifest*.c.
 */
#ifndef DATA_MANIFEST_TABLE_H
#define DATA_MANIFEST_TABLE_H

#include "data/manifest.h"

#define MANIFEST_SLAB 4096 /* files: they do not move once they are there */

struct manifest_table {
	struct manifest_file **slabs;
	size_t nslabs;
	size_t count;
	uint32_t *slots; /* index + 1, 0: free */
	size_t nslots;	 /* a power of two */
	char **arenas;
	size_t narenas, arena_used, arena_size;
};

struct manifest_file *manifest_table_at(const struct manifest_table *t,
    size_t i);
struct manifest_file *manifest_table_find(const struct manifest_table *t,
    const char *path);
/* NULL: it is there already. */
struct manifest_file *manifest_table_add(struct manifest_table *t,
    const char *path, uint64_t size, enum filehash_kind kind,
    const unsigned char *sum);
void manifest_table_free(struct manifest_table *t);

#endif
