/* SPDX-License-Identifier: PostgreSQL */
/*
 * pg-copyin: load a copy archive, one transaction a chunk, exactly once.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/option.h"
#include "base/signal.h"
#include "load/ledger.h"
#include "load/load.h"
#include "load/map.h"

static const char examples[] =
    "  pg-chunks -d src | pg-copyout -d src -j 2 | pg-copyin -d dst -j 2\n"
    "  zstd -dc t.copy.tar.zst | pg-copyin -d dst --map public=old";

/* What the command line says. */
struct arguments {
	struct load_options load;
	const char *key;
	int mode;
	bool no_ledger;
};

static status
parse(struct arguments *a, int *argc, char **argv, bool *answered)
{
	struct load_options *o = &a->load;
	const struct option_spec options[] = {PG_CONN_OPTIONS(&o->target,
						  "database to load"),
	    {'j', "jobs", OPTION_COUNT, &o->jobs, "N",
		"connections at least (default 1; more if the archive needs "
		"more)",
		1, LOAD_JOBS_MAX, NULL},
	    {0, "mode", OPTION_CHOICE, &a->mode, "MODE",
		"replace what a chunk covers (default), append, or upsert", 0,
		0, load_modes},
	    {0, "key", OPTION_TEXT, &a->key, "A,B",
		"merge by this unique key instead of the primary key", 0, 0,
		NULL},
	    {0, "map", OPTION_LIST, &o->maps, "OLD=NEW",
		"load schema OLD, or table s.OLD, into another", 0, 0, NULL},
	    {0, "run", OPTION_TEXT, &o->run, "NAME",
		"name of the run (default: after the source)", 0, 0, NULL},
	    {0, "restart", OPTION_FLAG, &o->restart, NULL,
		"begin the run anew, and clear what others loaded", 0, 0, NULL},
	    {0, "no-ledger", OPTION_FLAG, &a->no_ledger, NULL,
		"remember nothing in the target", 0, 0, NULL},
	    {0, "ledger-schema", OPTION_TEXT, &o->ledger_schema, "NAME",
		"schema of the ledger (default " LEDGER_SCHEMA ")", 0, 0, NULL},
	    {0, "keep-going", OPTION_FLAG, &o->keep_going, NULL,
		"a failed chunk does not stop the others", 0, 0, NULL},
	    {0, "keep-indexes", OPTION_FLAG, &o->keep_indexes, NULL,
		"do not drop indexes and build them again", 0, 0, NULL},
	    {0, "disable-triggers", OPTION_FLAG, &o->disable_triggers, NULL,
		"no triggers, no foreign keys (session_replication_role)", 0, 0,
		NULL},
	    {0, "lossy", OPTION_FLAG, &o->lossy, NULL,
		"load into types that may hold less", 0, 0, NULL},
	    {0, "sequences", OPTION_FLAG, &o->sequences, NULL,
		"set owned sequences to the farther of both sides", 0, 0, NULL},
	    {0, "lock-timeout", OPTION_DURATION, &o->target.lock_timeout,
		"TIME",
		"how long to wait for a lock (default 60s, 0: for ever)", 0, 0,
		NULL},
	    OPTION_END};
	const struct program program = {"pg-copyin",
	    "Load a copy archive from standard input into a database.",
	    "[OPTION]... < ARCHIVE", options, examples};

	return option_parse(&program, argc, argv, answered);
}

static status
check(struct arguments *a, int argc)
{
	struct load_options *o = &a->load;

	if (argc > 1) {
		log_error("pg-copyin takes no operands");
		log_hint("it reads an archive: pg-copyin ... < FILE");
		return STATUS_USAGE;
	}
	o->mode = (enum load_mode)a->mode;
	if (a->key != NULL && o->mode != LOAD_UPSERT)
		return option_fault("--key is for --mode upsert");
	if (a->key != NULL && !map_names(a->key, &o->key))
		return option_fault("cannot understand --key \"%s\"", a->key);
	if (a->no_ledger && (o->run != NULL || o->restart))
		return option_fault("a run needs the ledger");
	if (o->run != NULL && *o->run == '\0')
		return option_fault("a run needs a name");
	o->handed = getenv("PGPIPE_RUN");
	if (o->handed != NULL && *o->handed == '\0')
		o->handed = NULL;
	if (a->no_ledger)
		o->ledger_schema = NULL;
	else if (o->run == NULL)
		o->shared_run = o->handed;
	if (o->shared_run != NULL)
		o->piece = getenv("PGPIPE_PIECE");
	if (isatty(STDIN_FILENO)) {
		log_error("an archive is not read from a terminal");
		log_hint("pg-copyout ... | pg-copyin ..., or pg-copyin ... "
			 "< FILE");
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

int
main(int argc, char **argv)
{
	struct arguments a = {.load = {.jobs = 1,
				  .target.lock_timeout = LOAD_LOCK_TIMEOUT,
				  .ledger_schema = LEDGER_SCHEMA,
				  .key = STRV_INIT,
				  .maps = STRV_INIT}};
	bool answered = false;
	status s;

	log_init("pg-copyin");
	io_init(true);
	signal_init();
	a.load.target.role = "target";
	s = parse(&a, &argc, argv, &answered);
	if (s == STATUS_OK && !answered)
		s = check(&a, argc);
	if (s == STATUS_OK && !answered)
		s = load_run(&a.load, STDIN_FILENO, "standard input");
	strv_free(&a.load.key);
	strv_free(&a.load.maps);
	return io_finish(s);
}
