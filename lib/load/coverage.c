/* SPDX-License-Identifier: PostgreSQL */
/*
 * Stretches grow together where one ends and another begins.
 */
#include "load/coverage.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

static char *
copy_of(const char *text)
{
	return text == NULL ? NULL : mem_strdup(text);
}

static void
take_out(struct coverage *c, size_t i)
{
	c->stretches[i] = c->stretches[--c->len];
}

/* The first block is no other boundary than the open start. */
static const char *
start_of(const struct slice_at *slice)
{
	bool first = slice->by == SLICE_CTID && str_eq(slice->from, "0");

	return first ? NULL : slice->from;
}

/* What is no number is taken for as far away as can be. */
static uint64_t
block(const char *text, uint64_t otherwise)
{
	uint64_t n;

	return text != NULL && num_u64(text, 0, UINT64_MAX, &n) ? n : otherwise;
}

static bool
overlap(const struct stretch *s, const struct slice_at *slice)
{
	return block(s->from, 0) < block(slice->to, UINT64_MAX) &&
	    block(slice->from, 0) < block(s->to, UINT64_MAX);
}

bool
coverage_fits(const struct coverage *c, const struct slice_at *slice)
{
	size_t i;

	if (c->len == 0 || seen_has(&c->ids, slice->id))
		return true;
	if (c->by != slice->by)
		return false;
	for (i = 0; slice->by == SLICE_CTID && i < c->len; i++)
		if (overlap(&c->stretches[i], slice))
			return false;
	return true;
}

void
coverage_add(struct coverage *c, const struct slice_at *slice)
{
	struct stretch s = {NULL, NULL};
	size_t i;

	c->doubled = c->doubled || !coverage_fits(c, slice);
	c->by = slice->by;
	if (!seen_add(&c->ids, slice->id))
		return;
	s.from = copy_of(start_of(slice));
	s.to = copy_of(slice->to);
	for (i = 0; s.from != NULL && i < c->len; i++) {
		if (!str_eq(c->stretches[i].to, s.from))
			continue;
		free(s.from);
		free(c->stretches[i].to);
		s.from = c->stretches[i].from;
		take_out(c, i);
		break;
	}
	for (i = 0; s.to != NULL && i < c->len; i++) {
		if (!str_eq(c->stretches[i].from, s.to))
			continue;
		free(s.to);
		free(c->stretches[i].from);
		s.to = c->stretches[i].to;
		take_out(c, i);
		break;
	}
	if (c->len == c->cap) {
		c->cap = c->cap == 0 ? 8 : c->cap * 2;
		c->stretches =
		    mem_resize(c->stretches, c->cap, sizeof(*c->stretches));
	}
	c->stretches[c->len++] = s;
}

bool
coverage_whole(const struct coverage *c)
{
	return c->len == 1 && c->stretches[0].from == NULL &&
	    c->stretches[0].to == NULL;
}

void
coverage_free(struct coverage *c)
{
	size_t i;

	for (i = 0; i < c->len; i++) {
		free(c->stretches[i].from);
		free(c->stretches[i].to);
	}
	free(c->stretches);
	seen_free(&c->ids);
	*c = (struct coverage)COVERAGE_INIT;
}
