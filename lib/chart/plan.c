/* SPDX-License-Identifier: PostgreSQL */
/*
 * Columns and their parts in a chart.
 */
#include "chart/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

void
chart_columns_add(struct chart_columns *c, const char *name,
    enum chart_type type)
{
	if (c->len == c->cap) {
		c->cap = c->cap > 0 ? c->cap * 2 : 16;
		c->data = mem_resize(c->data, c->cap, sizeof(c->data[0]));
	}
	c->data[c->len++] = (struct chart_column){mem_strdup(name), type};
}

void
chart_columns_free(struct chart_columns *c)
{
	for (size_t i = 0; i < c->len; i++)
		free(c->data[i].name);
	free(c->data);
	*c = (struct chart_columns){NULL, 0, 0};
}

void
chart_plan_free(struct chart_plan *p)
{
	free(p->values);
	free(p->by);
	memset(p, 0, sizeof(*p));
}

static bool
is_time(enum chart_type type)
{
	return type == CHART_TIME || type == CHART_LOCAL || type == CHART_DATE;
}

static bool
is_number(enum chart_type type)
{
	return type == CHART_INTEGER || type == CHART_FLOAT ||
	    type == CHART_NUMERIC;
}

/* All names, or those of one kind. */
static void
list_columns(const struct chart_columns *columns, bool (*fits)(enum chart_type),
    struct str *out)
{
	size_t shown = 0;

	for (size_t i = 0; i < columns->len; i++) {
		if (fits != NULL && !fits(columns->data[i].type))
			continue;
		if (shown++ == 60) {
			str_add(out, " ...");
			return;
		}
		str_addf(out, "%s\"%s\"", shown > 1 ? ", " : "",
		    columns->data[i].name);
	}
}

static status
unknown(const struct chart_columns *columns, const char *where,
    const char *name)
{
	struct str list CLEANUP(str_free) = STR_INIT;

	list_columns(columns, NULL, &list);
	log_error("%s has no column \"%s\"", where, name);
	log_detail("its columns are %s",
	    list.len > 0 ? list.data : "none at all");
	return STATUS_USAGE;
}

/* Case matters only where two columns differ by nothing else. */
static bool
find(const struct chart_columns *columns, const char *name, size_t *out)
{
	for (size_t i = 0; i < columns->len; i++)
		if (strcmp(columns->data[i].name, name) == 0) {
			*out = i;
			return true;
		}
	return false;
}

static status
choose_time(const struct chart_request *r, const struct chart_columns *columns,
    const char *where, struct chart_plan *out)
{
	struct str list CLEANUP(str_free) = STR_INIT;
	enum chart_type type;

	if (r->time != NULL) {
		if (!find(columns, r->time, &out->time))
			return unknown(columns, where, r->time);
		type = columns->data[out->time].type;
		if (is_time(type) || is_number(type)) {
			out->axis = is_time(type) ? DRAW_TIME : DRAW_NUMBER;
			return STATUS_OK;
		}
		log_error("column \"%s\" of %s is neither a time nor a number",
		    r->time, where);
		return STATUS_USAGE;
	}
	for (size_t i = 0; i < columns->len; i++)
		if (is_time(columns->data[i].type)) {
			out->time = i;
			out->axis = DRAW_TIME;
			return STATUS_OK;
		}
	list_columns(columns, NULL, &list);
	log_error("%s has no column with a time", where);
	log_detail("its columns are %s",
	    list.len > 0 ? list.data : "none at all");
	log_hint("--time takes a column of numbers, too");
	return STATUS_USAGE;
}

static status
choose_by(const struct chart_request *r, const struct chart_columns *columns,
    const char *where, struct chart_plan *out)
{
	out->by = mem_resize(NULL, r->by.len + 1, sizeof(out->by[0]));
	for (size_t i = 0; i < r->by.len; i++) {
		if (!find(columns, r->by.data[i], &out->by[i]))
			return unknown(columns, where, r->by.data[i]);
		out->by_count++;
	}
	return STATUS_OK;
}

static bool
is_taken(const struct chart_plan *p, size_t column)
{
	for (size_t i = 0; i < p->by_count; i++)
		if (p->by[i] == column)
			return true;
	return column == p->time;
}

/* What nobody named: the columns of numbers, if they are few. */
static status
default_values(const struct chart_request *r,
    const struct chart_columns *columns, const char *where,
    struct chart_plan *out)
{
	struct str list CLEANUP(str_free) = STR_INIT;

	if (r->aggregate == CHART_COUNT) {
		out->rows = true;
		out->value_count = 1;
		return STATUS_OK;
	}
	for (size_t i = 0; i < columns->len; i++)
		if (is_number(columns->data[i].type) && !is_taken(out, i)) {
			if (out->value_count < CHART_VALUES)
				out->values[out->value_count] = i;
			out->value_count++;
		}
	if (out->value_count > 0 && out->value_count <= CHART_VALUES)
		return STATUS_OK;
	list_columns(columns, is_number, &list);
	if (out->value_count == 0)
		log_error("%s has no column of numbers to draw", where);
	else
		log_error("%s has too many columns of numbers to draw them all",
		    where);
	if (out->value_count > 0)
		log_detail("they are %s", list.data);
	log_hint(out->value_count == 0
		? "--agg count draws how many rows there are"
		: "--value says which");
	return STATUS_USAGE;
}

static status
choose_values(const struct chart_request *r,
    const struct chart_columns *columns, const char *where,
    struct chart_plan *out)
{
	size_t room =
	    r->values.len > CHART_VALUES ? r->values.len : CHART_VALUES;

	out->values = mem_zalloc(room * sizeof(out->values[0]));
	if (r->values.len == 0)
		return default_values(r, columns, where, out);
	for (size_t i = 0; i < r->values.len; i++) {
		struct str list CLEANUP(str_free) = STR_INIT;
		size_t at;

		if (!find(columns, r->values.data[i], &at))
			return unknown(columns, where, r->values.data[i]);
		out->values[out->value_count++] = at;
		if (columns->data[at].type != CHART_OTHER ||
		    r->aggregate == CHART_COUNT)
			continue;
		list_columns(columns, is_number, &list);
		log_error("column \"%s\" of %s is no number", r->values.data[i],
		    where);
		log_detail("columns of numbers are %s",
		    list.len > 0 ? list.data : "none");
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

status
chart_plan(const struct chart_request *r, const struct chart_columns *columns,
    const char *where, struct chart_plan *out)
{
	status s;

	memset(out, 0, sizeof(*out));
	s = choose_time(r, columns, where, out);
	if (s == STATUS_OK)
		s = choose_by(r, columns, where, out);
	if (s == STATUS_OK)
		s = choose_values(r, columns, where, out);
	return s;
}

void
chart_plan_name(const struct chart_plan *p, const struct chart_columns *columns,
    const char *const *names, size_t value, struct str *out)
{
	str_clear(out);
	for (size_t i = 0; i < p->by_count; i++)
		str_addf(out, "%s%s", i > 0 ? " / " : "",
		    names[i] != NULL ? names[i] : "(null)");
	if (p->by_count > 0 && p->value_count == 1)
		return;
	str_addf(out, "%s%s", p->by_count > 0 ? " / " : "",
	    p->rows ? "rows" : columns->data[p->values[value]].name);
}
