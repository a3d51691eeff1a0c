/* SPDX-License-Identifier: PostgreSQL */
/*
 * Answers: the line as it came, with what was found added.
 */
#include "compare/verdict.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/str.h"
#include "data/chunk.h"

/* So many lines of trouble are for people; all are on stdout. */
#define TOLD_MAX 20

static const char *const statuses[VERDICT_KINDS] = {NULL, "match", "differ",
    "missing", "unproved"};

struct answers {
	pthread_mutex_t lock;
	uint64_t counts[VERDICT_KINDS];
	uint64_t rows, moved, told;
	uint64_t lines; /* printed: answers, and rows before them */
	status worst;
};

void
verdict_set(struct verdict *v, enum verdict_kind kind, const char *reason, ...)
{
	char text[1024];
	va_list args;

	va_start(args, reason);
	(void)vsnprintf(text, sizeof(text), reason, args);
	va_end(args);
	free(v->reason);
	v->reason = mem_strdup(text);
	v->kind = kind;
}

void
verdict_free(struct verdict *v)
{
	free(v->reason);
	json_decref(v->error);
	json_decref(v->add);
	*v = (struct verdict){0};
}

struct answers *
answers_new(void)
{
	struct answers *t = mem_zalloc(sizeof(*t));

	(void)pthread_mutex_init(&t->lock, NULL);
	return t;
}

void
answers_free(struct answers *t)
{
	if (t == NULL)
		return;
	(void)pthread_mutex_destroy(&t->lock);
	free(t);
}

static void
set_digest(json_t *line, const char *field, const struct digest *d)
{
	char shown[DIGEST_SHOWN];

	if (d->kind == DIGEST_NONE)
		return;
	digest_show(d, shown);
	record_set_text(line, field, shown);
}

static void
set_rows_found(json_t *line, const struct row_counts *rows)
{
	json_t *found = json_object();

	record_set_count(found, "missing", rows->missing);
	record_set_count(found, "extra", rows->extra);
	record_set_count(found, "differ", rows->differ);
	(void)json_object_set_new(found, "complete",
	    json_boolean(rows->complete));
	(void)json_object_set_new(line, "found", found);
}

/* Fields of an earlier answer that this one replaces. */
static void
forget(json_t *line)
{
	static const char *const fields[] = {"moved", "reason", "found",
	    "error", "source_digest", "target_digest"};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		(void)json_object_del(line, fields[i]);
}

static void
fill(const struct verdict *v, json_t *line)
{
	double ms = (double)(uint64_t)(v->seconds * 1000 + 0.5);

	forget(line);
	if (v->add != NULL)
		(void)json_object_update(line, v->add);
	if (v->kind == VERDICT_DIGEST) {
		record_set_count(line, "rows", v->target.rows);
		set_digest(line, "digest", &v->target);
	} else {
		record_set_text(line, "status", statuses[v->kind]);
		if (v->pair)
			set_digest(line, "source_digest", &v->source);
		set_digest(line, "target_digest", &v->target);
	}
	if (v->moved)
		(void)json_object_set_new(line, "moved", json_true());
	if (v->reason != NULL)
		record_set_text(line, "reason", v->reason);
	if (v->error != NULL)
		(void)json_object_set(line, "error", v->error);
	if (v->rows.taken && !v->again)
		set_rows_found(line, &v->rows);
	(void)json_object_set_new(line, "seconds", json_real(ms / 1000));
}

/* Why, in a few words; an error was reported when it occurred. */
static char *
why(const struct verdict *v)
{
	if (v->reason != NULL)
		return mem_strdup(v->reason);
	if (v->kind == VERDICT_MISSING)
		return mem_strdup("it is not there");
	if (v->kind == VERDICT_UNPROVED)
		return mem_strdup("it could not be checked");
	if (v->source.rows == v->target.rows)
		return mem_printf("%llu row%s on both sides, not the same",
		    (unsigned long long)v->source.rows,
		    v->source.rows == 1 ? "" : "s");
	return mem_printf("%llu row%s expected, %llu found",
	    (unsigned long long)v->source.rows, v->source.rows == 1 ? "" : "s",
	    (unsigned long long)v->target.rows);
}

static void
tell(const struct verdict *v, const json_t *line, uint64_t told)
{
	const char *id = record_text(line, "chunk");
	char *reason CLEANUP_FREE = NULL;

	if (told > TOLD_MAX)
		return;
	if (told == TOLD_MAX) {
		log_warning("more chunks do not match; standard output names "
			    "them all");
		return;
	}
	reason = why(v);
	log_warning("%s: \"%s\": %s%s", statuses[v->kind], id == NULL ? "" : id,
	    reason,
	    v->moved ? "; the source has moved "
		       "since"
		     : "");
}

static uint64_t
rows_of(const struct verdict *v)
{
	return v->again || v->target.kind == DIGEST_NONE ? 0 : v->target.rows;
}

static void
count(struct answers *t, const struct verdict *v, const json_t *line)
{
	bool good = v->kind == VERDICT_MATCH || v->kind == VERDICT_DIGEST;
	uint64_t told;

	(void)pthread_mutex_lock(&t->lock);
	t->counts[v->kind]++;
	t->moved += v->moved;
	t->lines += 1 + (v->again ? 0 : v->rows.printed);
	t->rows += rows_of(v);
	t->worst = status_worse(t->worst, v->class);
	if (!good)
		t->worst = status_worse(t->worst, STATUS_NO);
	good |= v->again;
	told = good ? 0 : t->told++;
	(void)pthread_mutex_unlock(&t->lock);
	if (!good)
		tell(v, line, told);
}

status
answers_add(struct answers *t, const struct verdict *v, json_t *line)
{
	int64_t bytes = record_int(line, "bytes");

	fill(v, line);
	count(t, v, line);
	progress_add(1, rows_of(v), bytes > 0 ? (uint64_t)bytes : 0);
	return record_print(line);
}

status
answers_status(const struct answers *t)
{
	return t->worst;
}

uint64_t
answers_lines(const struct answers *t)
{
	return t->lines;
}

static uint64_t
chunks(const struct answers *t)
{
	uint64_t sum = 0;
	int i;

	for (i = 0; i < VERDICT_KINDS; i++)
		sum += t->counts[i];
	return sum;
}

void
answers_report(const struct answers *t)
{
	uint64_t n = chunks(t);
	struct str text = STR_INIT;
	int i;

	if (n == 0)
		return;
	str_addf(&text, "%llu %s, %llu %s", (unsigned long long)n,
	    n == 1 ? "chunk" : "chunks", (unsigned long long)t->rows,
	    t->rows == 1 ? "row" : "rows");
	for (i = VERDICT_MATCH; i < VERDICT_KINDS; i++)
		if (t->counts[i] > 0 ||
		    (i == VERDICT_MATCH && t->counts[VERDICT_DIGEST] < n))
			str_addf(&text, ", %llu %s",
			    (unsigned long long)t->counts[i], statuses[i]);
	if (t->moved > 0)
		str_addf(&text, " (%llu moved)", (unsigned long long)t->moved);
	log_info("%s", str_text(&text));
	str_free(&text);
}
