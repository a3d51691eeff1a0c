/* SPDX-License-Identifier: PostgreSQL */
/*
 * A figure: series of points and what they mean.  It knows nothing of
 * pixels; draw/svg.h and draw/terminal.h make pictures of it.
 *
 *	struct draw_figure *f = draw_new(DRAW_LINE, DRAW_TIME);
 *	size_t s = draw_series(f, "north");
 *
 *	draw_set(&f->unit, "°C");
 *	draw_point(f, s, seconds, 21.5);
 *	draw_svg(f, &options, &out);
 *	draw_free(f);
 *
 * The same calls give the same bytes, whatever the locale or time zone.
 */
#ifndef DRAW_FIGURE_H
#define DRAW_FIGURE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"
#include "base/str.h"

enum draw_kind {
	DRAW_LINE,
	DRAW_AREA,    /* a line over its filled ground */
	DRAW_BAR,     /* series side by side */
	DRAW_STACKED, /* series on top of each other */
	DRAW_PERCENT, /* the same, as shares of what all sum up to */
	DRAW_HEATMAP  /* a row of coloured cells for each series */
};

enum draw_axis {
	DRAW_TIME,   /* x is seconds since 1970 UTC, also before Christ */
	DRAW_NUMBER, /* x is a number */
	DRAW_LABELS  /* x is the number of a label; bars lie down */
};

struct draw_point {
	double x, y; /* y NAN: known to be missing, a gap */
};

struct draw_series {
	char *name;
	struct draw_point *points;
	size_t len, cap;
	bool sorted;
	bool muted; /* in grey: the sum of what is not shown */
};

struct draw_figure {
	enum draw_kind kind;
	enum draw_axis axis;
	/* Texts are owned; set them by draw_set(); NULL for none. */
	char *title;
	char *note;	    /* below the title: what was done with the data */
	char *unit;	    /* of y: "°C", "%", "bytes" (counted in 1024) */
	char *empty;	    /* what to say when there is no point */
	double from, until; /* the range of x to show; NAN: that of the data */
	double min, max;    /* that of y; NAN: as the data asks for */
	double step;	    /* distance of two x that follow each other without
			     * a gap, and the width of a bar; 0: not known */
	struct draw_series *series;
	size_t len, cap;
	struct strv labels; /* DRAW_LABELS */
};

struct draw_figure *draw_new(enum draw_kind kind, enum draw_axis axis);
void draw_free(struct draw_figure *f); /* NULL is legal */
void draw_cleanup(struct draw_figure **f);
void draw_set(char **field, const char *text); /* text NULL: none */

/* A new series, drawn in this order; its index.  name NULL is "". */
size_t draw_series(struct draw_figure *f, const char *name);
/* The next label of DRAW_LABELS; its x. */
double draw_label(struct draw_figure *f, const char *text);
/* In any order.  An infinite or NaN y is a gap, an infinite or NaN x is left
 * out; of two points with the same x the later one counts. */
void draw_point(struct draw_figure *f, size_t series, double x, double y);

/* Put points in order, once; the drawing functions do it themselves. */
void draw_sort(struct draw_figure *f);
/* Numbers (not gaps) of all series. */
size_t draw_count(const struct draw_figure *f);
/* One sentence in words: what a reader hears who does not see. */
void draw_describe(struct draw_figure *f, struct str *out);

/*
 * All series over the same x: y[series * len + i] belongs to x[i], NAN where
 * a series has nothing.
 */
struct draw_grid {
	double *x, *y;
	size_t len;
};
void draw_grid(struct draw_figure *f, struct draw_grid *out);
void draw_grid_free(struct draw_grid *g); /* also the cleanup */
/* Stack them: y becomes the upper edge, *low (as y, caller frees) the lower
 * one.  What is below zero is stacked downwards.  For shares (percent) what
 * is below zero counts as nothing. */
void draw_stack(struct draw_grid *g, size_t series, bool percent, double **low);

/* How far two points of a series may be apart and still be joined. */
double draw_reach(const struct draw_figure *f, const struct draw_point *points,
    size_t len);

#endif
