/* SPDX-License-Identifier: PostgreSQL */
/*
 * A connection to a server and what can be asked of it.  lib/pg is the only
 * home of libpq-fe.h.  A connection belongs to one thread at a time.
 *
 * Every session is pinned (DESIGN 5): search_path empty, client_encoding
 * UTF8, DateStyle "ISO, YMD", IntervalStyle postgres, TimeZone UTC,
 * extra_float_digits 3, bytea_output hex, xmloption content, row_security
 * off, statement_timeout, lock_timeout and idle timeouts 0 (lock_timeout as
 * asked), synchronous_commit on, default_transaction_isolation "read
 * committed", keepalives 60/10/6 unless the user sets them, application_name
 * the tool's (unless the user sets it); also lc_monetary C (money as text),
 * standard_conforming_strings on, quote_all_identifiers off, and what a
 * default could spoil: transactions begin read write and not deferrable.
 * "set, never inherited": also where ALTER ROLE or ALTER DATABASE or
 * PGOPTIONS says otherwise.  All of it belongs to a session, so a pooler
 * that gives each transaction another one (PgBouncer's transaction mode)
 * cannot stand between.
 */
#ifndef PG_CONN_H
#define PG_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/option.h"
#include "base/status.h"
#include "pg/sql.h"

struct pg;
struct pg_result;

/* -d -h -p -U as psql has them; all may be NULL. */
struct pg_params {
	const char *database; /* name, conninfo string or URI */
	const char *host, *port, *user;
	uint64_t lock_timeout;	  /* ms, 0 = none */
	uint64_t connect_timeout; /* ms for all tries; 0 = 10 s */
	const char *role; /* "source", "target", or NULL, for messages */
	bool replication; /* a walsender's connection (pg/replication.h) */
	const struct pg *beside; /* to the server that this one is with */
	bool spare; /* one try, and failing is no error: it can be spared */
	const char *other; /* a database's name that counts instead of what
			    * database says, or NULL */
};

/* These four in a table of options; what says which database it is. */
/* clang-format off */
#define PG_CONN_OPTIONS(params, what)                                        \
	{'d', "dbname", OPTION_TEXT, &(params)->database, "CONN",            \
	    what ": a name, a string or a URI", 0, 0, NULL},                 \
	{'h', "host", OPTION_TEXT, &(params)->host, "HOST",                  \
	    "server's host or socket directory", 0, 0, NULL},                \
	{'p', "port", OPTION_TEXT, &(params)->port, "PORT", "server's port", \
	    0, 0, NULL},                                                     \
	{'U', "username", OPTION_TEXT, &(params)->user, "NAME",              \
	    "user to connect as", 0, 0, NULL}
/* clang-format on */

/*
 * Connect, retrying what may pass (refused, starting up, too many
 * connections) with exponential backoff and jitter until connect_timeout,
 * at least one try; a wrong password, database or host name is no passing
 * fault.  Reports without ever printing a password.  Ends early when a stop
 * is asked for.
 */
status pg_connect(const struct pg_params *params, struct pg **out) MUST_CHECK;
void pg_close(struct pg *pg); /* NULL is legal */
void pg_cleanup(struct pg **pg);

int pg_version(const struct pg *pg); /* 150020 */
const char *pg_database(const struct pg *pg);
const char *pg_user(const struct pg *pg);
/* "host=... port=... dbname=..." for messages; no password. */
const char *pg_where(const struct pg *pg);
/* The libpq connection is gone (after a failure). */
bool pg_broken(const struct pg *pg);
/*
 * For who holds a session open while others work: the socket to poll(2), and,
 * between statements, whether the server is still there.
 */
int pg_socket(const struct pg *pg);
bool pg_alive(struct pg *pg);

/*
 * What the server last refused, for those who decide by it and for the
 * "error" of a record.  Strings live until the next call on pg.
 */
struct pg_error {
	char sqlstate[6];    /* "" when the connection was lost */
	const char *message; /* one line, primary message */
	const char *detail;  /* or NULL */
	const char *hint;    /* or NULL */
	const char *context; /* or NULL: "COPY t, line 3, column a: ..." */
	const char *constraint, *schema, *table, *column; /* or NULL */
	status class; /* STATUS_RETRY: 08, 40, 53300, 55P03, 57P01..57P03 and
		       * lost connections; else STATUS_FAIL */
};
const struct pg_error *pg_last_error(const struct pg *pg);

/*
 * Run a statement (extended protocol, text results; one statement only).
 * On failure the server's message is reported as
 *	error: could not <doing>: <message>
 * with detail and hint, and its class returned; doing NULL reports nothing
 * (the caller looks at pg_last_error).  *out may be NULL when rows are not
 * wanted.  A second signal (signal_abort) cancels the running statement.
 */
status pg_run(struct pg *pg, const char *doing, const struct sql *sql,
    struct pg_result **out) MUST_CHECK;
/*
 * While on, the first signal (signal_stop) is enough to cancel a statement
 * that does not end shortly after it: for waits before anything is done.
 */
void pg_stoppable(struct pg *pg, bool on);
/* The same as pg_run for fixed text without parameters. */
#define pg_do(pg, doing, literal) pg_do_text(pg, doing, "" literal "")
status pg_do_text(struct pg *pg, const char *doing, const char *text)
    MUST_CHECK;
/* Report the last error of pg as pg_run would. */
void pg_report(struct pg *pg, const char *doing);

int pg_rows(const struct pg_result *r);
int pg_columns(const struct pg_result *r);
const char *pg_value(const struct pg_result *r, int row,
    int col); /* NULL: null */
bool pg_true(const struct pg_result *r, int row, int col);
int64_t pg_int(const struct pg_result *r, int row, int col); /* null: 0 */
uint64_t pg_affected(const struct pg_result *r); /* "INSERT 0 5": 5 */
const char *pg_column_name(const struct pg_result *r, int col);
uint32_t pg_column_type(const struct pg_result *r, int col); /* its oid */
void pg_result_free(struct pg_result *r);
void pg_result_cleanup(struct pg_result **r);
#define CLEANUP_RESULT CLEANUP(pg_result_cleanup)

/* Rows one at a time in constant memory.  fn may not use pg. A status other
 * than STATUS_OK from fn ends the reading (cancelled) and is returned. */
typedef status (*pg_row_fn)(void *arg, const struct pg_result *row);
status pg_each(struct pg *pg, const char *doing, const struct sql *sql,
    pg_row_fn fn, void *arg) MUST_CHECK;

/* Notices and warnings go to log_verbose, warnings to log_warning, unless fn
 * (NULL for the usual again) takes them: severity is "WARNING" and so on. */
typedef void (
    *pg_notice_fn)(void *arg, const char *severity, const char *message);
void pg_on_notice(struct pg *pg, pg_notice_fn fn, void *arg);

/* Who the server is: system identifier and timeline where it may be asked
 * (NULL, 0 otherwise), standby or not. Cached. */
const char *pg_system(struct pg *pg);
uint32_t pg_timeline(struct pg *pg);
bool pg_standby(struct pg *pg);

#endif
