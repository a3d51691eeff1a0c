/* SPDX-License-Identifier: PostgreSQL */
/*
 * pg-checksum: prove that two places hold the same rows, or show those that
 * differ.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/option.h"
#include "base/signal.h"
#include "compare/compare.h"

#define JOBS_MAX 256
#define ROWS_MAX 1000

static const char examples[] =
    "  pg-chunks -d src public.t | pg-copyout -d src | pg-copyin -d dst |\n"
    "      pg-checksum -d dst\n"
    "  pg-chunks -d src | pg-checksum --source src --target dst --rows\n"
    "  zstd -dc t.copy.zst | pg-checksum";

/* What the command line says. */
struct arguments {
	struct compare_options run;
	const char *source, *target, *key;
	uint64_t lock_timeout;
};

static status
parse(struct arguments *a, int *argc, char **argv, bool *answered)
{
	struct compare_options *run = &a->run;
	struct pg_params *server = &run->target;
	const struct option_spec options[] = {PG_CONN_OPTIONS(server,
						  "database to check"),
	    {0, "source", OPTION_TEXT, &a->source, "CONN",
		"compare two databases: this one, where the lines are from,", 0,
		0, NULL},
	    {0, "target", OPTION_TEXT, &a->target, "CONN", "and this one", 0, 0,
		NULL},
	    {'j', "jobs", OPTION_COUNT, &run->jobs, "N",
		"chunks to check at once (default 1)", 1, JOBS_MAX, NULL},
	    {0, "compressed", OPTION_FLAG, &run->compressed, NULL,
		"compare batches where both sides hold the same ones", 0, 0,
		NULL},
	    {0, "rows", OPTION_FLAG, &run->rows, NULL,
		"print a line for each row that differs", 0, 0, NULL},
	    {0, "max-rows", OPTION_COUNT, &run->max_rows, "N",
		"at most so many for a chunk (default 1000, 0: no limit)", 0,
		UINT64_MAX, NULL},
	    {0, "values", OPTION_FLAG, &run->values, NULL,
		"with the values that differ", 0, 0, NULL},
	    {0, "key", OPTION_TEXT, &a->key, "COLUMN[,COLUMN...]",
		"what tells rows apart (default: the primary key)", 0, 0, NULL},
	    {0, "lock-timeout", OPTION_DURATION, &a->lock_timeout, "TIME",
		"how long to wait for a lock (default 60s, 0: for ever)", 0, 0,
		NULL},
	    {0, "partial", OPTION_FLAG, &run->partial, NULL,
		"the chunk list has no end line on purpose", 0, 0, NULL},
	    OPTION_END};
	const struct program program = {"pg-checksum",
	    "Prove that two places hold the same rows; show the rows that "
	    "differ.",
	    "[OPTION]... < LINES or ARCHIVE", options, examples};

	return option_parse(&program, argc, argv, answered);
}

/* Two servers when two are named; one of them may be in the environment. */
static status
choose_servers(struct arguments *a)
{
	struct compare_options *run = &a->run;
	bool one = run->target.database != NULL || run->target.host != NULL ||
	    run->target.port != NULL || run->target.user != NULL;

	run->pair = a->source != NULL || a->target != NULL || run->rows;
	run->servers = run->pair || one;
	if (!run->pair)
		return STATUS_OK;
	if (one)
		return option_fault("%s needs --source and --target, not -d, "
				    "-h, -p or -U",
		    run->rows ? "--rows" : "to compare two databases");
	if (a->source == NULL)
		a->source = getenv("PGPIPE_SOURCE");
	if (a->target == NULL)
		a->target = getenv("PGPIPE_TARGET");
	if (a->source == NULL || a->target == NULL)
		return option_fault("to compare two databases takes --source "
				    "and --target");
	run->source =
	    (struct pg_params){.database = a->source, .role = "source"};
	run->target =
	    (struct pg_params){.database = a->target, .role = "target"};
	return STATUS_OK;
}

static void
split_key(const char *text, struct strv *key)
{
	while (text != NULL) {
		size_t n = strcspn(text, ",");
		char *name CLEANUP_FREE = mem_strndup(text, n);

		strv_add(key, name);
		text = text[n] == ',' ? text + n + 1 : NULL;
	}
}

static status
check(struct arguments *a, int argc)
{
	status st;

	if (argc > 1) {
		log_error("pg-checksum takes no operands");
		log_hint("it reads chunk lines or an archive: pg-checksum < "
			 "FILE");
		return STATUS_USAGE;
	}
	if ((a->key != NULL || a->run.values) && !a->run.rows)
		return option_fault("%s goes with --rows",
		    a->key != NULL ? "--key" : "--values");
	st = choose_servers(a);
	a->run.source.lock_timeout = a->run.target.lock_timeout =
	    a->lock_timeout;
	if (st == STATUS_OK && isatty(STDIN_FILENO)) {
		log_error("chunk lines are not read from a terminal");
		log_hint("use a pipe or a file: pg-chunks ... | pg-checksum "
			 "...");
		st = STATUS_USAGE;
	}
	split_key(a->key, &a->run.key);
	return st;
}

int
main(int argc, char **argv)
{
	struct arguments a = {.lock_timeout = 60000,
	    .run = {.jobs = 1, .max_rows = ROWS_MAX, .key = STRV_INIT}};
	bool answered = false;
	status s;

	log_init("pg-checksum");
	io_init(true);
	signal_init();
	s = parse(&a, &argc, argv, &answered);
	if (s == STATUS_OK && !answered)
		s = check(&a, argc);
	if (s == STATUS_OK && !answered)
		s = compare_stdin(&a.run);
	strv_free(&a.run.key);
	return io_finish(s);
}
