/* SPDX-License-Identifier: PostgreSQL */
/*
 * A loader: one thread, one connection, one chunk at a time, one
 * transaction a chunk.
 *
 *	begin
 *	the chunk's row in the ledger	a second loader waits here, then skips
 *	the target: is it there, do its columns fit
 *	clear what the chunk covers
 *	copy
 *	are these all rows and bytes
 *	indexes, attach
 *	the ledger's row is completed
 *	commit				only now the chunk is answered
 */
#ifndef LOAD_LOADER_H
#define LOAD_LOADER_H

#include "load/job.h"

struct loader;
/* Connects; reports, unless it is a spare one that can be done without. */
status loader_open(struct load *load, bool spare, struct loader **out)
    MUST_CHECK;
void loader_close(struct loader *l);

/* Load the job's chunk and answer it.  Failures are answered, not returned.
 * Frees the job. */
void loader_run(struct loader *l, struct job *job);
/* For what is to be done between archives. */
struct pg *loader_pg(struct loader *l);

#endif
