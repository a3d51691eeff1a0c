/* SPDX-License-Identifier: PostgreSQL */
/*
 * What pg-report does, verb by verb.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "pg/conn.h"
#include "report/config.h"

struct report_options {
	struct pg_params conn;
	struct report_config config; /* with what the command line says */
	const char *output;	     /* NULL: standard output */
	int format;		     /* of enum report_format; -1: not said */
	bool dot;		     /* diagrams by Graphviz, where it is */
	bool judged;		     /* fail_on was asked for */
	char *const *operands;
	size_t count;
};

/* Collect and render. */
status report_verb_make(const struct report_options *o) MUST_CHECK;
status report_verb_collect(const struct report_options *o) MUST_CHECK;
/* From a collection or a difference: a file, or standard input. */
status report_verb_render(const struct report_options *o) MUST_CHECK;
/* Finding lines of a server, or of a collection that is named. */
status report_verb_check(const struct report_options *o) MUST_CHECK;
/* STATUS_NO when the two differ. */
status report_verb_diff(const struct report_options *o) MUST_CHECK;
/* One check or section; without operand a list of all. */
status report_verb_explain(const struct report_options *o) MUST_CHECK;

#endif
