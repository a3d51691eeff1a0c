/* SPDX-License-Identifier: PostgreSQL */
/*
 * Name patterns as psql has them ("Patterns" in its manual page): letters
 * outside of double quotes are folded to lower case, * stands for any
 * characters and ? for one, a dot separates schema and table, $ is itself,
 * and everything else that regular expressions know works as there.  What
 * stands within double quotes is taken as it is.
 *
 * A pattern can also be a regular expression as a whole, which is looked for
 * in the name of schema and table as SQL has it: public.metrics, "My".t.
 *
 * Other than in psql, a pattern without a schema means any schema: here
 * the search_path is always empty.
 */
#ifndef CHUNK_PATTERN_H
#define CHUNK_PATTERN_H

#include <stdbool.h>

#include "base/status.h"

struct pattern {
	char *text;	/* as it was given, for messages */
	char *database; /* NULL: the connected one */
	char *schema;	/* NULL: any */
	char *name;
	/* The text is a regular expression, not the name itself. */
	bool schema_like, name_like;
	bool whole;	/* the name's expression is about schema.table */
	bool leave_out; /* set by the caller; it came with -x */
};

/* Reports what is no pattern; STATUS_USAGE. */
status pattern_parse(const char *text, struct pattern *out) MUST_CHECK;
/* The same for a regular expression; the server says if it is one. */
status pattern_regex(const char *text, struct pattern *out) MUST_CHECK;
void pattern_free(struct pattern *p); /* also the cleanup */

#endif
