/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a document's maps may hold, and faults told with their line.
 */
#include "data/yaml.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

int
yaml_line(const struct yaml *y, const char *path)
{
	return (int)json_integer_value(json_object_get(y->lines, path));
}

status
yaml_fault(const struct yaml *y, const char *path, const char *fmt, ...)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	char message[512];
	int line = yaml_line(y, path);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	str_addf(&text, "\"%s\"", y->name);
	if (line > 0)
		str_addf(&text, ", line %d", line);
	log_error("%s: %s", str_text(&text), message);
	return STATUS_USAGE;
}

static bool
all_texts(const json_t *list)
{
	size_t i;
	const json_t *item;

	if (!json_is_array(list))
		return false;
	json_array_foreach(list, i, item) if (!json_is_string(item) ||
	    json_string_length(item) == 0) return false;
	return true;
}

static bool
fits(enum yaml_kind kind, const json_t *value)
{
	switch (kind) {
	case YAML_TEXT:
		return json_string_length(value) > 0;
	case YAML_NULL_TEXT:
		return json_is_null(value) || json_string_length(value) > 0;
	case YAML_SCALAR:
		return json_is_string(value) || json_is_number(value);
	case YAML_FLAG:
		return json_is_boolean(value);
	case YAML_COUNT:
		return json_is_integer(value) && json_integer_value(value) >= 0;
	case YAML_NUMBER:
		return json_is_number(value) && json_number_value(value) >= 0;
	case YAML_TEXTS:
		return all_texts(value);
	case YAML_MAP:
		return json_is_object(value);
	case YAML_LIST:
		return json_is_array(value);
	case YAML_ANY:
	default:
		return true;
	}
}

static const char *
show_kind(enum yaml_kind kind)
{
	static const char *const names[] = {[YAML_ANY] = "anything",
	    [YAML_TEXT] = "a text",
	    [YAML_SCALAR] = "a text or a number",
	    [YAML_FLAG] = "true or false",
	    [YAML_COUNT] = "a whole number, not below zero",
	    [YAML_NUMBER] = "a number, not below zero",
	    [YAML_TEXTS] = "a list of texts",
	    [YAML_MAP] = "a map",
	    [YAML_LIST] = "a list",
	    [YAML_NULL_TEXT] = "a text or null"};

	return names[kind];
}

static bool
is_choice(const char *const *choices, const char *text)
{
	for (; *choices != NULL; choices++)
		if (strcmp(*choices, text) == 0)
			return true;
	return false;
}

static void
join_choices(struct str *out, const char *const *choices)
{
	const char *const *c;

	for (c = choices; *c != NULL; c++)
		str_addf(out, "%s%s", c == choices ? "" : ", ", *c);
}

static char *
path_of(const char *map, const char *key)
{
	return mem_printf("%s%s%s", map, *map == '\0' ? "" : ".", key);
}

static status
check_field(const struct yaml *y, const char *map, const struct yaml_field *f,
    const json_t *value)
{
	char *path CLEANUP_FREE = path_of(map, f->name);
	struct str choices CLEANUP(str_free) = STR_INIT;

	if (value == NULL)
		return f->needed ? yaml_fault(y, map, "\"%s\" is missing", path)
				 : STATUS_OK;
	if (!fits(f->kind, value))
		return yaml_fault(y, path, "\"%s\" must be %s", path,
		    show_kind(f->kind));
	if (f->choices == NULL || !json_is_string(value) ||
	    is_choice(f->choices, json_string_value(value)))
		return STATUS_OK;
	join_choices(&choices, f->choices);
	return yaml_fault(y, path, "\"%s\" must be one of %s", path,
	    str_text(&choices));
}

static const struct yaml_field *
find_field(const struct yaml_field *fields, const char *name)
{
	for (; fields->name != NULL; fields++)
		if (strcmp(fields->name, name) == 0)
			return fields;
	return NULL;
}

static status
check_key(const struct yaml *y, const char *map, const char *key,
    const struct yaml_field *fields)
{
	char *path CLEANUP_FREE = path_of(map, key);
	struct str known CLEANUP(str_free) = STR_INIT;
	status s;

	if (find_field(fields, key) != NULL)
		return STATUS_OK;
	s = yaml_fault(y, path, "there is no key \"%s\"", path);
	for (; fields->name != NULL; fields++)
		str_addf(&known, "%s%s", known.len > 0 ? ", " : "",
		    fields->name);
	log_hint("keys here are %s", str_text(&known));
	return s;
}

status
yaml_check(const struct yaml *y, const char *path, const json_t *value,
    const struct yaml_field *fields)
{
	/* jansson's iterators want it without const and do not change it. */
	json_t *map = (json_t *)(uintptr_t)value;
	status worst = STATUS_OK;
	const struct yaml_field *f;
	const char *key;
	json_t *item;

	if (!json_is_object(value)) {
		if (*path == '\0')
			return yaml_fault(y, path, "it must be a map");
		return yaml_fault(y, path, "\"%s\" must be a map", path);
	}
	json_object_foreach(map, key, item) worst =
	    status_worse(worst, check_key(y, path, key, fields));
	for (f = fields; f->name != NULL; f++)
		worst = status_worse(worst,
		    check_field(y, path, f, json_object_get(value, f->name)));
	return worst;
}
