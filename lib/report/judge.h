/* SPDX-License-Identifier: PostgreSQL */
/*
 * From the rows of a check's query to findings, and from a collection to the
 * lines of `pg-report check`.
 */
#ifndef REPORT_JUDGE_H
#define REPORT_JUDGE_H

#include <stdbool.h>

#include "base/status.h"
#include "data/record.h"
#include "report/config.h"
#include "report/folder.h"

#define JUDGE_FINDINGS_MAX 1000 /* of a check that are kept */

/*
 * Put the findings into check, a C of the collection: rows (a list of
 * objects) become "findings", "total" and "status"; what the query should
 * not have given makes the status "error" with its reason.
 */
void judge(json_t *check, const struct folder *f,
    const struct report_config *config, const char *database, const char *today,
    const json_t *rows);

/*
 * Lines on stdout: a finding each, worst first, skipped and failed checks
 * with their reason, then the end line with the score.
 */
status judge_print(const json_t *collection) MUST_CHECK;

/* STATUS_NO when a finding that is not waived is at or above fail_on. */
status judge_verdict(const json_t *collection, enum severity fail_on);

#endif
