/* SPDX-License-Identifier: PostgreSQL */
/*
 * Run another program to its end: with arguments, as another user, with what
 * it says kept or shown.
 */
#ifndef RUN_COMMAND_H
#define RUN_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/status.h"
#include "base/str.h"

struct command {
	const char *const *argv; /* argv[0] is the program's path */
	bool as_user;		 /* as uid, gid and its groups (root only) */
	uid_t uid;
	gid_t gid;
	const char *directory; /* to run in, NULL: where we are */
	struct str *out;       /* stdout is kept here (64 kB of it) ... */
	struct str *err;       /* ... and stderr; NULL: both go to stderr */
};

/*
 * *code is its exit status, 128 + n when signal n ended it, 127 when it could
 * not be run.  The status is only of starting and waiting.  The standard input
 * is empty.  The program leads no process group of its own.
 */
status command_run(const struct command *c, int *code) MUST_CHECK;
/* The same for a line of shell. */
status command_shell(const struct command *c, const char *line, int *code)
    MUST_CHECK;

/* Append 'text' as one word of a shell. */
void command_quote(struct str *out, const char *text);

#endif
