/* SPDX-License-Identifier: PostgreSQL */
/*
 * A restore as its parts share it.  Private to lib/restore.
 */
#ifndef RESTORE_INSIDE_H
#define RESTORE_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "data/backupset.h"
#include "restore/spot.h"
#include "restore/restore.h"

/* pg_control until everything else is in its place. */
#define CONTROL "global/pg_control"
#define CONTROL_WAITS "global/pg_control.pgpipe-restore"

#define RESTORE_SPACES 1000

/* Where the server's programs are, and whom the directory belongs to. */
struct restore_server {
	char *bindir; /* NULL: none of that version is here */
	int major;    /* that will run it, 0 unknown */
};

struct restore {
	const struct restore_options *o;
	struct backupset *set;
	const struct backup_info *info;
	time_t began;
	char stamp[32]; /* of that: 20250704T165326Z */
	double started;

	struct spot data;
	struct spot scratch; /* where a chain is combined */
	enum spot_state was; /* of the data directory */
	bool delta;	     /* what is there is brought up to date */
	bool part;	     /* of a chain: everything is kept as it is */
	struct spot *spaces; /* RESTORE_SPACES of them, which do not move */
	size_t nspaces;
	pthread_mutex_t lock; /* of spaces */

	bool chown;
	uid_t uid; /* who owns it */
	gid_t gid;

	struct restore_server server;
	bool was_running;

	/* Recovery. */
	char *target_time; /* as the server is told it: UTC */
	int64_t target_us; /* microseconds since 2000 */
	uint64_t target_lsn;
	uint32_t target_xid;
	char *restore_command;
	uint32_t timeline;     /* to recover along, 0: latest */
	bool current_timeline; /* along the backup's own */
	bool recovers;	       /* by recovery.signal or standby.signal */

	/* What happened. */
	struct backup_verdict verdict;
	struct backup_wal wal;
	_Atomic uint64_t written, kept, removed;
	uint64_t reached_lsn; /* where the target was found in the WAL */
	char *reached;	      /* what recovery said of itself, or NULL */
	bool swapped, running;
	struct strv notes;
};

/* plan.c: who, where, and whether it may be. */
status restore_plan(struct restore *r) MUST_CHECK;
/* The directory of a tablespace, made when it is first asked for. */
status restore_space(struct restore *r, const char *oid, struct spot **out)
    MUST_CHECK;
/* Whether there is somebody at the terminal who says yes. */
status restore_ask(const struct restore *r, const char *question) MUST_CHECK;

/* record.c: say what its record says. */
status restore_record(struct restore *r) MUST_CHECK;

/* owner.c */
status restore_owner(struct restore *r) MUST_CHECK;

/* version.c: programs of the server that is to run it; of a data directory
 * that is there already where the backup has not said its version yet. */
status restore_version(struct restore *r) MUST_CHECK;
status restore_version_of_data(struct restore *r) MUST_CHECK;
char *restore_program(const struct restore *r, const char *name);

/* unpack.c */
status restore_unpack(struct restore *r) MUST_CHECK;
/* Give a file or directory of ours its owner and mode. */
status restore_own(const struct restore *r, int fd, mode_t mode,
    const char *name) MUST_CHECK;
/* Write a whole small file below the data directory, durable in time. */
status restore_put(struct restore *r, const char *path, const char *text,
    size_t n) MUST_CHECK;

/* delta.c: mark what already is as the manifest has it, remove the rest. */
status restore_delta(struct restore *r) MUST_CHECK;

/* settings.c */
status restore_settings(struct restore *r) MUST_CHECK;

/* target.c */
status restore_target_parse(struct restore *r) MUST_CHECK;
/* Microseconds since 2000 as the server reads them; for the caller to free. */
char *restore_time_text(int64_t us);

/* prove.c: the WAL, from the backup to the target. */
status restore_prove(struct restore *r) MUST_CHECK;

/* commit.c: links, owners, sync, swap, pg_control. */
status restore_commit(struct restore *r) MUST_CHECK;
/* Its last part, also of what was cut off in it. */
status restore_swap(struct restore *r) MUST_CHECK;
/* The directories themselves get their owner and mode. */
status restore_own_roots(struct restore *r) MUST_CHECK;
status restore_roll_back(struct restore *r) MUST_CHECK;
status restore_drop_old(struct restore *r) MUST_CHECK;

/* marker.c: what is swapped, so that it can be gone on with. */
status restore_mark(struct restore *r) MUST_CHECK;
/* A restore that was cut off while it swapped: *done when it was the same one,
 * and is ended now.  Refuses where it may be another. */
status restore_resume(struct restore *r, bool *done) MUST_CHECK;
/* --finish: whatever it was. */
status restore_finish(struct restore *r) MUST_CHECK;

/* start.c */
/* No server runs in the data directory any more, or it is a failure: before
 * anything in it, or its name, is changed. */
status restore_stop_old(struct restore *r) MUST_CHECK;
status restore_start(struct restore *r) MUST_CHECK;

/* chain.c: several backups, combined to one. */
status restore_chain(struct restore *r) MUST_CHECK;

/* restore.c: 20250704T165326Z */
void restore_stamp(time_t when, char out[32]);

/* report.c */
void restore_note(struct restore *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
status restore_show_plan(struct restore *r) MUST_CHECK;
status restore_report(struct restore *r) MUST_CHECK;

#endif
