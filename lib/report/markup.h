/* SPDX-License-Identifier: PostgreSQL */
/*
 * The Markdown of explanations (explain.md) and of values that say they are,
 * as HTML: headings, paragraphs, lists, blocks of code and of quotation, and
 * within a line code, strong and emphasised text and links to https, http and
 * anchors.  Whatever else it holds, HTML above all, is text.
 */
#ifndef REPORT_MARKUP_H
#define REPORT_MARKUP_H

#include "base/str.h"

/* level: of the highest heading it may make, 2 to 6. */
void markup_html(struct str *out, const char *text, int level);

#endif
