/* SPDX-License-Identifier: PostgreSQL */
/*
 * --sequences: a sequence that a copied column owns goes on where the
 * farther of both sides is.
 */
#ifndef LOAD_SEQUENCES_H
#define LOAD_SEQUENCES_H

#include "load/job.h"

/*
 * record is sequences.json.  The target's sequences are found by the column
 * that owns them, whatever their names.  Each that could not be set is
 * reported; the status is the worst.
 */
status sequences_set(struct load *load, struct pg *pg, const json_t *record)
    MUST_CHECK;

#endif
