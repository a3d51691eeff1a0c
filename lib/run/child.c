/* SPDX-License-Identifier: PostgreSQL */
/*
 * Other programs: where they are and what they say.
 */
#include "run/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"

extern char **environ;

bool
child_is_program(const char *file)
{
	struct stat st;

	return stat(file, &st) == 0 && S_ISREG(st.st_mode) &&
	    access(file, X_OK) == 0;
}

char *
child_find(const char *program)
{
	const char *list = getenv("PATH");
	size_t n;

	for (; list != NULL && *list != '\0'; list += n + (list[n] == ':')) {
		char *file;

		n = strcspn(list, ":");
		if (list[0] != '/')
			continue;
		file = mem_printf("%.*s/%s", (int)n, list, program);
		if (child_is_program(file))
			return file;
		free(file);
	}
	return NULL;
}

/* stdout is the pipe; the ends that stay here close by themselves. */
static pid_t
spawn(const char *file, const char *argument, int out)
{
	char *name CLEANUP_FREE = mem_strdup(file);
	char *first CLEANUP_FREE = mem_strdup(argument);
	char *const argv[] = {name, first, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t usual;
	pid_t pid = -1;

	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawnattr_init(&attr);
	(void)sigemptyset(&usual);
	(void)sigaddset(&usual, SIGPIPE);
	if (posix_spawn_file_actions_addopen(&actions, STDIN_FILENO,
		"/dev/null", O_RDONLY, 0) != 0 ||
	    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO,
		"/dev/null", O_WRONLY, 0) != 0 ||
	    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO) !=
		0 ||
	    posix_spawnattr_setsigdefault(&attr, &usual) != 0 ||
	    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF) != 0 ||
	    posix_spawn(&pid, file, &actions, &attr, argv, environ) != 0)
		pid = -1;
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attr);
	return pid;
}

/* Read all, keep the first max bytes. */
static status
drain(int fd, size_t max, struct str *out)
{
	char bytes[4096];
	size_t got, room;
	status s;

	do {
		s = io_read(fd, bytes, sizeof(bytes), &got, "pipe");
		room = max - out->len;
		str_addn(out, bytes, got < room ? got : room);
	} while (s == STATUS_OK && got > 0);
	return s;
}

status
child_output(const char *file, const char *argument, size_t max,
    struct str *out)
{
	int fds[2], code = -1;
	pid_t pid;
	status s;

	str_clear(out);
	if (pipe(fds) != 0)
		return STATUS_NO;
	(void)fcntl(fds[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(fds[1], F_SETFD, FD_CLOEXEC);
	pid = spawn(file, argument, fds[1]);
	(void)close(fds[1]);
	s = pid > 0 ? drain(fds[0], max, out) : STATUS_NO;
	(void)close(fds[0]);
	if (pid > 0)
		while (waitpid(pid, &code, 0) < 0 && errno == EINTR)
			continue;
	if (s == STATUS_OK && (!WIFEXITED(code) || WEXITSTATUS(code) != 0))
		s = STATUS_NO;
	return s;
}

status
child_leave(const char *file, char *const *argv)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t usual;
	bool started;
	pid_t pid;

	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawnattr_init(&attr);
	(void)sigemptyset(&usual);
	(void)sigaddset(&usual, SIGPIPE);
	started = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO,
		      "/dev/null", O_RDWR, 0) == 0 &&
	    posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO,
		STDOUT_FILENO) == 0 &&
	    posix_spawn_file_actions_adddup2(&actions, STDIN_FILENO,
		STDERR_FILENO) == 0 &&
	    posix_spawnattr_setsigdefault(&attr, &usual) == 0 &&
	    posix_spawnattr_setpgroup(&attr, 0) == 0 &&
	    posix_spawnattr_setflags(&attr,
		POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP) == 0 &&
	    posix_spawn(&pid, file, &actions, &attr, argv, environ) == 0;
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attr);
	return started ? STATUS_OK : STATUS_NO;
}

status
child_become(const char *file, char **argv)
{
	(void)execv(file, argv);
	log_error("could not run \"%s\": %s", file, strerror(errno));
	return STATUS_FAIL;
}
