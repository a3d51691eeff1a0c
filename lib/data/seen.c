/* SPDX-License-Identifier: PostgreSQL */
/*
 * A set by open addressing, at most half full.
 */
#include "data/seen.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "data/digest.h"

#define SEEN_MIN ((size_t)1024)

static bool
insert(struct seen *s, uint64_t a, uint64_t b)
{
	size_t at = (size_t)a & (s->size - 1);

	while (s->slots[at][0] != 0 || s->slots[at][1] != 0) {
		if (s->slots[at][0] == a && s->slots[at][1] == b)
			return false;
		at = (at + 1) & (s->size - 1);
	}
	s->slots[at][0] = a;
	s->slots[at][1] = b;
	s->used++;
	return true;
}

static void
grow(struct seen *s)
{
	struct seen old = *s;
	size_t i;

	s->size = old.size == 0 ? SEEN_MIN : old.size * 2;
	s->slots = mem_zalloc(s->size * sizeof(*s->slots));
	s->used = 0;
	for (i = 0; i < old.size; i++)
		if (old.slots[i][0] != 0 || old.slots[i][1] != 0)
			(void)insert(s, old.slots[i][0], old.slots[i][1]);
	free(old.slots);
}

bool
seen_add(struct seen *s, const char *id)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	uint64_t a, b;

	str_addc(&text, '+');
	str_add(&text, id);
	a = digest_hash(text.data + 1, text.len - 1);
	b = digest_hash(text.data, text.len);
	if (a == 0 && b == 0)
		a = 1;
	if (2 * s->used >= s->size)
		grow(s);
	return insert(s, a, b);
}

void
seen_free(struct seen *s)
{
	free(s->slots);
	*s = (struct seen)SEEN_INIT;
}
