/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a diagram shows: boxes with their columns, lines with their ports; and
 * the pictures made of plans, one a component, packed on shelves.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "report/er_inside.h"
#include "report/escape.h"

#define COLUMNS_SHOWN 14
#define NAME_SHOWN 34  /* letters */
#define ALL_COLUMNS 12 /* with at most so many tables */
#define ALONE 60       /* with at most so many, also those without references */
#define SPACE 30.0     /* between components */

static bool
is_key(const struct er_column *c)
{
	return c->primary || c->foreign;
}

/* Columns shown are the first ones, or the first keys. */
size_t
er_box_column(const struct er_plan *p, const struct er_box *b, size_t nth)
{
	const struct er_node *node = &p->graph->nodes[b->node];
	size_t i, seen = 0;

	if (b->detail == ER_NAMES)
		return ER_NONE;
	for (i = 0; i < node->column_count; i++)
		if ((b->detail == ER_COLUMNS || is_key(&node->columns[i])) &&
		    seen++ == nth)
			return i;
	return ER_NONE;
}

size_t
er_box_shown(const struct er_plan *p, const struct er_box *b)
{
	const struct er_node *node = &p->graph->nodes[b->node];
	size_t i, n = 0;

	if (b->detail == ER_NAMES)
		return 0;
	for (i = 0; i < node->column_count; i++)
		if (b->detail == ER_COLUMNS || is_key(&node->columns[i]))
			n++;
	return n < COLUMNS_SHOWN ? n : COLUMNS_SHOWN;
}

static double
text_width(const char *text, size_t most)
{
	size_t n = escape_width(text);

	return ER_CHAR * (double)(n < most ? n : most);
}

static void
size_box(const struct er_plan *p, struct er_box *b)
{
	const struct er_node *node = &p->graph->nodes[b->node];
	size_t shown = er_box_shown(p, b), i;
	double w = text_width(node->name, NAME_SHOWN) * 1.09 + 24;

	for (i = 0; i < shown; i++) {
		const struct er_column *c =
		    &node->columns[er_box_column(p, b, i)];
		double row = text_width(c->name, NAME_SHOWN) +
		    text_width(c->type, 18) + 48;

		w = row > w ? row : w;
	}
	b->rows = shown;
	if (shown > 0 && shown < node->column_count)
		b->rows++;
	b->w = ceil(w < 90 ? 90 : w);
	b->h = ER_HEAD + (b->rows > 0 ? ER_ROW * (double)b->rows + 5 : 0);
}

/* Where a line meets a box: at its first column, if that is shown. */
static double
port(const struct er_plan *p, const struct er_box *b, const json_t *columns)
{
	const struct er_node *node = &p->graph->nodes[b->node];
	const char *name = json_string_value(json_array_get(columns, 0));
	size_t i;

	for (i = 0; name != NULL && i < er_box_shown(p, b); i++)
		if (strcmp(node->columns[er_box_column(p, b, i)].name, name) ==
		    0)
			return ER_HEAD + ER_ROW * ((double)i + 0.5) + 2;
	return ER_HEAD / 2;
}

static size_t
box_of(const size_t *nodes, size_t count, size_t node)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (nodes[i] == node)
			return i;
	return ER_NONE;
}

void
er_plan_make(struct er_plan *p, const struct er_graph *g, const size_t *nodes,
    size_t count, size_t centre, enum er_detail detail)
{
	size_t i, t;

	*p = (struct er_plan){.graph = g, .box_count = count};
	p->boxes = mem_zalloc((count + 1) * sizeof(*p->boxes));
	for (i = 0; i < count; i++) {
		p->boxes[i].node = nodes[i];
		p->boxes[i].centre = nodes[i] == centre;
		p->boxes[i].detail = nodes[i] == centre ? ER_COLUMNS : detail;
		size_box(p, &p->boxes[i]);
	}
	for (i = 0; i < count; i++)
		for (t = g->first[nodes[i]]; t < g->first[nodes[i] + 1]; t++) {
			const struct er_edge *e = &g->edges[g->touching[t]];
			size_t to;
			struct er_line *line;

			if (e->from != nodes[i] ||
			    (centre != ER_NONE && e->from != centre &&
				e->to != centre))
				continue;
			to = box_of(nodes, count, e->to);
			if (to == ER_NONE)
				continue;
			p->lines = mem_resize(p->lines, p->line_count + 1,
			    sizeof(*p->lines));
			line = &p->lines[p->line_count++];
			*line = (struct er_line){.edge = g->touching[t],
			    .left = i,
			    .right = to,
			    .from = port(p, &p->boxes[i], e->columns),
			    .to = port(p, &p->boxes[to], e->target)};
		}
}

void
er_plan_free(struct er_plan *p)
{
	size_t i;

	for (i = 0; i < p->line_count; i++)
		free(p->lines[i].curve);
	free(p->boxes);
	free(p->lines);
	free(p->steps);
}

/* --- pictures ----------------------------------------------------------------- */

static void
lay_out(struct er_plan *p, const char *dot)
{
	if (dot != NULL && p->box_count > 1 && er_place_by_dot(p, dot))
		return;
	er_layers(p);
	er_order(p);
	er_place(p);
}

static int
taller_first(const void *a, const void *b)
{
	const struct er_plan *pa = a, *pb = b;

	if (pa->h != pb->h)
		return pa->h < pb->h ? 1 : -1;
	return pa->boxes[0].node < pb->boxes[0].node ? -1 : 1;
}

/* Shelves about as wide as the whole is high, times 1.6. */
static void
pack(struct er_plan *plans, size_t n, double *w, double *h)
{
	double area = 0, widest = 0, x = 0, y = 0, shelf = 0, width;
	size_t i;

	qsort(plans, n, sizeof(*plans), taller_first);
	for (i = 0; i < n; i++) {
		area += (plans[i].w + SPACE) * (plans[i].h + SPACE);
		widest = plans[i].w > widest ? plans[i].w : widest;
	}
	width = sqrt(area * 1.6);
	width = width > widest ? width : widest;
	*w = 0;
	for (i = 0; i < n; i++) {
		if (x > 0 && x + plans[i].w > width) {
			y += shelf + SPACE;
			x = shelf = 0;
		}
		plans[i].x = x;
		plans[i].y = y;
		x += plans[i].w + SPACE;
		shelf = plans[i].h > shelf ? plans[i].h : shelf;
		*w = x - SPACE > *w ? x - SPACE : *w;
	}
	*h = y + shelf;
}

static void
draw(struct er_plan *plans, size_t n, const char *label,
    const struct er_options *o, struct str *out)
{
	double w, h;
	size_t i;

	for (i = 0; i < n; i++)
		lay_out(&plans[i], o->dot);
	pack(plans, n, &w, &h);
	str_addf(out,
	    "<svg viewBox=\"-8 -8 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\" "
	    "role=\"group\" aria-label=\"",
	    w + 16, h + 16, w + 16, h + 16);
	escape_html(out, label);
	str_add(out, "\">\n");
	for (i = 0; i < n; i++)
		er_svg_plan(&plans[i], o, out);
	str_add(out, "</svg>\n");
	for (i = 0; i < n; i++)
		er_plan_free(&plans[i]);
}

static size_t
connected(const struct er_graph *g)
{
	size_t i, n = 0;

	for (i = 0; i < g->node_count; i++)
		n += g->nodes[i].degree > 0;
	return n;
}

size_t
er_whole_size(const struct er_graph *g)
{
	return connected(g);
}

/* The nodes that can be reached from one, marked with its number. */
static size_t
reach(const struct er_graph *g, size_t start, size_t *mark, size_t *found)
{
	size_t n = 0, next = 0, t;

	found[n++] = start;
	mark[start] = start + 1;
	while (next < n) {
		size_t node = found[next++];

		for (t = g->first[node]; t < g->first[node + 1]; t++) {
			const struct er_edge *e = &g->edges[g->touching[t]];
			size_t other = e->from == node ? e->to : e->from;

			if (mark[other] == 0) {
				mark[other] = start + 1;
				found[n++] = other;
			}
		}
	}
	return n;
}

static int
by_number(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return x < y ? -1 : x > y;
}

/* A view has no references; alone it tells nothing. */
static bool
is_left_out(const struct er_graph *g, size_t node, bool all)
{
	const char *kind = g->nodes[node].detail;

	return g->nodes[node].degree == 0 &&
	    (!all || (kind != NULL && strstr(kind, "view") != NULL));
}

void
er_draw_whole(const struct er_graph *g, const struct er_options *o,
    struct str *out)
{
	size_t *mark CLEANUP_FREE =
	    mem_zalloc((g->node_count + 1) * sizeof(*mark));
	size_t *found CLEANUP_FREE =
	    mem_zalloc((g->node_count + 1) * sizeof(*found));
	struct er_plan *plans CLEANUP_FREE =
	    mem_zalloc((g->node_count + 1) * sizeof(*plans));
	struct str label CLEANUP(str_free) = STR_INIT;
	size_t shown = 0, i, n = 0;
	bool all = g->node_count <= ALONE;

	for (i = 0; i < g->node_count; i++)
		shown += !is_left_out(g, i, all);
	for (i = 0; i < g->node_count; i++) {
		size_t count;

		if (mark[i] != 0 || is_left_out(g, i, all))
			continue;
		count = reach(g, i, mark, found);
		qsort(found, count, sizeof(*found), by_number);
		er_plan_make(&plans[n++], g, found, count, ER_NONE,
		    shown <= ALL_COLUMNS ? ER_COLUMNS : ER_KEYS);
	}
	str_addf(&label, "Diagram of %zu tables and %zu references", shown,
	    g->edge_count);
	draw(plans, n, str_text(&label), o, out);
}

void
er_draw_around(const struct er_graph *g, size_t node, size_t max,
    const struct er_options *o, size_t *left_out, struct str *out)
{
	size_t *found CLEANUP_FREE = mem_zalloc((max + 1) * sizeof(*found));
	struct str label CLEANUP(str_free) = STR_INIT;
	struct er_plan plan;
	size_t n = 0, t;

	*left_out = 0;
	found[n++] = node;
	for (t = g->first[node]; t < g->first[node + 1]; t++) {
		const struct er_edge *e = &g->edges[g->touching[t]];
		size_t other = e->from == node ? e->to : e->from;

		if (box_of(found, n, other) != ER_NONE)
			continue;
		if (n < max)
			found[n++] = other;
		else
			++*left_out;
	}
	er_plan_make(&plan, g, found, n, node, ER_KEYS);
	str_add(&label, "Diagram of ");
	str_add(&label, g->nodes[node].name);
	str_addf(&label, " and %zu neighbours", n - 1);
	draw(&plan, 1, str_text(&label), o, out);
}
