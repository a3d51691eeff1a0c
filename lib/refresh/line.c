/* SPDX-License-Identifier: PostgreSQL */
/*
 * A continuous-aggregate line's fields, each checked once, here.
 */
#include "refresh/line.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"

#define HINT "pg-chunks --caggs lists continuous aggregates"

static status
refuse(const char *where, const char *what)
{
	log_error("%s is no continuous-aggregate line: %s", where, what);
	log_hint(HINT);
	return STATUS_USAGE;
}

/* What else runs through pipes, by its name. */
static status
refuse_other(const json_t *record, const char *where)
{
	const char *id = record_text(record, "chunk");

	if (id == NULL)
		return refuse(where, "\"cagg\" is missing");
	log_error("%s is the chunk line of \"%s\", not a continuous "
		  "aggregate's",
	    where, id);
	log_hint(HINT);
	return STATUS_USAGE;
}

static status
need(const json_t *record, const char *where, const char *field,
    const char **out)
{
	const json_t *value = json_object_get(record, field);
	char what[64];

	if (json_is_string(value) && json_string_length(value) > 0) {
		*out = json_string_value(value);
		return STATUS_OK;
	}
	(void)snprintf(what, sizeof(what), "\"%s\" %s", field,
	    value == NULL		? "is missing"
		: json_is_string(value) ? "is empty"
					: "is not text");
	return refuse(where, what);
}

static status
read_type(struct cagg_line *line, const char *where)
{
	const json_t *value = json_object_get(line->record, "type");

	if (value == NULL || json_is_null(value))
		return STATUS_OK;
	return need(line->record, where, "type", &line->type);
}

/* Text in the type's own form; of an integer type perhaps a number. */
static status
read_watermark(struct cagg_line *line, const char *where)
{
	const json_t *value = json_object_get(line->record, "watermark");

	line->has_watermark = value != NULL;
	if (value == NULL || json_is_null(value))
		return STATUS_OK;
	if (json_is_integer(value))
		line->watermark =
		    mem_printf("%lld", (long long)json_integer_value(value));
	else if (json_is_string(value) && json_string_length(value) > 0)
		line->watermark = mem_strdup(json_string_value(value));
	else
		return refuse(where, "\"watermark\" is not text");
	return STATUS_OK;
}

static status
check_source(const struct cagg_line *line, const char *where)
{
	const char *source = record_text(line->record, "source");

	if (source == NULL || str_eq(source, "cagg"))
		return STATUS_OK;
	log_error("%s is no continuous-aggregate line: its source is \"%s\"",
	    where, source);
	log_hint(HINT);
	return STATUS_USAGE;
}

status
cagg_line_read(json_t *record, const char *where, struct cagg_line *out)
{
	struct cagg_line line = {.record = json_incref(record)};
	status st = STATUS_OK;

	if (json_object_get(record, "cagg") == NULL)
		st = refuse_other(record, where);
	if (st == STATUS_OK)
		st = need(record, where, "cagg", &line.id);
	if (st == STATUS_OK)
		st = check_source(&line, where);
	if (st == STATUS_OK)
		st = need(record, where, "schema", &line.schema);
	if (st == STATUS_OK)
		st = need(record, where, "view", &line.view);
	if (st == STATUS_OK)
		st = read_type(&line, where);
	if (st == STATUS_OK)
		st = read_watermark(&line, where);
	line.system = record_text(record, "system");
	if (st == STATUS_OK)
		*out = line;
	else
		cagg_line_free(&line);
	return st;
}

void
cagg_line_free(struct cagg_line *line)
{
	free(line->watermark);
	record_cleanup(&line->record);
	*line = (struct cagg_line){0};
}

void
cagg_line_forget(struct cagg_line *line)
{
	static const char *const fields[] = {"status", "from", "to", "steps",
	    "seconds", "target_watermark", "error"};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		(void)json_object_del(line->record, fields[i]);
}
