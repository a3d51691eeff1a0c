/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the ledger is made of.
 */
#include "load/ledger.h"

/* Every table of the file. */
static const char *const tables[] = {"format", "run", "chunk", "sliced",
    "failed", "deferred", "attaching", "unlogged", NULL};

static const struct store ledger = {.what = "ledger",
    .file = "/sql/ledger.sql",
    .tables = tables,
    .format_table = "format",
    .format = LEDGER_FORMAT,
    .denied = "Let the owner of the database run "
	      "\"pgpipe init\", or do without with --no-ledger."};

status
ledger_sql(const char *schema, struct str *out)
{
	return store_sql(&ledger, schema, out);
}

status
ledger_open(struct pg *pg, const char *schema, struct failure *f)
{
	return store_open(&ledger, pg, schema, f);
}

status
ledger_init(struct pg *pg, const char *schema)
{
	struct failure f CLEANUP(failure_clear) = {0};
	status s = ledger_open(pg, schema, &f);

	if (s != STATUS_OK)
		failure_report(&f);
	return s;
}

status
ledger_present(struct pg *pg, const char *schema, bool *present)
{
	struct failure f CLEANUP(failure_clear) = {0};
	status s = store_look(&ledger, pg, schema, present, &f);

	if (s != STATUS_OK)
		failure_report(&f);
	return s;
}
