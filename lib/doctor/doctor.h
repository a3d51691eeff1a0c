/* SPDX-License-Identifier: PostgreSQL */
/*
 * What pgpipe works with: libraries, programs, its own files, and a server if
 * one is given.  One line each on stdout:
 *
 *	ok       libpq            15.12
 *	missing  jq               optional; apt-get install jq
 */
#ifndef DOCTOR_DOCTOR_H
#define DOCTOR_DOCTOR_H

#include <stdbool.h>

#include "base/status.h"
#include "pg/conn.h"

enum finding {
	FOUND,	/* "ok" */
	LACKS,	/* "missing", and the answer is no */
	WITHOUT /* "missing", but it can be done without */
};

/* Collects: everything is told, then the verdict. */
struct doctor {
	bool lacks;    /* something that is needed is missing */
	status output; /* how the lines went out */
};

/* What else a doctor looks at in a server, by those who know it. */
typedef void (
    *doctor_server_fn)(struct doctor *d, struct pg *pg, const char *arg);

void doctor_say(struct doctor *d, enum finding finding, const char *what,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

void doctor_libraries(struct doctor *d);
void doctor_files(struct doctor *d);
void doctor_programs(struct doctor *d);
/* Connects; a server that cannot be reached is something missing. */
void doctor_server(struct doctor *d, const struct pg_params *params,
    doctor_server_fn more, const char *arg);

/* STATUS_OK, STATUS_NO when something is lacking, STATUS_FAIL when stdout
 * did not take it all. */
status doctor_verdict(const struct doctor *d) MUST_CHECK;

#endif
