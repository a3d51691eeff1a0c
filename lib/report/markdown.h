/* SPDX-License-Identifier: PostgreSQL */
/*
 * Pieces of a Markdown file that both its documents are made of.
 */
#ifndef REPORT_MARKDOWN_H
#define REPORT_MARKDOWN_H

#include "data/record.h"

#include "report/show.h"

/* "## Title", one line, with blank lines around. */
void markdown_heading(struct str *out, int level, const char *text);
/* In one line, by its format; cell: within a table. */
void markdown_value(struct str *out, const json_t *value,
    enum show_format format, bool cell);
/* A table of at most limit rows; returns how many.  Columns that no row has a
 * value in are left out, and nested tables are, which are said to be n. */
size_t markdown_table(struct str *out, const struct show_columns *columns,
    const json_t *rows, size_t limit);
/* "**Title:** value", a list entry; nothing for what is empty. */
void markdown_fact(struct str *out, const char *title, const json_t *value,
    enum show_format format);
/* A finding: a list entry with its SQL. */
void markdown_finding(struct str *out, const json_t *finding);
void markdown_note(struct str *out, const char *text); /* in italics */

#endif
