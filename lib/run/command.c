/* SPDX-License-Identifier: PostgreSQL */
/*
 * Run another program to its end.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* setgroups, initgroups */
#endif
#include "run/command.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

#define KEEP ((size_t)64 * 1024)
#define CANNOT_RUN 127

/* --- the child ------------------------------------------------------------------ */

/* Between fork and exec of a program that may have threads: system calls
 * only. */
static void
become_user(const struct command *c)
{
	if (!c->as_user || geteuid() == c->uid)
		return;
	if (setgroups(0, NULL) != 0 || setgid(c->gid) != 0 ||
	    setuid(c->uid) != 0)
		_exit(CANNOT_RUN);
}

static void
usual_signals(void)
{
	static const int changed[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
	struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	(void)sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++)
		(void)sigaction(changed[i], &action, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static void
child(const struct command *c, int out, int err)
{
	char *const *argv;
	int null = open("/dev/null", O_RDONLY);

	usual_signals();
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0)
		_exit(CANNOT_RUN);
	become_user(c);
	if (c->directory != NULL && chdir(c->directory) != 0)
		_exit(CANNOT_RUN);
	memcpy(&argv, &c->argv, sizeof(argv)); /* exec's old prototype */
	(void)execv(c->argv[0], argv);
	_exit(CANNOT_RUN);
}

/* --- the parent ------------------------------------------------------------------- */

struct pipes {
	int out[2], err[2];
};

static void
shut(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static bool
make_pipe(int fds[2])
{
	fds[0] = fds[1] = -1;
	if (pipe(fds) != 0)
		return false;
	(void)fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	return true;
}

static void
keep(struct str *to, const char *bytes, size_t n)
{
	size_t room = to->len < KEEP ? KEEP - to->len : 0;

	str_addn(to, bytes, n < room ? n : room);
}

/* A server that was started keeps the pipe open for ever: the end of the
 * program itself ends the reading, too. */
static void
drain(struct pipes *p, const struct command *c, pid_t pid, int *code)
{
	char bytes[4096];
	bool gone = false;

	while (!gone || p->out[0] >= 0 || p->err[0] >= 0) {
		struct pollfd fds[] = {{p->out[0], POLLIN, 0},
		    {p->err[0], POLLIN, 0}};
		int ready = poll(fds, 2, gone ? 0 : 20);

		for (int i = 0; ready > 0 && i < 2; i++) {
			int *fd = i == 0 ? &p->out[0] : &p->err[0];
			ssize_t n;

			if (fds[i].revents == 0)
				continue;
			n = read(*fd, bytes, sizeof(bytes));
			if (n > 0)
				keep(i == 0 ? c->out : c->err, bytes,
				    (size_t)n);
			else if (n == 0 || errno != EINTR)
				shut(fd);
		}
		if (gone && ready <= 0)
			break;
		if (!gone)
			gone = waitpid(pid, code, WNOHANG) == pid;
	}
}

static int
exit_code(int code)
{
	if (WIFEXITED(code))
		return WEXITSTATUS(code);
	return WIFSIGNALED(code) ? 128 + WTERMSIG(code) : CANNOT_RUN;
}

status
command_run(const struct command *c, int *code)
{
	struct pipes p = {{-1, -1}, {-1, -1}};
	int raw = 0;
	pid_t pid = -1;

	if ((c->out == NULL || make_pipe(p.out)) &&
	    (c->err == NULL || make_pipe(p.err)))
		pid = fork();
	if (pid == 0)
		child(c, c->out != NULL ? p.out[1] : STDERR_FILENO,
		    c->err != NULL ? p.err[1] : STDERR_FILENO);
	shut(&p.out[1]);
	shut(&p.err[1]);
	if (pid > 0)
		drain(&p, c, pid, &raw);
	shut(&p.out[0]);
	shut(&p.err[0]);
	if (pid < 0) {
		log_error("could not run \"%s\": %s", c->argv[0],
		    strerror(errno));
		return STATUS_RETRY;
	}
	*code = exit_code(raw);
	return STATUS_OK;
}

status
command_shell(const struct command *c, const char *line, int *code)
{
	const char *const argv[] = {"/bin/sh", "-c", line, NULL};
	struct command shell = *c;

	shell.argv = argv;
	return command_run(&shell, code);
}

void
command_quote(struct str *out, const char *text)
{
	str_addc(out, '\'');
	for (; *text != '\0'; text++)
		if (*text == '\'')
			str_add(out, "'\\''");
		else
			str_addc(out, *text);
	str_addc(out, '\'');
}
