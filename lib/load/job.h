/* SPDX-License-Identifier: PostgreSQL */
/*
 * One chunk on its way from the archive into the target, and what all of
 * them share.
 */
#ifndef LOAD_JOB_H
#define LOAD_JOB_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "data/chunk.h"
#include "data/digest.h"
#include "data/seen.h"
#include "load/result.h"
#include "load/load.h"
#include "load/map.h"
#include "load/queue.h"
#include "load/run.h"

struct slices;
struct flights;

struct load {
	const struct load_options *options;
	struct map map;
	struct run run; /* of the archive that is being read */
	/*
	 * A session beside the loaders': it holds this process's locks and
	 * writes down what the loaders cannot.  Take the lock to use it.
	 */
	struct pg *control;
	pthread_mutex_t control_lock;
	struct slices *slices;
	struct flights *flights;
	struct results results;
	pthread_mutex_t warned_lock;
	struct seen warned; /* tables that were warned of */
	double begun;	    /* when this process was, by num_now() */
	bool stored;	    /* the archive comes from a file */
	bool same;	    /* the target is the source */
	atomic_bool halted; /* a failure: load nothing that is not begun */
	atomic_bool dead;   /* nobody hears us: roll back what is open */
};

/* How a chunk ended in the archive. */
enum job_end {
	JOB_OPEN,
	JOB_DONE,   /* done.json agreed */
	JOB_FAILED, /* failed.json: it could not be read at the source */
	JOB_CUT	    /* the archive broke off */
};

struct job {
	struct load *load;
	struct chunk chunk;    /* of chunk.json, whose reference it owns */
	uint64_t n;	       /* its number in the archive */
	bool duplicate;	       /* the id has come before */
	char *schema, *table;  /* of the target: of a chunk of a hypertable
				* that, or its continuous aggregate's view */
	char *target;	       /* both, for messages */
	bool described;	       /* has columns and a format: rows may come */
	const json_t *columns; /* borrowed from the record */
	enum copy_format format;
	struct queue *queue; /* its rows; NULL: nobody wants them */
	/* Written by the reader before it ends the queue. */
	enum job_end end;
	json_t *outcome; /* done.json or failed.json */
};

/* From chunk.json; reports what it lacks, STATUS_USAGE. */
status job_new(struct load *load, uint64_t n, json_t *line, struct job **out)
    MUST_CHECK;
/* Is its target what it is a part of, where source and target are one? */
bool job_into_itself(const struct job *job);
/* failed.json says that it was dropped at the source. */
bool job_vanished(const struct job *job);
/* What failed.json in outcome says, {"error":{...}}. */
status job_source_failure(const struct job *job, struct failure *f);
void job_free(struct job *job);

#endif
