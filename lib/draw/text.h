/* SPDX-License-Identifier: PostgreSQL */
/*
 * Text of the world in a picture: names from a database are hostile.
 */
#ifndef DRAW_TEXT_H
#define DRAW_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/*
 * The next character of *text, which is moved behind it.  What is no UTF-8,
 * a control character, no character at all, or turns the direction of
 * writing is U+FFFD; tab and newline are spaces.  0 at the end.
 */
uint32_t draw_next_char(const char **text);
void draw_add_char(struct str *out, uint32_t c); /* as UTF-8 */

/* Safe between tags and in quoted attributes of XML and HTML. */
void draw_xml(struct str *out, const char *text);

/* About how wide text is at a font size of 1, in a wide sans serif. */
double draw_width(const char *text);
/* Columns of a terminal. */
size_t draw_columns(const char *text);
/* As much of text as fits, with an ellipsis where it was cut: by width at
 * font size 1, or by columns of a terminal ("~" for the ellipsis where ascii,
 * "?" for what is not). */
void draw_fit(struct str *out, const char *text, double width);
void draw_fit_columns(struct str *out, const char *text, size_t columns,
    bool ascii);

#endif
