/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the files that draw text share.  Private to lib/draw.
 */
#ifndef DRAW_TERMINAL_PRIVATE_H
#define DRAW_TERMINAL_PRIVATE_H

#include <stdint.h>

#include "draw/colour.h"
#include "draw/frame.h"
#include "draw/terminal.h"

#define CELL_NO_SERIES 0xffffu

/* One place for a character. */
struct cell {
	uint32_t c;	 /* 0: its dots, or a space */
	uint8_t dots;	 /* of a braille character */
	uint16_t series; /* whose colour it has */
	bool heat;	 /* series is a step of the heat scale, as ground */
};

struct text {
	struct draw_frame d;
	const struct draw_terminal *t;
	struct str *out;
	size_t width, height; /* of the plot */
	struct cell *cells;   /* height rows of width */
	bool marked;	      /* series are told apart by their characters */
};

/* The character that stands for series i where there is no colour. */
char text_mark(size_t i);
struct cell *text_cell(struct text *x, size_t column, size_t row);
void text_lines(struct text *x);
void text_columns(struct text *x); /* bars and stacks */
void text_heat(struct text *x);

#endif
