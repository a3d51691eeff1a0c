/* SPDX-License-Identifier: PostgreSQL */
/*
 * Two collections side by side: databases by name, sections and checks by id.
 */
#include "report/diff.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "data/record.h"
#include "report/config.h"
#include "report/diff_rows.h"

/* --- sections ------------------------------------------------------------------------ */

static const json_t *
find_by(const json_t *list, const char *field, const char *text)
{
	size_t i;
	const json_t *item;

	json_array_foreach(list, i, item)
	{
		if (str_eq(record_text(item, field), text))
			return item;
	}
	return NULL;
}

static void
copy_field(json_t *out, const json_t *from, const char *name)
{
	json_t *value = json_object_get(from, name);

	(void)json_object_set(out, name, value == NULL ? json_null() : value);
}

/* NULL: it can be compared. */
static const char *
unknown_reason(const json_t *from, const json_t *to)
{
	const json_t *const sides[] = {from, to};

	for (int i = 0; i < 2; i++) {
		const json_t *s = sides[i];

		if (!str_eq(record_text(s, "status"), "ok"))
			return i == 0 ? "it was not collected before"
				      : "it was not collected after";
		if (record_int(s, "total") >
		    (int64_t)json_array_size(json_object_get(s, "rows")))
			return "not all of its rows were collected";
	}
	return NULL;
}

static json_t *
begin_section(const json_t *from, const json_t *to)
{
	static const char *const copied[] = {"id", "title", "group", "key",
	    "name", "show"};
	json_t *out = json_object();

	for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++)
		copy_field(out, to == NULL ? from : to, copied[i]);
	return out;
}

/* New here or gone: said where both were asked the same, else unknown. */
static json_t *
compare_section(const json_t *from, const json_t *to, bool comparable)
{
	struct diff_rows l = {json_array(), json_array(), json_array(),
	    json_array()};
	json_t *out = begin_section(from, to);
	const char *reason = NULL;

	if (from == NULL || to == NULL) {
		record_set_text(out, "status",
		    from == NULL ? "added" : "removed");
	} else {
		reason = unknown_reason(from, to);
		record_set_text(out, "status",
		    reason == NULL ? "both" : "unknown");
	}
	record_set_text(out, "reason", reason);
	if (from != NULL && to != NULL && reason == NULL)
		diff_rows(&l, from, to, comparable);
	(void)json_object_set_new(out, "added", l.added);
	(void)json_object_set_new(out, "removed", l.removed);
	(void)json_object_set_new(out, "changed", l.changed);
	(void)json_object_set_new(out, "grown", l.grown);
	return out;
}

static bool
is_empty(const json_t *section)
{
	return json_array_size(json_object_get(section, "added")) +
		json_array_size(json_object_get(section, "removed")) +
		json_array_size(json_object_get(section, "changed")) +
		json_array_size(json_object_get(section, "grown")) ==
	    0 &&
	    str_eq(record_text(section, "status"), "both");
}

/* Nothing is said of a section that neither side could collect. */
static bool
is_silent(const json_t *from, const json_t *to)
{
	return from != NULL && to != NULL &&
	    !str_eq(record_text(from, "status"), "ok") &&
	    !str_eq(record_text(to, "status"), "ok");
}

static void
add_section(json_t *out, const json_t *from, const json_t *to, bool comparable)
{
	json_t *section;

	if (is_silent(from, to))
		return;
	section = compare_section(from, to, comparable);
	if (is_empty(section))
		json_decref(section);
	else
		(void)json_array_append_new(out, section);
}

static json_t *
compare_sections(const json_t *from, const json_t *to, bool comparable)
{
	const json_t *old = json_object_get(from, "sections");
	const json_t *new = json_object_get(to, "sections");
	json_t *out = json_array();
	size_t i;
	const json_t *s;

	json_array_foreach(new, i, s)
	{
		add_section(out, find_by(old, "id", record_text(s, "id")), s,
		    comparable);
	}
	json_array_foreach(old, i, s)
	{
		if (find_by(new, "id", record_text(s, "id")) == NULL)
			add_section(out, s, NULL, comparable);
	}
	return out;
}

/* --- checks ---------------------------------------------------------------------------- */

static json_t *
with_check(const json_t *finding, const json_t *check)
{
	json_t *out = json_copy((json_t *)(uintptr_t)finding);

	record_set_text(out, "check", record_text(check, "id"));
	copy_field(out, check, "title");
	copy_field(out, check, "category");
	return out;
}

static bool
was_evaluated(const json_t *check)
{
	const char *outcome = record_text(check, "status");

	return check != NULL && !str_eq(outcome, "skipped") &&
	    !str_eq(outcome, "error");
}

static void
add_worse(json_t *out, const json_t *before, const json_t *finding,
    const json_t *check)
{
	int by = (int)severity_of(record_text(finding, "severity")) -
	    (int)severity_of(record_text(before, "severity"));
	json_t *item;

	if (by == 0)
		return;
	item = with_check(finding, check);
	copy_field(item, before, "severity");
	(void)json_object_set(item, "was", json_object_get(before, "severity"));
	copy_field(item, finding, "severity");
	(void)json_array_append_new(json_object_get(out,
					by > 0 ? "worse" : "better"),
	    item);
}

/* Why a side may have found more than it lists; NULL: that is all. */
static char *
why_incomplete(const json_t *check)
{
	const char *reason = record_text(check, "reason");
	const json_t *limit =
	    json_object_get(json_object_get(check, "thresholds"), "limit");
	size_t listed = json_array_size(json_object_get(check, "findings"));
	int64_t total = record_int(check, "total");

	if (reason != NULL)
		return mem_strdup(reason);
	if (total > (int64_t)listed)
		return mem_printf("only %zu of %lld findings were kept", listed,
		    (long long)total);
	if (json_is_number(limit) && (double)total >= json_number_value(limit))
		return mem_printf("it lists %g at most",
		    json_number_value(limit));
	return NULL;
}

/*
 * Findings that the other side does not list, under "new" or "fixed"; where that
 * one may have had them all the same, why nothing is known of them.
 */
static void
add_unmatched(json_t *out, const char *name, json_t *found, const json_t *check,
    const json_t *other)
{
	char *reason CLEANUP_FREE = why_incomplete(other);
	json_t *item;

	if (reason == NULL) {
		(void)json_array_extend(json_object_get(out, name), found);
	} else if (json_array_size(found) > 0) {
		item = json_object();
		record_set_text(item, "check", record_text(check, "id"));
		copy_field(item, check, "title");
		copy_field(item, check, "category");
		record_set_text(item, "list", name);
		record_set_int(item, "findings",
		    (int64_t)json_array_size(found));
		record_set_text(item, "reason", reason);
		(void)json_array_append_new(json_object_get(out, "unknown"),
		    item);
	}
	json_decref(found);
}

/* Those of one list whose key the other has not. */
static json_t *
unmatched(const json_t *list, const json_t *others, const json_t *check)
{
	json_t *out = json_array();
	size_t i;
	const json_t *f;

	json_array_foreach(list, i, f)
	{
		if (find_by(others, "key", record_text(f, "key")) == NULL)
			(void)json_array_append_new(out, with_check(f, check));
	}
	return out;
}

/* A check that one side could not evaluate says nothing about findings. */
static void
compare_check(json_t *out, const json_t *from, const json_t *to)
{
	const json_t *old = json_object_get(from, "findings");
	const json_t *new = json_object_get(to, "findings");
	size_t i;
	const json_t *f;

	if (!was_evaluated(from) || !was_evaluated(to))
		return;
	json_array_foreach(new, i, f)
	{
		const json_t *before =
		    find_by(old, "key", record_text(f, "key"));

		if (before != NULL)
			add_worse(out, before, f, to);
	}
	add_unmatched(out, "new", unmatched(new, old, to), to, from);
	add_unmatched(out, "fixed", unmatched(old, new, from), from, to);
}

static json_t *
compare_checks(const json_t *from, const json_t *to)
{
	static const char *const lists[] = {"new", "fixed", "worse", "better",
	    "unknown"};
	json_t *out = json_object();
	size_t i;
	const json_t *c;

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		(void)json_object_set_new(out, lists[i], json_array());
	json_array_foreach(json_object_get(to, "checks"), i, c)
	{
		compare_check(out,
		    find_by(json_object_get(from, "checks"), "id",
			record_text(c, "id")),
		    c);
	}
	return out;
}

static bool
part_differs(const json_t *part)
{
	json_t *checks = json_object_get(part, "checks");
	size_t i;
	const json_t *s;
	const char *name;
	const json_t *list;

	json_array_foreach(json_object_get(part, "sections"), i, s)
	{
		if (json_array_size(json_object_get(s, "added")) +
			json_array_size(json_object_get(s, "removed")) +
			json_array_size(json_object_get(s, "changed")) >
		    0)
			return true;
	}
	json_object_foreach(checks, name, list)
	{
		if (!str_eq(name, "unknown") && json_array_size(list) > 0)
			return true;
	}
	return false;
}

/* --- the whole --------------------------------------------------------------------------- */

static void
compare_parts(json_t *out, const json_t *from, const json_t *to,
    bool comparable)
{
	(void)json_object_set_new(out, "sections",
	    compare_sections(from, to, comparable));
	(void)json_object_set_new(out, "checks", compare_checks(from, to));
}

static json_t *
compare_database(const json_t *from, const json_t *to, bool comparable)
{
	json_t *out = json_object();

	record_set_text(out, "database",
	    record_text(to == NULL ? from : to, "database"));
	if (from != NULL && to != NULL &&
	    !str_eq(record_text(from, "database"), record_text(to, "database")))
		record_set_text(out, "was", record_text(from, "database"));
	record_set_text(out, "status",
	    from == NULL     ? "added"
		: to == NULL ? "removed"
			     : "both");
	if (from != NULL && to != NULL)
		compare_parts(out, from, to, comparable);
	else
		compare_parts(out, NULL, NULL, comparable);
	return out;
}

/* What is the server's own comes like a database, if there is anything. */
static void
compare_servers(json_t *out, const json_t *from, const json_t *to,
    bool comparable)
{
	json_t *item = json_object();

	record_set_text(item, "database", "(server)");
	record_set_text(item, "status", "both");
	compare_parts(item, from, to, comparable);
	if (part_differs(item) ||
	    json_array_size(json_object_get(json_object_get(item, "checks"),
		"unknown")) > 0 ||
	    json_array_size(json_object_get(item, "sections")) > 0)
		(void)json_array_append(out, item);
	json_decref(item);
}

static void
compare_databases(json_t *out, const json_t *old, const json_t *new,
    bool comparable)
{
	size_t i;
	const json_t *d;

	/* Of one database each, these are meant: test and production may
	 * call it differently. */
	if (json_array_size(old) == 1 && json_array_size(new) == 1) {
		(void)json_array_append_new(out,
		    compare_database(json_array_get(old, 0),
			json_array_get(new, 0), comparable));
		return;
	}
	json_array_foreach(new, i, d)
	{
		(void)json_array_append_new(out,
		    compare_database(find_by(old, "database",
					 record_text(d, "database")),
			d, comparable));
	}
	json_array_foreach(old, i, d)
	{
		if (find_by(new, "database", record_text(d, "database")) ==
		    NULL)
			(void)json_array_append_new(out,
			    compare_database(d, NULL, comparable));
	}
}

static json_t *
show_side(const json_t *collection)
{
	static const char *const copied[] = {"version", "version_text",
	    "system", "standby", "started", "where"};
	json_t *out = json_object(), *server = json_object();

	copy_field(out, collection, "collected");
	copy_field(out, collection, "title");
	for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++)
		copy_field(server, json_object_get(collection, "server"),
		    copied[i]);
	(void)json_object_set_new(out, "server", server);
	return out;
}

/* Why counters and sizes of the two say nothing together; NULL: they do. */
static const char *
incomparable(const json_t *from, const json_t *to)
{
	const char *a = record_text(json_object_get(from, "server"), "system");
	const char *b = record_text(json_object_get(to, "server"), "system");

	if (a == NULL || b == NULL)
		return "it is not known whether they are of one system";
	return strcmp(a, b) == 0 ? NULL : "they are of different systems";
}

json_t *
diff_collections(const json_t *from, const json_t *to)
{
	const char *reason = incomparable(from, to);
	json_t *out = json_object(), *databases = json_array();
	json_t *score = json_object();

	record_set_text(out, "format", DIFF_FORMAT);
	record_set_int(out, "version", DIFF_VERSION);
	(void)json_object_set_new(out, "from", show_side(from));
	(void)json_object_set_new(out, "to", show_side(to));
	(void)json_object_set_new(out, "comparable",
	    json_boolean(reason == NULL));
	record_set_text(out, "reason", reason);
	(void)json_object_set(score, "from",
	    json_object_get(json_object_get(from, "score"), "score"));
	(void)json_object_set(score, "to",
	    json_object_get(json_object_get(to, "score"), "score"));
	(void)json_object_set_new(out, "score", score);
	compare_servers(databases, json_object_get(from, "server"),
	    json_object_get(to, "server"), reason == NULL);
	compare_databases(databases, json_object_get(from, "databases"),
	    json_object_get(to, "databases"), reason == NULL);
	(void)json_object_set_new(out, "databases", databases);
	(void)json_object_set_new(out, "complete", json_true());
	return out;
}

/* --- did anything change? ------------------------------------------------------------------ */

bool
diff_differs(const json_t *diff)
{
	size_t i;
	const json_t *d;

	json_array_foreach(json_object_get(diff, "databases"), i, d)
	{
		if (part_differs(d) ||
		    !str_eq(record_text(d, "status"), "both"))
			return true;
	}
	return false;
}
