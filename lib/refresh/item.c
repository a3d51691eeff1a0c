/* SPDX-License-Identifier: PostgreSQL */
/*
 * One aggregate, from its window to its answer.
 */
#include "refresh/item.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/progress.h"
#include "base/signal.h"

static const char *const verdicts[ITEM_VERDICTS] = {"failed", "skipped",
    "refreshed", "planned"};

char *
item_name(const struct item *item)
{
	struct str name = STR_INIT;

	sql_show_name(&name, item->line.schema, item->line.view);
	return str_take(&name);
}

void
item_free(struct item *item)
{
	cagg_line_free(&item->line);
	view_free(&item->view);
	failure_clear(&item->failure);
	free(item->shown_from);
	free(item->shown_to);
	free(item->shown_watermark);
}

status
item_fail(struct item *item, status class, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	item->verdict = ITEM_FAILED;
	return failure_set(&item->failure, class, "%s", text);
}

void
item_interrupt(struct item *item)
{
	char *name CLEANUP_FREE = item_name(item);

	item->interrupted = true;
	(void)item_fail(item, STATUS_RETRY,
	    item->steps > 0 ? "%s was interrupted after %llu steps"
			    : "%s was interrupted",
	    name, (unsigned long long)item->steps);
}

/* --- the work ---------------------------------------------------------------------- */

static enum from_kind
from_kind(const struct refresh_options *options)
{
	if (options->from == NULL)
		return FROM_WATERMARK;
	return str_eq(options->from, "start") ? FROM_START : FROM_VALUE;
}

static status
find_window(struct item *item, const struct refresh_options *options,
    struct site *site)
{
	struct window_request request = {.kind = from_kind(options),
	    .from = item->asked_from,
	    .to = item->to};
	const struct item *below = item->after;

	if (below != NULL && below->verdict == ITEM_PLANNED &&
	    below->view.id != item->view.id) {
		request.below_begins = true;
		request.below_from = below->window.from;
	}
	return window_find(site, &item->view, &request, &item->window,
	    &item->failure);
}

/* What people read as times. */
static status
show(struct site *site, const struct item *item, int64_t value, char **out)
{
	struct failure f CLEANUP(failure_clear) = {0};

	free(*out);
	*out = NULL;
	if (value <= item->view.type->least)
		return STATUS_OK;
	return time_type_show(site, item->view.type, value, out, &f);
}

static void
warn_hollow(struct item *item, struct site *site)
{
	char *name CLEANUP_FREE = item_name(item);
	char *first CLEANUP_FREE = NULL, *from CLEANUP_FREE = NULL;

	if (show(site, item, item->window.first, &first) != STATUS_OK ||
	    show(site, item, item->window.from, &from) != STATUS_OK)
		return;
	log_warning("%s: the target has rows from %s on that are not "
		    "materialised, and is refreshed only from %s on",
	    name, first == NULL ? "its first time" : first,
	    from == NULL ? "its first time" : from);
	log_hint("--from start refreshes all that there are rows for");
}

static void
warn_unforced(const struct item *item, const struct refresh_options *options,
    const struct site *site)
{
	char *name CLEANUP_FREE = item_name(item);

	if (options->from == NULL || site->forces ||
	    item->window.from >= item->view.watermark)
		return;
	log_warning("%s: the target's TimescaleDB cannot be forced: below its "
		    "watermark it refreshes only what it holds to be out of "
		    "date",
	    name);
}

static void
warn_passed_over(const struct item *item)
{
	char *name CLEANUP_FREE = item_name(item);

	log_warning("%s: the target's TimescaleDB held parts of it to be up "
		    "to date already, and cannot be forced: rows that were "
		    "copied there are not materialised",
	    name);
	log_hint("create it there anew, with no data, or copy its "
		 "materialised chunks: pg-chunks --cascade-up");
}

static void
warn_behind(struct item *item)
{
	char *name CLEANUP_FREE = item_name(item);

	item->behind = true;
	if (item->window.empty)
		log_warning("%s: the target has no rows to refresh it from",
		    name);
	else
		log_warning("%s: the target's watermark is %s, not the "
			    "source's %s: rows are missing there",
		    name,
		    item->shown_watermark == NULL ? "still unset"
						  : item->shown_watermark,
		    item->shown_to == NULL ? "" : item->shown_to);
	log_hint("copy the rows first, then run this again with --from, if "
		 "they are not the newest");
}

static status
take_steps(struct item *item, const struct refresh_options *options,
    struct site *site)
{
	struct steps steps = {.site = site,
	    .params = &options->target,
	    .view = &item->view,
	    .window = item->window,
	    .buckets = window_step(&item->view, &options->step),
	    .dry_run = options->dry_run,
	    .patience = (double)options->target.lock_timeout / 1000};
	uint64_t guess = bucket_steps(&item->view.bucket, item->window.from,
	    item->window.to, steps.buckets);
	status st;

	progress_expect(guess, 0);
	st = steps_run(&steps, &item->failure);
	item->steps = steps.done;
	if (steps.unforced)
		warn_passed_over(item);
	/* Months are no fixed width; the sum may also become less. */
	if (st == STATUS_OK && !steps.interrupted)
		progress_expect(steps.done - guess, 0);
	if (st == STATUS_OK && steps.interrupted)
		item_interrupt(item);
	return st;
}

static status
look_after(struct item *item, struct site *site)
{
	int64_t watermark;
	status st =
	    view_watermark(site, &item->view, &watermark, &item->failure);

	if (st != STATUS_OK)
		return st;
	(void)show(site, item, watermark, &item->shown_watermark);
	if (!item->interrupted && watermark < item->to &&
	    item->verdict != ITEM_PLANNED)
		warn_behind(item);
	return STATUS_OK;
}

/* The watermark is asked again: another refresh may have come since. */
static status
look_before(struct item *item, const struct refresh_options *options,
    struct site *site)
{
	struct view *v = &item->view;
	status st = view_watermark(site, v, &v->watermark, &item->failure);

	if (st == STATUS_OK)
		st = find_window(item, options, site);
	if (st != STATUS_OK)
		return st;
	(void)show(site, item, item->to, &item->shown_to);
	if (item->window.hollow)
		warn_hollow(item, site);
	if (item->window.from < item->window.to) {
		(void)show(site, item, item->window.from, &item->shown_from);
		warn_unforced(item, options, site);
	}
	return STATUS_OK;
}

static status
refresh(struct item *item, const struct refresh_options *options,
    struct site *site)
{
	status st;

	item->verdict = ITEM_SKIPPED;
	st = look_before(item, options, site);
	if (st == STATUS_OK && item->window.from < item->window.to) {
		item->verdict =
		    options->dry_run ? ITEM_PLANNED : ITEM_REFRESHED;
		st = take_steps(item, options, site);
	}
	if (st == STATUS_OK)
		st = look_after(item, site);
	return st;
}

void
item_refresh(struct item *item, const struct refresh_options *options,
    struct site *site)
{
	double since = num_now();
	status st = STATUS_OK;

	if (site->pg == NULL || pg_broken(site->pg)) {
		site_close(site);
		st = site_open(site, &options->target, &item->failure);
	}
	if (st == STATUS_OK)
		st = refresh(item, options, site);
	if (st != STATUS_OK && signal_abort()) {
		failure_clear(&item->failure);
		item_interrupt(item);
	}
	if (st != STATUS_OK)
		item->verdict = ITEM_FAILED;
	item->seconds = num_now() - since;
}

/* --- the answer -------------------------------------------------------------------- */

static void
set_text(json_t *record, const char *field, const char *text)
{
	if (text == NULL)
		(void)json_object_set_new(record, field, json_null());
	else
		record_set_text(record, field, text);
}

static void
report(const struct item *item)
{
	/* A signal is no news to who sent it. */
	if (item->verdict == ITEM_FAILED && !item->interrupted)
		failure_report(&item->failure);
}

status
item_answer(struct item *item)
{
	json_t *record = item->line.record;
	double ms = (double)(uint64_t)(item->seconds * 1000 + 0.5);

	report(item);
	cagg_line_forget(&item->line);
	record_set_text(record, "status", verdicts[item->verdict]);
	set_text(record, "from", item->shown_from);
	set_text(record, "to", item->shown_to);
	record_set_count(record, "steps", item->steps);
	set_text(record, "target_watermark", item->shown_watermark);
	(void)json_object_set_new(record, "seconds", json_real(ms / 1000));
	if (item->verdict == ITEM_FAILED) {
		json_t *failure = failure_json(&item->failure);

		(void)json_object_update(record, failure);
		json_decref(failure);
	}
	return record_print(record);
}
