/* SPDX-License-Identifier: PostgreSQL */
/*
 * Parts of queries that several folders share: files report/NAME.sql beside
 * the folders (pgpipe-plugins(7)).  A line "-- part: NAME" of a query stands
 * for such a file's text.
 */
#ifndef REPORT_PART_H
#define REPORT_PART_H

#include "base/status.h"
#include "base/str.h"
#include "run/plugin.h"

/* Those of the plug-in path and of share/. */
status parts_find(struct plugins *out) MUST_CHECK;
/* Put parts in the place of the lines of query that ask for them; file names
 * it in messages.  A part is not looked through for further ones. */
status parts_fill(const struct plugins *parts, const char *file,
    struct str *query) MUST_CHECK;

#endif
