/* SPDX-License-Identifier: PostgreSQL */
/*
 * Ask a server everything that sections and checks want to know, and put it
 * together to a collection (pg-report(1), share/schema/collection-1.json).
 */
#ifndef REPORT_COLLECT_H
#define REPORT_COLLECT_H

#include <stdbool.h>

#include "base/status.h"
#include "data/record.h"
#include "pg/conn.h"
#include "report/config.h"
#include "report/folder.h"

#define COLLECTION_FORMAT "pgpipe-collection"
#define COLLECTION_VERSION 1

struct collect_request {
	struct pg_params conn;
	const struct report_config *config;
	const struct folders *folders;
	bool checks_only; /* without sections */
};

/*
 * Connects, asks, judges.  A section or check that fails is an error in the
 * collection and costs nothing else.  A server that is lost is reported,
 * STATUS_RETRY, and there is no collection; a database that cannot be
 * connected to is reported, an error in the collection, and the status of
 * the whole, with *out set.  *out belongs to the caller.
 */
status collect(const struct collect_request *r, json_t **out) MUST_CHECK;

/* Compact JSON and a newline. */
void collection_show(const json_t *document, struct str *out);
/*
 * A document from a file, "-" for standard input.  What is cut, damaged, of
 * another format or of a later version is reported; STATUS_USAGE.  diff: one
 * of pg-report diff will do, too.
 */
status collection_read(const char *file, bool diff, json_t **out) MUST_CHECK;

#endif
