/* SPDX-License-Identifier: PostgreSQL */
/*
 * What changed between two collections: rows of sections by their keys, and
 * findings by theirs.  The format pgpipe-diff, version 1:
 *
 *	{"format","version","from":{"collected","title","server":{...}},"to":{},
 *	 "comparable":bool,"reason":text|null,"score":{"from","to"},
 *	 "databases":[{"database","was","status":"both|added|removed",
 *	   "sections":[{"id","title","group","key","name","show","status":
 *	     "both|added|removed|unknown","reason","added":[rows],
 *	     "removed":[rows],"changed":[{"key":{},"fields":[{"column","from",
 *	     "to"}]}],"grown":[the same of volatile columns]}],
 *	   "checks":{"new","fixed","worse","better","unknown"}}],
 *	 "complete":true}
 *
 * The server's own sections and checks come as a database "(server)".  The
 * lists of checks hold findings with "check", "title" and "category", those of
 * worse and better with "was".  Where one side may have found more than it lists
 * (a check has a reason, or reached a limit), what the other has besides is
 * neither new nor fixed, and no change; of each such check "unknown" has
 * {"check","title","category","list":"new|fixed","findings":number,"reason"}.
 *
 * Within a list of objects that have names a column is written
 * "columns[price].type"; null is nothing.  A section without change is left out.
 * What is not comparable (another system) is still compared; growth is left out
 * then.
 */
#ifndef REPORT_DIFF_H
#define REPORT_DIFF_H

#include <stdbool.h>

#include "data/record.h"

#define DIFF_FORMAT "pgpipe-diff"
#define DIFF_VERSION 1

/* A new document; both are collections that were read by collection_read. */
json_t *diff_collections(const json_t *from, const json_t *to);
/* Does it say that something changed, growth aside? */
bool diff_differs(const json_t *diff);

#endif
