/* SPDX-License-Identifier: PostgreSQL */
/*
 * May it be asked?  Then its query is run, and what comes of it is put into
 * the form of the collection.  What may not is "skipped" with the reason, and
 * never ok.
 */
#include "report/ask.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/signal.h"
#include "data/record.h"
#include "report/judge.h"
#include "report/rows.h"

#define DAY 86400.0

/* Why it is left out. */
struct skip {
	char *reason; /* NULL: it is not */
	bool unfit;   /* it could never apply here: not to be counted */
};

/* --- reasons to leave it out ---------------------------------------------------- */

static void
skip_version(const struct session *s, const struct folder *f, struct skip *skip)
{
	if (s->major < f->min_pg)
		skip->reason =
		    mem_printf("needs PostgreSQL %d or later, this is %d",
			f->min_pg, s->major);
	else if (f->max_pg > 0 && s->major > f->max_pg)
		skip->reason =
		    mem_printf("is for PostgreSQL up to %d, this is %d",
			f->max_pg, s->major);
	skip->unfit = skip->reason != NULL;
}

static void
skip_extension(const struct session *s, const struct folder *f,
    struct skip *skip)
{
	if (f->extension == NULL || session_extension(s, f->extension) != NULL)
		return;
	skip->reason =
	    mem_printf("the extension %s is not installed here", f->extension);
	skip->unfit = true;
}

static bool
pg_monitor_has(const char *role)
{
	return strcmp(role, "pg_read_all_stats") == 0 ||
	    strcmp(role, "pg_read_all_settings") == 0 ||
	    strcmp(role, "pg_stat_scan_tables") == 0;
}

static char *
show_lacking(const char *privilege)
{
	if (strcmp(privilege, "superuser") == 0)
		return mem_strdup("needs a superuser");
	if (strncmp(privilege, "execute ", 8) == 0)
		return mem_printf("needs the right to execute %s",
		    privilege + 8);
	return mem_printf("needs the role %s%s", privilege,
	    pg_monitor_has(privilege) ? ", which pg_monitor has" : "");
}

static void
skip_privilege(struct session *s, const struct folder *f, struct skip *skip)
{
	size_t i;
	const json_t *p;

	json_array_foreach(f->privilege, i, p)
	{
		if (!session_may(s, json_string_value(p))) {
			skip->reason = show_lacking(json_string_value(p));
			return;
		}
	}
}

static void
skip_standby(const struct session *s, const struct folder *f, struct skip *skip)
{
	if (!f->primary || !s->standby)
		return;
	skip->reason = mem_strdup("is for a primary, this is a standby");
	skip->unfit = true;
}

static void
show_age(char out[32], double seconds)
{
	if (seconds >= DAY)
		(void)snprintf(out, 32, "%.0f d", floor(seconds / DAY));
	else if (seconds >= 3600)
		(void)snprintf(out, 32, "%.0f h", floor(seconds / 3600));
	else
		(void)snprintf(out, 32, "%.0f min",
		    floor((seconds < 0 ? 0 : seconds) / 60));
}

static void
skip_statistics(const struct session *s, const struct folder *f,
    const struct report_config *config, struct skip *skip)
{
	double days = config_stats_days(config, f);
	char age[32];

	if (days <= 0 || s->stats_age >= days * DAY)
		return;
	show_age(age, s->stats_age);
	skip->reason =
	    mem_printf("statistics are %s old, %g d are needed", age, days);
}

static void
skip_heavy(const struct session *s, const struct folder *f,
    const struct report_config *config, struct skip *skip)
{
	if (!f->heavy || config->heavy ||
	    s->relations <= REPORT_HEAVY_RELATIONS)
		return;
	skip->reason = mem_printf("is heavy, and there are %lld relations "
				  "(--with-heavy runs it)",
	    (long long)s->relations);
}

/* --- failures ----------------------------------------------------------------------- */

/* The session is at its end, whatever is said about this one query. */
static bool
must_stop(const struct session *s)
{
	return session_lost(s) || signal_stop() != 0;
}

static void
set_outcome(json_t *out, const char *outcome, const char *reason)
{
	record_set_text(out, "status", outcome);
	record_set_text(out, "reason", reason);
}

static void
set_failure(const struct session *s, json_t *out)
{
	char *reason CLEANUP_FREE = NULL;
	char limit[32];

	if (strcmp(s->sqlstate, "42501") == 0) {
		reason = mem_printf("lacks a privilege: %s", s->failure);
		set_outcome(out, "skipped", reason);
		return;
	}
	if (strcmp(s->sqlstate, "57014") == 0) {
		num_show_duration(limit, (double)s->timeout / 1000);
		reason = mem_printf("took longer than %s (--timeout): %s",
		    limit, s->failure);
	} else if (strcmp(s->sqlstate, "55P03") == 0) {
		num_show_duration(limit, REPORT_LOCK_TIMEOUT / 1000.0);
		reason = mem_printf("waited longer than %s for a lock: %s",
		    limit, s->failure);
	}
	set_outcome(out, "error", reason == NULL ? s->failure : reason);
}

/* --- when.sql ----------------------------------------------------------------------- */

/* False: the outcome is told. */
static bool
ask_when(struct session *s, const struct folder *f, json_t *out)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql sql CLEANUP_SQL = SQL_INIT;

	if (f->when == NULL)
		return true;
	sql_given(&sql, f->when);
	if (session_ask(s, &sql, &r) != STATUS_OK) {
		set_failure(s, out);
		return false;
	}
	if (pg_rows(r) == 0 || pg_columns(r) == 0 || pg_value(r, 0, 0) == NULL)
		return true;
	set_outcome(out, "skipped", pg_value(r, 0, 0));
	return false;
}

static bool
may_ask(struct session *s, const struct folder *f,
    const struct report_config *config, json_t *out)
{
	struct skip skip = {0};

	skip_version(s, f, &skip);
	if (skip.reason == NULL)
		skip_extension(s, f, &skip);
	if (skip.reason == NULL)
		skip_standby(s, f, &skip);
	if (skip.reason == NULL)
		skip_privilege(s, f, &skip);
	if (skip.reason == NULL)
		skip_heavy(s, f, config, &skip);
	if (skip.reason == NULL)
		skip_statistics(s, f, config, &skip);
	if (skip.reason == NULL)
		return ask_when(s, f, out);
	set_outcome(out, "skipped", skip.reason);
	if (skip.unfit)
		(void)json_object_set_new(out, "applicable", json_false());
	free(skip.reason);
	return false;
}

/* --- the query ---------------------------------------------------------------------- */

static void
say_query(const struct folder_query *q)
{
	const char *at = q->text;

	if (!log_is_verbose())
		return;
	for (; *at != '\0'; at += *at == '\n') {
		size_t n = strcspn(at, "\n");
		size_t blank = strspn(at, "\t");

		/* Tabs would be shown as bytes. */
		log_verbose("%*s%.*s", (int)(4 + 4 * (blank < n ? blank : n)),
		    "", (int)(n - (blank < n ? blank : n)),
		    at + (blank < n ? blank : n));
		at += n;
	}
}

/* Checks get their thresholds. */
static void
make_query(struct sql *sql, const struct folder_query *q, const json_t *out)
{
	const json_t *thresholds = json_object_get(out, "thresholds");
	struct str text CLEANUP(str_free) = STR_INIT;

	sql_given(sql, q->text);
	if (thresholds == NULL || strstr(q->text, "$1") == NULL)
		return;
	record_show_value(thresholds, &text);
	strv_add(&sql->params, str_text(&text));
}

static void
take_rows(const struct pg_result *r, const struct folder *f,
    const struct report_config *config, const char *database, const char *today,
    json_t *out)
{
	json_t *rows;

	if (f->kind == FOLDER_SECTION) {
		(void)json_object_set_new(out, "columns", rows_columns(r));
		(void)json_object_set_new(out, "rows",
		    rows_list(r, (size_t)config->collect_limit));
		record_set_int(out, "total", pg_rows(r));
		return;
	}
	rows = rows_list(r, SIZE_MAX);
	judge(out, f, config, database, today, rows);
	json_decref(rows);
}

static void
ask_query(struct session *s, const struct folder *f,
    const struct report_config *config, const char *today, json_t *out)
{
	const struct folder_query *q = folder_query(f, s->major);
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql sql CLEANUP_SQL = SQL_INIT;

	say_query(q);
	make_query(&sql, q, out);
	if (session_ask(s, &sql, &r) != STATUS_OK) {
		set_failure(s, out);
		return;
	}
	set_outcome(out, "ok", NULL);
	take_rows(r, f, config,
	    f->of_server ? NULL : record_text(s->facts, "database"), today,
	    out);
}

/* --- the whole ---------------------------------------------------------------------- */

static void
copy_field(json_t *out, const struct folder *f, const char *name)
{
	json_t *value = json_object_get(f->about, name);

	(void)json_object_set_new(out, name,
	    value == NULL ? json_null() : json_deep_copy(value));
}

static json_t *
begin_section(const struct folder *f)
{
	static const char *const copied[] = {"name", "show", "chart", "diagram",
	    "key", "volatile", "limit"};
	json_t *out = json_object();

	record_set_text(out, "id", f->id);
	record_set_text(out, "title", f->title);
	record_set_text(out, "group", f->group);
	record_set_int(out, "order", f->order);
	record_set_text(out, "about", f->explain);
	set_outcome(out, "ok", NULL);
	(void)json_object_set_new(out, "seconds", json_real(0));
	record_set_text(out, "layout",
	    record_text(f->about, "layout") == NULL
		? "table"
		: record_text(f->about, "layout"));
	for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++)
		copy_field(out, f, copied[i]);
	(void)json_object_set_new(out, "columns", json_array());
	(void)json_object_set_new(out, "rows", json_array());
	record_set_int(out, "total", 0);
	return out;
}

static json_t *
begin_check(const struct folder *f, const struct report_config *config)
{
	json_t *out = json_object();

	record_set_text(out, "id", f->id);
	record_set_text(out, "title", f->title);
	record_set_text(out, "category", f->group);
	(void)json_object_set_new(out, "weight", json_real(f->weight));
	set_outcome(out, "ok", NULL);
	(void)json_object_set_new(out, "seconds", json_real(0));
	(void)json_object_set_new(out, "thresholds",
	    config_thresholds(config, f));
	record_set_text(out, "explain", f->explain);
	(void)json_object_set_new(out, "findings", json_array());
	record_set_int(out, "total", 0);
	return out;
}

static void
say_outcome(const struct session *s, const struct folder *f, const json_t *out,
    double seconds)
{
	const char *reason = record_text(out, "reason");

	log_verbose("%s \"%s\" of \"%s\": %s%s%s, %lld %s, %.3f s",
	    f->kind == FOLDER_CHECK ? "check" : "section", f->id,
	    record_text(s->facts, "database"), record_text(out, "status"),
	    reason == NULL ? "" : ": ", reason == NULL ? "" : reason,
	    (long long)record_int(out, "total"),
	    f->kind == FOLDER_CHECK ? "findings" : "rows", seconds);
}

status
ask_folder(struct session *s, const struct folder *f,
    const struct report_config *config, const char *today, json_t **out)
{
	double begun = num_now(), seconds;

	*out = NULL;
	if (f->kind == FOLDER_SECTION && f->extension != NULL &&
	    session_extension(s, f->extension) == NULL)
		return STATUS_OK;
	*out = f->kind == FOLDER_SECTION ? begin_section(f)
					 : begin_check(f, config);
	if (may_ask(s, f, config, *out))
		ask_query(s, f, config, today, *out);
	if (must_stop(s)) {
		record_cleanup(out);
		return STATUS_RETRY;
	}
	seconds = num_now() - begun;
	(void)json_object_set_new(*out, "seconds",
	    json_real(round(seconds * 1000) / 1000));
	say_outcome(s, f, *out, seconds);
	return STATUS_OK;
}
