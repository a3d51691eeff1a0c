/* SPDX-License-Identifier: PostgreSQL */
/*
 * Comma-separated values as RFC 4180 and `psql --csv` have them, from bytes
 * that come in pieces.  Tabs or semicolons serve as well: the first line says
 * which.  A byte order mark is passed over; lines end by LF or CR LF.
 */
#ifndef CHART_CSV_H
#define CHART_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/str.h"

#define CSV_RECORD_MAX ((size_t)1024 * 1024)
#define CSV_FIELDS_MAX 10000

/* A field that is empty and not in quotes is NULL.  A status other than
 * STATUS_OK ends the reading and is returned. */
typedef status (
    *csv_row_fn)(void *arg, char *const *fields, size_t n, uint64_t line);

struct csv {
	const char *name; /* for messages */
	csv_row_fn row;
	void *arg;
	char delimiter; /* 0: not known yet */
	enum { CSV_BEGIN, CSV_PLAIN, CSV_QUOTED, CSV_QUOTE } state;
	bool quoted;	  /* this field has been in quotes */
	struct str bytes; /* fields of the record, each ended by a zero byte */
	size_t *starts;	  /* where they start; SIZE_MAX: NULL */
	char **fields;	  /* room for as many pointers */
	size_t len, cap;
	size_t start; /* of the field that is read */
	uint64_t line, record_line;
	struct str first; /* the first line, until the delimiter is known */
	bool marked;	  /* the beginning was looked at */
};

/* Zeroed but name, row and arg. */
status csv_push(struct csv *c, const char *bytes, size_t n) MUST_CHECK;
/* The end: a last line without a newline counts, an open quote does not. */
status csv_finish(struct csv *c) MUST_CHECK;
void csv_free(struct csv *c); /* also the cleanup */

#endif
