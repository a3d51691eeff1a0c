/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the files of lib/pg share and nobody else sees: the connection's
 * insides, waiting, errors.
 */
#ifndef PG_PRIVATE_H
#define PG_PRIVATE_H

#include <libpq-fe.h>

#include "pg/conn.h"

enum pg_known { PG_UNKNOWN, PG_NO, PG_YES };

struct pg {
	PGconn *conn;
	const char *role; /* "source", "target" or "server"; borrowed */
	char *where;
	bool lost;	/* the socket must not be used any more */
	bool aborted;	/* the running statement was cancelled, see give_up */
	double give_up; /* when waiting ends after that, as num_now() */
	bool stoppable; /* the first signal cancels, too, but not at once: */
	double stop;	/* when, as num_now(); 0: it was not seen */

	uint64_t notices; /* that have come */
	pg_notice_fn on_notice;
	void *notice_arg;

	struct pg_error error;
	char *error_text[8]; /* what error points at */

	char *copy_doing;      /* of the running pg_copy_in, or NULL */
	bool copying_in;       /* pg_copy_in_end is due */
	status copy_failed;    /* what it will return: the server said no */
	bool copy_refused;     /* an error of the server's has been seen */
	bool copy_suspect;     /* or may have been, with TLS */
	uint64_t copy_notices; /* notices when suspicion arose */
	struct str copy_held;  /* small pieces on their way in */

	char *system; /* cached answers; see server.c */
	uint32_t timeline;
	enum pg_known asked_system;
	enum pg_known standby;
	enum pg_known timescale;
	struct pg_timescale *hyper; /* or NULL: not asked; timescale.c */
	bool table_prepared;	    /* see table.c */
};

/*
 * Wait until the socket is ready for one of events (POLLIN, POLLOUT).
 * False: the connection is given up, because a signal said so and the
 * server did not answer a cancel request in time, or poll itself failed;
 * the error is set.
 */
bool pg_wait(struct pg *pg, short events, short *ready);
/* Ask the server to end the running statement; gives up soon after. */
void pg_cancel(struct pg *pg);
/* Wait for and take the next result, NULL when the statement is done.  The
 * connection may be lost afterwards. */
PGresult *pg_next_result(struct pg *pg);
/* Throw away what is left of a statement. */
void pg_drain(struct pg *pg);

/* Errors: begin a statement (clears), then one of these; all return the
 * error's class. */
void pg_error_clear(struct pg *pg);
enum pg_error_field {
	PG_ERROR_MESSAGE,
	PG_ERROR_DETAIL,
	PG_ERROR_HINT,
	PG_ERROR_CONTEXT,
	PG_ERROR_CONSTRAINT,
	PG_ERROR_SCHEMA,
	PG_ERROR_TABLE,
	PG_ERROR_COLUMN
};
void pg_error_field(struct pg *pg, enum pg_error_field field,
    const char *text); /* made one line; NULL is legal */
status pg_error_state(struct pg *pg, const char *sqlstate);
status pg_error_result(struct pg *pg, const PGresult *res);
/* The connection is gone; reason NULL takes libpq's message. */
status pg_error_lost(struct pg *pg, const char *reason);
/* Something of our own that is no fault of the server's. */
status pg_error_own(struct pg *pg, status class, const char *message);
status pg_error_class(const char *sqlstate);

/* What was found out about TimescaleDB. */
void pg_timescale_forget(struct pg *pg);

/* Send a statement by the extended protocol; text parameters. */
status pg_send(struct pg *pg, const struct sql *sql);
/* The same by the simple protocol: no parameters, and the caller knows that
 * the text is one statement. */
status pg_send_simple(struct pg *pg, const struct sql *sql);

/* pg_run by the simple protocol, the only one that walsenders know. */
status pg_run_simple(struct pg *pg, const char *doing, const struct sql *sql,
    struct pg_result **out);

/* pg_run of a statement that will come again with other values: parsed once
 * under a name, which *prepared remembers. */
status pg_run_again(struct pg *pg, const char *doing, const char *name,
    const struct sql *sql, bool *prepared, struct pg_result **out);

/* libpq gives text with newlines; messages are one line.  Lines that begin
 * with a tab explain the one before and are left out. */
void pg_one_line(struct str *out, const char *text, size_t n);

/* The fields of an 'E' or 'N' message that was read from the socket. */
void pg_wire_error(struct pg *pg, const char *p, size_t n);
void pg_wire_notice(struct pg *pg, const char *p, size_t n);

/* A severity and a message of the server to whom it may concern. */
void pg_take_notice(struct pg *pg, const char *severity, const char *message);

#endif
