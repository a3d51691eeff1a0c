/* SPDX-License-Identifier: PostgreSQL */
/*
 * A saved archive: read whole, its chunks' digests taken again.
 */
#ifndef COMPARE_SAVED_H
#define COMPARE_SAVED_H

#include "compare/compare.h"
#include "compare/verdict.h"
#include "data/archive.h"

/*
 * Answers every chunk; where options name a server, with what that holds.
 * *complete says whether the archive holds all that it was to hold.
 * STATUS_USAGE for one that is damaged (reported), STATUS_RETRY for one that
 * was interrupted; verdicts are in the answers.
 */
status saved_check(struct archive_reader *r,
    const struct compare_options *options, struct answers *answers,
    bool *complete) MUST_CHECK;

#endif
