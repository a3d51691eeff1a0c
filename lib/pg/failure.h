/* SPDX-License-Identifier: PostgreSQL */
/*
 * Why something failed: kept apart from its report, because the
 * first tries may pass in silence and the last one is both a message and a
 * record.
 */
#ifndef PG_FAILURE_H
#define PG_FAILURE_H

#include "data/record.h"

#include "base/status.h"
#include "pg/conn.h"

struct failure {
	status class; /* STATUS_OK: none */
	char sqlstate[6];
	char *message, *detail, *hint; /* owned, or NULL */
};

/* Set what went wrong and give its class back; an earlier one is gone. */
status failure_set(struct failure *f, status class, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void failure_hint(struct failure *f, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* From pg_last_error: "could not DOING: server's message". */
status failure_from_pg(struct failure *f, const struct pg *pg, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));
/*
 * Run a statement in silence and keep its failure: "could not DOING: ...".
 * out may be NULL.
 */
status failure_run(struct failure *f, struct pg *pg, const struct sql *sql,
    struct pg_result **out, const char *fmt, ...)
    __attribute__((format(printf, 5, 6))) MUST_CHECK;
/* The same for fixed text. */
#define failure_do(f, pg, literal, ...) \
	failure_do_text(f, pg, "" literal "", __VA_ARGS__)
status failure_do_text(struct failure *f, struct pg *pg, const char *text,
    const char *fmt, ...) __attribute__((format(printf, 4, 5))) MUST_CHECK;
/* Roll back what a failure left open; a lost connection has done so. */
void failure_roll_back(struct pg *pg);
/* error, detail and hint on stderr. */
void failure_report(const struct failure *f);
/* {"error":{"message","sqlstate","class","detail","hint"}} */
json_t *failure_json(const struct failure *f);
void failure_clear(struct failure *f); /* also the cleanup */

#endif
