/* SPDX-License-Identifier: PostgreSQL */
/*
 * Entity-relationship diagrams as SVG.
 *
 * A graph is made of a section: its rows are nodes, the array that its
 * "diagram" names holds their edges.  A picture is of the whole, or of one
 * node and its neighbours.  Ours is a layered layout: cycles are broken, nodes
 * go to layers by their longest path, dummies stand in for long edges,
 * barycenter sweeps order the layers, isotonic regression places the boxes,
 * and edges run at right angles in tracks between the layers; components are
 * packed on shelves.  Graphviz's dot gives the places instead where its path
 * is given; the drawing stays ours.
 */
#ifndef REPORT_ER_H
#define REPORT_ER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "data/record.h"

struct er_column {
	const char *name, *type;
	bool primary, foreign, not_null;
};

struct er_node {
	char *name;	    /* as the section names its rows */
	const char *detail; /* its kind, or NULL */
	const json_t *row;
	struct er_column *columns;
	size_t column_count;
	size_t degree; /* edges to others and itself */
};

struct er_edge {
	size_t from, to;  /* rows: who refers, who is referred to */
	const char *name; /* of the constraint */
	const json_t *columns, *target; /* arrays of names, or NULL */
};

struct er_graph {
	struct er_node *nodes; /* one a row of the section */
	size_t node_count;
	struct er_edge *edges;
	size_t edge_count;
	/* Edges by node: those of node n are touching[first[n]..first[n+1]]. */
	size_t *first, *touching;
	size_t lost; /* edges to what the section does not hold */
};

/* NULL when the section asks for no diagram. */
struct er_graph *er_graph_of(const json_t *section);
void er_graph_free(struct er_graph *g); /* also the cleanup, by pointer */
void er_graph_cleanup(struct er_graph **g);

struct er_options {
	const char *dot; /* path of Graphviz's dot, or NULL */
	/* The id in the page of a node's card; NULL: no link. */
	const char *(*link)(const struct er_graph *g, size_t node, void *arg);
	void *arg;
	const char *id; /* unique in the page: of its title */
};

/* How many nodes a picture of the whole would show. */
size_t er_whole_size(const struct er_graph *g);
/* Append the picture: nodes with edges, and those without if there is
 * room for them. */
void er_draw_whole(const struct er_graph *g, const struct er_options *o,
    struct str *out);
/* Append that of a node and its neighbours (of all, at most max; *left_out
 * says how many are not there). */
void er_draw_around(const struct er_graph *g, size_t node, size_t max,
    const struct er_options *o, size_t *left_out, struct str *out);

#endif
