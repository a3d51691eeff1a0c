/* SPDX-License-Identifier: PostgreSQL */
/*
 * The fields of chunk.json.
 */
#include "unload/line.h"

#include <inttypes.h>
#include <stdio.h>

/* What tools answer with; rows and bytes go on as estimates. */
static const char *const answers[] = {"status", "digest", "error", "target",
    "run", "seconds", "segments", "snapshot", "pg_snapshot", "lsn", "columns",
    "generated", "reason", "found", "format", "digest_kind", "relation",
    "moved", "source_digest", "target_digest", "xxh128", "seal", NULL};

json_t *
line_fresh(const json_t *line, const struct snapshot *s)
{
	/* jansson copies without changing, but takes no const. */
	json_t *fresh = json_copy((json_t *)(uintptr_t)line);
	const char *const *answer;

	for (answer = answers; *answer != NULL; answer++)
		(void)json_object_del(fresh, *answer);
	snapshot_stamp(s, fresh);
	return fresh;
}

static void
set_letter(json_t *record, const char *field, char letter)
{
	const char text[2] = {letter, '\0'};

	record_set_text(record, field, text);
}

static void
set_number(json_t *record, const char *field, uint32_t number)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%" PRIu32, number);
	record_set_text(record, field, text);
}

static json_t *
relation(const struct pg_table *t)
{
	json_t *r = json_object();

	set_number(r, "oid", t->oid);
	set_number(r, "filenode", t->filenode);
	set_letter(r, "kind", t->kind);
	set_letter(r, "persistence", t->persistence);
	return r;
}

/* Columns whose values stay behind, for who loads to know. */
static json_t *
generated(const struct pg_table *t)
{
	json_t *names = json_array();
	size_t i;

	for (i = 0; i < t->ncolumns; i++)
		if (t->columns[i].generated)
			(void)json_array_append_new(names,
			    json_string(t->columns[i].name));
	return names;
}

void
line_describe(json_t *line, const struct pg_table *t, enum copy_format format,
    bool digest)
{
	static const char *const formats[] = {"binary", "text", "csv"};

	(void)json_object_set_new(line, "columns", pg_table_columns_json(t));
	(void)json_object_set_new(line, "generated", generated(t));
	record_set_text(line, "format", formats[format]);
	if (digest)
		record_set_text(line, "digest_kind",
		    format == COPY_BINARY ? "send" : "text");
	else
		(void)json_object_set_new(line, "digest_kind", json_null());
	(void)json_object_set_new(line, "relation", relation(t));
}
