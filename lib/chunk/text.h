/* SPDX-License-Identifier: PostgreSQL */
/*
 * The long pieces of SQL, which live in share/sql.
 */
#ifndef CHUNK_TEXT_H
#define CHUNK_TEXT_H

#include "base/status.h"
#include "base/str.h"

struct texts {
	struct str hypertables, nohypertables, named, cascade, kind, left;
	struct str chosen, matches, apart, taken, shown, shown_apache;
	struct str shown_apache_before, roots, caggs, piece, keyed, unkeyed;
	struct str keys, list, age, depth, columns, statistics;
};

/* Reports. */
status texts_load(struct texts *out) MUST_CHECK;
void texts_free(struct texts *t); /* also the cleanup */

#endif
