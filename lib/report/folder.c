/* SPDX-License-Identifier: PostgreSQL */
/*
 * Reading the folders of sections and checks.  What is wrong with one is said
 * with its file and line, before any server is asked.
 */
#include "report/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/path.h"
#include "base/str.h"
#include "data/record.h"
#include "data/yaml.h"
#include "report/part.h"
#include "report/template.h"
#include "run/plugin.h"

#define TEXT_MAX ((size_t)1024 * 1024)
#define API 1

const char *const folder_categories[] = {"risk", "maintenance", "index",
    "performance", "security", "config", "timescaledb", "docs", NULL};

static const char *const kinds[] = {"section", "check", NULL};
static const char *const scopes[] = {"database", "server", NULL};
static const char *const costs[] = {"cheap", "heavy", NULL};
static const char *const layouts[] = {"table", "facts", "cards", "chart", NULL};
static const char *const formats[] = {"text", "code", "sql", "number", "bytes",
    "percent", "duration", "time", "flag", "list", "markdown", NULL};
static const char *const charts[] = {"line", "area", "bar", "stacked",
    "percent", "heatmap", NULL};

#define COMMON_FIELDS                                                      \
	{"api", YAML_COUNT, true, NULL}, {"kind", YAML_TEXT, true, kinds}, \
	    {"title", YAML_TEXT, true, NULL},                              \
	    {"scope", YAML_TEXT, false, scopes},                           \
	    {"min_pg", YAML_COUNT, false, NULL},                           \
	    {"max_pg", YAML_COUNT, false, NULL},                           \
	    {"extension", YAML_TEXT, false, NULL},                         \
	    {"privilege", YAML_TEXTS, false, NULL},                        \
	    {"cost", YAML_TEXT, false, costs},                             \
	    {"stats_days", YAML_NUMBER, false, NULL},                      \
	{                                                                  \
		"primary", YAML_FLAG, false, NULL                          \
	}

static const struct yaml_field section_fields[] = {COMMON_FIELDS,
    {"order", YAML_COUNT, true, NULL}, {"group", YAML_TEXT, true, NULL},
    {"key", YAML_TEXTS, false, NULL}, {"volatile", YAML_TEXTS, false, NULL},
    {"layout", YAML_TEXT, false, layouts}, {"name", YAML_TEXT, false, NULL},
    {"show", YAML_LIST, false, NULL}, {"chart", YAML_MAP, false, NULL},
    {"diagram", YAML_MAP, false, NULL}, {"limit", YAML_COUNT, false, NULL},
    {NULL, YAML_ANY, false, NULL}};

static const struct yaml_field check_fields[] = {COMMON_FIELDS,
    {"order", YAML_COUNT, false, NULL},
    {"category", YAML_TEXT, true, folder_categories},
    {"weight", YAML_NUMBER, false, NULL}, {"thresholds", YAML_MAP, false, NULL},
    {"message", YAML_TEXT, true, NULL}, {"do", YAML_TEXT, false, NULL},
    {"undo", YAML_TEXT, false, NULL}, {NULL, YAML_ANY, false, NULL}};

static const struct yaml_field show_fields[] = {{"column", YAML_TEXT, true,
						    NULL},
    {"title", YAML_TEXT, false, NULL}, {"format", YAML_TEXT, false, formats},
    {"show", YAML_LIST, false, NULL}, {NULL, YAML_ANY, false, NULL}};

static const struct yaml_field chart_fields[] = {{"kind", YAML_TEXT, true,
						     charts},
    {"x", YAML_TEXT, true, NULL}, {"y", YAML_TEXTS, true, NULL},
    {"by", YAML_NULL_TEXT, false, NULL}, {NULL, YAML_ANY, false, NULL}};

static const struct yaml_field diagram_fields[] = {{"edges", YAML_TEXT, true,
						       NULL},
    {NULL, YAML_ANY, false, NULL}};

/* --- about.yaml ----------------------------------------------------------------- */

/* A list of columns to show; those within, which are no lists again. */
static status
check_show(const struct yaml *y, const char *path, const json_t *list,
    bool nested)
{
	status worst = STATUS_OK;
	size_t i;
	const json_t *item;

	json_array_foreach(list, i, item)
	{
		char *place CLEANUP_FREE = mem_printf("%s[%zu]", path, i);
		const json_t *within = json_object_get(item, "show");
		char *below CLEANUP_FREE = mem_printf("%s.show", place);
		status s = yaml_check(y, place, item, show_fields);

		if (s == STATUS_OK && within != NULL)
			s = nested ? yaml_fault(y, below,
					 "\"%s\" is one level too deep", below)
				   : check_show(y, below, within, true);
		worst = status_worse(worst, s);
	}
	return worst;
}

static status
check_part(const struct yaml *y, const char *name,
    const struct yaml_field *fields)
{
	const json_t *part = json_object_get(y->document, name);

	return part == NULL ? STATUS_OK : yaml_check(y, name, part, fields);
}

static status
check_section(const struct yaml *y)
{
	status s = yaml_check(y, "", y->document, section_fields);

	if (s != STATUS_OK)
		return s;
	s = check_show(y, "show", json_object_get(y->document, "show"), false);
	s = status_worse(s, check_part(y, "chart", chart_fields));
	s = status_worse(s, check_part(y, "diagram", diagram_fields));
	if (str_eq(record_text(y->document, "layout"), "cards") &&
	    record_text(y->document, "name") == NULL)
		s = status_worse(s,
		    yaml_fault(y, "layout", "the layout cards needs \"name\""));
	if (str_eq(record_text(y->document, "layout"), "chart") &&
	    json_object_get(y->document, "chart") == NULL)
		s = status_worse(s,
		    yaml_fault(y, "layout",
			"the layout chart needs \"chart\""));
	return s;
}

static status
check_thresholds(const struct yaml *y)
{
	json_t *thresholds = json_object_get(y->document, "thresholds");
	status worst = STATUS_OK;
	const char *name;
	const json_t *value;

	json_object_foreach(thresholds, name, value)
	{
		char *path CLEANUP_FREE = mem_printf("thresholds.%s", name);

		if (!json_is_number(value) && !json_is_string(value))
			worst = status_worse(worst,
			    yaml_fault(y, path,
				"\"%s\" must be a number or a text", path));
	}
	return worst;
}

static status
check_template(const struct yaml *y, const char *name, enum template_kind kind)
{
	const char *text = record_text(y->document, name);
	char *flaw CLEANUP_FREE = NULL;

	if (text == NULL)
		return STATUS_OK;
	flaw = template_flaw(text, kind);
	return flaw == NULL ? STATUS_OK
			    : yaml_fault(y, name, "\"%s\": %s", name, flaw);
}

static status
check_check(const struct yaml *y)
{
	status s = yaml_check(y, "", y->document, check_fields);

	if (s != STATUS_OK)
		return s;
	s = check_thresholds(y);
	s = status_worse(s, check_template(y, "message", TEMPLATE_TEXT));
	s = status_worse(s, check_template(y, "do", TEMPLATE_SQL));
	s = status_worse(s, check_template(y, "undo", TEMPLATE_SQL));
	if (json_object_get(y->document, "undo") != NULL &&
	    json_object_get(y->document, "do") == NULL)
		s = status_worse(s,
		    yaml_fault(y, "undo", "there is an undo without a do"));
	return s;
}

static status
check_about(const struct yaml *y)
{
	const json_t *about = y->document;
	const json_t *api = json_object_get(about, "api");

	/* Another version may know anything: nothing else is looked at. */
	if (json_is_integer(api) && json_integer_value(api) != API)
		return yaml_fault(y, "api",
		    "it is for another version of pg-report (api %d is known)",
		    API);
	if (str_eq(record_text(about, "kind"), "section"))
		return check_section(y);
	return check_check(y);
}

static int
number_of(const json_t *about, const char *name)
{
	json_int_t n = json_integer_value(json_object_get(about, name));

	return n > 1000000 ? 1000000 : (int)n;
}

static void
take_about(struct folder *f, json_t *about)
{
	const json_t *weight = json_object_get(about, "weight");

	f->about = json_incref(about);
	f->kind = str_eq(record_text(about, "kind"), "check") ? FOLDER_CHECK
							      : FOLDER_SECTION;
	f->title = record_text(about, "title");
	f->group =
	    record_text(about, f->kind == FOLDER_CHECK ? "category" : "group");
	f->order = number_of(about, "order");
	f->of_server = str_eq(record_text(about, "scope"), "server");
	f->min_pg = number_of(about, "min_pg");
	f->max_pg = number_of(about, "max_pg");
	f->extension = record_text(about, "extension");
	f->privilege = json_object_get(about, "privilege");
	f->heavy = str_eq(record_text(about, "cost"), "heavy");
	f->primary = record_flag(about, "primary");
	f->stats_days = json_number_value(json_object_get(about, "stats_days"));
	f->weight = weight == NULL ? 1 : json_number_value(weight);
}

static status
read_about(struct folder *f, const char *file)
{
	struct yaml y CLEANUP(yaml_forget) = YAML_INIT;
	status s = yaml_read(file, &y);

	if (s == STATUS_OK)
		s = check_about(&y);
	if (s == STATUS_OK)
		take_about(f, y.document);
	return s;
}

/* --- the other files -------------------------------------------------------------- */

static status
flawed(const struct folder *f, const char *file, const char *what)
{
	log_error("\"%s%s%s\": %s", f->directory, *file == '\0' ? "" : "/",
	    file, what);
	return STATUS_USAGE;
}

/* Query files are one statement; a last semicolon is as good as none. */
static void
strip(struct str *query)
{
	while (query->len > 0 &&
	    strchr("; \t\r\n", query->data[query->len - 1]) != NULL)
		query->data[--query->len] = '\0';
}

/* parts: of a query, to be filled in; NULL of other texts. */
static status
read_text(const struct folder *f, const char *file, const struct plugins *parts,
    char **out)
{
	char *path CLEANUP_FREE = mem_printf("%s/%s", f->directory, file);
	struct str text = STR_INIT;
	status s = path_read(path, TEXT_MAX, &text);

	if (s == STATUS_OK && strlen(str_text(&text)) != text.len)
		s = flawed(f, file, "it is not text");
	if (s == STATUS_OK && parts != NULL)
		s = parts_fill(parts, path, &text);
	if (s == STATUS_OK && parts != NULL)
		strip(&text);
	if (s == STATUS_OK && text.len == 0)
		s = flawed(f, file, "it is empty");
	if (s == STATUS_OK)
		*out = str_take(&text);
	str_free(&text);
	return s;
}

/* query.sql: 0; query.pg17.sql: 17; no query at all: -1; wrong: -2. */
static int
query_major(const char *file)
{
	char *number CLEANUP_FREE = NULL;
	uint64_t major;
	size_t n = strlen(file);

	if (strcmp(file, "query.sql") == 0)
		return 0;
	if (strncmp(file, "query.", 6) != 0)
		return -1;
	if (n < 12 || strncmp(file, "query.pg", 8) != 0 ||
	    strcmp(file + n - 4, ".sql") != 0)
		return -2;
	number = mem_strndup(file + 8, n - 12);
	return num_u64(number, 10, 99, &major) ? (int)major : -2;
}

static status
add_query(struct folder *f, const char *file, const struct plugins *parts,
    int major)
{
	struct folder_query q = {.major = major};
	status s = read_text(f, file, parts, &q.text);

	if (s != STATUS_OK)
		return s;
	q.file = mem_printf("%s/%s", f->directory, file);
	f->queries =
	    mem_resize(f->queries, f->query_count + 1, sizeof(f->queries[0]));
	f->queries[f->query_count++] = q;
	return STATUS_OK;
}

static status
read_file(struct folder *f, const char *file, const struct plugins *parts)
{
	int major = query_major(file);

	if (major >= 0)
		return add_query(f, file, parts, major);
	if (major == -2)
		return flawed(f, file,
		    "queries are query.sql and query.pgNN.sql");
	if (strcmp(file, "when.sql") == 0)
		return read_text(f, file, parts, &f->when);
	if (strcmp(file, "explain.md") == 0)
		return read_text(f, file, NULL, &f->explain);
	return STATUS_OK;
}

static int
compare_queries(const void *a, const void *b)
{
	const struct folder_query *x = a, *y = b;

	return x->major - y->major;
}

static status
read_files(struct folder *f, const struct plugins *parts)
{
	DIR *dir = opendir(f->directory);
	const struct dirent *entry;
	status worst = STATUS_OK;

	if (dir == NULL) {
		log_error("could not open directory \"%s\": %s", f->directory,
		    strerror(errno));
		return STATUS_FAIL;
	}
	while ((entry = readdir(dir)) != NULL)
		worst = status_worse(worst, read_file(f, entry->d_name, parts));
	(void)closedir(dir);
	if (worst != STATUS_OK)
		return worst;
	if (f->query_count > 1)
		qsort(f->queries, f->query_count, sizeof(f->queries[0]),
		    compare_queries);
	if (f->query_count == 0 || f->queries[0].major != 0)
		return flawed(f, "", "it has no query.sql");
	if (f->kind == FOLDER_CHECK && f->explain == NULL)
		return flawed(f, "", "a check needs its explain.md");
	return STATUS_OK;
}

static status
read_folder(struct folder *f, const struct plugins *parts)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	char *about CLEANUP_FREE = mem_printf("%s/about.yaml", f->directory);
	status s;

	if (f->id[strspn(f->id, letters)] != '\0')
		return flawed(f, "",
		    "its name must be of lower-case letters, digits and "
		    "hyphens");
	s = read_about(f, about);
	return s == STATUS_OK ? read_files(f, parts) : s;
}

/* --- all of them ------------------------------------------------------------------- */

static void
free_folder(struct folder *f)
{
	for (size_t i = 0; i < f->query_count; i++) {
		free(f->queries[i].file);
		free(f->queries[i].text);
	}
	free(f->queries);
	free(f->when);
	free(f->explain);
	free(f->id);
	free(f->directory);
	json_decref(f->about);
}

static status
add(struct folders *out, const struct plugin *p, const struct plugins *parts)
{
	struct folder f = {.id = mem_strdup(p->name),
	    .directory = mem_strdup(p->file),
	    .ours = p->ours};
	status s = read_folder(&f, parts);

	if (s != STATUS_OK) {
		log_detail("\"%s\" is left out of reports.", f.id);
		free_folder(&f);
		return s;
	}
	out->items =
	    mem_resize(out->items, out->count + 1, sizeof(out->items[0]));
	out->items[out->count++] = f;
	return STATUS_OK;
}

static int
category_place(const char *category)
{
	int i;

	for (i = 0; folder_categories[i] != NULL; i++)
		if (strcmp(folder_categories[i], category) == 0)
			break;
	return i;
}

static int
compare(const void *a, const void *b)
{
	const struct folder *x = a, *y = b;
	long by;

	if (x->kind != y->kind)
		return (int)x->kind - (int)y->kind;
	by = x->kind == FOLDER_SECTION
	    ? x->order - y->order
	    : category_place(x->group) - category_place(y->group);
	return by != 0 ? (by < 0 ? -1 : 1) : strcmp(x->id, y->id);
}

static void
free_plugins(struct plugins *p)
{
	plugins_free(p);
}

status
folders_load(struct folders *out, status *flaw)
{
	struct plugins found CLEANUP(free_plugins) = PLUGINS_INIT;
	struct plugins parts CLEANUP(free_plugins) = PLUGINS_INIT;
	status s = plugins_find_folders("report", "about.yaml", &found);

	*out = (struct folders)FOLDERS_INIT;
	*flaw = STATUS_OK;
	if (s == STATUS_OK)
		s = parts_find(&parts);
	if (s != STATUS_OK)
		return s;
	for (size_t i = 0; i < found.count; i++)
		if (!found.items[i].hidden)
			*flaw = status_worse(*flaw,
			    add(out, &found.items[i], &parts));
	if (out->count == 0) {
		log_error("there is no section and no check in \"%s/report\"",
		    path_share());
		return STATUS_FAIL;
	}
	qsort(out->items, out->count, sizeof(out->items[0]), compare);
	return STATUS_OK;
}

void
folders_free(struct folders *f)
{
	for (size_t i = 0; i < f->count; i++)
		free_folder(&f->items[i]);
	free(f->items);
	*f = (struct folders)FOLDERS_INIT;
}

const struct folder *
folders_find(const struct folders *f, const char *id)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->items[i].id, id) == 0)
			return &f->items[i];
	return NULL;
}

const struct folder_query *
folder_query(const struct folder *f, int major)
{
	const struct folder_query *best = &f->queries[0];

	for (size_t i = 1; i < f->query_count; i++)
		if (f->queries[i].major <= major)
			best = &f->queries[i];
	return best;
}
