/* SPDX-License-Identifier: PostgreSQL */
/*
 * The whole list is read before anything is done: a level may come before
 * the one below it, and a line that is none spoils the request.
 */
#include "refresh/refresh.h"

#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/signal.h"
#include "base/thread.h"
#include "refresh/team.h"

#define INPUT "standard input"

static status
take_line(struct plan *plan, json_t *record, uint64_t number)
{
	char *where CLEANUP_FREE =
	    mem_printf("line %llu of " INPUT, (unsigned long long)number);
	struct cagg_line line = {0};
	status st = cagg_line_read(record, where, &line);

	if (st == STATUS_OK)
		plan_add(plan, &line);
	return st;
}

static status
read_lines(struct record_reader *r, struct plan *plan)
{
	for (;;) {
		json_t *record CLEANUP(record_cleanup) = NULL;
		status st = record_reader_next(r, &record);

		if (st == STATUS_OK && record == NULL)
			return STATUS_OK;
		if (st == STATUS_OK)
			st = take_line(plan, record, record_reader_lines(r));
		if (st != STATUS_OK)
			return st;
	}
}

/* What the answers say together. */
static status
sum_up(const struct plan *plan)
{
	uint64_t counts[ITEM_VERDICTS] = {0}, good;
	status st = STATUS_OK;
	size_t i;

	for (i = 0; i < plan->n; i++) {
		const struct item *item = plan->items[i];

		if (!item->answered)
			continue;
		counts[item->verdict]++;
		if (item->behind)
			st = status_worse(st, STATUS_NO);
		if (item->verdict == ITEM_FAILED)
			st = status_worse(st, item->failure.class);
	}
	good = counts[ITEM_REFRESHED] + counts[ITEM_PLANNED];
	log_info("%zu %s, %llu %s, %llu skipped, %llu failed", plan->n,
	    plan->n == 1 ? "aggregate" : "aggregates", (unsigned long long)good,
	    counts[ITEM_PLANNED] > 0 ? "planned" : "refreshed",
	    (unsigned long long)counts[ITEM_SKIPPED],
	    (unsigned long long)counts[ITEM_FAILED]);
	return st;
}

static status
refresh(struct plan *plan, const struct refresh_options *options)
{
	struct site target = {.role = "target"};
	struct failure f CLEANUP(failure_clear) = {0};
	status st = site_open(&target, &options->target, &f), work;

	if (st != STATUS_OK) {
		if (!target.told)
			failure_report(&f);
		return st;
	}
	st = plan_make(plan, options, &target);
	if (st == STATUS_OK) {
		progress_start_of(options->dry_run ? "planned" : "refreshed",
		    "step");
		work = team_run(plan, options, &target);
		progress_stop();
		st = status_worse(work, sum_up(plan));
	}
	site_close(&target);
	return st;
}

static bool
all_said(const struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->n; i++)
		if (!plan->items[i]->answered || plan->items[i]->interrupted)
			return false;
	return true;
}

status
refresh_stdin(const struct refresh_options *options)
{
	struct record_reader *r = record_reader_open(STDIN_FILENO, INPUT);
	struct plan plan = {0};
	status st, list = STATUS_OK;

	thread_lean_heap();
	st = read_lines(r, &plan);
	if (st == STATUS_OK)
		list = record_reader_finish(r, options->partial);
	/* A list that may have been cut is worked off, and then told. */
	if (st == STATUS_OK && list != STATUS_USAGE && plan.n > 0)
		st = refresh(&plan, options);
	if (st != STATUS_USAGE && list == STATUS_OK && all_said(&plan))
		st = status_worse(st,
		    record_print_end("pg-refresh", plan.n, NULL));
	plan_free(&plan);
	record_reader_free(r);
	return status_worse(st, list);
}
