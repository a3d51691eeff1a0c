/* SPDX-License-Identifier: PostgreSQL */
/*
 * Chunks in, answers out: some workers, and a list of work before them.
 */
#ifndef COMPARE_CREW_H
#define COMPARE_CREW_H

#include "compare/compare.h"
#include "compare/verdict.h"
#include "data/chunk.h"

/* Connects, so that what is wrong with a server is known (and reported) at
 * once; what is given to a crew without a server is answered, too. */
struct crew;
struct crew *crew_new(const struct compare_options *options,
    struct answers *answers);
/* Have the line answered, now or later.  Takes the chunk over, whose record
 * nobody else may hold: another thread will.  May wait.  One thread calls. */
void crew_take(struct crew *c, struct chunk *chunk);
/* Answers are of no use any more: standard output is gone. */
bool crew_broken(const struct crew *c);
/*
 * Wait for all answers, and free the crew.  *answered: none of them says only
 * that the run was interrupted.  The status is of what went wrong apart from
 * the verdicts.
 */
status crew_finish(struct crew *c, bool *answered) MUST_CHECK;

#endif
