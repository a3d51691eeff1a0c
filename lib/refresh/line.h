/* SPDX-License-Identifier: PostgreSQL */
/*
 * A continuous-aggregate line (pgpipe-records(5)), read into a struct, and
 * answered.
 */
#ifndef REFRESH_LINE_H
#define REFRESH_LINE_H

#include "data/record.h"

struct cagg_line {
	json_t *record; /* owned; what follows points into it */
	const char *id;
	const char *schema, *view;
	const char *type;   /* of its time column, or NULL: not said */
	char *watermark;    /* owned; NULL: nothing is materialised */
	const char *system; /* where it was listed, or NULL */
	bool has_watermark; /* there was such a field */
};

/* Takes its own reference to record.  A line that is none is reported by
 * what it is or lacks; STATUS_USAGE. */
status cagg_line_read(json_t *record, const char *where, struct cagg_line *out)
    MUST_CHECK;
void cagg_line_free(struct cagg_line *line);
/* Take out what an earlier answer put in. */
void cagg_line_forget(struct cagg_line *line);

#endif
