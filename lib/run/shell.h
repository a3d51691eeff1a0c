/* SPDX-License-Identifier: PostgreSQL */
/*
 * A shell command with pipes on its stdin, stdout and stderr, in a process
 * group of its own: a Ctrl-C of the terminal does not reach it, and all of it
 * can be killed at once.
 */
#ifndef RUN_SHELL_H
#define RUN_SHELL_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/status.h"
#include "base/str.h"

struct shell {
	pid_t pid; /* the group's, too; 0: none runs */
	int in;	   /* its stdin, to write; non-blocking.  -1: closed */
	int out, err;
};
/* clang-format off */
#define SHELL_INIT {0, -1, -1, -1}
/* clang-format on */

/*
 * Start sh -c command with this process's environment, in which settings
 * ("NAME=value") replace what is there.  Signals have their defaults, but
 * those that were ignored when this program was started.  Reports;
 * STATUS_RETRY where the system has no room for it.
 */
status shell_start(struct shell *sh, const char *command,
    const struct strv *settings) MUST_CHECK;
void shell_close_in(struct shell *sh);
/* Has the shell ended?  Does not wait; *code as a shell shows it (128 + n
 * for signal n). */
bool shell_ended(struct shell *sh, int *code);
/* Kill the whole group, and wait for the shell. */
void shell_kill(struct shell *sh);
void shell_free(struct shell *sh); /* closes; kills what still runs */

#endif
