/* SPDX-License-Identifier: PostgreSQL */
/*
 * pg-refresh: bring a target's continuous aggregates to where the source's
 * are.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/num.h"
#include "base/option.h"
#include "base/signal.h"
#include "refresh/refresh.h"

#define JOBS_MAX 256

static const char examples[] =
    "  pg-chunks -d src --caggs | pg-refresh --source src --target dst\n"
    "  pg-chunks -d src --caggs daily | pg-refresh --target dst --step 7d";

/* What the command line says. */
struct arguments {
	struct refresh_options run;
	const char *source, *target;
	uint64_t lock_timeout;
};

static status
parse(struct arguments *a, int *argc, char **argv, bool *answered)
{
	struct refresh_options *run = &a->run;
	const struct option_spec options[] = {
	    {0, "source", OPTION_TEXT, &a->source, "CONN",
		"database whose watermarks to reach (default: the lines')", 0,
		0, NULL},
	    {0, "target", OPTION_TEXT, &a->target, "CONN",
		"database whose aggregates to refresh", 0, 0, NULL},
	    {'j', "jobs", OPTION_COUNT, &run->jobs, "N",
		"aggregates to refresh at once (default 1)", 1, JOBS_MAX, NULL},
	    {0, "step", OPTION_TEXT, &run->step.text, "TIME|N",
		"commit after so much time, or N buckets (0: all at once)", 0,
		0, NULL},
	    {0, "from", OPTION_TEXT, &run->from, "VALUE|start",
		"begin there, not where the target ended", 0, 0, NULL},
	    {'n', "dry-run", OPTION_FLAG, &run->dry_run, NULL,
		"say what would be refreshed", 0, 0, NULL},
	    {0, "lock-timeout", OPTION_DURATION, &a->lock_timeout, "TIME",
		"how long to wait for a lock or another refresh (default 60s, "
		"0: for ever)",
		0, 0, NULL},
	    {0, "partial", OPTION_FLAG, &run->partial, NULL,
		"the list has no end line on purpose", 0, 0, NULL},
	    OPTION_END};
	const struct program program = {"pg-refresh",
	    "Refresh a target's continuous aggregates up to the source's "
	    "watermarks.",
	    "--target CONN [OPTION]... < LINES", options, examples};

	return option_parse(&program, argc, argv, answered);
}

/* A number alone is one of buckets, for integers have no seconds. */
static status
check_step(struct refresh_step *step)
{
	if (step->text == NULL)
		return STATUS_OK;
	if (num_u64(step->text, 0, UINT32_MAX, &step->buckets)) {
		step->whole = step->buckets == 0;
		return STATUS_OK;
	}
	if (!num_duration(step->text, &step->duration) || step->duration == 0)
		return option_fault("--step \"%s\" is neither a time (7d) nor "
				    "a number of buckets",
		    step->text);
	return STATUS_OK;
}

static status
choose_servers(struct arguments *a)
{
	struct refresh_options *run = &a->run;

	if (a->source == NULL)
		a->source = getenv("PGPIPE_SOURCE");
	if (a->target == NULL)
		a->target = getenv("PGPIPE_TARGET");
	if (a->target == NULL)
		return option_fault("what to refresh is said by --target");
	run->has_source = a->source != NULL;
	run->source = (struct pg_params){.database = a->source,
	    .role = "source",
	    .lock_timeout = a->lock_timeout};
	run->target = (struct pg_params){.database = a->target,
	    .role = "target",
	    .lock_timeout = a->lock_timeout};
	return STATUS_OK;
}

static status
check(struct arguments *a, int argc)
{
	status st;

	if (argc > 1) {
		log_error("pg-refresh takes no operands");
		log_hint("it reads lines: pg-chunks --caggs | pg-refresh");
		return STATUS_USAGE;
	}
	st = check_step(&a->run.step);
	if (st == STATUS_OK && a->run.from != NULL && a->run.from[0] == '\0')
		st = option_fault("--from must not be empty");
	if (st == STATUS_OK)
		st = choose_servers(a);
	if (st == STATUS_OK && isatty(STDIN_FILENO)) {
		log_error("lines are not read from a terminal");
		log_hint("use a pipe or a file: pg-chunks --caggs | "
			 "pg-refresh ...");
		st = STATUS_USAGE;
	}
	return st;
}

int
main(int argc, char **argv)
{
	struct arguments a = {.lock_timeout = 60000, .run.jobs = 1};
	bool answered = false;
	status s;

	log_init("pg-refresh");
	io_init(true);
	signal_init();
	s = parse(&a, &argc, argv, &answered);
	if (s == STATUS_OK && !answered)
		s = check(&a, argc);
	if (s == STATUS_OK && !answered)
		s = refresh_stdin(&a.run);
	return io_finish(s);
}
