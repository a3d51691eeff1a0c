/* SPDX-License-Identifier: PostgreSQL */
/*
 * A job is made from chunk.json and has nothing of the server in it.
 */
#include "load/job.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

const char *const load_modes[] = {"replace", "append", "upsert", NULL};

/* A chunk that could not even be looked at has no format and no columns. */
static status
read_format(struct job *job)
{
	const json_t *line = job->chunk.record;
	const char *text = record_text(line, "format");

	job->columns = json_object_get(line, "columns");
	if (text == NULL || !json_is_array(job->columns))
		return STATUS_OK;
	if (str_eq(text, "binary"))
		job->format = COPY_BINARY;
	else if (str_eq(text, "text"))
		job->format = COPY_TEXT;
	else if (str_eq(text, "csv"))
		job->format = COPY_CSV;
	else {
		log_error("chunk \"%s\" of the archive comes in a format "
			  "that is not known: \"%s\"",
		    job->chunk.id, text);
		return STATUS_USAGE;
	}
	job->described = true;
	return STATUS_OK;
}

/* What the target has by the same name. */
static void
own_name(const struct chunk *c, const char **schema, const char **table)
{
	*schema = c->schema;
	*table = c->table;
	if (c->hypertable) {
		*schema = c->parent_schema;
		*table = c->parent_table;
	}
	if (c->view_table != NULL) {
		*schema = c->view_schema;
		*table = c->view_table;
	}
}

bool
job_into_itself(const struct job *job)
{
	const char *schema, *table;

	own_name(&job->chunk, &schema, &table);
	return str_eq(job->schema, schema) && str_eq(job->table, table);
}

bool
job_vanished(const struct job *job)
{
	return job->end == JOB_FAILED && record_flag(job->outcome, "vanished");
}

/* --map decides; a line that was answered before says where it went. */
static void
choose_target(const struct load *load, struct job *job)
{
	const struct chunk *c = &job->chunk;
	const char *schema, *table;
	struct str shown = STR_INIT;

	own_name(c, &schema, &table);
	if (!map_relation(&load->map, schema, table, &schema, &table) &&
	    !c->hypertable) {
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
	/* A copy: the reader of the archive goes on with its own. */
	json_t *own CLEANUP(record_cleanup) = json_deep_copy(line);
	struct job *job = mem_zalloc(sizeof(*job));
	char *where CLEANUP_FREE =
	    mem_printf("c/%llu/chunk.json", (unsigned long long)n);
	status s;

	*out = NULL;
	job->load = load;
	job->n = n;
	s = chunk_from_record(own, where, &job->chunk);
	if (s == STATUS_OK)
		s = read_format(job);
	if (s != STATUS_OK) {
		job_free(job);
		return s;
	}
	choose_target(load, job);
	*out = job;
	return STATUS_OK;
}

status
job_source_failure(const struct job *job, struct failure *f)
{
	const json_t *error = json_object_get(job->outcome, "error");
	const char *message = record_text(error, "message");
	const char *sqlstate = record_text(error, "sqlstate");
	const char *detail = record_text(error, "detail");
	const char *hint = record_text(error, "hint");

	(void)failure_set(f,
	    record_int(error, "class") == STATUS_RETRY ? STATUS_RETRY
						       : STATUS_FAIL,
	    "%s",
	    message == NULL ? "it could not be read at the source" : message);
	if (sqlstate != NULL && strlen(sqlstate) < sizeof(f->sqlstate))
		memcpy(f->sqlstate, sqlstate, strlen(sqlstate) + 1);
	if (detail != NULL)
		f->detail = mem_strdup(detail);
	if (hint != NULL)
		failure_hint(f, "%s", hint);
	return f->class;
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
