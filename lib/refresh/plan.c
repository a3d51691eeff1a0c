/* SPDX-License-Identifier: PostgreSQL */
/*
 * The plan.  The source is asked in one snapshot, so that the levels of a
 * hierarchy fit each other, and then let go.
 */
#include "refresh/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

void
plan_add(struct plan *plan, struct cagg_line *line)
{
	struct item *item = mem_zalloc(sizeof(*item));

	item->line = *line;
	*line = (struct cagg_line){0};
	if (plan->n == plan->cap) {
		plan->cap = plan->cap == 0 ? 16 : 2 * plan->cap;
		plan->items =
		    mem_resize(plan->items, plan->cap, sizeof(struct item *));
	}
	plan->items[plan->n++] = item;
}

void
plan_free(struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->n; i++) {
		item_free(plan->items[i]);
		free(plan->items[i]);
	}
	free(plan->items);
	*plan = (struct plan){0};
}

/* --- the order ----------------------------------------------------------------------- */

static struct item *
find(const struct plan *plan, const char *schema, const char *view, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (str_eq(plan->items[i]->line.schema, schema) &&
		    str_eq(plan->items[i]->line.view, view))
			return plan->items[i];
	return NULL;
}

/* A line that comes twice waits for itself, any other for the one below. */
static void
order(struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->n; i++) {
		struct item *item = plan->items[i];

		item->after = find(plan, item->line.schema, item->line.view, i);
		if (item->after == NULL && item->view.parent_view != NULL)
			item->after = find(plan, item->view.parent_schema,
			    item->view.parent_view, plan->n);
	}
}

/* --- what the sides say ------------------------------------------------------------- */

static status
fail_type(struct item *item, const char *type, const char *role)
{
	char *name CLEANUP_FREE = item_name(item);
	status st = item_fail(item, STATUS_FAIL,
	    "%s is by %s on the target and by %s %s", name,
	    item->view.type_name, type, role);

	failure_hint(&item->failure, "create it there as it is on the source");
	return st;
}

static status
check_target(struct item *item)
{
	char *name CLEANUP_FREE = item_name(item);

	if (!item->view.exists) {
		(void)item_fail(item, STATUS_FAIL,
		    "%s is no continuous aggregate of the target", name);
		failure_hint(&item->failure, "create it there, with no data");
		return STATUS_FAIL;
	}
	if (item->view.type == NULL)
		return item_fail(item, STATUS_FAIL,
		    "%s is by %s, which cannot be refreshed by windows", name,
		    item->view.type_name);
	if (item->line.type != NULL &&
	    !str_eq(item->line.type, item->view.type_name))
		return fail_type(item, item->line.type, "in the line");
	return STATUS_OK;
}

static status
compare_views(struct item *item, const struct view *source)
{
	const struct bucket *ours = &item->view.bucket, *b = &source->bucket;
	char *name CLEANUP_FREE = item_name(item);

	if (!source->exists)
		return item_fail(item, STATUS_FAIL,
		    "%s is no continuous aggregate of the source any more",
		    name);
	if (!str_eq(source->type_name, item->view.type_name))
		return fail_type(item, source->type_name, "on the source");
	if (bucket_same(ours, b))
		return STATUS_OK;
	(void)item_fail(item, STATUS_FAIL,
	    "%s has buckets of %s on the target and of %s on the source%s",
	    name, ours->text, b->text,
	    str_eq(ours->text, b->text)
		? ", with another offset, origin or time zone"
		: "");
	failure_hint(&item->failure, "create it there as it is on the source");
	return STATUS_FAIL;
}

/* The lower level is not in the list: then it must be far enough already. */
static status
check_below(struct item *item, struct site *target, struct site *source)
{
	const char *schema = item->view.parent_schema;
	const char *view = item->view.parent_view;
	int64_t needed;
	struct view below = {0}, there = {0};
	char *name CLEANUP_FREE = item_name(item);
	status st;

	if (item->after != NULL || view == NULL ||
	    item->to <= item->view.type->least)
		return STATUS_OK;
	/* Without a source: something of the last bucket. */
	needed = bucket_floor_fixed(item->to, item->view.bucket.width,
		     item->to - 1, item->view.type->least) +
	    1;
	st = view_load(target, schema, view, &below, &item->failure);
	if (st == STATUS_OK && source != NULL)
		st = view_load(source, schema, view, &there, &item->failure);
	if (st == STATUS_OK && there.exists && there.type != NULL)
		needed = there.watermark;
	if (st == STATUS_OK && below.exists && below.watermark < needed) {
		st = item_fail(item, STATUS_FAIL,
		    "%s is built on \"%s\", which the target has not "
		    "refreshed as far",
		    name, view);
		failure_hint(&item->failure,
		    "list both: pg-chunks --caggs --cascade-down");
	}
	view_free(&below);
	view_free(&there);
	return st;
}

static status
take_source(struct item *item, struct site *source)
{
	struct view there = {0};
	status st = view_load(source, item->line.schema, item->line.view,
	    &there, &item->failure);

	if (st == STATUS_OK)
		st = compare_views(item, &there);
	if (st == STATUS_OK)
		item->to = there.watermark;
	view_free(&there);
	return st;
}

static status
take_line(struct item *item, struct site *target)
{
	char *name CLEANUP_FREE = item_name(item);

	if (!item->line.has_watermark) {
		(void)item_fail(item, STATUS_FAIL,
		    "the line of %s says no watermark", name);
		failure_hint(&item->failure, "name the source: --source");
		return STATUS_FAIL;
	}
	item->to = item->view.type->least;
	if (item->line.watermark == NULL)
		return STATUS_OK;
	return time_type_read(target, item->view.type, item->line.watermark,
	    &item->to, &item->failure);
}

/* A lost connection is everybody's failure, a refusal one aggregate's. */
static bool
concerns_all(const struct site *site)
{
	return site != NULL && pg_broken(site->pg);
}

static status
ask_one(struct item *item, struct site *target, struct site *source)
{
	status st = view_load(target, item->line.schema, item->line.view,
	    &item->view, &item->failure);

	if (st == STATUS_OK)
		st = check_target(item);
	if (st == STATUS_OK)
		st = source != NULL ? take_source(item, source)
				    : take_line(item, target);
	if (st != STATUS_OK)
		item->verdict = ITEM_FAILED;
	if (!concerns_all(target) && !concerns_all(source))
		return STATUS_OK;
	failure_report(&item->failure);
	return status_worse(st, STATUS_RETRY);
}

static bool
failed(const struct item *item)
{
	return item->failure.class != STATUS_OK;
}

/* --- what was asked for ------------------------------------------------------------- */

static status
check_step(const struct item *item, const struct refresh_step *step)
{
	char *name CLEANUP_FREE = item_name(item);

	if (step->text == NULL || step->duration == 0 ||
	    !item->view.type->integer)
		return STATUS_OK;
	log_error("--step %s is a time, and %s is by %s", step->text, name,
	    item->view.type_name);
	log_hint("a plain number is one of buckets, for any type");
	return STATUS_USAGE;
}

static status
check_from(struct item *item, const struct refresh_options *options,
    struct site *target)
{
	struct failure f CLEANUP(failure_clear) = {0};
	char *name CLEANUP_FREE = NULL;

	if (options->from == NULL || str_eq(options->from, "start"))
		return STATUS_OK;
	if (time_type_read(target, item->view.type, options->from,
		&item->asked_from, &f) == STATUS_OK)
		return STATUS_OK;
	if (f.class == STATUS_RETRY) {
		failure_report(&f);
		return STATUS_RETRY;
	}
	name = item_name(item);
	log_error("--from \"%s\" does not fit %s, which is by %s",
	    options->from, name, item->view.type_name);
	log_hint("select the aggregates of one type: pg-chunks --caggs "
		 "PATTERN");
	return STATUS_USAGE;
}

static status
check_request(struct plan *plan, const struct refresh_options *options,
    struct site *target)
{
	status st = STATUS_OK;
	size_t i;

	for (i = 0; i < plan->n && st == STATUS_OK; i++) {
		if (failed(plan->items[i]))
			continue;
		st = check_step(plan->items[i], &options->step);
		if (st == STATUS_OK)
			st = check_from(plan->items[i], options, target);
	}
	return st;
}

/* --- all of it ---------------------------------------------------------------------- */

static status
ask_all(struct plan *plan, struct site *target, struct site *source)
{
	status st = STATUS_OK;
	size_t i;

	for (i = 0; i < plan->n && st == STATUS_OK; i++)
		st = ask_one(plan->items[i], target, source);
	if (st != STATUS_OK)
		return st;
	order(plan);
	for (i = 0; i < plan->n && st == STATUS_OK; i++)
		if (!failed(plan->items[i]) &&
		    check_below(plan->items[i], target, source) != STATUS_OK)
			plan->items[i]->verdict = ITEM_FAILED;
	return st;
}

/* One snapshot, and nothing kept open afterwards. */
static status
open_source(struct site *source, const struct refresh_options *options)
{
	struct failure f CLEANUP(failure_clear) = {0};
	status st = site_open(source, &options->source, &f);

	if (st == STATUS_OK)
		st = failure_do(&f, source->pg,
		    "begin transaction isolation level repeatable read read "
		    "only",
		    "begin a transaction on the source");
	if (st != STATUS_OK && !source->told)
		failure_report(&f);
	return st;
}

static void
check_origin(const struct plan *plan, struct site *source)
{
	const char *system = pg_system(source->pg);
	size_t i;

	for (i = 0; system != NULL && i < plan->n; i++) {
		const char *listed = plan->items[i]->line.system;

		if (listed == NULL || str_eq(listed, system))
			continue;
		log_warning("the lines are of another server than --source "
			    "is");
		return;
	}
}

status
plan_make(struct plan *plan, const struct refresh_options *options,
    struct site *target)
{
	struct site source = {.role = "source"};
	status st = STATUS_OK;

	if (options->has_source) {
		st = open_source(&source, options);
		if (st == STATUS_OK)
			check_origin(plan, &source);
	}
	if (st == STATUS_OK)
		st =
		    ask_all(plan, target, options->has_source ? &source : NULL);
	site_close(&source);
	if (st == STATUS_OK)
		st = check_request(plan, options, target);
	return st;
}
