/* SPDX-License-Identifier: PostgreSQL */
/*
 * Telling which backups there are, and what one is.
 */
#include "backup/list.h"

#include <string.h>

#include "backup/catalog.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/str.h"

static status
list_json(const struct backup_item *item)
{
	json_t *line CLEANUP(record_cleanup) = NULL;

	if (item->state <= CATALOG_DAMAGED)
		return record_print(item->record);
	line = json_object();
	record_set_text(line, "name", item->name);
	record_set_text(line, "status", catalog_state_name(item->state));
	return record_print(line);
}

static uint64_t
count_of(const json_t *record, const char *field)
{
	int64_t value = record_int(record, field);

	return value < 0 ? 0 : (uint64_t)value;
}

static status
list_text(const struct backup_item *item)
{
	struct str line CLEANUP(str_free) = STR_INIT;
	const json_t *r = item->record;
	char size[32], raw[32];

	if (item->state > CATALOG_DAMAGED) {
		str_addf(&line, "%-24s  %s", item->name,
		    item->state == CATALOG_RUNNING ? "being made"
			: item->state == CATALOG_UNKNOWN
			? "unknown: its record could not be read"
			: "incomplete: it is no backup");
		return io_out_line(line.data);
	}
	num_show_size(size, count_of(r, "bytes"));
	num_show_size(raw, count_of(r, "raw_bytes"));
	str_addf(&line, "%-24s  %-7s  %-11s  %9s of %9s  %s..%s  %s",
	    item->name, catalog_state_name(item->state),
	    item->needs != NULL ? "incremental" : "full", size, raw,
	    record_text(r, "start_lsn"), record_text(r, "end_lsn"),
	    record_text(r, "label"));
	return io_out_line(line.data);
}

status
backup_list(const char *directory, bool json)
{
	struct catalog c CLEANUP(catalog_free) = CATALOG_INIT;
	status s = catalog_read(directory, &c);

	for (size_t i = 0; s == STATUS_OK && i < c.count; i++)
		s = json ? list_json(&c.items[i]) : list_text(&c.items[i]);
	if (s == STATUS_OK && json)
		s = record_print_end("pg-basebackup-wrap", c.count, NULL);
	return s == STATUS_OK ? c.unread : s;
}

/* --- one ------------------------------------------------------------------------- */

static void
add_value(struct str *out, const json_t *value)
{
	char *text;

	if (json_is_string(value)) {
		str_add(out, json_string_value(value));
		return;
	}
	text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	str_add(out, text != NULL ? text : "");
	free(text);
}

static status
show_field(const char *name, const json_t *value)
{
	struct str line CLEANUP(str_free) = STR_INIT;

	str_addf(&line, "%-24s", name);
	add_value(&line, value);
	if (str_eq(name, "bytes") || str_eq(name, "raw_bytes") ||
	    str_eq(name, "rate")) {
		char size[32];

		num_show_size(size, (uint64_t)json_integer_value(value));
		str_addf(&line, " (%s%s)", size,
		    str_eq(name, "rate") ? "/s" : "");
	}
	return io_out_line(line.data);
}

/* A list has a line for each of its members. */
static status
show_list(const char *name, const json_t *list)
{
	status s = STATUS_OK;
	json_t *value;
	size_t i;

	json_array_foreach(list, i, value)
	{
		if (s == STATUS_OK)
			s = show_field(name, value);
	}
	return s;
}

status
backup_tell(const char *backup, bool json)
{
	json_t *record CLEANUP(record_cleanup) = NULL;
	const char *name;
	json_t *value;
	status s = catalog_record(backup, &record);

	if (s != STATUS_OK)
		return s;
	if (json)
		return record_print(record);
	json_object_foreach(record, name, value)
	{
		if (s == STATUS_OK)
			s = json_is_array(value) ? show_list(name, value)
						 : show_field(name, value);
	}
	return s;
}
