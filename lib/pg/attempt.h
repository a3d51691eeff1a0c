/* SPDX-License-Identifier: PostgreSQL */
/*
 * One attempt to connect, and why it failed.
 */
#ifndef PG_ATTEMPT_H
#define PG_ATTEMPT_H

#include "pg/conn.h"

/* What attempts learn from each other; zeroed before the first. */
struct attempt {
	double give_up; /* the latest end of all, as num_now() */
	bool unclear;	/* out: a failure that may well be lasting */
	bool params_ok; /* libpq was asked whether it understands them */
	char *host, *hostaddr, *port; /* lists begun at another host, or NULL */
	char *options;		      /* for the server, or NULL */
};

/*
 * A connection string that libpq cannot read, or that seems to spill a
 * password into another field, is reported without being shown;
 * STATUS_USAGE.
 */
status attempt_check(const struct pg_params *params) MUST_CHECK;
/* Try that connection's server only, whatever else the parameters name. */
void attempt_beside(struct attempt *a, const struct pg *other);
/* Sets pg->conn and on failure pg's error.  STATUS_RETRY: may pass. */
status attempt_connect(struct pg *pg, const struct pg_params *params,
    struct attempt *a) MUST_CHECK;
void attempt_free(struct attempt *a);

#endif
