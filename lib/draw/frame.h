/* SPDX-License-Identifier: PostgreSQL */
/*
 * A figure on its way to a picture of any kind: its points on a grid where
 * the kind needs one, and the scales of its axes.  Private to lib/draw.
 */
#ifndef DRAW_FRAME_H
#define DRAW_FRAME_H

#include "draw/figure.h"
#include "draw/scale.h"

struct draw_frame {
	struct draw_figure *f;
	struct draw_scale x, y;
	struct draw_grid grid; /* of kinds that stand on one, else empty */
	double *low;	       /* lower edges of stacks, else NULL */
	double cell;	       /* how much of x a bar or a cell takes */
};

/* All zeroed but f, which has a number at least. */
void draw_frame_open(struct draw_frame *d);
void draw_frame_close(struct draw_frame *d); /* f stays the caller's */

/* At most so many ticks of times, numbers or labels. */
void draw_frame_x(struct draw_frame *d, size_t times, size_t numbers,
    size_t labels);
void draw_frame_y(struct draw_frame *d, size_t ticks);
/* The y of a heat map: no ticks, from the least to the greatest. */
void draw_frame_heat(struct draw_frame *d);
/* Values of bars that lie, for either axis. */
void draw_frame_lying(struct draw_frame *d, struct draw_scale *s, size_t ticks);

bool draw_is_line(const struct draw_figure *f); /* a line or an area */
bool draw_is_stack(const struct draw_figure *f);
/* Has it bars that lie, with their labels at the left? */
bool draw_lies(const struct draw_figure *f);
/* A step of the heat scale below steps. */
size_t draw_heat_of(const struct draw_frame *d, double value, size_t steps);
/* Where the run of joined points ends that begins at i: the first index that
 * is not joined to the one before. */
size_t draw_run_end(const struct draw_point *p, size_t len, size_t i,
    double reach);
/* Columns of a stack as points (y 0), for draw_run_end; caller frees. */
struct draw_point *draw_columns_of(const struct draw_frame *d);

#endif
