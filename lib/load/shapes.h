/* SPDX-License-Identifier: PostgreSQL */
/*
 * In how many ways the chunks of one archive fill a target.  The ledger
 * tells ways apart over runs and processes; this tells them apart at once,
 * and without a ledger.
 */
#ifndef LOAD_SHAPES_H
#define LOAD_SHAPES_H

#include "data/seen.h"
#include "load/job.h"
#include "pg/failure.h"

/*
 * Take note of a chunk.  Refused is one that would clear what another
 * relation has brought, and without a ledger one that brings a relation in
 * slices and otherwise, too.
 */
status shapes_take(struct seen *shapes, const struct job *job,
    struct failure *f) MUST_CHECK;

#endif
