/* SPDX-License-Identifier: PostgreSQL */
/*
 * A temporary table for batches that cannot go where they belong at once.
 */
#ifndef LOAD_STAGE_H
#define LOAD_STAGE_H

#include "load/chore.h"

/* Made with these columns of chunk.json, of like's types where it has them,
 * as bytes where they come so. */
status stage_make(struct chore *c, const json_t *columns,
    const struct pg_relation *like, struct failure *f) MUST_CHECK;
/* COPY the archive's batches into it, or (not NULL) into another table. */
status stage_fill(struct chore *c, const json_t *columns,
    const struct pg_relation *into, uint64_t *batches, struct failure *f)
    MUST_CHECK;
/* From there into a table, as far as that has such columns; it goes. */
status stage_pour(struct chore *c, const json_t *columns,
    const struct pg_relation *into, struct failure *f) MUST_CHECK;

enum copy_format stage_format(const struct job *job); /* of the batches */

#endif
