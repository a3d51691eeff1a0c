/* SPDX-License-Identifier: PostgreSQL */
/*
 * A physical backup becomes a data directory: proved while it is unpacked
 * beside the place where it is to be, then swapped into that place by rename.
 *
 * What is there cannot be started before it is whole: global/pg_control is
 * put in its place last of all.  A file RESTORE_MARKER in a directory says that
 * a restore is not finished; running it again finishes it.
 */
#ifndef RESTORE_RESTORE_H
#define RESTORE_RESTORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/str.h"

#define RESTORE_MARKER "pgpipe-restore.json"

enum restore_target {
	TARGET_NONE, /* to the end of the backup */
	TARGET_IMMEDIATE,
	TARGET_TIME,
	TARGET_LSN,
	TARGET_XID,
	TARGET_NAME
};

/* For --target-action. */
enum restore_action { ACTION_PROMOTE, ACTION_PAUSE, ACTION_SHUTDOWN };
extern const char *const restore_actions[];

struct restore_options {
	const char *data;    /* the data directory to be */
	struct strv backups; /* oldest first; none: standard input */
	uint64_t jobs;
	bool dry_run, json, yes;
	bool replace, delta, drop_old, finish;
	const char *owner;	 /* NAME, NAME:GROUP, UID:GID */
	struct strv tablespaces; /* OLD=NEW */
	const char *tablespaces_in;
	/* Recovery. */
	const char *wal; /* a directory, or a command with %f and %p */
	enum restore_target target;
	const char *target_value, *timeline;
	bool exclusive;
	int action;
	bool standby;
	const char *primary; /* connection string */
	bool keep_archiving;
	struct strv settings; /* NAME=VALUE, for postgresql.auto.conf */
	/* The server. */
	const char *bindir;
	uint64_t server_version; /* major; 0 is not said */
	bool start;
	const char *start_service, *stop_service;
	uint64_t timeout; /* ms; 0: as long as it lives */
};

/* All of it.  With no backups, fd is read. */
status restore_run(const struct restore_options *options, int fd) MUST_CHECK;

#endif
