/* SPDX-License-Identifier: PostgreSQL */
/*
 * pg-queue: keep work in a table of the target, so that many processes and
 * hosts share it and resume it.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/option.h"
#include "base/signal.h"
#include "pg/store.h"
#include "queue/queue.h"

#define UNSET UINT64_MAX
#define STOPPED_AT_ONCE 137 /* 128 + SIGKILL, which ended the pipelines */

static const char examples[] =
    "  pg-chunks -d src metrics | pg-queue put -d dst\n"
    "  pg-queue work -d dst -j 4 -- 'pg-copyout -d src | pg-copyin -d dst'\n"
    "  pg-queue results -d dst | pg-checksum -d dst\n"
    "  pg-queue status -d dst --watch";

/* What the command line says; UNSET, -1 and NULL where it does not. */
struct arguments {
	struct queue_options queue;
	uint64_t jobs, most, retries, backoff, interval;
	int order;
	bool wrong;
};

struct verb {
	const char *name;
	status (*run)(const struct queue_options *o);
	const char *options; /* of arguments, beside those of all verbs */
	enum { NO_OPERAND, CHUNKS, SOME_CHUNKS, PIPELINE } operands;
	bool reads;
};

static const struct verb verbs[] = {{"put", queue_verb_put, "partial",
					NO_OPERAND, true},
    {"take", queue_verb_take, "jobs retries backoff order snapshot", NO_OPERAND,
	true},
    {"work", queue_verb_work, "jobs most retries backoff order snapshot wait",
	PIPELINE, false},
    {"pending", queue_verb_pending, "", NO_OPERAND, false},
    {"results", queue_verb_results, "partial", NO_OPERAND, false},
    {"list", queue_verb_list, "", NO_OPERAND, false},
    {"status", queue_verb_status, "watch interval", NO_OPERAND, false},
    {"retry", queue_verb_retry, "wrong", CHUNKS, false},
    {"drop", queue_verb_drop, "", SOME_CHUNKS, false},
    {"clear", queue_verb_clear, "", NO_OPERAND, false},
    {"pause-jobs", queue_verb_pause_jobs, "", NO_OPERAND, false},
    {"resume-jobs", queue_verb_resume_jobs, "", NO_OPERAND, false}};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static status
parse(struct arguments *a, int *argc, char **argv, bool *answered)
{
	struct queue_options *o = &a->queue;
	const struct option_spec options[] = {PG_CONN_OPTIONS(&o->target,
						  "target, where the queue is"),
	    {0, "queue", OPTION_TEXT, &o->name, "NAME",
		"which queue (default " QUEUE_NAME ")", 0, 0, NULL},
	    {0, "ledger-schema", OPTION_TEXT, &o->schema, "NAME",
		"schema of the queues (default " STORE_SCHEMA ")", 0, 0, NULL},
	    {0, "partial", OPTION_FLAG, &o->partial, NULL,
		"put, results: the list is short on purpose", 0, 0, NULL},
	    {'j', "jobs", OPTION_COUNT, &a->jobs, "N",
		"work, take: so many chunks at once (default 1)", 1,
		QUEUE_JOBS_MAX, NULL},
	    {0, "order", OPTION_CHOICE, &a->order, "ORDER",
		"work, take: what comes first (default largest)", 0, 0,
		queue_orders},
	    {0, "max", OPTION_COUNT, &a->most, "N",
		"work: end after so many chunks", 1, UINT64_MAX - 1, NULL},
	    {0, "retries", OPTION_COUNT, &a->retries, "N",
		"work, take: give up after so many more tries (default 3)", 0,
		1000, NULL},
	    {0, "backoff", OPTION_DURATION, &a->backoff, "TIME",
		"work, take: pause before the second try, then doubled "
		"(default 5s)",
		0, 0, NULL},
	    {0, "wait", OPTION_FLAG, &o->wait, NULL,
		"work: stay until others are done, too", 0, 0, NULL},
	    {0, "snapshot", OPTION_TEXT, &o->snapshot, "ID",
		"work, take: exported snapshot that ctid slices are of", 0, 0,
		NULL},
	    {0, "watch", OPTION_FLAG, &o->watch, NULL,
		"status: again and again until all is done", 0, 0, NULL},
	    {0, "interval", OPTION_DURATION, &a->interval, "TIME",
		"status: pause of --watch (default 2s)", 0, 0, NULL},
	    {0, "wrong", OPTION_FLAG, &a->wrong, NULL,
		"retry: what was answered with no", 0, 0, NULL},
	    OPTION_END};
	const struct program program = {"pg-queue",
	    "Keep work in a table of the target, so that many processes and "
	    "hosts share it.  VERB is put, take, work, pending, results, "
	    "list, status, retry, drop, clear, pause-jobs or resume-jobs.",
	    "VERB [OPTION]... [CHUNK]... [-- 'PIPELINE']", options, examples};

	return option_parse(&program, argc, argv, answered);
}

static const struct verb *
find_verb(const char *name)
{
	size_t i;

	for (i = 0; name != NULL && i < VERBS; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

/* An option that a verb does not know is a mistake, not a detail. */
static status
check_options(const struct arguments *a, const struct verb *v)
{
	const struct {
		const char *name;
		const char *shown;
		bool given;
	} options[] = {{"partial", "--partial", a->queue.partial},
	    {"jobs", "--jobs", a->jobs != UNSET},
	    {"order", "--order", a->order >= 0},
	    {"most", "--max", a->most != UNSET},
	    {"retries", "--retries", a->retries != UNSET},
	    {"backoff", "--backoff", a->backoff != UNSET},
	    {"wait", "--wait", a->queue.wait},
	    {"snapshot", "--snapshot", a->queue.snapshot != NULL},
	    {"watch", "--watch", a->queue.watch},
	    {"interval", "--interval", a->interval != UNSET},
	    {"wrong", "--wrong", a->wrong}};
	size_t i;

	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].given &&
		    !option_among(v->options, options[i].name))
			return option_fault("%s does not go with \"%s\"",
			    options[i].shown, v->name);
	if (a->queue.name[0] == '\0')
		return option_fault("a queue needs a name");
	if (a->queue.snapshot != NULL && a->queue.snapshot[0] == '\0')
		return option_fault("--snapshot needs an id");
	return STATUS_OK;
}

static status
take_operands(struct arguments *a, const struct verb *v, int argc, char **argv)
{
	int i;

	if (v->operands == NO_OPERAND && argc > 2)
		return option_fault("unexpected argument \"%s\"", argv[2]);
	if (v->operands == PIPELINE) {
		if (argc != 3)
			return option_fault(argc < 3
				? "work needs a pipeline: -- 'PIPELINE'"
				: "the pipeline is one argument: quote it");
		a->queue.pipeline = argv[2];
		return STATUS_OK;
	}
	if (v->operands == SOME_CHUNKS && argc < 3)
		return option_fault("%s needs a chunk", v->name);
	if (a->wrong && argc > 2)
		return option_fault("--wrong takes no chunks");
	for (i = 2; i < argc; i++)
		strv_add(&a->queue.chunks, argv[i]);
	return STATUS_OK;
}

static void
set_defaults(struct arguments *a)
{
	struct queue_options *o = &a->queue;

	o->jobs = a->jobs == UNSET ? 1 : a->jobs;
	o->most = a->most == UNSET ? 0 : a->most;
	o->retries = a->retries == UNSET ? 3 : a->retries;
	o->backoff = a->backoff == UNSET ? 5000 : a->backoff;
	o->interval = a->interval == UNSET ? 2000 : a->interval;
	if (o->interval < 100)
		o->interval = 100;
	if (o->interval > 86400000)
		o->interval = 86400000;
	o->order = a->order < 0 ? QUEUE_LARGEST : (enum queue_order)a->order;
	o->wrong = a->wrong;
}

static status
run(struct arguments *a, int argc, char **argv)
{
	const struct verb *v = find_verb(argc > 1 ? argv[1] : NULL);
	status s;

	if (v == NULL)
		return argc > 1
		    ? option_fault("there is no verb \"%s\"", argv[1])
		    : option_fault("what is to be done? a verb is "
				   "missing");
	s = check_options(a, v);
	if (s == STATUS_OK)
		s = take_operands(a, v, argc, argv);
	if (s == STATUS_OK && v->reads && isatty(STDIN_FILENO)) {
		log_error("lines are not read from a terminal");
		log_hint("pg-chunks ... | pg-queue put ...");
		s = STATUS_USAGE;
	}
	set_defaults(a);
	return s == STATUS_OK ? v->run(&a->queue) : s;
}

int
main(int argc, char **argv)
{
	struct arguments a = {.queue = {.name = QUEUE_NAME,
				  .schema = STORE_SCHEMA,
				  .target.role = "target",
				  .target.lock_timeout = 60000,
				  .chunks = STRV_INIT},
	    .jobs = UNSET,
	    .most = UNSET,
	    .retries = UNSET,
	    .backoff = UNSET,
	    .interval = UNSET,
	    .order = -1};
	bool answered = false;
	status s;

	log_init("pg-queue");
	io_init(true);
	signal_init();
	s = parse(&a, &argc, argv, &answered);
	if (s == STATUS_OK && !answered)
		s = run(&a, argc, argv);
	strv_free(&a.queue.chunks);
	/* Work that was thrown away is told from work that was ended. */
	if (signal_abort()) {
		(void)!io_out_close();
		return STOPPED_AT_ONCE;
	}
	return io_finish(s);
}
