/* SPDX-License-Identifier: PostgreSQL */
/*
 * A preset is what its options would be, written down.
 */
#include "chart/preset.h"

#include <math.h>
#include <string.h>

#include "base/log.h"
#include "data/record.h"
#include "run/plugin.h"

static const struct yaml_field fields[] = {
    {"api", YAML_COUNT, true, NULL},
    {"about", YAML_TEXT, false, NULL},
    {"table", YAML_TEXT, false, NULL},
    {"query", YAML_TEXT, false, NULL},
    {"time", YAML_TEXT, false, NULL},
    {"value", YAML_ANY, false, NULL},
    {"by", YAML_ANY, false, NULL},
    {"window", YAML_SCALAR, false, NULL},
    {"bucket", YAML_SCALAR, false, NULL},
    {"agg", YAML_TEXT, false, chart_aggregates},
    {"kind", YAML_TEXT, false, chart_kinds},
    {"title", YAML_TEXT, false, NULL},
    {"unit", YAML_TEXT, false, NULL},
    {"min", YAML_ANY, false, NULL},
    {"max", YAML_ANY, false, NULL},
    {"top", YAML_COUNT, false, NULL},
    {NULL, YAML_ANY, false, NULL},
};

static status
unknown(const struct plugins *found, const char *name)
{
	struct str list CLEANUP(str_free) = STR_INIT;

	for (size_t i = 0; i < found->count; i++)
		if (!found->items[i].hidden)
			str_addf(&list, "%s%s", list.len > 0 ? ", " : "",
			    found->items[i].name);
	log_error("there is no metric \"%s\"", name);
	log_detail("metrics are %s", list.len > 0 ? list.data : "none");
	log_hint("a file chart/NAME.yaml in a directory of PGPIPE_PLUGIN_PATH "
		 "is a metric; --table and --value need none");
	return STATUS_USAGE;
}

/* A text, or a list of texts, into what is still empty. */
static status
take_texts(const struct yaml *y, const char *field, struct strv *out)
{
	const json_t *value = json_object_get(y->document, field);
	const json_t *item;
	size_t i;

	if (value == NULL || out->len > 0)
		return STATUS_OK;
	if (json_is_string(value)) {
		strv_add(out, json_string_value(value));
		return STATUS_OK;
	}
	if (!json_is_array(value))
		return yaml_fault(y, field, "%s is no name or list of names",
		    field);
	json_array_foreach(value, i, item)
	{
		if (!json_is_string(item))
			return yaml_fault(y, field, "%s is no list of names",
			    field);
		strv_add(out, json_string_value(item));
	}
	return STATUS_OK;
}

static status
take_number(const struct yaml *y, const char *field, double *out)
{
	const json_t *value = json_object_get(y->document, field);

	if (value == NULL || !isnan(*out))
		return STATUS_OK;
	if (!json_is_number(value))
		return yaml_fault(y, field, "%s is no number", field);
	*out = json_number_value(value);
	return STATUS_OK;
}

/* A text that is kept by the document, also of a number. */
static void
take_text(const struct yaml *y, const char *field, const char **out)
{
	json_t *value = json_object_get(y->document, field);
	struct str text CLEANUP(str_free) = STR_INIT;

	if (value == NULL || *out != NULL)
		return;
	if (json_is_number(value)) {
		record_show_value(value, &text);
		value = json_string(str_text(&text));
		json_object_set_new(y->document, field, value);
	}
	*out = json_string_value(value);
}

static void
take_choice(const struct yaml *y, const char *field, const char *const *choices,
    int *out)
{
	const char *text = record_text(y->document, field);

	for (int i = 0; text != NULL && *out < 0 && choices[i] != NULL; i++)
		if (strcmp(choices[i], text) == 0)
			*out = i;
}

static status
fill(struct chart_request *r, const struct yaml *y)
{
	const json_t *top = json_object_get(y->document, "top");
	status s;

	if (r->table == NULL && r->query == NULL) {
		take_text(y, "table", &r->table);
		take_text(y, "query", &r->query);
	}
	take_text(y, "time", &r->time);
	take_text(y, "window", &r->window);
	take_text(y, "bucket", &r->bucket);
	take_text(y, "title", &r->title);
	take_text(y, "unit", &r->unit);
	take_choice(y, "agg", chart_aggregates, &r->aggregate);
	take_choice(y, "kind", chart_kinds, &r->kind);
	if (r->top == 0 && json_is_integer(top))
		r->top = (uint64_t)json_integer_value(top);
	s = take_texts(y, "value", &r->values);
	if (s == STATUS_OK)
		s = take_texts(y, "by", &r->by);
	if (s == STATUS_OK)
		s = take_number(y, "min", &r->min);
	if (s == STATUS_OK)
		s = take_number(y, "max", &r->max);
	return s;
}

status
chart_preset(struct chart_request *r, struct yaml *y)
{
	struct plugins found CLEANUP(plugins_free) = PLUGINS_INIT;
	const struct plugin *p;
	status s;

	s = plugins_find("chart", ".yaml", &found);
	if (s != STATUS_OK)
		return s;
	p = plugins_get(&found, r->metric);
	if (p == NULL)
		return unknown(&found, r->metric);
	s = yaml_read(p->file, y);
	if (s == STATUS_OK)
		s = yaml_check(y, "", y->document, fields);
	if (s != STATUS_OK)
		return s;
	if (json_integer_value(json_object_get(y->document, "api")) != 1)
		return yaml_fault(y, "api",
		    "this version of pgpipe knows api 1 only");
	if (record_text(y->document, "table") != NULL &&
	    record_text(y->document, "query") != NULL)
		return yaml_fault(y, "query",
		    "a metric has a table or a query, not both");
	return fill(r, y);
}
