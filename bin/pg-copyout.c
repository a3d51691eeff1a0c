/* SPDX-License-Identifier: PostgreSQL */
/*
 * pg-copyout: read chunks of a database, in parallel and under one snapshot,
 * into a copy archive.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/option.h"
#include "base/signal.h"
#include "unload/unload.h"

static const char *const formats[] = {"auto", "binary", "text", "csv", NULL};

static const char examples[] =
    "  pg-chunks -d src public.t | pg-copyout -d src -j 4 | pg-copyin -d dst\n"
    "  pg-copyout -d src -o t.copy.tar public.t";

/* What the command line says. */
struct arguments {
	struct unload_options run;
	uint64_t jobs, segment;
	int format;
	bool no_digest;
};

static status
parse(struct arguments *a, int *argc, char **argv, bool *answered)
{
	struct pg_params *server = &a->run.server;
	const struct option_spec options[] = {PG_CONN_OPTIONS(server,
						  "database to read"),
	    {'j', "jobs", OPTION_COUNT, &a->jobs, "N",
		"chunks to read at once (default 1)", 1, UNLOAD_JOBS_MAX, NULL},
	    {0, "format", OPTION_CHOICE, &a->format, "FORMAT",
		"how rows come (default auto)", 0, 0, formats},
	    {0, "snapshot", OPTION_TEXT, &a->run.snapshot, "ID",
		"join this exported snapshot instead of taking one", 0, 0,
		NULL},
	    {0, "segment", OPTION_SIZE, &a->segment, "SIZE",
		"length of the archive's segments, about (default 1MB)",
		UNLOAD_SEGMENT_MIN, UNLOAD_SEGMENT_MAX, NULL},
	    {0, "decompress", OPTION_FLAG, &a->run.decompress, NULL,
		"read compressed chunks of hypertables as rows", 0, 0, NULL},
	    {0, "no-digest", OPTION_FLAG, &a->no_digest, NULL,
		"do not take the digest of the rows", 0, 0, NULL},
	    {0, "partial", OPTION_FLAG, &a->run.partial, NULL,
		"the chunk list has no end line on purpose", 0, 0, NULL},
	    {0, "lock-timeout", OPTION_DURATION, &server->lock_timeout, "TIME",
		"how long to wait for a lock (default 60s, 0: for ever)", 0, 0,
		NULL},
	    {'o', "output", OPTION_TEXT, &a->run.output, "FILE",
		"write the archive to FILE, durably", 0, 0, NULL},
	    OPTION_END};
	const struct program program = {"pg-copyout",
	    "Read chunks of a database into a copy archive.",
	    "[OPTION]... [TABLE]...", options, examples};

	return option_parse(&program, argc, argv, answered);
}

static status
check(const struct arguments *a)
{
	if (a->run.output == NULL && isatty(STDOUT_FILENO)) {
		log_error("the archive is not written to a terminal");
		log_hint("use -o FILE, or a pipe: pg-copyout ... | pg-copyin "
			 "...");
		return STATUS_USAGE;
	}
	if (a->run.ntables == 0 && isatty(STDIN_FILENO)) {
		log_error("chunk lines are not read from a terminal");
		log_hint("name tables, or use a pipe: pg-chunks ... | "
			 "pg-copyout ...");
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

int
main(int argc, char **argv)
{
	struct arguments a = {.jobs = 1,
	    .segment = UNLOAD_SEGMENT,
	    .run.server.lock_timeout = 60000};
	bool answered = false;
	status s;

	log_init("pg-copyout");
	io_init(true);
	signal_init();
	s = parse(&a, &argc, argv, &answered);
	a.run.jobs = (size_t)a.jobs;
	a.run.segment = (size_t)a.segment;
	a.run.format = (enum unload_format)a.format;
	a.run.digest = !a.no_digest;
	a.run.tables = argv + 1;
	a.run.ntables = argc > 1 ? (size_t)argc - 1 : 0;
	/* A queue's pipelines join the snapshot that its slices are of. */
	if (a.run.snapshot == NULL)
		a.run.snapshot = getenv("PGPIPE_SNAPSHOT");
	if (a.run.snapshot != NULL && *a.run.snapshot == '\0')
		a.run.snapshot = NULL;
	a.run.reader = getenv("PGPIPE_TIMESCALEDB");
	if (a.run.reader != NULL && *a.run.reader == '\0')
		a.run.reader = NULL;
	if (s == STATUS_OK && !answered)
		s = check(&a);
	if (s == STATUS_OK && !answered)
		s = unload_run(&a.run);
	return io_finish(s);
}
