/* SPDX-License-Identifier: PostgreSQL */
/*
 * A job is made from chunk.json and has nothing of the server in it.
 */
#include "load/job.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"

const char *const load_modes[] = {"replace", "append", "upsert", NULL};

static status
read_format(const struct chunk *c, enum copy_format *out)
{
	const char *text = record_text(c->record, "format");

	if (str_eq(text, "binary"))
		*out = COPY_BINARY;
	else if (str_eq(text, "text"))
		*out = COPY_TEXT;
	else if (str_eq(text, "csv"))
		*out = COPY_CSV;
	else {
		log_error("chunk \"%s\" of the archive comes in no format "
			  "that is known: \"%s\"",
		    c->id, text == NULL ? "" : text);
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

/* --map decides; a line that was answered before says where it went. */
static void
choose_target(const struct load *load, struct job *job)
{
	const struct chunk *c = &job->chunk;
	const char *schema, *table;
	struct str shown = STR_INIT;

	if (!map_relation(&load->map, c->schema, c->table, &schema, &table)) {
		schema = c->target_schema;
		table = c->target_table;
	}
	job->schema = mem_strdup(schema);
	job->table = mem_strdup(table);
	sql_show_name(&shown, schema, table);
	job->target = str_take(&shown);
}

status
job_new(struct load *load, uint64_t n, json_t *line, struct job **out)
{
	struct job *job = mem_zalloc(sizeof(*job));
	char *where CLEANUP_FREE =
	    mem_printf("c/%llu/chunk.json", (unsigned long long)n);
	status s;

	*out = NULL;
	job->load = load;
	job->n = n;
	s = chunk_from_record(line, where, &job->chunk);
	if (s == STATUS_OK)
		s = read_format(&job->chunk, &job->format);
	if (s == STATUS_OK) {
		job->columns = json_object_get(line, "columns");
		if (!json_is_array(job->columns)) {
			log_error("%s does not describe the chunk's columns",
			    where);
			s = STATUS_USAGE;
		}
	}
	if (s != STATUS_OK) {
		job_free(job);
		return s;
	}
	choose_target(load, job);
	*out = job;
	return STATUS_OK;
}

void
job_free(struct job *job)
{
	if (job == NULL)
		return;
	chunk_free(&job->chunk);
	json_decref(job->outcome);
	free(job->schema);
	free(job->table);
	free(job->target);
	free(job);
}
