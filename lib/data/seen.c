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

/* The two hashes that stand for it; never both 0. */
static void
hash(const char *id, uint64_t *a, uint64_t *b)
{
	struct str text CLEANUP(str_free) = STR_INIT;

	str_addc(&text, '+');
	str_add(&text, id);
	*a = digest_hash(text.data + 1, text.len - 1);
	*b = digest_hash(text.data, text.len);
	if (*a == 0 && *b == 0)
		*a = 1;
}

bool
seen_add(struct seen *s, const char *id)
{
	uint64_t a, b;

	hash(id, &a, &b);
	if (2 * s->used >= s->size)
		grow(s);
	return insert(s, a, b);
}

bool
seen_has(const struct seen *s, const char *id)
{
	uint64_t a, b;
	size_t at;

	hash(id, &a, &b);
	if (s->size == 0)
		return false;
	at = (size_t)a & (s->size - 1);
	while (s->slots[at][0] != 0 || s->slots[at][1] != 0) {
		if (s->slots[at][0] == a && s->slots[at][1] == b)
			return true;
		at = (at + 1) & (s->size - 1);
	}
	return false;
}

void
seen_free(struct seen *s)
{
	free(s->slots);
	*s = (struct seen)SEEN_INIT;
}
