/* SPDX-License-Identifier: PostgreSQL */
/*
 * The configuration's file: its shape, and what it decides.
 */
#include "report/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "data/record.h"

const char *const severity_names[] = {"notice", "warning", "critical", NULL};

static const struct yaml_field fields[] = {{"title", YAML_TEXT, false, NULL},
    {"connection", YAML_TEXT, false, NULL},
    {"databases", YAML_TEXTS, false, NULL},
    {"all_databases", YAML_FLAG, false, NULL},
    {"jobs", YAML_COUNT, false, NULL}, {"timeout", YAML_SCALAR, false, NULL},
    {"fail_on", YAML_TEXT, false, severity_names},
    {"only", YAML_TEXTS, false, NULL}, {"ignore", YAML_TEXTS, false, NULL},
    {"sections", YAML_TEXTS, false, NULL}, {"heavy", YAML_FLAG, false, NULL},
    {"collect_limit", YAML_COUNT, false, NULL},
    {"thresholds", YAML_MAP, false, NULL},
    {"stats_days", YAML_MAP, false, NULL}, {"purposes", YAML_MAP, false, NULL},
    {"waivers", YAML_LIST, false, NULL}, {NULL, YAML_ANY, false, NULL}};

static const struct yaml_field waiver_fields[] = {{"key", YAML_TEXT, true,
						      NULL},
    {"reason", YAML_TEXT, true, NULL}, {"until", YAML_TEXT, true, NULL},
    {"database", YAML_TEXT, false, NULL}, {NULL, YAML_ANY, false, NULL}};

enum severity
severity_of(const char *name)
{
	for (int i = 0; name != NULL && severity_names[i] != NULL; i++)
		if (strcmp(severity_names[i], name) == 0)
			return (enum severity)(i + 1);
	return SEVERITY_OK;
}

const char *
severity_name(enum severity s)
{
	return s == SEVERITY_OK ? "ok" : severity_names[s - 1];
}

void
config_init(struct report_config *c)
{
	memset(c, 0, sizeof(*c));
	c->collect_limit = REPORT_COLLECT_LIMIT;
}

void
config_free(struct report_config *c)
{
	strv_free(&c->databases);
	strv_free(&c->only);
	strv_free(&c->ignore);
	strv_free(&c->sections);
	yaml_forget(&c->text);
}

/* --- reading ------------------------------------------------------------------- */

static bool
is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* "2026-11-21", and a day that there is. */
static bool
is_date(const char *text)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
	    31};
	int number[3], at = 0;

	if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
		return false;
	for (int i = 0; i < 3; i++) {
		number[i] = 0;
		for (; text[at] != '-' && text[at] != '\0'; at++) {
			if (text[at] < '0' || text[at] > '9')
				return false;
			number[i] = number[i] * 10 + text[at] - '0';
		}
		at++;
	}
	return number[1] >= 1 && number[1] <= 12 && number[2] >= 1 &&
	    number[2] <= days[number[1] - 1] +
		(number[1] == 2 && is_leap(number[0]) ? 1 : 0);
}

static status
check_waivers(const struct report_config *c)
{
	const struct yaml *y = &c->text;
	status worst = STATUS_OK;
	size_t i;
	const json_t *w;

	json_array_foreach(c->waivers, i, w)
	{
		char *path CLEANUP_FREE = mem_printf("waivers[%zu]", i);
		char *until CLEANUP_FREE = mem_printf("%s.until", path);
		char *key CLEANUP_FREE = mem_printf("%s.key", path);
		status s = yaml_check(y, path, w, waiver_fields);

		if (s == STATUS_OK && !is_date(record_text(w, "until")))
			s = yaml_fault(y, until,
			    "\"%s\" must be a day as in 2027-01-31", until);
		if (s == STATUS_OK &&
		    strchr(record_text(w, "key"), ':') == NULL)
			s = yaml_fault(y, key,
			    "\"%s\" must be \"CHECK:OBJECT\" or \"CHECK:*\"",
			    key);
		worst = status_worse(worst, s);
	}
	return worst;
}

/* Texts by table, or maps of them by database. */
static status
check_purposes(const struct report_config *c)
{
	json_t *all = json_object_get(c->text.document, "purposes");
	status worst = STATUS_OK;
	const char *name, *inner;
	json_t *value;
	const json_t *text;

	json_object_foreach(all, name, value)
	{
		char *path CLEANUP_FREE = mem_printf("purposes.%s", name);

		if (!json_is_string(value) && !json_is_object(value))
			worst = status_worse(worst,
			    yaml_fault(&c->text, path,
				"\"%s\" must be a text, or a map for a "
				"database",
				path));
		json_object_foreach(value, inner, text)
		{
			if (!json_is_string(text))
				worst = status_worse(worst,
				    yaml_fault(&c->text, path,
					"\"%s.%s\" must be a text", path,
					inner));
		}
	}
	return worst;
}

static status
take_timeout(struct report_config *c)
{
	const json_t *value = json_object_get(c->text.document, "timeout");
	bool good = true;

	if (json_is_string(value))
		good = num_duration(json_string_value(value), &c->timeout);
	else if (value != NULL)
		c->timeout = (uint64_t)(json_number_value(value) * 1000);
	if (value != NULL && (!good || c->timeout == 0))
		return yaml_fault(&c->text, "timeout",
		    "\"timeout\" must be a duration as in 30s");
	return STATUS_OK;
}

static void
take_list(struct strv *out, const json_t *list)
{
	size_t i;
	const json_t *item;

	json_array_foreach(list, i, item)
	{
		strv_add(out, json_string_value(item));
	}
}

static status
take(struct report_config *c)
{
	const json_t *d = c->text.document;
	const json_t *limit = json_object_get(d, "collect_limit");

	c->title = record_text(d, "title");
	c->connection = record_text(d, "connection");
	c->all_databases = record_flag(d, "all_databases");
	c->heavy = record_flag(d, "heavy");
	c->fail_on = severity_of(record_text(d, "fail_on"));
	c->jobs = (uint64_t)json_integer_value(json_object_get(d, "jobs"));
	if (limit != NULL)
		c->collect_limit = (uint64_t)json_integer_value(limit);
	c->thresholds = json_object_get(d, "thresholds");
	c->stats_days = json_object_get(d, "stats_days");
	c->purposes = json_object_get(d, "purposes");
	c->waivers = json_object_get(d, "waivers");
	take_list(&c->databases, json_object_get(d, "databases"));
	take_list(&c->only, json_object_get(d, "only"));
	take_list(&c->ignore, json_object_get(d, "ignore"));
	take_list(&c->sections, json_object_get(d, "sections"));
	return status_worse(take_timeout(c),
	    status_worse(check_waivers(c), check_purposes(c)));
}

status
config_read(struct report_config *c, const char *file)
{
	status s = yaml_read(file, &c->text);

	if (s == STATUS_OK && json_is_null(c->text.document))
		return STATUS_OK;
	if (s == STATUS_OK)
		s = yaml_check(&c->text, "", c->text.document, fields);
	return s == STATUS_OK ? take(c) : s;
}

/* --- does it speak of what there is? ---------------------------------------------- */

static status
no_check(const struct report_config *c, const char *path, const char *id)
{
	status s = yaml_fault(&c->text, path, "there is no check \"%s\"", id);

	log_hint("pg-report explain lists them");
	return s;
}

/* A number stays a number, a text a text. */
static status
check_threshold(const struct report_config *c, const struct folder *f,
    const char *name, const json_t *value)
{
	char *path CLEANUP_FREE = mem_printf("thresholds.%s.%s", f->id, name);
	const json_t *own =
	    json_object_get(json_object_get(f->about, "thresholds"), name);

	if (own == NULL)
		return yaml_fault(&c->text, path,
		    "the check \"%s\" has no threshold \"%s\"", f->id, name);
	if (json_is_number(own) != json_is_number(value) ||
	    (!json_is_number(value) && !json_is_string(value)))
		return yaml_fault(&c->text, path, "\"%s\" must be a %s", path,
		    json_is_number(own) ? "number" : "text");
	return STATUS_OK;
}

static status
check_thresholds(const struct report_config *c, const struct folders *folders)
{
	json_t *all = (json_t *)(uintptr_t)c->thresholds;
	status worst = STATUS_OK;
	const char *id, *name;
	json_t *map;
	const json_t *value;

	json_object_foreach(all, id, map)
	{
		char *path CLEANUP_FREE = mem_printf("thresholds.%s", id);
		const struct folder *f = folders_find(folders, id);

		if (f == NULL || f->kind != FOLDER_CHECK) {
			worst = status_worse(worst, no_check(c, path, id));
			continue;
		}
		if (!json_is_object(map)) {
			worst = status_worse(worst,
			    yaml_fault(&c->text, path, "\"%s\" must be a map",
				path));
			continue;
		}
		json_object_foreach(map, name, value)
		{
			worst = status_worse(worst,
			    check_threshold(c, f, name, value));
		}
	}
	return worst;
}

static status
check_stats_days(const struct report_config *c, const struct folders *folders)
{
	json_t *all = (json_t *)(uintptr_t)c->stats_days;
	status worst = STATUS_OK;
	const char *id;
	const json_t *days;

	json_object_foreach(all, id, days)
	{
		char *path CLEANUP_FREE = mem_printf("stats_days.%s", id);

		if (folders_find(folders, id) == NULL)
			worst = status_worse(worst, no_check(c, path, id));
		else if (!json_is_number(days) || json_number_value(days) < 0)
			worst = status_worse(worst,
			    yaml_fault(&c->text, path,
				"\"%s\" must be a number of days", path));
	}
	return worst;
}

static status
check_waived(const struct report_config *c, const struct folders *folders)
{
	status worst = STATUS_OK;
	size_t i;
	const json_t *w;

	json_array_foreach(c->waivers, i, w)
	{
		char *path CLEANUP_FREE = mem_printf("waivers[%zu].key", i);
		const char *key = record_text(w, "key");
		char *id CLEANUP_FREE = mem_strndup(key, strcspn(key, ":"));
		const struct folder *f = folders_find(folders, id);

		if (f == NULL || f->kind != FOLDER_CHECK)
			worst = status_worse(worst, no_check(c, path, id));
	}
	return worst;
}

static bool
names_any(const struct folders *folders, const char *word, bool sections)
{
	for (size_t i = 0; i < folders->count; i++) {
		const struct folder *f = &folders->items[i];

		if (sections && f->kind != FOLDER_SECTION)
			continue;
		if (strcmp(f->id, word) == 0 || strcmp(f->group, word) == 0)
			return true;
	}
	return false;
}

static status
check_words(const struct folders *folders, const struct strv *words,
    bool sections)
{
	status worst = STATUS_OK;

	for (size_t i = 0; i < words->len; i++) {
		const char *word = words->data[i];

		if (names_any(folders, word, sections) ||
		    (sections && strcmp(word, "none") == 0))
			continue;
		log_error(sections
			? "there is no section and no group \"%s\""
			: "there is no check, section, category or group "
			  "\"%s\"",
		    word);
		log_hint("pg-report explain lists them");
		worst = STATUS_USAGE;
	}
	return worst;
}

status
config_check(const struct report_config *c, const struct folders *folders)
{
	status s = check_thresholds(c, folders);

	s = status_worse(s, check_stats_days(c, folders));
	s = status_worse(s, check_waived(c, folders));
	s = status_worse(s, check_words(folders, &c->only, false));
	s = status_worse(s, check_words(folders, &c->ignore, false));
	return status_worse(s, check_words(folders, &c->sections, true));
}

/* --- what it decides ---------------------------------------------------------------- */

static bool
is_named(const struct strv *words, const struct folder *f)
{
	for (size_t i = 0; i < words->len; i++)
		if (strcmp(words->data[i], f->id) == 0 ||
		    strcmp(words->data[i], f->group) == 0)
			return true;
	return false;
}

bool
config_wants(const struct report_config *c, const struct folder *f)
{
	if (c->only.len > 0 && !is_named(&c->only, f))
		return false;
	if (f->kind == FOLDER_SECTION && c->sections.len > 0 &&
	    !is_named(&c->sections, f))
		return false;
	return !is_named(&c->ignore, f);
}

json_t *
config_thresholds(const struct report_config *c, const struct folder *f)
{
	json_t *own = json_object_get(f->about, "thresholds");
	json_t *out = own == NULL ? json_object() : json_deep_copy(own);
	json_t *given = json_deep_copy(json_object_get(c->thresholds, f->id));

	if (given != NULL)
		(void)json_object_update(out, given);
	json_decref(given);
	return out;
}

double
config_stats_days(const struct report_config *c, const struct folder *f)
{
	const json_t *given = json_object_get(c->stats_days, f->id);

	return given == NULL ? f->stats_days : json_number_value(given);
}

json_t *
config_purposes(const struct report_config *c, const char *database)
{
	json_t *all = (json_t *)(uintptr_t)c->purposes;
	json_t *own = json_object_get(c->purposes, database);
	json_t *out = json_object();
	const char *name;
	const json_t *text;

	json_object_foreach(all, name, text)
	{
		if (json_is_string(text))
			record_set_text(out, name, json_string_value(text));
	}
	json_object_foreach(own, name, text)
	{
		record_set_text(out, name, json_string_value(text));
	}

	return out;
}

static bool
covers(const json_t *waiver, const char *database, const char *key)
{
	const char *of = record_text(waiver, "database");
	const char *own = record_text(waiver, "key");
	size_t n = strlen(own);

	if (of != NULL && (database == NULL || strcmp(of, database) != 0))
		return false;
	if (n >= 2 && strcmp(own + n - 2, ":*") == 0)
		return strncmp(own, key, n - 1) == 0;
	return strcmp(own, key) == 0;
}

const json_t *
config_waiver(const struct report_config *c, const char *database,
    const char *key, const char *today)
{
	size_t i;
	const json_t *w;

	json_array_foreach(c->waivers, i, w)
	{
		if (covers(w, database, key) &&
		    strcmp(today, record_text(w, "until")) <= 0)
			return w;
	}
	return NULL;
}
