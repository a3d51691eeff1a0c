/* SPDX-License-Identifier: PostgreSQL */
/*
 * The one SQL builder: literal text, identifiers, literal values, and
 * parameters.  There is no way to put a variable's text into a statement
 * but as one of these.
 */
#ifndef PG_SQL_H
#define PG_SQL_H

#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"
#include "base/str.h"

struct sql {
	struct str text;
	struct strv params; /* text values; a null one is kept as NULL */
};
#define SQL_INIT                    \
	{                           \
		STR_INIT, STRV_INIT \
	}
#define CLEANUP_SQL CLEANUP(sql_free)

/* Text of the program itself: "" makes a variable fail to compile. */
#define sql_add(s, literal) sql_add_literal(s, "" literal "")
void sql_add_literal(struct sql *s, const char *text);
void sql_ident(struct sql *s, const char *name); /* "a""b" */
void sql_name(struct sql *s, const char *schema, const char *name);
void sql_value(struct sql *s, const char *text); /* 'a''b', E'' if \, NULL */
/* 'a''b' as the replication grammar has it: a backslash is one. */
void sql_command_value(struct sql *s, const char *text);
void sql_int(struct sql *s, int64_t value);
void sql_lsn(struct sql *s, uint64_t lsn);	 /* 16/B374D848, unquoted */
void sql_param(struct sql *s, const char *text); /* $n; NULL is null */
/* SQL text that came as such: a predicate of a chunk line, a file of share/,
 * or what a server's pg_get_* function printed.  Wrapped by the caller in
 * whatever keeps it whole. */
void sql_given(struct sql *s, const char *text);
void sql_clear(struct sql *s);
void sql_free(struct sql *s);

/* Identifier as SQL would print it (quoted only if it must be): for ids
 * and messages; appended to out. */
void sql_show_ident(struct str *out, const char *name);
void sql_show_name(struct str *out, const char *schema, const char *name);

#endif
