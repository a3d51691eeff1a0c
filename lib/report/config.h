/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a --config says (YAML, so JSON too; pg-report(1)):
 *
 *	title: Shop
 *	connection: host=db1 dbname=shop	# where -d and its like are not given
 *	databases: [shop, stock]		# of that server; or all_databases: true
 *	jobs: 2
 *	timeout: 30s				# of a query
 *	fail_on: warning
 *	only: [security, tables]		# ids, groups, categories
 *	ignore: [bloat]
 *	sections: [schema, sizes]		# of sections only these
 *	heavy: true				# also with many relations
 *	collect_limit: 20000			# rows of a section
 *	thresholds: {idx-unused: {min_bytes: 0}}
 *	stats_days: {idx-unused: 1}
 *	purposes: {public.orders: what was ordered}	# or by database
 *	waivers:
 *	  - {key: "no-pk:public.log", reason: append only, until: 2027-01-31}
 */
#ifndef REPORT_CONFIG_H
#define REPORT_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/str.h"
#include "data/record.h"
#include "data/yaml.h"
#include "report/folder.h"

#define REPORT_TIMEOUT 30000	     /* ms of a query */
#define REPORT_LOCK_TIMEOUT 1000     /* ms of waiting for a lock */
#define REPORT_HEAVY_RELATIONS 20000 /* from here on heavy ones are left out */
#define REPORT_TWO_SESSIONS 1000     /* relations, from which on two ask */
#define REPORT_COLLECT_LIMIT 20000   /* rows of a section that are kept */

enum severity { /* of a check that was evaluated */
	SEVERITY_OK,
	SEVERITY_NOTICE,
	SEVERITY_WARNING,
	SEVERITY_CRITICAL
};
/* "notice", "warning", "critical", NULL: for --fail-on, where "notice" is 0. */
extern const char *const severity_names[];
/* SEVERITY_OK where it is no name of one. */
enum severity severity_of(const char *name);
const char *severity_name(enum severity s); /* "ok", ... */

struct report_config {
	struct yaml text;	/* that it was read from */
	const char *title;	/* or NULL; texts are borrowed */
	const char *connection; /* or NULL */
	struct strv databases;
	bool all_databases;
	uint64_t jobs;		  /* 0: not said */
	uint64_t timeout;	  /* ms; 0: not said */
	enum severity fail_on;	  /* SEVERITY_OK: not said */
	struct strv only, ignore; /* ids, groups, categories */
	struct strv sections;	  /* ids, groups; "none" */
	bool heavy;
	uint64_t collect_limit;
	const json_t *thresholds; /* by check, or NULL */
	const json_t *stats_days; /* by id, or NULL */
	const json_t *purposes;	  /* or NULL */
	const json_t *waivers;	  /* a list, or NULL */
};

/* The defaults. */
void config_init(struct report_config *c);
/* A file; reports all that is wrong in it, with lines; STATUS_USAGE. */
status config_read(struct report_config *c, const char *file) MUST_CHECK;
/*
 * What names folders must name some that there are: thresholds, stats_days,
 * only, ignore, sections, waivers.  Reports; STATUS_USAGE.
 */
status config_check(const struct report_config *c,
    const struct folders *folders) MUST_CHECK;
void config_free(struct report_config *c);

/* Is this folder wanted (only, ignore, sections)? */
bool config_wants(const struct report_config *c, const struct folder *f);
/* A check's thresholds with what the configuration changes; a new object. */
json_t *config_thresholds(const struct report_config *c,
    const struct folder *f);
double config_stats_days(const struct report_config *c, const struct folder *f);
/* What tables are for in one database: {"public.orders": text}; new. */
json_t *config_purposes(const struct report_config *c, const char *database);
/*
 * The waiver of a finding on this day ("2026-11-21"), or NULL; a waiver that
 * has ended is none.
 */
const json_t *config_waiver(const struct report_config *c, const char *database,
    const char *key, const char *today);

#endif
