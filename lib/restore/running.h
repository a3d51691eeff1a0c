/* SPDX-License-Identifier: PostgreSQL */
/*
 * What a data directory says of its server: postmaster.pid, while one runs,
 * and pg_control, by which one also knows how it ended.
 */
#ifndef RESTORE_RUNNING_H
#define RESTORE_RUNNING_H

#include <stdbool.h>

/* postmaster.pid, line by line; NULL where it is shorter. */
#define PID_LINES 8
enum { LINE_PORT = 3, LINE_SOCKET = 4, LINE_STATE = 7 };
struct postmaster {
	char text[4096];
	const char *lines[PID_LINES];
};

/* False when there is none. */
bool running_read(const char *data, struct postmaster *p);
/* Its last line is "ready", "standby", "starting" or "stopping"; in a container
 * as well. */
bool running_says(const struct postmaster *p, const char *state);
/* The pid of a server that runs in a data directory, 0: none that is in sight. */
long running_pid(const char *data);

/* DBState of catalog/pg_control.h. */
enum {
	STATE_SHUT_DOWN = 1,
	STATE_SHUT_IN_RECOVERY = 2,
	STATE_SHUTTING_DOWN = 3,
	STATE_CRASH_RECOVERY = 4,
	STATE_ARCHIVE_RECOVERY = 5,
	STATE_IN_PRODUCTION = 6
};
struct control {
	int state;	/* -1: it cannot be read */
	bool in_backup; /* recovery has not come to the end of the backup */
};
struct control running_control(const char *data);

/*
 * Whether a server has come up in it since it was restored: one that ended in
 * recovery, which renames backup_label when it begins, has not.
 */
bool running_came_up(const char *data);

#endif
