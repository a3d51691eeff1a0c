/* SPDX-License-Identifier: PostgreSQL */
/*
 * pg-chunks: list a database's tables as units of work, one line each.
 */
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/option.h"
#include "base/signal.h"
#include "chunk/listing.h"

static const char *const methods[] = {"ctid", "key", "time", NULL};
static const char *const orders[] = {"largest", "newest", "oldest", "name",
    NULL};

static const char examples[] =
    "  pg-chunks -d src 'public.*' | pg-copyout -d src | pg-copyin -d dst\n"
    "  pg-chunks -d src --from 2025-01-01 --until 2025-02-01 metrics";

/* What the command line says. */
struct arguments {
	struct request request;
	int by, order;
};

static status
parse(struct arguments *a, int *argc, char **argv, bool *answered)
{
	struct request *r = &a->request;
	const struct option_spec options[] = {PG_CONN_OPTIONS(&r->server,
						  "database to list"),
	    {'x', "exclude", OPTION_LIST, &r->leave_out, "PATTERN",
		"leave out the tables that match, and what is below them", 0, 0,
		NULL},
	    {0, "regex", OPTION_FLAG, &r->regex, NULL,
		"patterns are regular expressions on schema.table", 0, 0, NULL},
	    {0, "cascade-up", OPTION_FLAG, &r->cascade_up, NULL,
		"and continuous aggregates that are made from what matches", 0,
		0, NULL},
	    {0, "cascade-down", OPTION_FLAG, &r->cascade_down, NULL,
		"and what matching continuous aggregates are made from", 0, 0,
		NULL},
	    {0, "caggs", OPTION_FLAG, &r->caggs, NULL,
		"list continuous aggregates, with their watermarks", 0, 0,
		NULL},
	    {0, "from", OPTION_TEXT, &r->from, "VALUE",
		"only rows at or after this, by partition key or time column",
		0, 0, NULL},
	    {0, "until", OPTION_TEXT, &r->until, "VALUE",
		"only rows before this", 0, 0, NULL},
	    {0, "time-column", OPTION_TEXT, &r->time_column, "COLUMN",
		"column for --from, --until and --by time", 0, 0, NULL},
	    {0, "by", OPTION_CHOICE, &a->by, "METHOD",
		"what large tables are cut by (default ctid)", 0, 0, methods},
	    {0, "split", OPTION_SIZE, &r->split, "SIZE",
		"cut tables larger than this (default 256MB, 0: none)", 0, 0,
		NULL},
	    {0, "order", OPTION_CHOICE, &a->order, "ORDER",
		"what comes first (default largest)", 0, 0, orders},
	    {0, "snapshot", OPTION_TEXT, &r->snapshot, "ID",
		"list what this exported snapshot shows", 0, 0, NULL},
	    {0, "if-exists", OPTION_FLAG, &r->if_exists, NULL,
		"a pattern may match nothing", 0, 0, NULL},
	    {0, "lock-timeout", OPTION_DURATION, &r->server.lock_timeout,
		"TIME",
		"how long to wait for a locked table (default 60s, 0: for "
		"ever)",
		0, 0, NULL},
	    OPTION_END};
	const struct program program = {"pg-chunks",
	    "List tables as chunks: units of work for the other tools.",
	    "[OPTION]... [PATTERN]...", options, examples};

	return option_parse(&program, argc, argv, answered);
}

static status
check(const struct request *r)
{
	if (r->by == BY_TIME && r->time_column == NULL)
		return option_fault("--by time needs --time-column");
	if (r->split > 0 && r->split < REQUEST_SPLIT_MIN)
		return option_fault("--split must be 0 or at least 8kB");
	if (r->time_column != NULL && r->time_column[0] == '\0')
		return option_fault("--time-column must not be empty");
	if (r->caggs &&
	    (r->from != NULL || r->until != NULL || r->time_column != NULL))
		return option_fault("--caggs takes no bounds");
	return STATUS_OK;
}

int
main(int argc, char **argv)
{
	struct arguments a = {.request.split = REQUEST_SPLIT,
	    .request.server.lock_timeout = 60000};
	struct request *r = &a.request;
	bool answered = false;
	status s;

	log_init("pg-chunks");
	io_init(false);
	signal_init();
	s = parse(&a, &argc, argv, &answered);
	r->by = (enum request_by)a.by;
	r->order = (enum request_order)a.order;
	for (int i = 1; i < argc; i++)
		strv_add(&r->patterns, argv[i]);
	if (s == STATUS_OK && !answered)
		s = check(r);
	if (s == STATUS_OK && !answered)
		s = listing_run(r);
	strv_free(&r->patterns);
	strv_free(&r->leave_out);
	return io_finish(s);
}
