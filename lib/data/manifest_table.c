/* SPDX-License-Identifier: PostgreSQL */
/*
 * The files of a manifest by path: entries in slabs, their bytes in arenas,
 * and an index of four bytes a slot.
 */
#include "data/manifest_table.h"

#include <string.h>
#include <xxhash.h>

#include "base/log.h"
#include "base/mem.h"

#define ARENA ((size_t)256 * 1024)

struct manifest_file *
manifest_table_at(const struct manifest_table *t, size_t i)
{
	return &t->slabs[i / MANIFEST_SLAB][i % MANIFEST_SLAB];
}

/* The slot that holds the path, or the free one where it would be. */
static uint32_t *
slot_of(const struct manifest_table *t, const char *path)
{
	size_t i = (size_t)XXH3_64bits(path, strlen(path));

	for (;; i++) {
		uint32_t *slot = &t->slots[i & (t->nslots - 1)];

		if (*slot == 0 ||
		    strcmp(manifest_table_at(t, *slot - 1)->path, path) == 0)
			return slot;
	}
}

struct manifest_file *
manifest_table_find(const struct manifest_table *t, const char *path)
{
	uint32_t *slot;

	if (t->nslots == 0)
		return NULL;
	slot = slot_of(t, path);
	return *slot == 0 ? NULL : manifest_table_at(t, *slot - 1);
}

/* Never more than half full. */
static void
grow(struct manifest_table *t)
{
	if (2 * (t->count + 1) <= t->nslots)
		return;
	if (t->count >= UINT32_MAX / 4)
		mem_exhausted();
	t->nslots = t->nslots == 0 ? 4096 : 2 * t->nslots;
	free(t->slots);
	t->slots = mem_zalloc(t->nslots * sizeof(*t->slots));
	for (size_t i = 0; i < t->count; i++)
		*slot_of(t, manifest_table_at(t, i)->path) = (uint32_t)(i + 1);
}

static char *
room(struct manifest_table *t, size_t n)
{
	char *at;

	if (t->narenas == 0 || t->arena_size - t->arena_used < n) {
		t->arena_size = n > ARENA ? n : ARENA;
		t->arena_used = 0;
		t->arenas =
		    mem_resize(t->arenas, t->narenas + 1, sizeof(*t->arenas));
		t->arenas[t->narenas++] = mem_alloc(t->arena_size);
	}
	at = t->arenas[t->narenas - 1] + t->arena_used;
	t->arena_used += n;
	return at;
}

struct manifest_file *
manifest_table_add(struct manifest_table *t, const char *path, uint64_t size,
    enum filehash_kind kind, const unsigned char *sum)
{
	size_t npath = strlen(path) + 1, nsum = filehash_size(kind);
	struct manifest_file *file;
	uint32_t *slot;
	char *bytes;

	grow(t);
	slot = slot_of(t, path);
	if (*slot != 0)
		return NULL;
	if (t->count == t->nslabs * MANIFEST_SLAB) {
		t->slabs = mem_resize(t->slabs, t->nslabs + 1,
		    sizeof(struct manifest_file *));
		t->slabs[t->nslabs++] =
		    mem_zalloc(MANIFEST_SLAB * sizeof(struct manifest_file));
	}
	bytes = room(t, npath + nsum);
	memcpy(bytes, path, npath);
	if (nsum > 0)
		memcpy(bytes + npath, sum, nsum);
	file = manifest_table_at(t, t->count++);
	file->path = bytes;
	file->sum = (const unsigned char *)bytes + npath;
	file->size = size;
	file->kind = (uint8_t)kind;
	*slot = (uint32_t)t->count;
	return file;
}

void
manifest_table_free(struct manifest_table *t)
{
	for (size_t i = 0; i < t->nslabs; i++)
		free(t->slabs[i]);
	for (size_t i = 0; i < t->narenas; i++)
		free(t->arenas[i]);
	free(t->slabs);
	free(t->arenas);
	free(t->slots);
}
