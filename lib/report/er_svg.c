/* SPDX-License-Identifier: PostgreSQL */
/*
 * A plan, drawn: boxes are links to their cards, lines have a fork where
 * there are many and a bar at what they refer to.  Colours are the page's
 * style: there are classes here, and no style of its own.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "report/er_inside.h"
#include "report/escape.h"

#define BEND 6.0
#define TYPE_SHOWN 18
#define NAME_SHOWN 34

/* At most so many letters, and a sign for the rest. */
static void
add_short(struct str *out, const char *text, size_t most)
{
	const char *p = text;
	size_t n = 0;

	while (*p != '\0' && n < most) {
		const char *next = p;
		unsigned c = escape_next(&next);

		n += c >= 0x1100 ? 2 : 1;
		p = next;
	}
	if (*p == '\0') {
		escape_html(out, text);
	} else {
		char *head CLEANUP_FREE = mem_strndup(text, (size_t)(p - text));

		escape_html(out, head);
		str_add(out, "\u2026");
	}
}

static void
add_column(const struct er_plan *p, const struct er_box *b, size_t nth,
    struct str *out)
{
	const struct er_column *c =
	    &p->graph->nodes[b->node].columns[er_box_column(p, b, nth)];
	double y = p->y + b->y + ER_HEAD + ER_ROW * ((double)nth + 0.5) + 6;

	str_addf(out, "<text x=\"%.0f\" y=\"%.0f\"%s>", p->x + b->x + 24, y,
	    c->primary ? " class=\"k\"" : "");
	add_short(out, c->name, NAME_SHOWN);
	str_addf(out, "</text><text x=\"%.0f\" y=\"%.0f\" class=\"t\">",
	    p->x + b->x + b->w - 8, y);
	add_short(out, c->type, TYPE_SHOWN);
	str_add(out, "</text>");
	if (c->primary || c->foreign)
		str_addf(out,
		    "<text x=\"%.0f\" y=\"%.0f\" class=\"m\">%s</text>",
		    p->x + b->x + 7, y, c->primary ? "\u25c6" : "\u2192");
}

static void
add_box(const struct er_plan *p, const struct er_box *b,
    const struct er_options *o, struct str *out)
{
	const struct er_node *node = &p->graph->nodes[b->node];
	const char *id =
	    o->link != NULL ? o->link(p->graph, b->node, o->arg) : NULL;
	size_t shown = er_box_shown(p, b), i;
	double x = p->x + b->x, y = p->y + b->y;

	if (id != NULL) {
		str_add(out, "<a href=\"#");
		escape_html(out, id);
		str_add(out, "\">");
	}
	str_addf(out, "<g class=\"box%s\"><title>", b->centre ? " self" : "");
	escape_html(out, node->name);
	str_addf(out,
	    "</title><rect x=\"%.1f\" y=\"%.1f\" width=\"%.0f\" "
	    "height=\"%.0f\" rx=\"6\"/><path class=\"h\" d=\"M%.1f %.1fv-%.0f"
	    "q0-6 6-6h%.0fq6 0 6 6v%.0fz\"/>",
	    x + 0.5, y + 0.5, b->w - 1, b->h - 1, x + 0.5, y + ER_HEAD,
	    ER_HEAD - 6.5, b->w - 13, ER_HEAD - 6.5);
	str_addf(out, "<text x=\"%.0f\" y=\"%.0f\" class=\"n\">", x + 10,
	    y + 18);
	add_short(out, node->name, NAME_SHOWN);
	str_add(out, "</text>");
	for (i = 0; i < shown; i++)
		add_column(p, b, i, out);
	if (b->rows > shown)
		str_addf(out,
		    "<text x=\"%.0f\" y=\"%.0f\" class=\"r\">%zu more</text>",
		    x + 24, y + ER_HEAD + ER_ROW * ((double)shown + 0.5) + 6,
		    node->column_count - shown);
	str_add(out, id != NULL ? "</g></a>\n" : "</g>\n");
}

/* The ends: a fork at a side of a box (dir 1: to the right of it), a bar. */
static void
add_fork(struct str *out, double x, double y, double dir)
{
	str_addf(out, "M%.1f %.1fL%.1f %.1fL%.1f %.1f", x, y - 5, x + dir * 10,
	    y, x, y + 5);
}

static void
add_bar(struct str *out, double x, double y, double dir)
{
	str_addf(out, "M%.1f %.1fv10", x + dir * 7, y - 5);
}

static void
add_ends(struct str *out, const struct er_line *line, double x1, double y1,
    double x2, double y2)
{
	if (line->back) {
		add_bar(out, x1, y1, 1);
		add_fork(out, x2, y2, -1);
	} else {
		add_fork(out, x1, y1, 1);
		add_bar(out, x2, y2, -1);
	}
}

/* Along a step: level, a round corner, up or down, a round corner. */
static void
add_turn(struct str *out, double track, double y1, double y2)
{
	double r = fmin(BEND, fabs(y2 - y1) / 2), d = y2 > y1 ? 1 : -1;

	str_addf(out, "H%.1fq%.1f 0 %.1f %.1fV%.1fq0 %.1f %.1f %.1f", track - r,
	    r, r, d * r, y2 - d * r, d * r, r, d * r);
}

static void
add_steps(const struct er_plan *p, const struct er_line *line, struct str *out)
{
	const struct er_box *left = &p->boxes[line->left];
	const struct er_box *right = &p->boxes[line->right];
	double x1 = p->x + left->x + left->w, y1 = p->y + left->y + line->from;
	double x2 = p->x + right->x, y2 = p->y + right->y + line->to, y = y1;
	size_t step = line->first_step;

	str_addf(out, "M%.1f %.1f", x1, y1);
	for (;;) {
		const struct er_step *s = &p->steps[step];
		double to = p->y + p->boxes[s->right].y + s->to;

		if (s->track > 0) {
			add_turn(out, p->x + s->track, y, to);
			y = to;
		}
		if (s->right == line->right)
			break;
		step = p->boxes[s->right].next;
	}
	str_addf(out, "H%.1f", x2);
	add_ends(out, line, x1, y1, x2, y == y2 ? y2 : y);
}

static void
add_loop(const struct er_plan *p, const struct er_line *line, struct str *out)
{
	const struct er_box *b = &p->boxes[line->left];
	double x = p->x + b->x + b->w, y1 = p->y + b->y + line->from;
	double y2 = p->y + b->y + line->to;

	if (fabs(y1 - y2) < 12)
		y2 = y1 > p->y + b->y + 20 ? y1 - 14 : y1 + 14;
	str_addf(out, "M%.1f %.1fh22V%.1fh-22", x, y1, y2);
	add_fork(out, x, y1, 1);
	add_bar(out, x, y2, 1);
}

static void
add_curve(const struct er_plan *p, const struct er_line *line, struct str *out)
{
	const double *c = line->curve;
	size_t i, last = 2 * (line->points - 1);

	str_addf(out, "M%.1f %.1fC", p->x + c[0], p->y + c[1]);
	for (i = 1; i < line->points; i++)
		str_addf(out, "%s%.1f %.1f", i > 1 ? " " : "", p->x + c[2 * i],
		    p->y + c[2 * i + 1]);
	add_fork(out, p->x + c[0], p->y + c[1], 1);
	add_bar(out, p->x + c[last], p->y + c[last + 1], -1);
}

static void
add_line(const struct er_plan *p, const struct er_line *line, struct str *out)
{
	const struct er_edge *e = &p->graph->edges[line->edge];

	str_add(out, "<path class=\"e\" d=\"");
	if (line->curve != NULL)
		add_curve(p, line, out);
	else if (line->left == line->right)
		add_loop(p, line, out);
	else
		add_steps(p, line, out);
	str_add(out, "\"><title>");
	escape_html(out, p->graph->nodes[e->from].name);
	str_add(out, " \u2192 ");
	escape_html(out, p->graph->nodes[e->to].name);
	if (*e->name != '\0') {
		str_add(out, ": ");
		escape_html(out, e->name);
	}
	str_add(out, "</title></path>\n");
}

void
er_svg_plan(const struct er_plan *p, const struct er_options *o,
    struct str *out)
{
	size_t i;

	str_add(out, "<g aria-hidden=\"true\">");
	for (i = 0; i < p->line_count; i++)
		add_line(p, &p->lines[i], out);
	str_add(out, "</g>\n");
	for (i = 0; i < p->box_count; i++)
		if (p->boxes[i].node != ER_NONE)
			add_box(p, &p->boxes[i], o, out);
}
