/* SPDX-License-Identifier: PostgreSQL */
/*
 * Run a function in a child process and keep what it wrote: for what ends the
 * program, and for what is written to stdout or stderr.
 */
#ifndef UNIT_FORKED_H
#define UNIT_FORKED_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct forked {
	int code;	 /* exit status, or 128 + the signal that ended it */
	char out[65536]; /* stdout, NUL-terminated */
	char err[65536]; /* stderr */
};

static inline void
forked_read(FILE *file, char *text, size_t size)
{
	rewind(file);
	text[fread(text, 1, size - 1, file)] = '\0';
	fclose(file);
}

/* fn's value is the exit status. */
static inline void
forked_run(struct forked *f, int (*fn)(void *arg), void *arg)
{
	FILE *out = tmpfile(), *err = tmpfile();
	int ended = 0;
	pid_t pid;

	if (out == NULL || err == NULL)
		abort();
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		dup2(fileno(out), STDOUT_FILENO);
		dup2(fileno(err), STDERR_FILENO);
		fclose(out);
		fclose(err);
		exit(fn(arg));
	}
	if (pid < 0 || waitpid(pid, &ended, 0) != pid)
		abort();
	f->code = WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended);
	forked_read(out, f->out, sizeof(f->out));
	forked_read(err, f->err, sizeof(f->err));
}

#endif
