/* SPDX-License-Identifier: PostgreSQL */
/*
 * pg-report: document a database and judge its health.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/option.h"
#include "base/signal.h"
#include "report/render.h"
#include "report/report.h"

#define JOBS_MAX 64

static const char examples[] =
    "  pg-report -d shop -o shop.html\n"
    "  pg-report collect -d shop > monday.json\n"
    "  pg-report render --format md < monday.json\n"
    "  pg-report check -d shop | jq -r 'select(.severity==\"critical\") "
    "| .message'\n"
    "  pg-report diff monday.json friday.json | pg-report render > week.html\n"
    "  pg-report explain idx-unused";

/* What the command line says; 0, -1, false and NULL where it does not. */
struct arguments {
	struct report_options report;
	const char *config, *title;
	struct strv only, ignore, sections;
	uint64_t jobs, timeout;
	int fail_on;
	bool all, heavy;
};

enum verb_reads { FROM_SERVER, FROM_FILE, FROM_BOTH, FROM_NONE };

struct verb {
	const char *name;
	status (*run)(const struct report_options *o);
	const char *options; /* of arguments, beside those of all verbs */
	enum verb_reads reads;
	int least, most; /* operands */
};

#define ASKING "config only ignore jobs timeout all heavy "

static const struct verb verbs[] =
    {{"make", report_verb_make,
	 ASKING "sections title output format dot fail-on", FROM_SERVER, 0, 0},
	{"collect", report_verb_collect, ASKING "sections title output fail-on",
	    FROM_SERVER, 0, 0},
	{"render", report_verb_render, "title output format dot", FROM_FILE, 0,
	    1},
	{"check", report_verb_check, ASKING "fail-on", FROM_BOTH, 0, 1},
	{"diff", report_verb_diff, "output format", FROM_FILE, 2, 2},
	{"explain", report_verb_explain, "config", FROM_NONE, 0, 1}};

#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static status
parse(struct arguments *a, int *argc, char **argv, bool *answered)
{
	struct pg_params *conn = &a->report.conn;
	const struct option_spec options[] = {PG_CONN_OPTIONS(conn, "database"),
	    {0, "all-databases", OPTION_FLAG, &a->all, NULL,
		"all databases of the server", 0, 0, NULL},
	    {'j', "jobs", OPTION_COUNT, &a->jobs, "N",
		"so many databases at once (1: in one session)", 1, JOBS_MAX,
		NULL},
	    {'o', "output", OPTION_TEXT, &a->report.output, "FILE",
		"write to this file, whole or not at all", 0, 0, NULL},
	    {0, "format", OPTION_CHOICE, &a->report.format, "FORMAT",
		"instead of what FILE's name says (default html)", 0, 0,
		report_formats},
	    {0, "title", OPTION_TEXT, &a->title, "TEXT", "title of the report",
		0, 0, NULL},
	    {0, "dot", OPTION_FLAG, &a->report.dot, NULL,
		"lay out diagrams with Graphviz's dot", 0, 0, NULL},
	    {0, "config", OPTION_TEXT, &a->config, "FILE",
		"YAML or JSON: thresholds, purposes, waivers", 0, 0, NULL},
	    {0, "only", OPTION_LIST, &a->only, "LIST",
		"only these checks, sections, categories and groups", 0, 0,
		NULL},
	    {0, "ignore", OPTION_LIST, &a->ignore, "LIST",
		"without these checks, sections, categories and groups", 0, 0,
		NULL},
	    {0, "sections", OPTION_LIST, &a->sections, "LIST",
		"of the sections only these, or those of these groups; "
		"or none",
		0, 0, NULL},
	    {0, "with-heavy", OPTION_FLAG, &a->heavy, NULL,
		"heavy queries, too, however many tables there are", 0, 0,
		NULL},
	    {0, "timeout", OPTION_DURATION, &a->timeout, "TIME",
		"give up a query after so long (default 30s)", 0, 0, NULL},
	    {0, "fail-on", OPTION_CHOICE, &a->fail_on, "SEVERITY",
		"exit 1 from this severity on (check: default critical)", 0, 0,
		severity_names},
	    OPTION_END};
	const struct program program = {"pg-report",
	    "Document a database and judge its health.  VERB is collect, "
	    "render, check, diff or explain; without one, what collect finds "
	    "is rendered.",
	    "[VERB] [OPTION]... [FILE | ID]...", options, examples};

	return option_parse(&program, argc, argv, answered);
}

static const struct verb *
find_verb(const char *name)
{
	for (size_t i = 1; name != NULL && i < VERBS; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return name == NULL ? &verbs[0] : NULL;
}

static bool
has_connection(const struct arguments *a)
{
	const struct pg_params *c = &a->report.conn;

	return c->database != NULL || c->host != NULL || c->port != NULL ||
	    c->user != NULL;
}

/* An option that a verb does not know is a mistake, not a detail. */
static status
check_options(const struct arguments *a, const struct verb *v, bool file)
{
	const struct {
		const char *name, *shown;
		bool given;
	} options[] = {{"all", "--all-databases", a->all},
	    {"jobs", "--jobs", a->jobs != 0},
	    {"output", "--output", a->report.output != NULL},
	    {"format", "--format", a->report.format >= 0},
	    {"title", "--title", a->title != NULL},
	    {"dot", "--dot", a->report.dot},
	    {"config", "--config", a->config != NULL},
	    {"only", "--only", a->only.len > 0},
	    {"ignore", "--ignore", a->ignore.len > 0},
	    {"sections", "--sections", a->sections.len > 0},
	    {"heavy", "--with-heavy", a->heavy},
	    {"timeout", "--timeout", a->timeout != 0},
	    {"fail-on", "--fail-on", a->fail_on >= 0}};

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		bool good = option_among(v->options, options[i].name) &&
		    (!file || v->reads != FROM_BOTH ||
			strcmp(options[i].name, "fail-on") == 0);

		if (options[i].given && !good)
			return option_fault("%s does not go with \"%s%s\"",
			    options[i].shown, v->name, file ? " FILE" : "");
	}
	if (has_connection(a) && (v->reads == FROM_FILE || file))
		return option_fault("%s reads collections, and connects to "
				    "no server",
		    v->name);
	return STATUS_OK;
}

static status
check_operands(const struct verb *v, int count, char **operands)
{
	if (count < v->least)
		return option_fault("%s needs two collections", v->name);
	if (count > v->most)
		return option_fault("unexpected argument \"%s\"",
		    operands[v->most]);
	if (v->most == 2 && strcmp(operands[0], "-") == 0 &&
	    strcmp(operands[1], "-") == 0)
		return option_fault("standard input is one collection");
	if (v->reads == FROM_FILE && count == 0 && isatty(STDIN_FILENO)) {
		log_error("a collection is not read from a terminal");
		log_hint("pg-report %s FILE, or pg-report collect ... | "
			 "pg-report %s",
		    v->name, v->name);
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

/* "a,b" and another "c" are three. */
static status
take_list(struct strv *into, const struct strv *given, const char *option)
{
	if (given->len > 0)
		strv_free(into);
	for (size_t i = 0; i < given->len; i++) {
		const char *at = given->data[i];

		for (;;) {
			size_t n = strcspn(at, ",");
			char *word CLEANUP_FREE = mem_strndup(at, n);

			if (n == 0)
				return option_fault("%s has an empty name",
				    option);
			strv_add(into, word);
			if (at[n] == '\0')
				break;
			at += n + 1;
		}
	}
	return STATUS_OK;
}

/* The configuration, and the command line over it. */
static status
settle(struct arguments *a, const struct verb *v)
{
	struct report_config *c = &a->report.config;
	status s = a->config == NULL ? STATUS_OK : config_read(c, a->config);

	if (s == STATUS_OK)
		s = take_list(&c->only, &a->only, "--only");
	if (s == STATUS_OK)
		s = take_list(&c->ignore, &a->ignore, "--ignore");
	if (s == STATUS_OK)
		s = take_list(&c->sections, &a->sections, "--sections");
	c->all_databases = c->all_databases || a->all;
	c->heavy = c->heavy || a->heavy;
	if (a->jobs != 0)
		c->jobs = a->jobs;
	if (a->timeout != 0)
		c->timeout = a->timeout;
	if (a->title != NULL)
		c->title = a->title;
	if (a->fail_on >= 0)
		c->fail_on = (enum severity)(a->fail_on + 1);
	a->report.judged = c->fail_on != SEVERITY_OK || v->reads == FROM_BOTH;
	if (c->fail_on == SEVERITY_OK)
		c->fail_on = SEVERITY_CRITICAL;
	if (!has_connection(a) && c->connection != NULL)
		a->report.conn.database = c->connection;
	if (a->report.output != NULL && strcmp(a->report.output, "-") == 0)
		a->report.output = NULL;
	return s;
}

static status
run(struct arguments *a, int argc, char **argv)
{
	const struct verb *v = find_verb(argc > 1 ? argv[1] : NULL);
	int count = argc > 2 ? argc - 2 : 0;
	status s;

	if (v == NULL)
		return option_fault("there is no verb \"%s\"", argv[1]);
	s = check_options(a, v, v->reads == FROM_BOTH && count > 0);
	if (s == STATUS_OK)
		s = check_operands(v, count, argv + 2);
	if (s == STATUS_OK)
		s = settle(a, v);
	a->report.operands = argv + 2;
	a->report.count = (size_t)count;
	return s == STATUS_OK ? v->run(&a->report) : s;
}

int
main(int argc, char **argv)
{
	struct arguments a = {.report.format = -1,
	    .fail_on = -1,
	    .only = STRV_INIT,
	    .ignore = STRV_INIT,
	    .sections = STRV_INIT};
	bool answered = false;
	status s;

	log_init("pg-report");
	io_init(false);
	signal_init();
	config_init(&a.report.config);
	s = parse(&a, &argc, argv, &answered);
	if (s == STATUS_OK && !answered)
		s = run(&a, argc, argv);
	config_free(&a.report.config);
	strv_free(&a.only);
	strv_free(&a.ignore);
	strv_free(&a.sections);
	return io_finish(s);
}
