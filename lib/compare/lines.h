/* SPDX-License-Identifier: PostgreSQL */
/*
 * Lines in, answers out: a reader, some workers, and a queue between.
 */
#ifndef COMPARE_LINES_H
#define COMPARE_LINES_H

#include "compare/compare.h"
#include "compare/verdict.h"
#include "data/record.h"

/*
 * Answer every line of the reader.  *complete says that the list was whole
 * and every line of it answered.  The status is of what went wrong apart
 * from the verdicts, which are in the answers.
 */
status lines_check(struct record_reader *reader,
    const struct compare_options *options, struct answers *answers,
    bool *complete) MUST_CHECK;

#endif
