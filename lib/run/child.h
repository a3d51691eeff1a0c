/* SPDX-License-Identifier: PostgreSQL */
/*
 * Other programs: where they are and what they say.
 */
#ifndef RUN_CHILD_H
#define RUN_CHILD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "base/str.h"

/* The first directory of PATH that holds an executable file of this name:
 * "/usr/bin/psql", for the caller to free; NULL where none does. */
char *child_find(const char *program);
bool child_is_program(const char *file);

/*
 * Run a program to its end, with nothing on stdin and its stderr thrown away,
 * and keep the first max bytes of its stdout.  STATUS_NO (silent) when it
 * could not be run or did not exit 0.
 */
status child_output(const char *file, const char *argument, size_t max,
    struct str *out) MUST_CHECK;

/* Start a program that goes on by itself: nothing on stdin, stdout and stderr,
 * a process group of its own, and nobody waits for it.  Silent; STATUS_NO when
 * it could not be started. */
status child_leave(const char *file, char *const *argv) MUST_CHECK;

/* Become that program: argv[0] is its path.  Returns only on failure, which
 * it reports; STATUS_FAIL. */
status child_become(const char *file, char **argv) MUST_CHECK;

#endif
