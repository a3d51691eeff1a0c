/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the files that draw SVG share.  Private to lib/draw.
 *
 * Lengths are pixels of the view box, y downwards.
 */
#ifndef DRAW_SVG_PRIVATE_H
#define DRAW_SVG_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>

#include "draw/frame.h"
#include "draw/svg.h"

#define SVG_SMALL 11.0 /* font sizes */
#define SVG_LEGEND 12.0

/* A picture in the making. */
struct svg {
	struct draw_frame d;
	struct str *out;
	const char *id;
	double width, height;
	double left, top, right, bottom; /* of the plot */
};

/* A length with at most one decimal place. */
void svg_length(struct str *out, double v);
/* " name=\"12.5\"" */
void svg_attribute(struct str *out, const char *name, double v);
/* One line of text; anchor is "start", "middle" or "end". */
void svg_text(struct str *out, const char *class, double x, double y,
    const char *anchor, const char *text);
void svg_line(struct str *out, const char *class, double x1, double y1,
    double x2, double y2);
void svg_rect(struct str *out, const char *class, double x, double y,
    double width, double height);
/* " class=\"pgd-c3 pgd-again\"", beginning with further classes. */
void svg_series_class(struct svg *g, const char *classes, size_t i);

double svg_x(const struct svg *g, double x);
double svg_y(const struct svg *g, double y);

/* The marks of each kind, within the plot. */
void svg_marks_lines(struct svg *g, bool area);
void svg_marks_bars(struct svg *g);
void svg_marks_stack(struct svg *g);
void svg_marks_heat(struct svg *g);

/* Bars that lie: axes and all; top and width are set. */
double svg_lying_height(const struct draw_figure *f);
void svg_lying(struct svg *g);

/* The legend from y on; its height, 0 for none. */
double svg_legend(struct svg *g, double y);
double svg_heat_legend(struct svg *g, double y);
#endif
