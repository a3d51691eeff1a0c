/* SPDX-License-Identifier: PostgreSQL */
/*
 * Groups of slices.  A line is kept as text and without its columns, which
 * all slices of a relation share, since a huge relation has many slices.
 */
#include "compare/slices.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

/* Blocks [from, to) and the digest of their rows. */
struct piece {
	uint64_t from, to; /* UINT64_MAX: open end */
	struct digest digest;
};

struct group {
	struct slice_group *waiting; /* lines not answered yet, or NULL */
	struct piece *pieces;
	size_t n, cap;
	uint64_t covered; /* blocks of all but the open piece, if disjoint */
	uint64_t end;  /* where the open piece begins; UINT64_MAX: not here */
	bool told;     /* it was whole and has been given out */
	char *trouble; /* what rules out that they add up */
};

struct slices {
	json_t *index; /* key of a relation -> place in groups */
	struct group *groups;
	size_t n, cap, rest;
};

struct slices *
slices_new(void)
{
	struct slices *s = mem_zalloc(sizeof(*s));

	s->index = json_object();
	return s;
}

void
slice_group_free(struct slice_group *g)
{
	if (g == NULL)
		return;
	chunk_free(&g->chunk);
	free(g->trouble);
	strv_free(&g->lines);
	json_decref(g->columns);
	free(g);
}

void
slices_free(struct slices *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->n; i++) {
		slice_group_free(s->groups[i].waiting);
		free(s->groups[i].pieces);
		free(s->groups[i].trouble);
	}
	free(s->groups);
	json_decref(s->index);
	free(s);
}

json_t *
slice_group_line(const struct slice_group *g, size_t i)
{
	json_t *line = json_loads(g->lines.data[i], 0, NULL);

	if (g->columns != NULL)
		(void)json_object_set(line, "columns", g->columns);
	return line;
}

/* What makes slices belong together: both relations, the database, and, since
 * blocks are of one snapshot, that; those without are among themselves. */
static struct group *
group_of(struct slices *s, const struct chunk *c)
{
	const char *parts[] = {c->target_schema, c->target_table, c->schema,
	    c->table, c->system, c->database, c->within, c->snapshot,
	    record_text(c->record, "pg_snapshot")};
	json_t *key = json_array();
	const json_t *place;
	char *text;
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		(void)json_array_append_new(key,
		    parts[i] == NULL ? json_null() : json_string(parts[i]));
	text = json_dumps(key, JSON_COMPACT);
	json_decref(key);
	place = json_object_get(s->index, text);
	if (place == NULL) {
		if (s->n == s->cap) {
			s->cap = s->cap == 0 ? 16 : s->cap * 2;
			s->groups =
			    mem_resize(s->groups, s->cap, sizeof(*s->groups));
		}
		s->groups[s->n] = (struct group){.end = UINT64_MAX};
		(void)json_object_set_new(s->index, text,
		    json_integer((json_int_t)s->n));
		i = s->n++;
	} else {
		i = (size_t)json_integer_value(place);
	}
	free(text);
	return &s->groups[i];
}

static void
trouble(struct group *g, const char *text)
{
	if (g->trouble == NULL)
		g->trouble = mem_strdup(text);
}

/* Slices add up only under one snapshot, and with one kind of digest. */
static void
check_alike(struct group *g, const struct chunk *c, const struct piece *p)
{
	if (p->digest.kind == DIGEST_NONE)
		trouble(g, "a slice of it carries no digest");
	else if (c->snapshot == NULL)
		trouble(g, "its slices do not say of which snapshot they are");
	else if (g->n > 0 && g->pieces[0].digest.kind != p->digest.kind)
		trouble(g, "its slices carry digests of different kinds");
}

static bool
piece_from(const struct chunk *c, struct piece *p)
{
	*p = (struct piece){.to = UINT64_MAX};
	if (c->from != NULL && !num_u64(c->from, 0, UINT32_MAX, &p->from))
		return false;
	if (c->to != NULL && !num_u64(c->to, 0, UINT32_MAX, &p->to))
		return false;
	if (c->digest != NULL && !digest_parse(c->digest, &p->digest))
		p->digest.kind = DIGEST_NONE;
	return p->from < p->to;
}

static void
add_piece(struct group *g, const struct piece *p)
{
	if (g->n == g->cap) {
		g->cap = g->cap == 0 ? 64 : g->cap * 2;
		g->pieces = mem_resize(g->pieces, g->cap, sizeof(*g->pieces));
	}
	g->pieces[g->n++] = *p;
	if (p->to == UINT64_MAX)
		g->end = p->from;
	else
		g->covered += p->to - p->from;
}

/* The first line stays as it is, to be asked about. */
static struct slice_group *
begin_waiting(struct chunk *c)
{
	struct slice_group *w = mem_zalloc(sizeof(*w));
	json_t *columns = json_object_get(c->record, "columns");

	w->columns = json_is_null(columns) ? NULL : json_incref(columns);
	w->chunk = *c;
	*c = (struct chunk){0};
	return w;
}

static void
add_line(struct group *g, struct chunk *c)
{
	json_t *columns = json_object_get(c->record, "columns");
	json_t *line = json_copy(c->record);
	struct str text = STR_INIT;

	if (g->waiting == NULL)
		g->waiting = begin_waiting(c);
	if (g->waiting->columns != NULL &&
	    json_equal(g->waiting->columns, columns))
		(void)json_object_del(line, "columns");
	else if (g->waiting->columns != NULL)
		trouble(g, "its slices do not have the same columns");
	record_show(line, &text);
	strv_add(&g->waiting->lines, str_text(&text));
	str_free(&text);
	json_decref(line);
}

static int
compare_pieces(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

/* In order, and each only once. */
static void
sort_pieces(struct group *g)
{
	size_t i, n = 0;

	if (g->n > 0)
		qsort(g->pieces, g->n, sizeof(*g->pieces), compare_pieces);
	for (i = 0; i < g->n; i++) {
		const struct piece *p = &g->pieces[i];

		if (n > 0 && compare_pieces(&g->pieces[n - 1], p) == 0 &&
		    digest_eq(&g->pieces[n - 1].digest, &p->digest))
			continue;
		g->pieces[n++] = *p;
	}
	g->n = n;
}

/* Why the pieces do not cover the relation; NULL when they do. */
static char *
gap(const struct group *g)
{
	uint64_t at = 0;
	size_t i;

	for (i = 0; i < g->n; i++) {
		const struct piece *p = &g->pieces[i];

		if (p->from > at)
			break;
		if (p->from < at)
			return mem_printf("its slices overlap at block %llu",
			    (unsigned long long)p->from);
		at = p->to;
	}
	if (at == UINT64_MAX)
		return NULL;
	return mem_printf("not all of its slices have come: none of its "
			  "snapshot begins at block %llu",
	    (unsigned long long)at);
}

/* Give out what waits, with what can be said of the whole. */
static struct slice_group *
give(struct group *g)
{
	struct slice_group *w = g->waiting;
	size_t i;

	sort_pieces(g);
	w->trouble = g->trouble != NULL ? mem_strdup(g->trouble) : gap(g);
	w->whole = w->trouble == NULL;
	for (i = 0; i < g->n && w->whole; i++) {
		w->digest.kind = g->pieces[i].digest.kind;
		digest_add(&w->digest, &g->pieces[i].digest);
	}
	g->waiting = NULL;
	return w;
}

void
slices_add(struct slices *s, struct chunk *c, struct slice_group **out)
{
	struct group *g = group_of(s, c);
	struct piece p;

	*out = NULL;
	if (piece_from(c, &p)) {
		check_alike(g, c, &p);
		add_piece(g, &p);
	} else {
		trouble(g, "a slice of it has no block numbers");
	}
	add_line(g, c);
	/* A line that comes again later is answered at the end. */
	if (g->told || g->covered != g->end)
		return;
	sort_pieces(g);
	g->told = true;
	*out = give(g);
}

void
slices_failed(struct slices *s, const struct chunk *c)
{
	trouble(group_of(s, c), "not all of its slices were loaded");
}

struct slice_group *
slices_rest(struct slices *s)
{
	for (; s->rest < s->n; s->rest++)
		if (s->groups[s->rest].waiting != NULL)
			return give(&s->groups[s->rest]);
	return NULL;
}
