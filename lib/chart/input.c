/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rows of text.  The first ones are kept until their columns' types are known
 * well enough; from then on each row goes straight into the set.
 */
#include "chart/input.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/log.h"
#include "base/signal.h"
#include "chart/csv.h"
#include "chart/when.h"
#include "data/record.h"

#define SAMPLE 100

struct input {
	const struct chart_request *r;
	const char *name;
	struct chart_columns columns;
	bool *typed; /* a value of the column was seen; cap as columns.cap */
	bool headed; /* the names of the columns are known (CSV) */
	struct sample {
		char **cells;
		size_t len;
		uint64_t line;
	} sample[SAMPLE];
	size_t sampled;
	bool planned;
	struct chart_plan *plan;
	struct chart_set *set;
	struct str series;
	uint64_t rows;
};

/* --- types ----------------------------------------------------------------- */

static enum chart_type
type_of(const char *text)
{
	double x;

	if (chart_number(text, &x))
		return CHART_FLOAT;
	if (chart_time(text, &x))
		return CHART_TIME;
	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0 ||
	    strcmp(text, "t") == 0 || strcmp(text, "f") == 0)
		return CHART_FLAG;
	return CHART_OTHER;
}

/* A column is what all of its values are. */
static void
see_value(struct input *in, size_t column, const char *text)
{
	enum chart_type type = type_of(text);
	struct chart_column *c = &in->columns.data[column];

	if (!in->typed[column])
		c->type = type;
	else if (c->type != type)
		c->type = CHART_OTHER;
	in->typed[column] = true;
}

static size_t
add_column(struct input *in, const char *name)
{
	size_t old = in->columns.cap;

	chart_columns_add(&in->columns, name, CHART_OTHER);
	if (in->columns.cap != old)
		in->typed = mem_resize(in->typed, in->columns.cap,
		    sizeof(in->typed[0]));
	in->typed[in->columns.len - 1] = false;
	return in->columns.len - 1;
}

/* --- rows ------------------------------------------------------------------ */

static status
not_a(const struct input *in, size_t column, const char *what, const char *text,
    uint64_t line)
{
	log_error("line %llu of %s: \"%.100s\" in column \"%s\" is no %s",
	    (unsigned long long)line, in->name, text,
	    in->columns.data[column].name, what);
	return STATUS_USAGE;
}

static status
time_of(const struct input *in, const char *text, uint64_t line, double *out)
{
	bool time = in->plan->axis == DRAW_TIME;

	if (time ? chart_time(text, out) : chart_number(text, out))
		return STATUS_OK;
	return not_a(in, in->plan->time, time ? "time" : "number", text, line);
}

static status
value_of(const struct input *in, size_t column, const char *text, uint64_t line,
    double *out)
{
	if (chart_number(text, out))
		return STATUS_OK;
	/* What is counted only has to be there. */
	*out = 1;
	if (in->r->aggregate == CHART_COUNT)
		return STATUS_OK;
	if (type_of(text) != CHART_FLAG)
		return not_a(in, column, "number", text, line);
	*out = text[0] == 't';
	return STATUS_OK;
}

static const char *
cell(char *const *cells, size_t len, size_t column)
{
	return column < len ? cells[column] : NULL;
}

static status
add_row(struct input *in, char *const *cells, size_t len, uint64_t line)
{
	const struct chart_plan *p = in->plan;
	const char *text = cell(cells, len, p->time);
	const char **names CLEANUP_FREE = NULL;
	double x, y;
	status s;

	in->rows++;
	if (text == NULL)
		return STATUS_OK;
	s = time_of(in, text, line, &x);
	if (s != STATUS_OK || !isfinite(x))
		return s;
	names = mem_resize(NULL, p->by_count + 1, sizeof(names[0]));
	for (size_t i = 0; i < p->by_count; i++)
		names[i] = cell(cells, len, p->by[i]);
	for (size_t i = 0; s == STATUS_OK && i < p->value_count; i++) {
		text = p->rows ? "1" : cell(cells, len, p->values[i]);
		if (text == NULL)
			continue;
		s = value_of(in, p->rows ? 0 : p->values[i], text, line, &y);
		if (s != STATUS_OK)
			break;
		chart_plan_name(p, &in->columns, names, i, &in->series);
		chart_set_add(in->set, chart_set_line(in->set, in->series.data),
		    x, y);
	}
	return s;
}

/* Enough rows were seen, or there are no more. */
static status
settle(struct input *in)
{
	status s;

	in->planned = true;
	s = chart_plan(in->r, &in->columns, in->name, in->plan);
	for (size_t i = 0; i < in->sampled; i++) {
		struct sample *row = &in->sample[i];

		if (s == STATUS_OK)
			s = add_row(in, row->cells, row->len, row->line);
	}
	return s;
}

static status
take_row(struct input *in, char *const *cells, size_t len, uint64_t line)
{
	struct sample *row;

	if (in->planned)
		return add_row(in, cells, len, line);
	row = &in->sample[in->sampled++];
	row->cells = mem_zalloc((len + 1) * sizeof(row->cells[0]));
	row->len = len;
	row->line = line;
	for (size_t i = 0; i < len; i++)
		if (cells[i] != NULL) {
			row->cells[i] = mem_strdup(cells[i]);
			see_value(in, i, cells[i]);
		}
	return in->sampled == SAMPLE ? settle(in) : STATUS_OK;
}

/* --- CSV ------------------------------------------------------------------- */

static status
take_csv(void *arg, char *const *fields, size_t n, uint64_t line)
{
	struct input *in = arg;

	if (in->headed) {
		if (n == in->columns.len)
			return take_row(in, fields, n, line);
		log_error("line %llu of %s has %zu fields, the first one %zu",
		    (unsigned long long)line, in->name, n, in->columns.len);
		return STATUS_USAGE;
	}
	in->headed = true;
	for (size_t i = 0; i < n; i++)
		(void)add_column(in, fields[i] != NULL ? fields[i] : "");
	return STATUS_OK;
}

static status
read_csv(struct input *in, int fd, const char *head, size_t n)
{
	struct csv csv CLEANUP(
	    csv_free) = {.name = in->name, .row = take_csv, .arg = in};
	char *bytes CLEANUP_FREE = mem_alloc(65536);
	status s = csv_push(&csv, head, n);

	while (s == STATUS_OK && n > 0 && signal_stop() == 0) {
		s = io_read(fd, bytes, 65536, &n, in->name);
		if (s == STATUS_OK)
			s = csv_push(&csv, bytes, n);
	}
	return s == STATUS_OK ? csv_finish(&csv) : s;
}

/* --- JSON lines ------------------------------------------------------------ */

/* The text of a field, NULL for null; caller frees. */
static char *
field_text(const json_t *value)
{
	struct str out = STR_INIT;

	if (json_is_null(value))
		return NULL;
	if (json_is_string(value))
		return mem_strdup(json_string_value(value));
	if (json_is_real(value))
		str_addf(&out, "%.17g", json_real_value(value));
	else
		record_show_value(value, &out);
	return str_take(&out);
}

static size_t
json_column(struct input *in, const char *key)
{
	for (size_t i = 0; i < in->columns.len; i++)
		if (strcmp(in->columns.data[i].name, key) == 0)
			return i;
	/* Once it is planned, nobody asks for a new one. */
	return in->planned ? SIZE_MAX : add_column(in, key);
}

static void
free_cells(char **cells, size_t len)
{
	for (size_t i = 0; cells != NULL && i < len; i++)
		free(cells[i]);
	free(cells);
}

static status
take_json(struct input *in, json_t *record, uint64_t line)
{
	size_t room = in->columns.len + json_object_size(record) + 1;
	char **cells;
	const char *key;
	json_t *value;
	status s;

	if (room > CSV_FIELDS_MAX) {
		log_error("line %llu of %s: too many fields",
		    (unsigned long long)line, in->name);
		return STATUS_USAGE;
	}
	cells = mem_zalloc(room * sizeof(cells[0]));
	json_object_foreach(record, key, value)
	{
		size_t column = json_column(in, key);

		if (column < room && cells[column] == NULL)
			cells[column] = field_text(value);
	}
	s = take_row(in, cells, in->columns.len, line);
	free_cells(cells, room);
	return s;
}

static status
read_json(struct input *in, int fd, const char *head, size_t n)
{
	struct record_reader *reader = record_reader_open(fd, in->name);
	status s;

	record_reader_push(reader, head, n);
	for (;;) {
		json_t *record CLEANUP(record_cleanup) = NULL;

		s = record_reader_next(reader, &record);
		if (s != STATUS_OK || record == NULL || signal_stop() != 0)
			break;
		s = take_json(in, record, record_reader_lines(reader));
		if (s != STATUS_OK)
			break;
	}
	record_reader_free(reader);
	return s;
}

/* --- the whole ------------------------------------------------------------- */

/* Enough to see what it is: bytes up to the first that is no blank. */
static status
read_head(struct input *in, int fd, char head[4096], size_t *n)
{
	size_t got;
	status s;

	do {
		s = io_read(fd, head + *n, 1024, &got, in->name);
		*n += s == STATUS_OK ? got : 0;
		head[*n] = '\0';
	} while (s == STATUS_OK && got > 0 && *n < 3000 &&
	    strspn(head, " \t\r\n") == *n);
	return s;
}

static status
read_rows(struct input *in, int fd)
{
	char head[4096] = {0};
	size_t n = 0, blanks;
	status s = read_head(in, fd, head, &n);

	if (s != STATUS_OK)
		return s;
	if (n == 0) {
		log_error("%s is empty", in->name);
		log_hint("rows come as JSON lines or CSV with a line of names, "
			 "or from a server by -d with --table or --query");
		return STATUS_USAGE;
	}
	blanks = strspn(head, " \t\r\n");
	if (head[blanks] == '[') {
		log_error("%s is a JSON array, not JSON lines", in->name);
		log_hint("jq -c '.[]' makes lines of it");
		return STATUS_USAGE;
	}
	return head[blanks] == '{' ? read_json(in, fd, head, n)
				   : read_csv(in, fd, head, n);
}

status
chart_input(const struct chart_request *r, int fd, const char *name,
    struct chart_plan *plan, struct chart_set *set)
{
	struct input *in = mem_zalloc(sizeof(*in));
	status s;

	in->r = r;
	in->name = name;
	in->plan = plan;
	in->set = set;
	s = read_rows(in, fd);
	if (s == STATUS_OK && signal_stop() != 0)
		s = STATUS_RETRY;
	if (s == STATUS_OK && in->sampled == 0) {
		log_error("%s has no rows", name);
		s = STATUS_NO;
	}
	if (s == STATUS_OK && !in->planned)
		s = settle(in);
	for (size_t i = 0; i < in->sampled; i++)
		free_cells(in->sample[i].cells, in->sample[i].len);
	chart_columns_free(&in->columns);
	free(in->typed);
	str_free(&in->series);
	free(in);
	return s;
}
