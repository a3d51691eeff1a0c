/* SPDX-License-Identifier: PostgreSQL */
/*
 * Figures as SVG 1.1 text: well-formed, without scripts, links or fonts of its
 * own, with a title and a description for who does not see it, in colours
 * that go with light and dark.
 */
#ifndef DRAW_SVG_H
#define DRAW_SVG_H

#include "draw/figure.h"

struct draw_options {
	unsigned width, height; /* 0: 900 wide, as high as the kind needs */
	/*
	 * Part of an HTML page: no style element and no ground of its own;
	 * the page has draw_css() once for all its pictures.
	 */
	bool embedded;
	const char *id; /* begins its ids; unique in the page; NULL: "pgd" */
};

/* One svg element, appended to out.  A figure without points says so. */
void draw_svg(struct draw_figure *f, const struct draw_options *o,
    struct str *out);

/* The rules for all classes ("pgd-...").  dark is a selector below which the
 * dark colours hold (":root[data-theme=dark]"), or NULL for a media query. */
void draw_css(struct str *out, const char *dark);

/* A line as small as a word: len values, NAN a gap; label for who does not
 * see it.  Always embedded.  Colour: that of the text around it. */
void draw_sparkline(struct str *out, const double *y, size_t len,
    unsigned width, unsigned height, const char *label);

#endif
