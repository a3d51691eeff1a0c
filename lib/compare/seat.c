/* SPDX-License-Identifier: PostgreSQL */
/*
 * Relations by name, chunks by slices.
 */
#include "compare/seat.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"

void
seat_free(struct seat *p)
{
	free(p->where);
	pg_chunk_free(&p->chunk);
	*p = (struct seat){.table = NULL};
}

static status
find_relation(struct side *s, const char *schema, const char *name,
    const char *where, struct seat *out)
{
	if (where != NULL)
		out->where = mem_strdup(where);
	return side_table(s, schema, name, &out->table);
}

/* The chunk itself, by its name. */
static status
find_own(struct side *s, const struct chunk *c, struct seat *out)
{
	status st = side_hypertable(s, c->schema, c->table, &out->table);

	if (c->where != NULL)
		out->where = mem_strdup(c->where);
	if (st != STATUS_OK || !out->table->exists)
		return st;
	st = pg_chunk_load(s->pg, out->table->oid, NULL, &out->chunk);
	if (st != STATUS_OK)
		pg_report(s->pg, "look at a chunk");
	return st;
}

/* What the line was loaded into, or what goes by the same name. */
static void
target_name(const struct chunk *c, const char **schema, const char **name)
{
	*schema = c->parent_schema;
	*name = c->parent_table;
	if (c->view_table != NULL) {
		*schema = c->view_schema;
		*name = c->view_table;
	}
	if (json_is_object(json_object_get(c->record, "target"))) {
		*schema = c->target_schema;
		*name = c->target_table;
	}
}

static status
find_range(struct side *s, const struct pg_hypertable *h, const struct chunk *c,
    struct seat *out)
{
	char *lacking CLEANUP_FREE = NULL;
	char *range CLEANUP_FREE = NULL;
	bool same;
	status st = pg_hypertable_range(s->pg, h, c->slices,
	    json_object_get(c->record, "range"), &range, &same, &lacking);

	if (st != STATUS_OK) {
		pg_report(s->pg, "look at a hypertable's dimensions");
		return st;
	}
	if (lacking != NULL) {
		log_error("\"%s\" is a dimension of the chunk \"%s\", and not "
			  "of the hypertable that it is looked for in",
		    lacking, c->id);
		return STATUS_FAIL;
	}
	if (range != NULL && c->where != NULL)
		out->where = mem_printf("%s and (%s\n)", range, c->where);
	else if (range != NULL || c->where != NULL)
		out->where = mem_strdup(range != NULL ? range : c->where);
	return side_hypertable(s, h->relation.schema, h->relation.name,
	    &out->table);
}

/* No chunk there has anything of the range: then neither has the table. */
static status
find_empty(struct side *s, struct seat *out)
{
	out->empty = true;
	return side_table(s, "pg_catalog", "", &out->table);
}

/* Nothing of that name, or something that never had chunks. */
static status
find_plain(struct side *s, const char *schema, const char *name,
    struct seat *out)
{
	status st = side_hypertable(s, schema, name, &out->table);

	out->plain = st == STATUS_OK && out->table->exists;
	return st;
}

static status
find_slices(struct side *s, const struct pg_hypertable *h,
    const struct chunk *c, struct seat *out)
{
	struct pg_chunk *chunks = NULL;
	size_t n = 0;
	status st = pg_hypertable_chunks(s->pg, h, c->slices, &chunks, &n);

	if (st != STATUS_OK)
		pg_report(s->pg, "look for a chunk");
	else if (n == 0)
		st = find_empty(s, out);
	else if (!chunks[0].equal)
		st = find_range(s, h, c, out);
	else {
		if (c->where != NULL)
			out->where = mem_strdup(c->where);
		out->chunk = chunks[0];
		chunks[0] = (struct pg_chunk){.status = 0};
		st = side_hypertable(s, out->chunk.chunk.schema,
		    out->chunk.chunk.name, &out->table);
	}
	pg_chunks_free(chunks, n);
	return st;
}

static status
find_copy(struct side *s, const struct chunk *c, struct seat *out)
{
	struct pg_hypertable h = {.dimensions = 0};
	const char *schema, *name;
	status st;

	target_name(c, &schema, &name);
	st = pg_hypertable_load(s->pg, schema, name, &h);
	if (st != STATUS_OK)
		pg_report(s->pg, "look for a hypertable");
	else if (h.relation.oid == 0)
		st = find_plain(s, schema, name, out);
	else
		st = find_slices(s, &h, c, out);
	pg_hypertable_free(&h);
	return st;
}

status
seat_find(struct side *s, const struct chunk *c, const char *where, bool own,
    struct seat *out)
{
	*out = (struct seat){.table = NULL};
	if (!c->hypertable)
		return own ? find_relation(s, c->schema, c->table, where, out)
			   : find_relation(s, c->target_schema, c->target_table,
				 where, out);
	return own ? find_own(s, c, out) : find_copy(s, c, out);
}
