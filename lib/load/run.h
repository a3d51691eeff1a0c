/* SPDX-License-Identifier: PostgreSQL */
/*
 * A run: one named job from one source into one target, whose chunks are
 * loaded once.  It is begun by the first process that needs it, continued by
 * later ones until every chunk of a whole list is loaded, and then finished,
 * so that the same pipeline later copies anew.
 */
#ifndef LOAD_RUN_H
#define LOAD_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "data/record.h"
#include "load/load.h"
#include "pg/conn.h"
#include "pg/failure.h"
#include "pg/sql.h"

/* Where the rows come from: of pgpipe.json. */
struct source {
	json_t *record;		       /* what the strings point into */
	const char *system, *database; /* NULL: not known */
	int64_t timeline;	       /* -1: not known */
	bool standby;
	const char *started, *clock; /* of the server; NULL: not known */
	const char *snapshot, *pg_snapshot, *lsn;
	/* Equal for what was read under one snapshot, never otherwise. */
	char *identity;
	char *shown; /* for messages */
};

struct run {
	const char *schema; /* of the ledger; NULL: there is none */
	char *name;	    /* as told, or of the source */
	int64_t id;
	bool restarted;	  /* begun with --restart: may clear others' rows */
	bool begun;	  /* by this process */
	bool shared;	  /* its chunks are handed out to many processes */
	int64_t known;	  /* chunks that were loaded before */
	char process[80]; /* who we are, in the table of failures */
	struct source source;
};

/* Read pgpipe.json; STATUS_USAGE when it is not usable, reported. */
status source_read(json_t *record, struct source *out) MUST_CHECK;
void source_free(struct source *s);

/*
 * Find the open run of that name or begin one, say which on stderr, and
 * keep it from being finished or restarted by others until its end, or
 * that of the connection.  An open run of another source is refused unless
 * restart is asked for.
 */
status run_begin(struct run *run, struct pg *control,
    const struct load_options *options, struct failure *f) MUST_CHECK;

struct run_outcome {
	enum load_mode mode;
	bool whole;	   /* the archive and its list of chunks were whole */
	bool partial;	   /* the list was short on purpose */
	bool unrecorded;   /* a failure could not be written down */
	uint64_t answered; /* chunks that are in the ledger now, by us */
};
/*
 * What the end of the archive means for the run: finish it if nothing is
 * open and nobody else loads in it, and let go of it.  Says what remains,
 * and whether the run's tables come from several snapshots.
 */
status run_end(const struct run *run, struct pg *control,
    const struct run_outcome *outcome, bool *finished, struct failure *f)
    MUST_CHECK;
void run_free(struct run *run);

/* Append the name of a table of the ledger. */
void run_table(const struct run *run, struct sql *q, const char *table);
/* An integer as parameter. */
void run_param(struct sql *q, int64_t value);

/*
 * Session locks of this process on something of the ledger, e.g. "table
 * public.t"; *taken false: somebody else has it.  The same session may take
 * a lock more than once and must give each back.
 */
status run_try_lock(struct pg *control, const char *what, bool shared,
    bool *taken, struct failure *f) MUST_CHECK;
status run_unlock(struct pg *control, const char *what, bool shared,
    struct failure *f) MUST_CHECK;
/* Sleep between two tries; false: the time (ms, 0: for ever) is over, or a
 * signal has come. */
bool run_lock_pause(double since, uint64_t timeout);

#endif
