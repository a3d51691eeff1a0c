/* SPDX-License-Identifier: PostgreSQL */
/*
 * A diagram on its way from a graph to a picture.  Lengths are pixels; boxes
 * have their origin at the upper left.  Layers run from left to right: who
 * refers stands left of what it refers to, unless a cycle was broken there.
 */
#ifndef REPORT_ER_INSIDE_H
#define REPORT_ER_INSIDE_H

#include "report/er.h"

#define ER_NONE ((size_t)-1)
#define ER_HEAD 26.0	/* height of a box's name */
#define ER_ROW 17.0	/* of a column */
#define ER_GAP 22.0	/* between boxes of a layer */
#define ER_BEND 10.0	/* above and below a bend */
#define ER_CHANNEL 46.0 /* the least between layers */
#define ER_TRACK 9.0	/* between lines in a channel */
#define ER_CHAR 6.65	/* width of a letter in a box */

enum er_detail { ER_NAMES, ER_KEYS, ER_COLUMNS };

struct er_box {
	size_t node; /* ER_NONE: a bend of a long line */
	size_t layer, order;
	double x, y, w, h;
	enum er_detail detail;
	size_t rows; /* columns shown, and one line for those left out */
	bool centre;
	/* Of a bend: the lines that go through it end at one port of one box,
	 * and go on by one step. */
	size_t target, next;
	double port;
};

struct er_step {	    /* a line's part between two neighbouring layers */
	size_t left, right; /* boxes */
	double from, to;    /* ports, from the boxes' tops */
	double track;	    /* x of its upright part */
};

struct er_line {
	size_t edge;
	size_t left, right; /* boxes; the same for a loop */
	double from, to;    /* ports */
	bool back;	    /* the left one is referred to */
	size_t first_step;  /* the rest is found by the bends' next */
	double *curve;	    /* by dot: x, y of control points; owned */
	size_t points;
};

struct er_plan { /* a component */
	const struct er_graph *graph;
	struct er_box *boxes;
	size_t box_count;
	struct er_line *lines;
	size_t line_count;
	struct er_step *steps;
	size_t step_count;
	size_t layer_count;
	double x, y, w, h; /* in the picture */
};

/* er_plan.c: nodes (rows of the graph) that belong together, with the edges
 * among them; centre may be ER_NONE, else only edges that touch it. */
void er_plan_make(struct er_plan *p, const struct er_graph *g,
    const size_t *nodes, size_t count, size_t centre, enum er_detail detail);
void er_plan_free(struct er_plan *p);
/* Which columns a box shows: the nth, or ER_NONE behind the last; shown says
 * how many columns, without the line for the rest. */
size_t er_box_column(const struct er_plan *p, const struct er_box *b,
    size_t nth);
size_t er_box_shown(const struct er_plan *p, const struct er_box *b);

/* er_layers.c: layers, dummies and steps; then the order in the layers. */
void er_layers(struct er_plan *p);
void er_order(struct er_plan *p); /* er_order.c */
void er_place(struct er_plan *p); /* er_place.c: x, y, tracks, w, h */
/* er_dot.c: the same by Graphviz; false (silent): do it yourself. */
bool er_place_by_dot(struct er_plan *p, const char *dot);
/* er_svg.c */
void er_svg_plan(const struct er_plan *p, const struct er_options *o,
    struct str *out);

#endif
