/* SPDX-License-Identifier: PostgreSQL */
/*
 * Loading a copy archive into a database.
 *
 *	intake ── reads the archive, gives each chunk a loader, passes on bytes
 *	loader ── one connection; one chunk at a time, one transaction a chunk
 *	run    ── what is to be done once; kept in the ledger in the target
 *	sliced ── a relation that arrives in slices, shared by several loaders
 *
 * What is lost when: nothing is cleared or loaded but in a transaction that
 * also says so in the ledger; what the ledger does not say has not happened.
 */
#ifndef LOAD_LOAD_H
#define LOAD_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/str.h"
#include "pg/conn.h"

#define LOAD_JOBS_MAX 256
#define LOAD_LOCK_TIMEOUT 60000 /* ms */

enum load_mode { LOAD_REPLACE, LOAD_APPEND, LOAD_UPSERT };
extern const char
    *const load_modes[]; /* names in that order, NULL at the end */

struct load_options {
	struct pg_params target;
	uint64_t jobs;
	enum load_mode mode;
	struct strv key;	   /* of upsert; empty: the primary key */
	struct strv maps;	   /* OLD=NEW */
	const char *run;	   /* NULL: named after the source */
	const char *shared_run;	   /* NULL, or what the run is named after, with
				    * the source: others load in it, too, and
				    * none of them ends it */
	const char *piece;	   /* NULL, or what only one process loads at a
				    * time, whatever run and bounds it has */
	const char *handed;	   /* NULL, or the job whose parts are handed
				    * out to processes, none to two */
	const char *ledger_schema; /* NULL: no ledger */
	bool restart, keep_going, disable_triggers, keep_indexes, lossy;
	bool sequences;
};

/*
 * Load what comes from fd (name is for messages) and answer each chunk with
 * a line on stdout.  Everything that failed is reported; the status is the
 * worst of it.
 */
status load_run(const struct load_options *options, int fd, const char *name)
    MUST_CHECK;

#endif
