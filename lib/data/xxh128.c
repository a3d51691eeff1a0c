/* SPDX-License-Identifier: PostgreSQL */
/*
 * XXH128 of a stream.
 */
#include "data/xxh128.h"

#include <stdio.h>
#include <xxhash.h>

#include "base/mem.h"

struct xxh128 {
	XXH3_state_t *state;
};

struct xxh128 *
xxh128_new(void)
{
	struct xxh128 *x = mem_alloc(sizeof(*x));

	x->state = XXH3_createState();
	if (x->state == NULL)
		mem_exhausted();
	(void)XXH3_128bits_reset(x->state);
	return x;
}

void
xxh128_add(struct xxh128 *x, const void *bytes, size_t n)
{
	(void)XXH3_128bits_update(x->state, bytes, n);
}

void
xxh128_show(const struct xxh128 *x, char out[XXH128_TEXT])
{
	XXH128_hash_t hash = XXH3_128bits_digest(x->state);

	(void)snprintf(out, XXH128_TEXT, "%016llx%016llx",
	    (unsigned long long)hash.high64, (unsigned long long)hash.low64);
}

void
xxh128_free(struct xxh128 *x)
{
	if (x == NULL)
		return;
	(void)XXH3_freeState(x->state);
	free(x);
}
