/* SPDX-License-Identifier: PostgreSQL */
/*
 * Tables of ours in somebody's database: made from a file of share/, in a
 * schema that the user may choose.
 *
 * What is in them decides what is done and what is left out, and they are
 * written with the user's rights.  So schema and tables must belong to
 * somebody who could do everything anyway (the user, the owner of the
 * database, a superuser): any other owner could plant triggers.
 */
#ifndef PG_STORE_H
#define PG_STORE_H

#include <stdbool.h>

#include "base/status.h"
#include "base/str.h"
#include "pg/conn.h"
#include "pg/failure.h"

#define STORE_SCHEMA "pgpipe" /* where they are unless told otherwise */

struct store {
	const char *what;	   /* in messages: "ledger" */
	const char *file;	   /* below share/: "/sql/ledger.sql" */
	const char *const *tables; /* all that the file makes; ends with NULL */
	const char *format_table;  /* one of them: what they look like */
	int format;		   /* the newest that this program knows */
	const char *denied;	   /* hint for who may not make them, or NULL */
};

/* The SQL that makes it, with the schema's name put in.  Reports. */
status store_sql(const struct store *st, const char *schema, struct str *out)
    MUST_CHECK;

/*
 * Are all its tables there?  What is there must belong to the right people
 * and have a known format.  Nothing is made.
 */
status store_look(const struct store *st, struct pg *pg, const char *schema,
    bool *present, struct failure *f) MUST_CHECK;

/* The same, and what is missing is made, or added to one of an older format, by
 * many processes at once if they like.  Nothing is asked for that is there
 * already. */
status store_open(const struct store *st, struct pg *pg, const char *schema,
    struct failure *f) MUST_CHECK;

#endif
