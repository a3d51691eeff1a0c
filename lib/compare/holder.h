/* SPDX-License-Identifier: PostgreSQL */
/*
 * One snapshot for all digests of a run: a connection that holds it open
 * while the workers' transactions join it.
 */
#ifndef COMPARE_HOLDER_H
#define COMPARE_HOLDER_H

#include "data/record.h"
#include "pg/conn.h"

struct holder;
struct holder *holder_new(const struct pg_params *params);
void holder_free(struct holder *s);
/*
 * Its exported id, taken at the first call; *fields gets (owned) what a line
 * says of it: "snapshot", "pg_snapshot", "lsn".  Safe from any thread.
 */
status holder_snapshot(struct holder *s, const char **id, json_t **fields)
    MUST_CHECK;

#endif
