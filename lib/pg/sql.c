/* SPDX-License-Identifier: PostgreSQL */
/*
 * The SQL builder.  Quoting does not depend on the server's settings: what
 * holds a backslash is written as E'...', whatever
 * standard_conforming_strings says, and everything is UTF-8 (the session's
 * client_encoding), in which no byte of a longer character is a quote or a
 * backslash.
 */
#include "pg/sql.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/*
 * Words that cannot be an identifier everywhere: the reserved ones, those
 * that may only name types or functions, and those that may only name
 * columns, of PostgreSQL 13 to 18 together, so that a name is shown alike
 * whatever server it comes from.  Sorted by bytes.
 */
static const char *const keywords[] = {"all", "analyse", "analyze", "and",
    "any", "array", "as", "asc", "asymmetric", "authorization", "between",
    "bigint", "binary", "bit", "boolean", "both", "case", "cast", "char",
    "character", "check", "coalesce", "collate", "collation", "column",
    "concurrently", "constraint", "create", "cross", "current_catalog",
    "current_date", "current_role", "current_schema", "current_time",
    "current_timestamp", "current_user", "dec", "decimal", "default",
    "deferrable", "desc", "distinct", "do", "else", "end", "except", "exists",
    "extract", "false", "fetch", "float", "for", "foreign", "freeze", "from",
    "full", "grant", "greatest", "group", "grouping", "having", "ilike", "in",
    "initially", "inner", "inout", "int", "integer", "intersect", "interval",
    "into", "is", "isnull", "join", "json", "json_array", "json_arrayagg",
    "json_exists", "json_object", "json_objectagg", "json_query", "json_scalar",
    "json_serialize", "json_table", "json_value", "lateral", "leading", "least",
    "left", "like", "limit", "localtime", "localtimestamp", "merge_action",
    "national", "natural", "nchar", "none", "normalize", "not", "notnull",
    "null", "nullif", "numeric", "offset", "on", "only", "or", "order", "out",
    "outer", "overlaps", "overlay", "placing", "position", "precision",
    "primary", "real", "references", "returning", "right", "row", "select",
    "session_user", "setof", "similar", "smallint", "some", "substring",
    "symmetric", "system_user", "table", "tablesample", "then", "time",
    "timestamp", "to", "trailing", "treat", "trim", "true", "union", "unique",
    "user", "using", "values", "varchar", "variadic", "verbose", "when",
    "where", "window", "with", "xmlattributes", "xmlconcat", "xmlelement",
    "xmlexists", "xmlforest", "xmlnamespaces", "xmlparse", "xmlpi", "xmlroot",
    "xmlserialize", "xmltable"};

void
sql_add_literal(struct sql *s, const char *text)
{
	str_add(&s->text, text);
}

/* Text between two quotes, with each byte of doubled written twice. */
static void
add_quoted(struct str *out, char quote, const char *doubled, const char *text)
{
	const char *p;

	str_reserve(out, strlen(text) + 2);
	str_addc(out, quote);
	for (p = text; *p != '\0'; p++) {
		if (strchr(doubled, *p) != NULL) {
			str_addc(out, *p);
		}
		str_addc(out, *p);
	}
	str_addc(out, quote);
}

void
sql_ident(struct sql *s, const char *name)
{
	add_quoted(&s->text, '"', "\"", name);
}

void
sql_name(struct sql *s, const char *schema, const char *name)
{
	sql_ident(s, schema);
	str_addc(&s->text, '.');
	sql_ident(s, name);
}

void
sql_value(struct sql *s, const char *text)
{
	if (text == NULL) {
		str_add(&s->text, "null");
	} else if (strchr(text, '\\') == NULL) {
		add_quoted(&s->text, '\'', "'", text);
	} else {
		/* The blank keeps the E from growing onto a word before it. */
		str_add(&s->text, " E");
		add_quoted(&s->text, '\'', "'\\", text);
	}
}

void
sql_command_value(struct sql *s, const char *text)
{
	add_quoted(&s->text, '\'', "'", text);
}

void
sql_int(struct sql *s, int64_t value)
{
	/* A minus sign could meet another one and begin a comment, and binds
	 * weaker than a cast. */
	str_addf(&s->text,
	    value < 0 ? "'%" PRId64 "'::pg_catalog.int8" : "%" PRId64, value);
}

void
sql_lsn(struct sql *s, uint64_t lsn)
{
	str_addf(&s->text, "%" PRIX64 "/%" PRIX64, lsn >> 32, lsn & UINT32_MAX);
}

void
sql_param(struct sql *s, const char *text)
{
	strv_add(&s->params, text == NULL ? "" : text);
	if (text == NULL) {
		char **last = &s->params.data[s->params.len - 1];

		free(*last);
		*last = NULL;
	}
	str_addf(&s->text, "$%zu", s->params.len);
}

void
sql_given(struct sql *s, const char *text)
{
	str_add(&s->text, text);
}

void
sql_clear(struct sql *s)
{
	str_clear(&s->text);
	strv_free(&s->params);
}

void
sql_free(struct sql *s)
{
	str_free(&s->text);
	strv_free(&s->params);
}

static int
compare_words(const void *a, const void *b)
{
	return strcmp(a, *(const char *const *)b);
}

static bool
is_keyword(const char *name)
{
	return bsearch(name, keywords, sizeof(keywords) / sizeof(keywords[0]),
		   sizeof(keywords[0]), compare_words) != NULL;
}

static bool
is_plain(const char *name)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz_";
	static const char others[] = "abcdefghijklmnopqrstuvwxyz_0123456789";

	return *name != '\0' && strchr(first, *name) != NULL &&
	    name[strspn(name, others)] == '\0' && !is_keyword(name);
}

void
sql_show_ident(struct str *out, const char *name)
{
	if (is_plain(name)) {
		str_add(out, name);
	} else {
		add_quoted(out, '"', "\"", name);
	}
}

void
sql_show_name(struct str *out, const char *schema, const char *name)
{
	sql_show_ident(out, schema);
	str_addc(out, '.');
	sql_show_ident(out, name);
}
