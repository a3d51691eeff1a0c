/* SPDX-License-Identifier: PostgreSQL */
/*
 * A line goes out after the commit that it speaks of, never before.
 */
#include "load/result.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/progress.h"
#include "data/record.h"
#include "load/entry.h"
#include "load/job.h"

void
results_init(struct results *a)
{
	memset(a, 0, sizeof(*a));
	(void)pthread_mutex_init(&a->lock, NULL);
}

void
results_free(struct results *a)
{
	(void)pthread_mutex_destroy(&a->lock);
}

/* What an earlier life of the line may have left in it. */
static const char *const stale[] = {"target", "status", "digest", "run",
    "seconds", "error", "moved", "source_digest", "target_digest"};

static void
set_text(json_t *line, const char *field, const char *text)
{
	if (text == NULL)
		(void)json_object_set_new(line, field, json_null());
	else
		record_set_text(line, field, text);
}

static void
set_count(json_t *line, const char *field, int64_t n)
{
	if (n < 0)
		(void)json_object_set_new(line, field, json_null());
	else
		record_set_count(line, field, (uint64_t)n);
}

static json_t *
new_line(const struct job *job, const char *status_text)
{
	json_t *line = json_copy(job->chunk.record), *target = json_object();
	size_t i;

	for (i = 0; i < sizeof(stale) / sizeof(stale[0]); i++)
		(void)json_object_del(line, stale[i]);
	record_set_text(target, "schema", job->schema);
	record_set_text(target, "table", job->table);
	(void)json_object_set_new(line, "target", target);
	record_set_text(line, "status", status_text);
	return line;
}

static void
set_entry(json_t *line, const struct job *job, const struct entry *e)
{
	set_count(line, "rows", e->rows);
	set_count(line, "bytes", e->bytes);
	set_text(line, "digest", e->digest);
	set_text(line, "snapshot", e->snapshot);
	set_text(line, "pg_snapshot", e->pg_snapshot);
	set_text(line, "lsn", e->lsn);
	if (job->load->run.schema != NULL)
		record_set_text(line, "run", job->load->run.name);
}

/* Takes the line.  Who reads is gone: nothing more can be answered. */
static void
put(struct load *load, json_t *line)
{
	struct results *a = &load->results;
	bool deaf;

	(void)pthread_mutex_lock(&a->lock);
	deaf = a->deaf;
	if (!deaf && record_print(line) != STATUS_OK) {
		a->deaf = true;
		a->worst = status_worse(a->worst, STATUS_FAIL);
		atomic_store(&load->dead, true);
	}
	(void)pthread_mutex_unlock(&a->lock);
	json_decref(line);
}

void
result_loaded(struct job *job, const struct entry *e, double seconds)
{
	struct results *a = &job->load->results;
	json_t *line = new_line(job, "loaded");

	set_entry(line, job, e);
	if (seconds >= 0)
		(void)json_object_set_new(line, "seconds",
		    json_real((double)(int64_t)(seconds * 1000) / 1000));
	(void)pthread_mutex_lock(&a->lock);
	a->loaded++;
	(void)pthread_mutex_unlock(&a->lock);
	put(job->load, line);
	progress_add(1, (uint64_t)e->rows, 0);
}

void
result_skipped(struct job *job, const struct entry *e)
{
	struct results *a = &job->load->results;
	json_t *line = new_line(job, "skipped");

	set_entry(line, job, e);
	(void)pthread_mutex_lock(&a->lock);
	a->skipped++;
	(void)pthread_mutex_unlock(&a->lock);
	put(job->load, line);
}

void
result_vanished(struct job *job, const struct failure *f)
{
	struct results *a = &job->load->results;
	json_t *line = new_line(job, "skipped");

	log_warning("\"%s\" is passed over: %s", job->chunk.id, f->message);
	record_set_text(line, "reason", f->message);
	(void)json_object_set_new(line, "vanished", json_true());
	if (job->load->run.schema != NULL)
		record_set_text(line, "run", job->load->run.name);
	(void)pthread_mutex_lock(&a->lock);
	a->vanished++;
	(void)pthread_mutex_unlock(&a->lock);
	put(job->load, line);
}

void
result_failed(struct job *job, const struct failure *f, bool quiet)
{
	struct results *a = &job->load->results;
	json_t *line = new_line(job, "failed");
	json_t *error = failure_json(f);

	if (!quiet) {
		log_error("could not load \"%s\" into %s: %s", job->chunk.id,
		    job->target, f->message);
		if (f->detail != NULL)
			log_detail("%s", f->detail);
		if (f->hint != NULL)
			log_hint("%s", f->hint);
	}
	(void)json_object_update(line, error);
	json_decref(error);
	if (job->load->run.schema != NULL)
		record_set_text(line, "run", job->load->run.name);
	(void)pthread_mutex_lock(&a->lock);
	a->failed++;
	a->worst = status_worse(a->worst, f->class);
	(void)pthread_mutex_unlock(&a->lock);
	put(job->load, line);
}

void
result_worse(struct results *a, status s)
{
	(void)pthread_mutex_lock(&a->lock);
	a->worst = status_worse(a->worst, s);
	(void)pthread_mutex_unlock(&a->lock);
}

void
results_summary(const struct results *a, struct str *out)
{
	if (a->skipped > 0)
		str_addf(out, "%" PRIu64 " skipped: loaded before", a->skipped);
	if (a->vanished > 0)
		str_addf(out, "%s%" PRIu64 " gone from the source",
		    out->len > 0 ? ", " : "", a->vanished);
	if (a->failed > 0)
		str_addf(out, "%s%" PRIu64 " failed", out->len > 0 ? ", " : "",
		    a->failed);
	if (a->untried > 0)
		str_addf(out, ", %" PRIu64 " of them not tried", a->untried);
}
