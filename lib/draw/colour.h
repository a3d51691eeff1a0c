/* SPDX-License-Identifier: PostgreSQL */
/*
 * Colours that a colour-blind reader can tell apart, on light and on dark
 * ground: six of Okabe and Ito's, then an indigo and a brown in place of their
 * black and yellow, of which each is lost on one of the grounds.  Series
 * beyond the eighth have them again with dashes.
 */
#ifndef DRAW_COLOUR_H
#define DRAW_COLOUR_H

#include <stdbool.h>
#include <stddef.h>

#define DRAW_COLOURS 8
#define DRAW_HEATS 12

/* "#0072b2" of series i. */
const char *draw_colour(size_t i, bool dark);
/* Which of 256 terminal colours comes close. */
int draw_colour_256(size_t i);
/* "6 3" for stroke-dasharray, NULL for a solid line. */
const char *draw_dash(size_t i);
/* Step i of DRAW_HEATS from little to much (the scale "cividis"). */
const char *draw_heat(size_t i);
int draw_heat_256(size_t i);

#endif
