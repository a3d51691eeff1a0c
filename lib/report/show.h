/* SPDX-License-Identifier: PostgreSQL */
/*
 * What of a section is shown, and how its values read: the part that all
 * renderings share.
 */
#ifndef REPORT_SHOW_H
#define REPORT_SHOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "data/record.h"

enum show_format {
	SHOW_TEXT,
	SHOW_CODE,
	SHOW_SQL,
	SHOW_NUMBER,
	SHOW_BYTES,
	SHOW_PERCENT,  /* of a share of 1 */
	SHOW_DURATION, /* of seconds */
	SHOW_TIME,
	SHOW_FLAG,
	SHOW_LIST,
	SHOW_MARKDOWN
};

struct show_column {
	const char *column; /* lives as long as the document */
	char *title;
	enum show_format format;
	const json_t *show; /* a nested table's columns, or NULL */
	bool nested;	    /* a table in a cell */
};

struct show_columns {
	struct show_column *data;
	size_t len;
};
/* clang-format off */
#define SHOW_COLUMNS_INIT {NULL, 0}
/* clang-format on */
void show_columns_free(struct show_columns *c); /* also the cleanup */

/*
 * The columns of rows: those that 'show' names, else those that 'columns'
 * names, else those that the rows have.  The last two may be NULL.
 */
void show_columns(struct show_columns *out, const json_t *show,
    const json_t *columns, const json_t *rows);
/* Of a section. */
void show_columns_of(struct show_columns *out, const json_t *section);

/* Nothing to see: null, absent, "", [], {}. */
bool show_empty(const json_t *value);
/* An array of objects. */
bool show_is_table(const json_t *value);
bool show_is_number(enum show_format format); /* to the right */
/* As plain text, not escaped. */
void show_value(struct str *out, const json_t *value, enum show_format format);
/* What to sort by where that is not the text: a number; false otherwise. */
bool show_number(const json_t *value, double *out);
void show_count(struct str *out, size_t n); /* "12,345" */
/* "{schema}.{table}" filled in; without a template, the key's values with
 * dots between, or the first column's. */
void show_name(struct str *out, const json_t *section, const json_t *row);
/* The key's values with a separator between that is in no text. */
void show_key(struct str *out, const json_t *key, const json_t *row);
/* "last_scan" as "Last scan". */
void show_title(struct str *out, const char *column);

/* How many rows of a section a page shows, by its own limit and another (0:
 * none). */
size_t show_limit(const json_t *section, size_t max, size_t otherwise);
/* "1,000 of 12,000 rows are shown": "" when none was left out. */
void show_cut(struct str *out, const json_t *section, size_t shown);
size_t show_total(const json_t *section);

/* Fields that a damaged document may lack. */
const char *show_text(const json_t *object, const char *field); /* "" */

#endif
