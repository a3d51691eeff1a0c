/* SPDX-License-Identifier: PostgreSQL */
/*
 * Starting and ending shell commands.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pipe2 */
#endif
#include "run/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define SH "/bin/sh"

#ifndef __GLIBC__
extern char **environ;
#endif

/* --- its environment ------------------------------------------------------- */

static bool
replaced(const char *entry, const struct strv *settings)
{
	size_t i, n = strcspn(entry, "=");

	for (i = 0; i < settings->len; i++)
		if (strncmp(settings->data[i], entry, n + 1) == 0)
			return true;
	return false;
}

/* The strings stay whose they are; the caller frees the array. */
static char **
merge(const struct strv *settings)
{
	size_t n = 0, i;
	char **env;

	while (environ[n] != NULL)
		n++;
	env = mem_resize(NULL, n + settings->len + 1, sizeof(*env));
	for (n = 0, i = 0; environ[i] != NULL; i++)
		if (!replaced(environ[i], settings))
			env[n++] = environ[i];
	for (i = 0; i < settings->len; i++)
		env[n++] = settings->data[i];
	env[n] = NULL;
	return env;
}

/* --- starting -------------------------------------------------------------- */

/* Other threads start children, too, which must not inherit our ends. */
static bool
open_pipe(int fds[2])
{
#ifdef __APPLE__
	return pipe(fds) == 0 && fcntl(fds[0], F_SETFD, FD_CLOEXEC) == 0 &&
	    fcntl(fds[1], F_SETFD, FD_CLOEXEC) == 0;
#else
	return pipe2(fds, O_CLOEXEC) == 0;
#endif
}

static void
close_both(int fds[2])
{
	if (fds[0] >= 0)
		(void)close(fds[0]);
	if (fds[1] >= 0)
		(void)close(fds[1]);
}

static int
spawn(const char *command, char **env, int in, int out, int err, pid_t *pid)
{
	char name[] = "sh", option[] = "-c";
	char *text CLEANUP_FREE = mem_strdup(command);
	char *const argv[] = {name, option, text, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, usual;
	int failed;

	(void)sigemptyset(&none);
	(void)sigemptyset(&usual);
	(void)sigaddset(&usual, SIGPIPE);
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawnattr_init(&attr);
	(void)posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	(void)posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	(void)posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
	(void)posix_spawnattr_setsigdefault(&attr, &usual);
	(void)posix_spawnattr_setsigmask(&attr, &none);
	(void)posix_spawnattr_setpgroup(&attr, 0);
	(void)posix_spawnattr_setflags(&attr,
	    POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
		POSIX_SPAWN_SETPGROUP);
	failed = posix_spawn(pid, SH, &actions, &attr, argv, env);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attr);
	return failed;
}

static status
complain(int error)
{
	log_error("could not start \"%s\": %s", SH, strerror(error));
	return error == ENOENT || error == EACCES ? STATUS_FAIL : STATUS_RETRY;
}

status
shell_start(struct shell *sh, const char *command, const struct strv *settings)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1};
	char **env;
	int failed;

	*sh = (struct shell)SHELL_INIT;
	if (!open_pipe(in) || !open_pipe(out) || !open_pipe(err)) {
		failed = errno;
		close_both(in);
		close_both(out);
		close_both(err);
		return complain(failed);
	}
	env = merge(settings);
	failed = spawn(command, env, in[0], out[1], err[1], &sh->pid);
	free(env);
	(void)close(in[0]);
	(void)close(out[1]);
	(void)close(err[1]);
	sh->in = in[1];
	sh->out = out[0];
	sh->err = err[0];
	(void)fcntl(sh->in, F_SETFL, O_NONBLOCK);
	if (failed == 0)
		return STATUS_OK;
	sh->pid = 0;
	shell_free(sh);
	return complain(failed);
}

/* --- ending ---------------------------------------------------------------- */

static void
close_one(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

void
shell_close_in(struct shell *sh)
{
	close_one(&sh->in);
}

static int
code_of(int status_bits)
{
	return WIFEXITED(status_bits) ? WEXITSTATUS(status_bits)
				      : 128 + WTERMSIG(status_bits);
}

bool
shell_ended(struct shell *sh, int *code)
{
	int bits;
	pid_t got;

	if (sh->pid == 0)
		return true;
	do
		got = waitpid(sh->pid, &bits, WNOHANG);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		return false;
	*code = got > 0 ? code_of(bits) : 127;
	sh->pid = 0;
	return true;
}

void
shell_kill(struct shell *sh)
{
	if (sh->pid == 0)
		return;
	(void)kill(-sh->pid, SIGKILL);
	while (waitpid(sh->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	sh->pid = 0;
}

void
shell_free(struct shell *sh)
{
	shell_kill(sh);
	close_one(&sh->in);
	close_one(&sh->out);
	close_one(&sh->err);
}
