/* SPDX-License-Identifier: PostgreSQL */
/*
 * Comparing the columns of both sides.
 */
#include "load/columns.h"

#include <string.h>

#include "base/mem.h"

#define NO_TYPMOD (-1)
#define VARHDRSZ 4

size_t
columns_count(const struct job *job)
{
	return json_array_size(job->columns);
}

const char *
columns_name(const struct job *job, size_t i)
{
	return record_text(json_array_get(job->columns, i), "name");
}

void
columns_list(struct sql *q, const struct job *job)
{
	size_t i;

	for (i = 0; i < columns_count(job); i++) {
		if (i > 0)
			sql_add(q, ", ");
		sql_ident(q, columns_name(job, i));
	}
}

/* --- types ---------------------------------------------------------------------------- */

/* Text types keep every text of each other while there is no length. */
static bool
is_text(const char *type)
{
	return str_eq(type, "pg_catalog.text") ||
	    str_eq(type, "pg_catalog.\"varchar\"") ||
	    str_eq(type, "pg_catalog.varchar");
}

/* Where in the row of growing integers; 0: nowhere. */
static int
width(const char *type)
{
	static const char *const grows[] = {"pg_catalog.int2",
	    "pg_catalog.int4", "pg_catalog.int8", "pg_catalog.\"numeric\"",
	    "pg_catalog.numeric"};
	int i;

	for (i = 0; i < 5; i++)
		if (str_eq(type, grows[i]))
			return i < 4 ? i + 1 : 4;
	return 0;
}

/* Every value of the one is, as text, a value of the other. */
static bool
grows(const char *from, const char *to, int32_t typmod)
{
	if (typmod != NO_TYPMOD)
		return false;
	return is_text(to) || (width(from) > 0 && width(from) < width(to));
}

/* The target's name of a type: its schema may have been mapped. */
static bool
same_type(const struct job *job, const char *from, const char *to)
{
	struct strv names CLEANUP(strv_free) = STRV_INIT;
	struct str mapped CLEANUP(str_free) = STR_INIT;
	const char *dot, *schema;
	char *head CLEANUP_FREE = NULL;

	if (str_eq(from, to))
		return true;
	dot = *from == '"' ? strstr(from + 1, "\".") : strchr(from, '.');
	if (dot == NULL || job->load->map.len == 0)
		return false;
	dot += *from == '"' ? 1 : 0;
	head = mem_strndup(from, (size_t)(dot - from));
	if (!map_names(head, &names) || names.len != 1)
		return false;
	schema = map_schema(&job->load->map, names.data[0]);
	sql_show_ident(&mapped, schema);
	str_add(&mapped, dot);
	return str_eq(str_text(&mapped), to);
}

/* numeric(p,s) as its typmod has it; the scale has 11 bits and a sign. */
static void
numeric_parts(int32_t typmod, int *whole, int *scale)
{
	int32_t bits = typmod - VARHDRSZ;

	*scale = ((bits & 0x7ff) ^ 1024) - 1024;
	*whole = ((bits >> 16) & 0xffff) - *scale;
}

/*
 * Could a value that fits the source's modifier be cut, rounded or refused
 * by the target's?
 */
static bool
narrows(const char *type, int32_t from, int32_t to)
{
	if (to == NO_TYPMOD || from == to)
		return false;
	if (strstr(type, "varchar") != NULL || strstr(type, "bpchar") != NULL ||
	    str_eq(type, "pg_catalog.varbit"))
		return from == NO_TYPMOD || from > to;
	if (strstr(type, ".numeric") != NULL ||
	    str_eq(type, "pg_catalog.\"numeric\"")) {
		int whole, scale, to_whole, to_scale;

		if (from == NO_TYPMOD)
			return true;
		numeric_parts(from, &whole, &scale);
		numeric_parts(to, &to_whole, &to_scale);
		return to_whole < whole || to_scale < scale;
	}
	if (strstr(type, ".time") != NULL || strstr(type, ".\"time") != NULL)
		return (from == NO_TYPMOD ? 6 : from) > to;
	return true;
}

/* --- one column ------------------------------------------------------------------------- */

static status
mismatch(const struct job *job, struct failure *f, const json_t *from,
    const struct pg_column *to)
{
	(void)failure_set(f, STATUS_FAIL,
	    "column \"%s\" is %s in \"%s.%s\" of the source, and %s in %s of "
	    "the target",
	    to->name, record_text(from, "type"), job->chunk.schema,
	    job->chunk.table, to->typmod_text, job->target);
	return STATUS_FAIL;
}

/*
 * In binary a domain is what it is made of, and one of the same name may be
 * made of something else.
 */
static status
check_made_of(const struct job *job, const json_t *from,
    const struct pg_column *to, struct failure *f)
{
	int64_t oid = record_int(from, "digest_oid");

	if (job->format != COPY_BINARY || oid <= 0 ||
	    oid == (int64_t)to->digest.type)
		return STATUS_OK;
	(void)failure_set(f, STATUS_FAIL,
	    "column \"%s\" is %s on both sides, which in the target is made of "
	    "another type: %s",
	    to->name, record_text(from, "type"),
	    to->canonical == NULL ? to->type : to->canonical);
	failure_hint(f, "Read it with pg-copyout --format text.");
	return STATUS_FAIL;
}

static int32_t
typmod_of(const json_t *type)
{
	return (int32_t)json_integer_value(json_object_get(type, "typmod"));
}

static const char *
part_shown(const json_t *part)
{
	const char *type = record_text(part, "type");

	return type == NULL ? "another type" : type;
}

/* Does the one take every value of the other? */
static bool
part_fits(const struct job *job, const json_t *from, const json_t *to)
{
	const char *type = record_text(from, "type_name");
	const char *other = record_text(to, "type_name");

	if (type == NULL || other == NULL)
		return false;
	return same_type(job, type, other)
	    ? !narrows(type, typmod_of(from), typmod_of(to))
	    : grows(type, other, typmod_of(to));
}

static status
refuse_part(const struct job *job, const json_t *from, const json_t *part,
    const struct pg_column *to, const json_t *other, struct failure *f)
{
	(void)failure_set(f, STATUS_FAIL,
	    "column \"%s\" is %s, which is made of %s in \"%s.%s\" of the "
	    "source, and of %s in %s of the target",
	    to->name, record_text(from, "type"), part_shown(part),
	    job->chunk.schema, job->chunk.table, part_shown(other),
	    job->target);
	failure_hint(f,
	    "--lossy loads what fits and fails at what does not; values may "
	    "be rounded.");
	return STATUS_FAIL;
}

/* What domains and composites of the same name and the same fields are made
 * of: their own modifiers are none. */
static status
check_parts(const struct job *job, const json_t *from,
    const struct pg_column *to, struct failure *f)
{
	const json_t *parts = json_object_get(from, "made_of"), *part;
	size_t i;

	if (job->load->options->lossy ||
	    json_array_size(parts) != json_array_size(to->made_of))
		return STATUS_OK;
	json_array_foreach(parts, i, part)
	{
		const json_t *other = json_array_get(to->made_of, i);

		if (!part_fits(job, part, other))
			return refuse_part(job, from, part, to, other, f);
	}
	return STATUS_OK;
}

/* The values of a composite are told apart by their places alone. */
static status
check_fields(const struct job *job, const json_t *from,
    const struct pg_column *to, struct failure *f)
{
	const char *fields = record_text(from, "fields");

	if (fields == NULL || to->fields == NULL ||
	    str_eq(fields, to->fields) || job->load->options->lossy)
		return STATUS_OK;
	(void)failure_set(f, STATUS_FAIL,
	    "column \"%s\" is made of %s in \"%s.%s\" of the source, and of "
	    "%s in %s of the target",
	    to->name, fields, job->chunk.schema, job->chunk.table, to->fields,
	    job->target);
	failure_hint(f,
	    "Values of a composite type go by the order of its fields; "
	    "--lossy lets them, whatever the fields are called.");
	return STATUS_FAIL;
}

static status
check_type(const struct job *job, const json_t *from,
    const struct pg_column *to, struct failure *f)
{
	bool lossy = job->load->options->lossy;
	const char *type = record_text(from, "type_name");
	int32_t typmod =
	    (int32_t)json_integer_value(json_object_get(from, "typmod"));

	if (same_type(job, type, to->type_name)) {
		if (lossy || !narrows(type, typmod, to->typmod))
			return check_made_of(job, from, to, f);
		(void)mismatch(job, f, from, to);
		failure_hint(f,
		    "--lossy loads what fits and fails at what "
		    "does not; values may be rounded.");
		return STATUS_FAIL;
	}
	if (job->format == COPY_BINARY) {
		(void)mismatch(job, f, from, to);
		failure_hint(f,
		    "Rows in binary fit equal types only; read "
		    "them with pg-copyout --format text.");
		return STATUS_FAIL;
	}
	if (lossy || grows(type, to->type_name, to->typmod))
		return STATUS_OK;
	(void)mismatch(job, f, from, to);
	failure_hint(f, "--lossy lets the server read one as the other.");
	return STATUS_FAIL;
}

/*
 * Before version 14 an array in binary must name its elements' type by the
 * receiver's own number, which only built-in types have everywhere.
 */
#define FIRST_USER_OID 16384

static status
check_array(struct pg *pg, const struct job *job, const json_t *from,
    const struct pg_column *to, struct failure *f)
{
	int64_t oid = record_int(from, "oid");

	if (pg_version(pg) >= 140000 || job->format != COPY_BINARY ||
	    !record_flag(from, "array") || oid < FIRST_USER_OID)
		return STATUS_OK;
	(void)failure_set(f, STATUS_FAIL,
	    "column \"%s\" of %s is %s, which the target, older than "
	    "PostgreSQL 14, cannot take in binary",
	    to->name, job->target, to->typmod_text);
	failure_hint(f, "Read it with pg-copyout --format text.");
	return STATUS_FAIL;
}

static status
check_column(struct pg *pg, const struct job *job, const struct target *t,
    const json_t *from, struct failure *f)
{
	const char *name = record_text(from, "name");
	const struct pg_column *to;
	status s;

	if (name == NULL || record_text(from, "type") == NULL ||
	    record_text(from, "type_name") == NULL)
		return failure_set(f, STATUS_USAGE,
		    "the archive does not describe the chunk's columns");
	to = pg_table_column(&t->table, name);
	if (to == NULL)
		return failure_set(f, STATUS_FAIL,
		    "column \"%s\" of \"%s.%s\" of the source is missing in "
		    "%s of the target",
		    name, job->chunk.schema, job->chunk.table, job->target);
	if (to->generated)
		return failure_set(f, STATUS_FAIL,
		    "column \"%s\" is generated in %s of the target, and not "
		    "in \"%s.%s\" of the source",
		    name, job->target, job->chunk.schema, job->chunk.table);
	s = check_type(job, from, to, f);
	if (s == STATUS_OK)
		s = check_fields(job, from, to, f);
	if (s == STATUS_OK)
		s = check_parts(job, from, to, f);
	return s == STATUS_OK ? check_array(pg, job, from, to, f) : s;
}

static bool
in_chunk(const struct job *job, const char *name)
{
	size_t i;

	for (i = 0; i < columns_count(job); i++)
		if (str_eq(columns_name(job, i), name))
			return true;
	return false;
}

/* Is it generated at the source?  Then its values are not in the archive. */
static bool
left_behind(const struct job *job, const char *name)
{
	const json_t *names = json_object_get(job->chunk.record, "generated");
	size_t i;

	for (i = 0; i < json_array_size(names); i++)
		if (str_eq(json_string_value(json_array_get(names, i)), name))
			return true;
	return false;
}

/* What the target has more must be able to fill itself. */
static status
check_extra(const struct job *job, const struct pg_column *to,
    struct failure *f)
{
	if (!to->generated && left_behind(job, to->name)) {
		(void)failure_set(f, STATUS_FAIL,
		    "column \"%s\" is generated in \"%s.%s\" of the source, "
		    "and not in %s of the target: its values would be lost",
		    to->name, job->chunk.schema, job->chunk.table, job->target);
		failure_hint(f, "Make it generated in the target, too.");
		return STATUS_FAIL;
	}
	if (to->generated || to->has_default || to->identity != 0 ||
	    !to->not_null || in_chunk(job, to->name))
		return STATUS_OK;
	return failure_set(f, STATUS_FAIL,
	    "column \"%s\" of %s of the target is not null, has no default, "
	    "and is not in \"%s.%s\" of the source",
	    to->name, job->target, job->chunk.schema, job->chunk.table);
}

status
columns_check(struct pg *pg, const struct job *job, const struct target *t,
    struct failure *f)
{
	status s = STATUS_OK;
	size_t i;

	for (i = 0; s == STATUS_OK && i < columns_count(job); i++)
		s = check_column(pg, job, t, json_array_get(job->columns, i),
		    f);
	for (i = 0; s == STATUS_OK && i < t->table.ncolumns; i++)
		s = check_extra(job, &t->table.columns[i], f);
	/* COPY without a list means all columns, so none must be there. */
	for (i = 0;
	     s == STATUS_OK && columns_count(job) == 0 && i < t->table.ncolumns;
	     i++)
		if (!t->table.columns[i].generated)
			s = failure_set(f, STATUS_FAIL,
			    "\"%s.%s\" of the source has no columns, and %s of "
			    "the target has some",
			    job->chunk.schema, job->chunk.table, job->target);
	return s;
}
