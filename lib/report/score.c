/* SPDX-License-Identifier: PostgreSQL */
/*
 * The score.  A check that is asked in several databases is one check, with
 * the findings of all of them.
 */
#include "report/score.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "data/record.h"
#include "report/config.h"

#define MOST 10.0   /* that one check can cost */
#define COVERAGE 60 /* percent of the checks, for a score at all */
#define CAP_RISK 49
#define CAP_OTHER 69

static const struct {
	const char *name;
	double weight;
} categories[] = {{"risk", 30}, {"maintenance", 20}, {"index", 15},
    {"performance", 15}, {"security", 10}, {"config", 5}, {"timescaledb", 20},
    {"docs", 5}};

#define CATEGORIES (sizeof(categories) / sizeof(categories[0]))

struct category {
	double cost, most;
	int evaluated;
};

struct cap {
	int at;
	const char *check; /* NULL: none */
};

struct tally {
	struct category categories[CATEGORIES];
	int evaluated, total, skipped, errors;
	struct cap cap;
};

/* --- by check ----------------------------------------------------------------------- */

static void
gather_from(json_t *by_id, const json_t *checks)
{
	size_t i;
	json_t *check;

	json_array_foreach(checks, i, check)
	{
		const char *id = record_text(check, "id");
		json_t *list;

		if (id == NULL)
			continue;
		list = json_object_get(by_id, id);
		if (list == NULL) {
			list = json_array();
			(void)json_object_set_new(by_id, id, list);
		}
		(void)json_array_append(list, check);
	}
}

/* {"id":[C of the server, C of each database]} */
static json_t *
gather(const json_t *collection)
{
	json_t *out = json_object();
	size_t i;
	const json_t *d;

	gather_from(out,
	    json_object_get(json_object_get(collection, "server"), "checks"));
	json_array_foreach(json_object_get(collection, "databases"), i, d)
	{
		gather_from(out, json_object_get(d, "checks"));
	}

	return out;
}

static void
count_findings(const json_t *check, int counts[SEVERITY_CRITICAL + 1])
{
	size_t i;
	const json_t *f;

	json_array_foreach(json_object_get(check, "findings"), i, f)
	{
		if (json_object_get(f, "waived") == NULL)
			counts[severity_of(record_text(f, "severity"))]++;
	}
}

/* p1/2 + p2/4 + ..., worst first. */
static double
cost_of(const int counts[SEVERITY_CRITICAL + 1])
{
	static const double penalties[] = {0, 1, 4, MOST};
	double share = 0.5, cost = 0;

	for (int s = SEVERITY_CRITICAL; s > SEVERITY_OK; s--) {
		cost += penalties[s] * 2 * share * (1 - pow(0.5, counts[s]));
		share *= pow(0.5, counts[s]);
	}
	return cost;
}

static bool
is_outcome(const json_t *check, const char *outcome)
{
	return str_eq(record_text(check, "status"), outcome);
}

static size_t
category_of(const json_t *check)
{
	const char *name = record_text(check, "category");
	size_t i;

	for (i = 0; i < CATEGORIES; i++)
		if (str_eq(name, categories[i].name))
			break;
	return i;
}

static void
set_cap(struct cap *cap, const json_t *check, size_t category)
{
	int at = category == 0 ? CAP_RISK : CAP_OTHER;
	const char *id = record_text(check, "id");

	if (cap->check == NULL || at < cap->at ||
	    (at == cap->at && strcmp(id, cap->check) < 0))
		*cap = (struct cap){at, id};
}

static void
add_evaluated(struct tally *t, const json_t *check,
    const int counts[SEVERITY_CRITICAL + 1])
{
	size_t category = category_of(check);
	const json_t *given = json_object_get(check, "weight");
	double weight = json_is_number(given) ? json_number_value(given) : 1;

	t->evaluated++;
	if (category == CATEGORIES)
		return;
	t->categories[category].cost += weight * cost_of(counts);
	t->categories[category].most += weight * MOST;
	t->categories[category].evaluated++;
	if (counts[SEVERITY_CRITICAL] > 0)
		set_cap(&t->cap, check, category);
}

static void
add_check(struct tally *t, const json_t *list)
{
	int counts[SEVERITY_CRITICAL + 1] = {0};
	bool evaluated = false, failed = false, applies = false;
	size_t i;
	const json_t *check;

	json_array_foreach(list, i, check)
	{
		const json_t *fit = json_object_get(check, "applicable");

		count_findings(check, counts);
		applies = applies || !json_is_false(fit);
		failed = failed || is_outcome(check, "error");
		evaluated = evaluated ||
		    (!is_outcome(check, "error") &&
			!is_outcome(check, "skipped"));
	}
	if (!applies)
		return;
	t->total++;
	if (evaluated)
		add_evaluated(t, json_array_get(list, 0), counts);
	else if (failed)
		t->errors++;
	else
		t->skipped++;
}

/* --- the sum -------------------------------------------------------------------------- */

static double
score_of_category(const struct category *c)
{
	return c->most > 0 ? 100 * (1 - c->cost / c->most) : 100;
}

static json_t *
show_categories(const struct tally *t)
{
	json_t *out = json_array();

	for (size_t i = 0; i < CATEGORIES; i++) {
		const struct category *c = &t->categories[i];
		json_t *item;

		if (c->evaluated == 0)
			continue;
		item = json_object();
		record_set_text(item, "category", categories[i].name);
		record_set_int(item, "score",
		    (int64_t)floor(score_of_category(c) + 0.5));
		record_set_int(item, "weight", (int64_t)categories[i].weight);
		record_set_int(item, "evaluated", c->evaluated);
		(void)json_array_append_new(out, item);
	}
	return out;
}

/* -1: there is none. */
static int
mean(const struct tally *t)
{
	double sum = 0, weights = 0;

	for (size_t i = 0; i < CATEGORIES; i++) {
		const struct category *c = &t->categories[i];

		if (c->evaluated == 0)
			continue;
		sum += categories[i].weight * score_of_category(c);
		weights += categories[i].weight;
	}
	if (weights <= 0 || t->evaluated * 100 < t->total * COVERAGE)
		return -1;
	return (int)floor(sum / weights + 0.5);
}

static const char *
grade_of(int score)
{
	static const char *const grades[] = {"F", "F", "F", "F", "F", "E", "D",
	    "C", "B", "A", "A"};

	return grades[score / 10];
}

static json_t *
show_cap(const struct cap *cap)
{
	json_t *out = json_object();

	record_set_int(out, "at", cap->at);
	record_set_text(out, "check", cap->check);
	return out;
}

json_t *
score_of(const json_t *collection)
{
	json_t *by_id CLEANUP(record_cleanup) = gather(collection);
	struct tally t = {.evaluated = 0};
	json_t *out = json_object();
	const char *id;
	const json_t *list;
	bool capped;
	int score;

	json_object_foreach(by_id, id, list)
	{
		add_check(&t, list);
	}

	score = mean(&t);
	capped = t.cap.check != NULL && score > t.cap.at;
	if (capped)
		score = t.cap.at;
	(void)json_object_set_new(out, "score",
	    score < 0 ? json_null() : json_integer(score));
	record_set_text(out, "grade", score < 0 ? NULL : grade_of(score));
	record_set_int(out, "evaluated", t.evaluated);
	record_set_int(out, "total", t.total);
	record_set_int(out, "skipped", t.skipped);
	record_set_int(out, "errors", t.errors);
	(void)json_object_set_new(out, "cap",
	    capped ? show_cap(&t.cap) : json_null());
	(void)json_object_set_new(out, "categories", show_categories(&t));
	return out;
}
