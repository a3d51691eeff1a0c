/* SPDX-License-Identifier: PostgreSQL */
/*
 * The parts of the page that render_html.c puts together.
 */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "data/record.h"
#include "report/render.h"
#include "report/show.h"

struct html {
	const json_t *doc;
	const struct render_options *options;
	json_t *anchors; /* scope + key or name of a row -> its id */
};

/* Where a section or check belongs: the server or one database. */
struct html_scope {
	const char *prefix; /* of ids: "s", "d1", ... */
	const char *name;   /* of the database; NULL: the server */
	const json_t *at;   /* the object with sections and checks */
};

/* --- pieces (html_table.c) --- */
/* A cell's content by its format, escaped. */
void html_value(struct str *out, const json_t *value, enum show_format format);
/* "<table>" with a head and rows; caption is plain text and hidden where the
 * heading above says it.  At most limit rows, at most max bytes of them;
 * returns how many were written. */
struct html_table {
	const struct show_columns *columns;
	const json_t *rows;
	const char *caption;
	size_t limit, max;
	bool small;	 /* a table in a card */
	bool drop_empty; /* columns without any value; always in small ones */
	/* What to write into the first cell of a row instead of its value;
	 * false: nothing was written. */
	bool (*first)(struct str *out, const json_t *row, size_t number,
	    void *arg);
	/* Attributes of a row. */
	void (*attributes)(struct str *out, const json_t *row, size_t number,
	    void *arg);
	void *arg;
};
size_t html_table(struct str *out, const struct html_table *t);
/* A pair of a list of facts: nothing for an empty value. */
void html_fact(struct str *out, const char *title, const json_t *value,
    enum show_format format);
/* "<p class="note">..." with text escaped. */
void html_note(struct str *out, const char *text);
/* A block of SQL with its title, which a button copies. */
void html_sql(struct str *out, const char *title, const char *sql);

/* --- a section (html_section.c) --- */
/* Append the section, of about max bytes at the most. */
void html_section(struct html *h, const struct html_scope *scope,
    const json_t *section, size_t max, struct str *out);
/* Its id: "d1-tables". */
void html_section_id(struct str *out, const struct html_scope *scope,
    const json_t *section);

/* --- cards (html_cards.c) --- */
void html_cards(struct html *h, const struct html_scope *scope,
    const json_t *section, const struct show_columns *columns, size_t max,
    struct str *out);
/* The id of the row that a name ("schema.table") or a key stands for, or
 * NULL. */
const char *html_anchor(const struct html *h, const struct html_scope *scope,
    const char *name);

/* --- checks and the summary (html_checks.c, html_summary.c) --- */
void html_checks(struct html *h, const struct html_scope *scope,
    struct str *out);
void html_finding(struct html *h, const struct html_scope *scope,
    const json_t *finding, const json_t *check, struct str *out);
void html_summary(struct html *h, const struct html_scope *scopes, size_t n,
    struct str *out);
/* "<span class="sev critical">" with a sign and the word. */
void html_severity(struct str *out, const char *severity);
/* How many findings of a severity are not waived, over all checks. */
size_t html_count(const struct html_scope *scopes, size_t n,
    const char *severity);

/* --- a diff (html_diff.c) --- */
void html_diff(struct html *h, struct str *nav, struct str *out);

#endif
