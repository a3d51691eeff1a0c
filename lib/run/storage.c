/* SPDX-License-Identifier: PostgreSQL */
/*
 * Stores, by their plug-ins.  What a plug-in has to say goes to our stderr;
 * its exit status is of our own kind.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pipe2: no other thread's child gets the ends */
#endif
#include "run/storage.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "data/record.h"
#include "run/child.h"
#include "run/plugin.h"

#define LIST_MAX ((size_t)256 * 1024 * 1024)

struct storage {
	char *url, *program;
};

bool
storage_is_url(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789");

	return n > 0 && strncmp(text + n, "://", 3) == 0;
}

status
storage_open(const char *url, struct storage **out)
{
	char *scheme CLEANUP_FREE = mem_strndup(url, strcspn(url, ":"));
	struct plugins found CLEANUP(plugins_free) = PLUGINS_INIT;
	const struct plugin *plugin;
	struct storage *s;
	status st = plugins_find_programs("store-", &found);

	*out = NULL;
	if (st != STATUS_OK)
		return st;
	plugin = plugins_get(&found, scheme);
	if (plugin == NULL) {
		log_error("there is no store \"%s\": no plug-in store-%s was "
			  "found",
		    scheme, scheme);
		log_hint("a local directory is written without \"%s://\"",
		    scheme);
		return STATUS_USAGE;
	}
	s = mem_zalloc(sizeof(*s));
	s->url = mem_strdup(url);
	while (strlen(s->url) > 1 && s->url[strlen(s->url) - 1] == '/')
		s->url[strlen(s->url) - 1] = '\0';
	s->program = mem_strdup(plugin->file);
	*out = s;
	return STATUS_OK;
}

const char *
storage_url(const struct storage *s)
{
	return s->url;
}

void
storage_close(struct storage *s)
{
	if (s == NULL)
		return;
	free(s->url);
	free(s->program);
	free(s);
}

void
storage_cleanup(struct storage **s)
{
	storage_close(*s);
	*s = NULL;
}

/* --- a call ------------------------------------------------------------------- */

/* Run a verb; end 0 gives its stdin, 1 its stdout, -1 neither. */
static status
call(const struct storage *s, const char *verb, const char *name, uint64_t from,
    int end, pid_t *pid, int *fd)
{
	char offset[24];
	char *words[6] = {s->program, mem_strdup(verb), s->url,
	    name != NULL ? mem_strdup(name) : NULL, from > 0 ? offset : NULL,
	    NULL};
	int fds[2] = {-1, -1}, failed = 0, given = end == 1 ? 1 : 0;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t usual;

	(void)snprintf(offset, sizeof(offset), "%llu",
	    (unsigned long long)from);
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawnattr_init(&attr);
	(void)sigemptyset(&usual);
	(void)posix_spawnattr_setsigmask(&attr, &usual);
	(void)sigaddset(&usual, SIGPIPE);
	(void)posix_spawnattr_setsigdefault(&attr, &usual);
	(void)posix_spawnattr_setflags(&attr,
	    POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK |
		POSIX_SPAWN_SETPGROUP);
	(void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO,
	    "/dev/null", O_RDONLY, 0);
	(void)posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO,
	    "/dev/null", O_WRONLY, 0);
	if (end >= 0 && pipe2(fds, O_CLOEXEC) != 0)
		failed = errno;
	if (end >= 0)
		(void)posix_spawn_file_actions_adddup2(&actions, fds[given],
		    end);
	if (failed == 0)
		failed = posix_spawn(pid, s->program, &actions, &attr, words,
		    environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attr);
	if (end >= 0 && fds[0] >= 0) {
		(void)close(fds[given]);
		*fd = fds[1 - given];
		if (failed != 0)
			(void)close(*fd);
	}
	free(words[1]);
	free(words[3]);
	if (failed == 0)
		return STATUS_OK;
	log_error("could not run \"%s\": %s", s->program, strerror(failed));
	return STATUS_FAIL;
}

/* The plug-in's exit status, which is ours. */
static status
reap(const struct storage *s, pid_t pid, const char *verb, const char *name)
{
	int code = 0;

	while (waitpid(pid, &code, 0) < 0 && errno == EINTR)
		continue;
	if (WIFEXITED(code) && WEXITSTATUS(code) == 0)
		return STATUS_OK;
	if (WIFEXITED(code) && WEXITSTATUS(code) == STATUS_NO &&
	    str_eq(verb, "stat"))
		return STATUS_NO;
	log_error("could not %s \"%s/%s\"", verb, s->url,
	    name != NULL ? name : "");
	if (WIFSIGNALED(code))
		log_detail("\"%s\" ended by signal %d", s->program,
		    WTERMSIG(code));
	if (WIFEXITED(code) && WEXITSTATUS(code) == STATUS_RETRY)
		return STATUS_RETRY;
	return STATUS_FAIL;
}

/* --- the verbs ------------------------------------------------------------------- */

status
storage_put_begin(const struct storage *s, const char *name,
    struct storage_put *put, int *fd)
{
	status st;

	put->pid = 0;
	put->name = mem_strdup(name);
	st = call(s, "put", name, 0, 0, &put->pid, fd);
	if (st != STATUS_OK)
		storage_put_cancel(put);
	return st;
}

status
storage_put_end(const struct storage *s, struct storage_put *put)
{
	status st = reap(s, put->pid, "put", put->name);

	free(put->name);
	*put = (struct storage_put){0, NULL};
	return st;
}

/* Before its stdin ends, or what has come would be an object. */
void
storage_put_cancel(struct storage_put *put)
{
	if (put->pid > 0) {
		/* The shell waits for its cat, which is in its group. */
		(void)kill(-put->pid, SIGTERM);
		while (waitpid(put->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	free(put->name);
	*put = (struct storage_put){0, NULL};
}

status
storage_put_text(const struct storage *s, const char *name, const char *text,
    size_t n)
{
	struct storage_put put;
	int fd = -1;
	status st = storage_put_begin(s, name, &put, &fd);

	if (st != STATUS_OK)
		return st;
	st = io_write(fd, text, n, name);
	if (st != STATUS_OK)
		storage_put_cancel(&put);
	(void)close(fd);
	return st == STATUS_OK ? storage_put_end(s, &put) : st;
}

static status
read_all(const struct storage *s, const char *verb, const char *name,
    size_t max, struct str *out)
{
	size_t got = 1;
	int fd = -1;
	pid_t pid;
	status st = call(s, verb, name, 0, 1, &pid, &fd), ended;

	str_clear(out);
	if (st != STATUS_OK)
		return st;
	while (st == STATUS_OK && got > 0) {
		str_reserve(out, 65536);
		st = io_read(fd, out->data + out->len, 65536, &got, s->url);
		out->len += got;
		out->data[out->len] = '\0';
		if (out->len > max) {
			log_error("\"%s\" gives more than %zu bytes", s->url,
			    max);
			st = STATUS_USAGE;
		}
	}
	(void)close(fd);
	ended = reap(s, pid, verb, name);
	return st == STATUS_OK ? ended : st;
}

status
storage_get_begin(const struct storage *s, const char *name, uint64_t from,
    struct storage_get *get, int *fd)
{
	status st;

	get->pid = 0;
	get->name = mem_strdup(name);
	st = call(s, "get", name, from, 1, &get->pid, fd);
	if (st != STATUS_OK)
		storage_get_cancel(get);
	return st;
}

status
storage_get_end(const struct storage *s, struct storage_get *get)
{
	status st = reap(s, get->pid, "get", get->name);

	free(get->name);
	*get = (struct storage_get){0, NULL};
	return st;
}

/* It changes nothing anywhere, and has nothing to say about this. */
void
storage_get_cancel(struct storage_get *get)
{
	if (get->pid > 0) {
		(void)kill(-get->pid, SIGKILL);
		while (waitpid(get->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
	free(get->name);
	*get = (struct storage_get){0, NULL};
}

status
storage_stat(const struct storage *s, const char *name, uint64_t *bytes)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	json_t *record CLEANUP(record_cleanup) = NULL;
	status st = read_all(s, "stat", name, RECORD_MAX, &text);
	int64_t n;

	if (st != STATUS_OK)
		return st;
	st = record_parse(str_text(&text), strcspn(str_text(&text), "\n"),
	    s->url, &record);
	n = st == STATUS_OK ? record_int(record, "bytes") : -1;
	if (n < 0) {
		log_error("\"%s\" does not say how large \"%s\" is", s->url,
		    name);
		return STATUS_FAIL;
	}
	*bytes = (uint64_t)n;
	return STATUS_OK;
}

status
storage_get_text(const struct storage *s, const char *name, size_t max,
    struct str *out)
{
	return read_all(s, "get", name, max, out);
}

status
storage_list(const struct storage *s, struct strv *names)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	status st = read_all(s, "list", NULL, LIST_MAX, &text);
	const char *line = str_text(&text);

	while (st == STATUS_OK && *line != '\0') {
		json_t *record CLEANUP(record_cleanup) = NULL;
		size_t n = strcspn(line, "\n");

		st = record_parse(line, n, s->url, &record);
		if (st == STATUS_OK && record_text(record, "name") != NULL)
			strv_add(names, record_text(record, "name"));
		line += n + (line[n] == '\n');
	}
	return st;
}

status
storage_remove(const struct storage *s, const char *name)
{
	pid_t pid;
	int fd = -1;
	status st = call(s, "remove", name, 0, -1, &pid, &fd);

	return st == STATUS_OK ? reap(s, pid, "remove", name) : st;
}
