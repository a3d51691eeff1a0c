/* SPDX-License-Identifier: PostgreSQL */
/*
 * Findings: a row of a check's query with its message, its remedy and its
 * waiver.  They are sorted, worst first and then by object, so that the same
 * input gives the same words whatever order a server has.
 */
#include "report/judge.h"

#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "data/record.h"
#include "report/template.h"

/* --- from rows to findings ----------------------------------------------------- */

static void
flawed(json_t *check, const char *reason)
{
	record_set_text(check, "status", "error");
	record_set_text(check, "reason", reason);
	(void)json_object_set_new(check, "findings", json_array());
	record_set_int(check, "total", 0);
}

/* A template's text as a field; false: it names a column that is not there. */
static bool
fill(json_t *finding, const char *field, const struct folder *f,
    enum template_kind kind, const json_t *row, char **flaw)
{
	const char *text = record_text(f->about, field);
	struct str out CLEANUP(str_free) = STR_INIT;
	enum template_result result;

	record_set_text(finding, field, NULL);
	if (text == NULL)
		return true;
	result = template_fill(text, kind, row, &out);
	if (result == TEMPLATE_MISSING) {
		*flaw = mem_printf("\"%s\" names the column \"%s\", which the "
				   "query does not give",
		    field, str_text(&out));
		return false;
	}
	if (result == TEMPLATE_DONE)
		record_set_text(finding, field, str_text(&out));
	return true;
}

static json_t *
values_of(const json_t *row)
{
	json_t *values = json_deep_copy(row);

	(void)json_object_del(values, "severity");
	(void)json_object_del(values, "object");
	(void)json_object_del(values, "reason");
	return values;
}

static void
add_waiver(json_t *finding, const json_t *waiver)
{
	json_t *waived;

	if (waiver == NULL)
		return;
	waived = json_object();
	record_set_text(waived, "reason", record_text(waiver, "reason"));
	record_set_text(waived, "until", record_text(waiver, "until"));
	(void)json_object_set_new(finding, "waived", waived);
}

/* NULL: *flaw says why not. */
static json_t *
finding_of(const struct folder *f, const json_t *row, char **flaw)
{
	const char *severity = record_text(row, "severity");
	const char *object = record_text(row, "object");
	char *key CLEANUP_FREE = NULL;
	json_t *out;

	if (severity_of(severity) == SEVERITY_OK || object == NULL) {
		*flaw = object == NULL
		    ? mem_strdup("the query gives a row without object")
		    : mem_printf("the query gives the severity \"%s\"",
			  severity == NULL ? "null" : severity);
		return NULL;
	}
	key = mem_printf("%s:%s", f->id, object);
	out = json_object();
	record_set_text(out, "key", key);
	record_set_text(out, "object", object);
	record_set_text(out, "severity", severity);
	if (!fill(out, "message", f, TEMPLATE_TEXT, row, flaw) ||
	    !fill(out, "do", f, TEMPLATE_SQL, row, flaw) ||
	    !fill(out, "undo", f, TEMPLATE_SQL, row, flaw)) {
		record_cleanup(&out);
		return NULL;
	}
	(void)json_object_set_new(out, "values", values_of(row));
	return out;
}

static int
compare(const void *a, const void *b)
{
	const json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	int by = (int)severity_of(record_text(y, "severity")) -
	    (int)severity_of(record_text(x, "severity"));

	return by != 0
	    ? by
	    : strcmp(record_text(x, "object"), record_text(y, "object"));
}

/* Findings about one object: the worst one counts. */
struct found {
	json_t **items;
	size_t count, kept;
};

static void
keep_first_of_each(struct found *all)
{
	json_t *seen CLEANUP(record_cleanup) = json_object();

	for (size_t i = 0; i < all->count; i++) {
		const char *object = record_text(all->items[i], "object");

		if (json_object_get(seen, object) != NULL) {
			record_cleanup(&all->items[i]);
			continue;
		}
		(void)json_object_set_new(seen, object, json_true());
		all->items[all->kept++] = all->items[i];
	}
}

/* Into the check, with the worst that is not waived as its status. */
static void
put_findings(json_t *check, struct found *all,
    const struct report_config *config, const char *database, const char *today)
{
	json_t *list = json_array();
	enum severity worst = SEVERITY_OK;

	if (all->count > 0)
		qsort(all->items, all->count, sizeof(json_t *), compare);
	keep_first_of_each(all);
	for (size_t i = 0; i < all->kept; i++) {
		json_t *finding = all->items[i];
		enum severity own =
		    severity_of(record_text(finding, "severity"));
		const json_t *waiver = config_waiver(config, database,
		    record_text(finding, "key"), today);

		add_waiver(finding, waiver);
		if (waiver == NULL && own > worst)
			worst = own;
		/* A waiver beyond the limit would be a finding that counts. */
		if (i < JUDGE_FINDINGS_MAX)
			(void)json_array_append_new(list, finding);
		else
			json_decref(finding);
	}
	(void)json_object_set_new(check, "findings", list);
	record_set_int(check, "total", (int64_t)all->kept);
	record_set_text(check, "status", severity_name(worst));
}

static void
free_found(const struct found *all)
{
	for (size_t i = 0; i < all->count; i++)
		json_decref(all->items[i]);
	free(all->items);
}

void
judge(json_t *check, const struct folder *f, const struct report_config *config,
    const char *database, const char *today, const json_t *rows)
{
	struct found all = {NULL, 0, 0};
	char *flaw CLEANUP_FREE = NULL;
	const char *skipped = NULL;
	size_t i;
	const json_t *row;

	all.items =
	    mem_resize(NULL, json_array_size(rows) + 1, sizeof(json_t *));
	json_array_foreach(rows, i, row)
	{
		json_t *finding;

		if (str_eq(record_text(row, "severity"), "skipped")) {
			skipped = record_text(row, "reason");
			skipped =
			    skipped == NULL ? "its query says so" : skipped;
			continue;
		}
		finding = finding_of(f, row, &flaw);
		if (finding == NULL)
			break;
		all.items[all.count++] = finding;
	}
	if (flaw != NULL) {
		free_found(&all);
		flawed(check, flaw);
		return;
	}
	put_findings(check, &all, config, database, today);
	free(all.items);
	if (skipped != NULL) {
		record_set_text(check, "reason", skipped);
		if (all.count == 0)
			record_set_text(check, "status", "skipped");
	}
}

/* --- lines --------------------------------------------------------------------------- */

/* A line with where it is of. */
struct line {
	const json_t *check, *finding; /* finding NULL: the check's reason */
	const char *database;	       /* or NULL */
	int rank;
	size_t place;
};

struct lines {
	struct line *items;
	size_t count, cap;
};

static void
add_line(struct lines *l, const json_t *check, const json_t *finding,
    const char *database)
{
	const char *severity = record_text(finding == NULL ? check : finding,
	    finding == NULL ? "status" : "severity");

	if (l->count == l->cap) {
		l->cap = l->cap == 0 ? 64 : l->cap * 2;
		l->items = mem_resize(l->items, l->cap, sizeof(l->items[0]));
	}
	l->items[l->count] = (struct line){check, finding, database,
	    finding == NULL ? (str_eq(severity, "error") ? 5 : 6)
			    : 4 - (int)severity_of(severity),
	    l->count};
	l->count++;
}

static void
add_checks(struct lines *l, const json_t *checks, const char *database)
{
	size_t i, k;
	const json_t *check, *finding;

	json_array_foreach(checks, i, check)
	{
		const char *outcome = record_text(check, "status");

		json_array_foreach(json_object_get(check, "findings"), k,
		    finding)
		{
			add_line(l, check, finding, database);
		}

		if (str_eq(outcome, "skipped") || str_eq(outcome, "error"))
			add_line(l, check, NULL, database);
	}
}

static int
compare_lines(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	if (x->rank != y->rank)
		return x->rank - y->rank;
	return x->place < y->place ? -1 : x->place > y->place;
}

static void
copy_field(json_t *out, const char *name, const json_t *from, const char *field)
{
	json_t *value = json_object_get(from, field);

	(void)json_object_set_new(out, name,
	    value == NULL ? json_null() : json_deep_copy(value));
}

static json_t *
line_of(const struct line *l)
{
	json_t *out = json_object();
	const json_t *f = l->finding;
	const json_t *values = json_object_get(f, "values");

	copy_field(out, "check", l->check, "id");
	if (f == NULL)
		copy_field(out, "severity", l->check, "status");
	else
		copy_field(out, "severity", f, "severity");
	copy_field(out, "category", l->check, "category");
	record_set_text(out, "database", l->database);
	copy_field(out, "object", f, "object");
	if (f == NULL)
		copy_field(out, "message", l->check, "reason");
	else
		copy_field(out, "message", f, "message");
	copy_field(out, "value", values, "value");
	copy_field(out, "threshold", values, "threshold");
	copy_field(out, "do", f, "do");
	copy_field(out, "undo", f, "undo");
	copy_field(out, "key", f, "key");
	if (json_object_get(f, "waived") != NULL)
		copy_field(out, "waived", f, "waived");
	return out;
}

static status
print_end(const json_t *collection, size_t lines)
{
	json_t *extra CLEANUP(record_cleanup) = json_object();

	copy_field(extra, "score", json_object_get(collection, "score"),
	    "score");
	return record_print_end("pg-report", lines, extra);
}

status
judge_print(const json_t *collection)
{
	struct lines l = {NULL, 0, 0};
	status s = STATUS_OK;
	size_t i;
	const json_t *d;

	add_checks(&l,
	    json_object_get(json_object_get(collection, "server"), "checks"),
	    NULL);
	json_array_foreach(json_object_get(collection, "databases"), i, d)
	{
		add_checks(&l, json_object_get(d, "checks"),
		    record_text(d, "database"));
	}

	if (l.count > 0)
		qsort(l.items, l.count, sizeof(l.items[0]), compare_lines);
	for (i = 0; i < l.count && s == STATUS_OK; i++) {
		json_t *line CLEANUP(record_cleanup) = line_of(&l.items[i]);

		s = record_print(line);
	}
	free(l.items);
	return s == STATUS_OK ? print_end(collection, l.count) : s;
}

/* --- the verdict ---------------------------------------------------------------------- */

static bool
is_bad(const json_t *checks, enum severity fail_on)
{
	size_t i, k;
	const json_t *check, *finding;

	json_array_foreach(checks, i, check)
	{
		json_array_foreach(json_object_get(check, "findings"), k,
		    finding)
		{
			if (json_object_get(finding, "waived") == NULL &&
			    severity_of(record_text(finding, "severity")) >=
				fail_on)
				return true;
		}
	}
	return false;
}

status
judge_verdict(const json_t *collection, enum severity fail_on)
{
	size_t i;
	const json_t *d;

	if (is_bad(json_object_get(json_object_get(collection, "server"),
		       "checks"),
		fail_on))
		return STATUS_NO;
	json_array_foreach(json_object_get(collection, "databases"), i, d)
	{
		if (is_bad(json_object_get(d, "checks"), fail_on))
			return STATUS_NO;
	}
	return STATUS_OK;
}
