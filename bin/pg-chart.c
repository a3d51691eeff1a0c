/* SPDX-License-Identifier: PostgreSQL */
/*
 * pg-chart: draw a time series, from a server or from rows on standard input.
 */
#include <math.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/option.h"
#include "base/signal.h"
#include "chart/chart.h"
#include "chart/when.h"

static const char examples[] =
    "  pg-chart -d \"$DB\" --table metrics --value temperature --by station "
    "--window 24h -o t.svg\n"
    "  pg-chart -d \"$DB\" --metric power -o power.xlsx\n"
    "  psql --csv -c 'select time, load from hosts' | pg-chart -o -";

static status
parse(struct chart_request *r, int *argc, char **argv, bool *answered)
{
	const struct option_spec options[] = {PG_CONN_OPTIONS(&r->server,
						  "database"),
	    {0, "table", OPTION_TEXT, &r->table, "TABLE",
		"table, view or hypertable with the data", 0, 0, NULL},
	    {0, "query", OPTION_TEXT, &r->query, "SQL", "the same from a query",
		0, 0, NULL},
	    {0, "metric", OPTION_TEXT, &r->metric, "NAME",
		"options from a preset: temperature, health, power or yours", 0,
		0, NULL},
	    {0, "time", OPTION_TEXT, &r->time, "COLUMN",
		"time, or a number (default: the first time)", 0, 0, NULL},
	    {0, "value", OPTION_LIST, &r->values, "COLUMN",
		"what to draw; may come several times (default: numbers)", 0, 0,
		NULL},
	    {0, "by", OPTION_LIST, &r->by, "COLUMN",
		"a series for each of its values; may come several times", 0, 0,
		NULL},
	    {0, "window", OPTION_TEXT, &r->window, "TIME",
		"how much, back from the newest row: 1h, 24h, 7d", 0, 0, NULL},
	    {0, "until", OPTION_TEXT, &r->until, "TIME",
		"only rows before this; the window ends here", 0, 0, NULL},
	    {0, "bucket", OPTION_TEXT, &r->bucket, "TIME",
		"one point for so much time, auto or none (default auto)", 0, 0,
		NULL},
	    {0, "agg", OPTION_CHOICE, &r->aggregate, "FUNCTION",
		"what a point is of its bucket (default avg)", 0, 0,
		chart_aggregates},
	    {0, "kind", OPTION_CHOICE, &r->kind, "KIND",
		"what to draw (default line)", 0, 0, chart_kinds},
	    {0, "top", OPTION_COUNT, &r->top, "N",
		"only the N greatest series (default 12, of a heatmap 40)", 1,
		1000000, NULL},
	    {0, "title", OPTION_TEXT, &r->title, "TEXT",
		"heading of the picture", 0, 0, NULL},
	    {0, "unit", OPTION_TEXT, &r->unit, "TEXT",
		"unit of the values; bytes are counted in kB, MB ...", 0, 0,
		NULL},
	    {0, "min", OPTION_TEXT, &r->min_text, "NUMBER",
		"where the axis of values begins", 0, 0, NULL},
	    {0, "max", OPTION_TEXT, &r->max_text, "NUMBER", "and where it ends",
		0, 0, NULL},
	    {0, "width", OPTION_COUNT, &r->width, "PIXELS",
		"width of the picture (default 900)", 240, 8000, NULL},
	    {0, "height", OPTION_COUNT, &r->height, "PIXELS",
		"height of the picture (default 420)", 120, 8000, NULL},
	    {'o', "output", OPTION_TEXT, &r->output, "FILE",
		"FILE.svg, .png, .xlsx or .txt; - is the terminal (default)", 0,
		0, NULL},
	    {0, "format", OPTION_CHOICE, &r->format, "FORMAT",
		"what to write, whatever the file's name", 0, 0, chart_formats},
	    OPTION_END};
	const struct program program = {"pg-chart",
	    "Draw a time series from a server's rows, or from JSON lines or "
	    "CSV on standard input.",
	    "[OPTION]...", options, examples};

	return option_parse(&program, argc, argv, answered);
}

static status
number(const char *option, const char *text, double *out)
{
	if (text == NULL || (chart_number(text, out) && isfinite(*out)))
		return STATUS_OK;
	return option_fault("--%s \"%s\" is no number", option, text);
}

static status
check(struct chart_request *r, int argc, char **argv)
{
	const struct pg_params *server = &r->server;
	bool rows = r->table != NULL || r->query != NULL;
	status s;

	if (argc > 1)
		return option_fault("unexpected argument \"%s\"", argv[1]);
	r->on_server = server->database != NULL || server->host != NULL ||
	    server->port != NULL || server->user != NULL || rows ||
	    (r->metric != NULL && isatty(STDIN_FILENO));
	if (r->on_server && !rows && r->metric == NULL)
		return option_fault("one of --table, --query and --metric is "
				    "needed");
	s = number("min", r->min_text, &r->min);
	return s == STATUS_OK ? number("max", r->max_text, &r->max) : s;
}

int
main(int argc, char **argv)
{
	struct chart_request r = {.aggregate = -1,
	    .kind = -1,
	    .format = -1,
	    .min = (double)NAN,
	    .max = (double)NAN};
	bool answered = false;
	status s;

	log_init("pg-chart");
	io_init(false);
	signal_init();
	s = parse(&r, &argc, argv, &answered);
	if (s == STATUS_OK && !answered)
		s = check(&r, argc, argv);
	if (s == STATUS_OK && !answered)
		s = chart_run(&r);
	strv_free(&r.values);
	strv_free(&r.by);
	return io_finish(s);
}
