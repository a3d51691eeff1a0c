/* SPDX-License-Identifier: PostgreSQL */
/*
 * Sections and checks of a report: folders report/ID below share/ and the
 * directories of the plug-in path (pgpipe-plugins(7)), each with
 *
 *	about.yaml	what it is
 *	query.sql	one query; query.pg17.sql: the same from that major
 *			version of PostgreSQL on
 *	when.sql	gives null, or the reason why it is left out (optional)
 *	explain.md	documentation; of checks needed
 */
#ifndef REPORT_FOLDER_H
#define REPORT_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "data/record.h"

enum folder_kind { FOLDER_SECTION, FOLDER_CHECK };

struct folder_query {
	int major; /* from this version on; 0 of query.sql */
	char *file;
	char *text;
};

struct folder {
	char *id;
	char *directory;
	bool ours; /* from share/ */
	enum folder_kind kind;
	json_t *about;	       /* all of about.yaml; what follows is of it */
	const char *title;     /* borrowed, as all texts here */
	const char *group;     /* of a section; a check's category */
	long order;	       /* of a section: its place */
	bool of_server;	       /* once for the cluster, not for each database */
	int min_pg, max_pg;    /* majors; 0: none */
	const char *extension; /* or NULL */
	const json_t *privilege; /* list of texts, or NULL */
	bool heavy;
	bool primary;		      /* not on a standby */
	double stats_days;	      /* 0: none */
	double weight;		      /* of a check */
	char *when;		      /* SQL, or NULL */
	char *explain;		      /* or NULL */
	struct folder_query *queries; /* query.sql, then by version */
	size_t query_count;
};

/* Sections by order and id, then checks by category and id. */
struct folders {
	struct folder *items;
	size_t count;
};
/* clang-format off */
#define FOLDERS_INIT {NULL, 0}
/* clang-format on */

/* The categories of checks: "risk", ...; NULL at the end. */
extern const char *const folder_categories[];

/*
 * Read them all.  A folder that is none is reported with its file and line,
 * left out, and remembered in *flaw (STATUS_USAGE); STATUS_FAIL when nothing
 * can be read at all.
 */
status folders_load(struct folders *out, status *flaw) MUST_CHECK;
void folders_free(struct folders *f); /* also the cleanup */
const struct folder *folders_find(const struct folders *f, const char *id);

/* The query for a server of this major version. */
const struct folder_query *folder_query(const struct folder *f, int major);

#endif
