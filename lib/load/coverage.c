/* SPDX-License-Identifier: PostgreSQL */
/*
 * Stretches grow together where one ends and another begins.
 */
#include "load/coverage.h"

#include <stdlib.h>

#include "base/mem.h"
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

void
coverage_add(struct coverage *c, const char *from, const char *to)
{
	struct stretch s = {copy_of(from), copy_of(to)};
	size_t i;

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
	*c = (struct coverage)COVERAGE_INIT;
}
