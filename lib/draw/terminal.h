/* SPDX-License-Identifier: PostgreSQL */
/*
 * Figures as lines of text: braille dots and blocks, or plain ASCII.
 */
#ifndef DRAW_TERMINAL_H
#define DRAW_TERMINAL_H

#include "draw/figure.h"

struct draw_terminal {
	size_t columns, rows; /* of the whole; 0: 80 and 20 */
	bool ascii;	      /* nothing but ASCII */
	bool colour;	      /* with the escapes of 256-colour terminals */
};

/* Lines, each ended by a newline, appended to out.  No control character of
 * the figure's texts gets through. */
void draw_terminal(struct draw_figure *f, const struct draw_terminal *t,
    struct str *out);

/* What the terminal of this descriptor shows: its size, colours (unless
 * NO_COLOR is set, and only if it is a terminal), and whether the locale of
 * the environment has UTF-8. */
void draw_terminal_probe(int fd, struct draw_terminal *t);

#endif
