/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a data directory says of its server.
 */
#include "restore/running.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"

#define CONTROL "global/pg_control"
/* Places in ControlFileData that are the same from 13 to 18. */
enum { AT_STATE = 16, AT_BACKUP_START = 152, CONTROL_BYTES = 160 };

/* --- postmaster.pid ------------------------------------------------------------ */

bool
running_read(const char *data, struct postmaster *p)
{
	char *file CLEANUP_FREE = mem_printf("%s/postmaster.pid", data);
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char *at = p->text, *end;
	ssize_t n;

	memset(p->lines, 0, sizeof(p->lines));
	if (fd < 0)
		return false;
	n = read(fd, p->text, sizeof(p->text) - 1);
	(void)close(fd);
	p->text[n > 0 ? n : 0] = '\0';
	for (int i = 0; i < PID_LINES && *at != '\0'; i++) {
		end = at + strcspn(at, "\n");
		p->lines[i] = at;
		at = *end == '\0' ? end : end + 1;
		*end = '\0';
	}
	return true;
}

bool
running_says(const struct postmaster *p, const char *state)
{
	return p->lines[LINE_STATE] != NULL &&
	    strncmp(p->lines[LINE_STATE], state, strlen(state)) == 0;
}

/* A number of a process that died is given again: whose working directory is
 * another one is not the server. */
static bool
lives(long pid, const char *data)
{
	char *link CLEANUP_FREE = mem_printf("/proc/%ld/cwd", pid);
	char *cwd;
	bool same;

	if (kill((pid_t)pid, 0) != 0 && errno != EPERM)
		return false;
	cwd = realpath(link, NULL);
	if (cwd == NULL)
		return true; /* another user's: believe it */
	same = strcmp(cwd, data) == 0;
	free(cwd);
	return same;
}

long
running_pid(const char *data)
{
	struct postmaster p = {.text = ""};
	const char *line;
	uint64_t pid;

	if (!running_read(data, &p) || p.lines[0] == NULL)
		return 0;
	/* A single-user server's is negative. */
	line = p.lines[0][0] == '-' ? p.lines[0] + 1 : p.lines[0];
	if (!num_u64(line, 1, INT32_MAX, &pid))
		return 0;
	return lives((long)pid, data) ? (long)pid : 0;
}

/* --- pg_control ---------------------------------------------------------------- */

struct control
running_control(const char *data)
{
	char *file CLEANUP_FREE = mem_printf("%s/%s", data, CONTROL);
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct control c = {.state = -1};
	unsigned char bytes[CONTROL_BYTES];
	uint32_t state;
	uint64_t start;

	if (fd < 0)
		return c;
	if (read(fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes)) {
		memcpy(&state, bytes + AT_STATE, sizeof(state));
		memcpy(&start, bytes + AT_BACKUP_START, sizeof(start));
		c.state = (int)state;
		c.in_backup = start != 0;
	}
	(void)close(fd);
	return c;
}

bool
running_came_up(const char *data)
{
	struct control c = running_control(data);
	struct postmaster p = {.text = ""};

	switch (c.state) {
	case STATE_SHUT_DOWN:
	case STATE_SHUTTING_DOWN:
	case STATE_IN_PRODUCTION:
		return true;
	case STATE_SHUT_IN_RECOVERY:
		return !c.in_backup;
	case STATE_CRASH_RECOVERY:
	case STATE_ARCHIVE_RECOVERY:
		/* A standby, or one that is paused at its target. */
		return !c.in_backup && running_pid(data) != 0 &&
		    running_read(data, &p) &&
		    (running_says(&p, "ready") || running_says(&p, "standby"));
	default:
		return false;
	}
}
