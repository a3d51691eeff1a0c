/* SPDX-License-Identifier: PostgreSQL */
/*
 * SVG to PNG, by librsvg and cairo: the only place that knows them.
 */
#ifndef DRAW_PNG_H
#define DRAW_PNG_H

#include "base/status.h"
#include "base/str.h"

/* Each length is taken scale times; light, whatever the reader prefers.
 * Appends a whole PNG file to out; reports. */
status draw_png(const struct str *svg, double scale, struct str *out)
    MUST_CHECK;

#endif
