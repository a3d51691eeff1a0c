/* SPDX-License-Identifier: PostgreSQL */
/*
 * The kinds of change that a difference has, in the order in which they are
 * shown.
 */
#ifndef REPORT_CHANGES_H
#define REPORT_CHANGES_H

#include <stdbool.h>

#include "base/str.h"
#include "data/record.h"

/* A section's: "added", "removed", "changed", "grown"; of checks: "new",
 * "worse", "better", "fixed". */
#define CHANGES 4
extern const char *const changes_of_rows[CHANGES];
extern const char *const changes_of_findings[CHANGES];

/* Has this database, or section, anything to show? */
bool changes_in_section(const json_t *section);
bool changes_in_database(const json_t *database);
/* The name of a changed row from its key. */
void changes_name(struct str *out, const json_t *section, const json_t *change);
/* What an item of "unknown" says, without its title: the caller's to free. */
char *changes_unknown(const json_t *item);
/* "+12.5 MB"-like: to minus from, if both are numbers. */
bool changes_growth(const json_t *field, double *out);

#endif
