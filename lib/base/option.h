/* SPDX-License-Identifier: PostgreSQL */
/*
 * One table gives parsing, --help and shell completion.
 *
 * No abbreviated long options; "--name=value" and "--name value"; short
 * options bundle as in POSIX; "--" ends options; options may follow
 * operands, as in psql.  A repeated option takes the last value, a list
 * option collects.
 */
#ifndef BASE_OPTION_H
#define BASE_OPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/str.h"

enum option_kind {
	OPTION_FLAG,	 /* bool *: set true */
	OPTION_TEXT,	 /* const char **: points into argv */
	OPTION_LIST,	 /* struct strv *: each value appended */
	OPTION_COUNT,	 /* uint64_t *: number within min..max */
	OPTION_SIZE,	 /* uint64_t *: bytes, within min..max if max != 0 */
	OPTION_DURATION, /* uint64_t *: milliseconds */
	OPTION_CHOICE	 /* int *: index into choices */
};

struct option_spec {
	char short_name;       /* 0: none */
	const char *long_name; /* NULL: none */
	enum option_kind kind;
	void *value;
	const char *argument;	    /* how help names the value */
	const char *help;	    /* one line, no full stop */
	uint64_t min, max;	    /* OPTION_COUNT, OPTION_SIZE */
	const char *const *choices; /* OPTION_CHOICE: NULL-terminated */
};

struct program {
	const char *name;
	const char *about; /* one sentence under the usage line */
	const char *usage; /* after the name: "[OPTION]... [PATTERN]..." */
	const struct option_spec *options; /* ends with a zeroed one */
	const char *examples; /* shown last in help, NULL for none */
};

/* The end of a table.  What every tool has (-q, -v, ...) is added by itself. */
/* clang-format off */
#define OPTION_END {0}
/* clang-format on */

/*
 * Parse.  Operands are left in order in argv[1..*argc - 1].  --help (-?),
 * --version (-V) and --options (the completion's table) are answered on
 * stdout and set *answered; the caller then returns the status, which says
 * whether stdout took it all.  -q, -v and --progress=auto|bar|lines|json|none
 * are common to all tools and need no entry.  A fault is reported with a
 * pointer to --help; STATUS_USAGE.
 */
status option_parse(const struct program *program, int *argc, char **argv,
    bool *answered) MUST_CHECK;

/* Is the name a word of the list, as in "jobs order snapshot"?  For verbs that
 * know some of a table's options. */
bool option_among(const char *list, const char *name);

/* Report "TOOL: error: ..." plus the pointer to --help; STATUS_USAGE. */
status option_fault(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
