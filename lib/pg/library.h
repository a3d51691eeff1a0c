/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which libpq this program runs with, and what it would connect to.
 */
#ifndef PG_LIBRARY_H
#define PG_LIBRARY_H

#include <stdbool.h>

/* 150012, as PQlibVersion says. */
int pg_library_version(void);
/* Does the environment name a server (PGHOST, PGSERVICE, ...)? */
bool pg_library_has_default(void);

#endif
