/* SPDX-License-Identifier: PostgreSQL */
/*
 * The lines of continuous aggregates (pgpipe-records(5)): what there is to
 * refresh, and how far it has been.
 */
#ifndef CHUNK_CAGG_H
#define CHUNK_CAGG_H

#include "chunk/statement.h"

/* Print a line for each that was asked for, lower levels first. */
status cagg_print_all(struct pg *pg, const struct statement *st,
    uint64_t *lines) MUST_CHECK;

#endif
