/* SPDX-License-Identifier: PostgreSQL */
/*
 * The digest of data/digest.h as SQL, of built-in functions alone, and the
 * question whether a server computes the same.
 */
#include "pg/table.h"
#include "pg/private.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "a", "b"::cast, ... in the order given. */
static status
add_values(const struct pg_table *t, bool cast, const char *const *names,
    size_t n, struct sql *out)
{
	size_t i;

	for (i = 0; i < n; i++) {
		const struct pg_column *c = pg_table_column(t, names[i]);

		if (c == NULL) {
			struct str name CLEANUP(str_free) = STR_INIT;

			sql_show_name(&name, t->schema, t->name);
			log_error("%s has no column \"%s\"", str_text(&name),
			    names[i]);
			return STATUS_FAIL;
		}
		if (i > 0) {
			sql_add(out, ", ");
		}
		if (cast && c->open != NULL) {
			sql_given(out, c->open);
			sql_ident(out, c->name);
			sql_given(out, c->close);
			continue;
		}
		sql_ident(out, c->name);
		if (cast && c->canonical != NULL) {
			sql_add(out, "::");
			sql_given(out, c->canonical);
		}
	}
	return STATUS_OK;
}

/*
 * A row constructor says "row", since (x) alone is no row.
 */
status
pg_table_digest_expr(const struct pg_table *t, enum digest_kind kind,
    const char *const *names, size_t nnames, struct sql *out)
{
	const char **sorted CLEANUP_FREE =
	    mem_resize(NULL, nnames + 1, sizeof(*sorted));
	status s;

	if (nnames > 0) {
		memcpy(sorted, names, nnames * sizeof(*sorted));
		qsort(sorted, nnames, sizeof(*sorted), compare_names);
	}
	if (kind == DIGEST_SEND) {
		sql_add(out,
		    "pg_catalog.hash_array_extended(array["
		    "pg_catalog.record_send(row(");
	} else {
		sql_add(out,
		    "pg_catalog.hash_array_extended(array["
		    "pg_catalog.textsend(row(");
	}
	s = add_values(t, kind == DIGEST_SEND, sorted, nnames, out);
	if (kind == DIGEST_SEND) {
		sql_add(out, "))], 0)");
	} else {
		sql_add(out, ")::pg_catalog.text)], 0)");
	}
	return s;
}

/*
 * A row of each shape: row(1::int8, 'pgpipé'::text, null::int4) as
 * record_send gives it.
 */
static const char probe_row[] = "\0\0\0\3"
				"\0\0\0\24\0\0\0\10\0\0\0\0\0\0\0\1"
				"\0\0\0\31\0\0\0\7pgpip\303\251"
				"\0\0\0\27\377\377\377\377";
static const char probe_text[] = "(1,pgpip\303\251,)";

static int64_t
row_hash(const char *bytes, size_t n)
{
	return (int64_t)(31 + digest_hash(bytes, n));
}

status
pg_digest_probe(struct pg *pg, bool *ok)
{
	struct pg_result *r CLEANUP_RESULT = NULL;
	struct sql sql CLEANUP_SQL = SQL_INIT;
	status s;

	*ok = false;
	sql_add(&sql,
	    "select pg_catalog.hash_array_extended(array["
	    "pg_catalog.record_send(v)], 0), pg_catalog.hash_array_extended("
	    "array[pg_catalog.textsend(v::pg_catalog.text)], 0)"
	    " from (select row(1::pg_catalog.int8,"
	    " 'pgpip\303\251'::pg_catalog.text, null::pg_catalog.int4))"
	    " as probe(v)");
	s = pg_run(pg, NULL, &sql, &r);
	if (s == STATUS_RETRY) {
		pg_report(pg, "compare hash functions");
		return s;
	}
	if (s != STATUS_OK) {
		log_verbose("the %s has no hash functions for a digest: %s",
		    pg->role, pg_last_error(pg)->message);
		return STATUS_OK;
	}
	*ok = pg_int(r, 0, 0) == row_hash(probe_row, sizeof(probe_row) - 1) &&
	    pg_int(r, 0, 1) == row_hash(probe_text, sizeof(probe_text) - 1);
	if (!*ok) {
		log_verbose("the %s hashes a probe row to another value",
		    pg->role);
	}
	return STATUS_OK;
}
