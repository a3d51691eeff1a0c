/* SPDX-License-Identifier: PostgreSQL */
/*
 * The ledger's schema in a target: share/sql/ledger.sql.  Whose it may be
 * stands in pg/store.h.
 */
#ifndef LOAD_LEDGER_H
#define LOAD_LEDGER_H

#include <stdbool.h>

#include "base/status.h"
#include "base/str.h"
#include "pg/conn.h"
#include "pg/failure.h"
#include "pg/store.h"

#define LEDGER_SCHEMA STORE_SCHEMA
#define LEDGER_FORMAT 2

/* The SQL that makes it, with the schema's name put in.  Reports. */
status ledger_sql(const char *schema, struct str *out) MUST_CHECK;

/* Is it there? */
status ledger_present(struct pg *pg, const char *schema, bool *present)
    MUST_CHECK;

/*
 * Make what is missing of it, many processes at once if they like, and see
 * that it belongs to the right people and has a known format.  Nothing is
 * asked for that is there already.  Reports.
 */
status ledger_init(struct pg *pg, const char *schema) MUST_CHECK;
/* The same, with the fault as a failure. */
status ledger_open(struct pg *pg, const char *schema, struct failure *f)
    MUST_CHECK;

#endif
