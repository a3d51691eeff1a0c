/* SPDX-License-Identifier: PostgreSQL */
/*
 * One connection that only reads, with the facts that sections and checks
 * depend on.
 */
#ifndef REPORT_SESSION_H
#define REPORT_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "data/record.h"
#include "pg/conn.h"

struct session {
	struct pg *pg;
	int major;
	bool standby;
	bool in_snapshot; /* statements need savepoints */
	uint64_t timeout; /* ms of a statement */
	int64_t relations;
	double stats_age;   /* seconds that statistics are of */
	json_t *facts;	    /* of the database: the collection's fields */
	json_t *server;	    /* of the server: the same */
	char sqlstate[6];   /* of the last failure, "" for none or a loss */
	char *failure;	    /* its message, or NULL */
	json_t *privileges; /* text to whether we have it, as it was asked */
};

/* Connect, read only, with time-outs; ask for the facts.  Reports. */
status session_open(const struct pg_params *params, uint64_t timeout,
    struct session *out) MUST_CHECK;
void session_close(struct session *s);

/* One repeatable read snapshot for what comes until session_autocommit. */
status session_snapshot(struct session *s) MUST_CHECK;
void session_autocommit(struct session *s);

/*
 * Run one statement in silence; a failure is kept in the session, which stays
 * usable unless the server was lost (session_lost).
 */
status session_ask(struct session *s, const struct sql *sql,
    struct pg_result **out) MUST_CHECK;
bool session_lost(const struct session *s);

/* Does the user have it: a role's name, "superuser", or "execute f(args)"? */
bool session_may(struct session *s, const char *privilege);
/* The version of an extension here, or NULL. */
const char *session_extension(const struct session *s, const char *name);

#endif
