/* SPDX-License-Identifier: PostgreSQL */
/*
 * Which libpq this program runs with, and what it would connect to.
 */
#include "pg/library.h"

#include <libpq-fe.h>
#include <stddef.h>
#include <stdlib.h>

int
pg_library_version(void)
{
	return PQlibVersion();
}

bool
pg_library_has_default(void)
{
	static const char *const names[] = {"PGHOST", "PGHOSTADDR", "PGPORT",
	    "PGDATABASE", "PGUSER", "PGSERVICE"};
	const char *value;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		value = getenv(names[i]);
		if (value != NULL && value[0] != '\0')
			return true;
	}
	return false;
}
