/* SPDX-License-Identifier: PostgreSQL */
/*
 * Parts of queries that several folders share: files report/NAME.sql beside
 * the folders (pgpipe-plugins(7)).  A line "-- part: NAME" of a query stands
 * for such a file's text, in which parts may be named as well.
 */
#ifndef REPORT_PART_H
#define REPORT_PART_H

#include "base/status.h"
#include "base/str.h"
#include "run/plugin.h"

/* Those of the plug-in path and of share/. */
status parts_find(struct plugins *out) MUST_CHECK;
/* Put parts in the place of the lines of query that ask for them; file names
 * it in messages.  Each comes once, where it is first named.  USAGE: there is
 * none of that name, it is no text, or they are more than 16 deep. */
status parts_fill(const struct plugins *parts, const char *file,
    struct str *query) MUST_CHECK;

#endif
