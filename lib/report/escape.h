/* SPDX-License-Identifier: PostgreSQL */
/*
 * Text from a database, made harmless for where it is written.
 *
 * Whatever the place, characters that control a terminal, or that are not
 * seen but change how others are (direction marks, zero-width ones, tags),
 * come out as U+202E between angle brackets that are no markup.  A newline
 * and a tab stay, where the place can hold them.
 */
#ifndef REPORT_ESCAPE_H
#define REPORT_ESCAPE_H

#include <stdbool.h>

#include "base/str.h"

/* Content and quoted attributes of HTML and of XML. */
void escape_html(struct str *out, const char *text);
/* What follows '#' in a link, and an id: letters, digits, '_', '.' and '-' as
 * they are, others as ~XX; two texts never give one id. */
void escape_id(struct str *out, const char *text);
/* Running text of Markdown, also in a cell of a table: one line. */
void escape_markdown(struct str *out, const char *text);
/* As code within a line, in a cell of a table or not. */
void escape_markdown_code(struct str *out, const char *text, bool cell);
/* As a block of code of its own; language may be "". */
void escape_markdown_block(struct str *out, const char *text,
    const char *language);
/* Between single (') or double (") quotes of DBML, which it adds. */
void escape_dbml(struct str *out, const char *text, char quote);
/* Between double quotes of mermaid, which it adds; what its grammar cannot
 * hold becomes something alike. */
void escape_mermaid(struct str *out, const char *text);
/* A word of mermaid: what cannot be in one becomes '_'. */
void escape_mermaid_word(struct str *out, const char *text);
/* Between double quotes of the dot language, which it adds. */
void escape_dot(struct str *out, const char *text);

/* The character at *text, which is moved behind it; is it one to be made
 * visible?  Bytes that are no UTF-8 are characters of their own. */
unsigned escape_next(const char **text);
bool escape_unseen(unsigned before, unsigned c);
/* Columns on a terminal or letters in a picture, about. */
size_t escape_width(const char *text);

#endif
