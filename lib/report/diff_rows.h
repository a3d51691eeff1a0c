/* SPDX-License-Identifier: PostgreSQL */
/*
 * What happened to the rows of one section (report/diff.h).
 */
#ifndef REPORT_DIFF_ROWS_H
#define REPORT_DIFF_ROWS_H

#include <stdbool.h>

#include "data/record.h"

struct diff_rows {
	json_t *added, *removed, *changed, *grown; /* lists; the caller's */
};

/* Compare two S of collections; growth only where they are comparable. */
void diff_rows(struct diff_rows *l, const json_t *from, const json_t *to,
    bool comparable);

#endif
