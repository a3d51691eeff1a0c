/* SPDX-License-Identifier: PostgreSQL */
/*
 * What the parts of backupset share.  Private to lib/data/backupset*.c.
 */
#ifndef DATA_BACKUPSET_INSIDE_H
#define DATA_BACKUPSET_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/str.h"
#include "data/backupset.h"

/* One archive of a directory of tars. */
struct backup_archive {
	char *file;   /* "16385.tar.zst" */
	char *prefix; /* "pg_tblspc/16385/", "pg_wal/", "" */
};

struct backupset {
	char *name;
	struct backup_place place; /* its functions NULL: fd is where it lies */
	int fd;			   /* the directory, or the stream */
	bool own;		   /* fd is to be closed */
	bool has_manifest;	   /* the place has; a directory is looked at */
	struct backup_info info;
	struct backup_archive *archives;
	size_t narchives;
	struct manifest *manifest; /* NULL: not come yet */
	struct manifest *seen;	   /* what came before the manifest */
	struct walcheck **wal;
	size_t nwal;
	pthread_mutex_t lock; /* of info, seen, manifest */
};

/* Files that say something of the backup. */
enum backup_fact {
	FACT_NONE,
	FACT_VERSION,
	FACT_LABEL,
	FACT_MAP,
	FACT_CONTROL,
	FACT_MANIFEST
};
#define FACT_MAX ((size_t)1024 * 1024)

enum backup_fact backup_fact_of(const char *path);
/* Take the contents in; reports what cannot be understood. */
status backup_fact_take(struct backupset *b, enum backup_fact fact,
    const struct str *text) MUST_CHECK;
/* The tablespace of this oid, which is made if there is none. */
struct backup_tablespace *backup_tablespace(struct backupset *b,
    const char *oid);
void backup_info_free(struct backup_info *info);

#define BACKUP_AUTO_CONF "postgresql.auto.conf"

/* A file of it that is open. */
struct backup_file {
	int fd; /* -1: not open */
	char *shown;
	void *handle; /* the place's */
};
status backup_files_list(const struct backupset *b, struct strv *names)
    MUST_CHECK;
/* Reports; closed also where that failed. */
status backup_file_open(const struct backupset *b, const char *name,
    struct backup_file *f) MUST_CHECK;
/* s is what came of reading it to its end; the place may know better. */
status backup_file_close(const struct backupset *b, struct backup_file *f,
    status s) MUST_CHECK;

/* The walk, one member at a time. */
struct backup_walk {
	struct backupset *b;
	struct backupset_options options;
	const struct backup_sink *sink; /* or NULL */
	_Atomic uint64_t files, bytes, bad, missing, extra, unproved;
	atomic_bool failed, auto_differs;
	struct manifest *coming; /* the one that is being read */
};

/* A thread's part in it. */
struct backup_worker;

static inline bool
backup_same_sum(const struct manifest_file *f, const unsigned char *sum)
{
	return memcmp(f->sum, sum,
		   filehash_size((enum filehash_kind)f->kind)) == 0;
}

/* Report a file and count it. */
void backup_report_bad(struct backup_walk *k, const char *path,
    const char *problem);
void backup_report_extra(struct backup_walk *k, const char *path);
/* Not the manifest's: it may be there or not, and hold what it likes. */
bool backup_is_free(const char *path);
/* After all members: what can be judged only then. */
status backup_settle(struct backup_walk *k) MUST_CHECK;

typedef status (*backup_next_fn)(void *arg, const void **bytes, size_t *n);
status backup_take_file(struct backup_worker *w, struct backup_member *m,
    backup_next_fn next, void *arg) MUST_CHECK;
status backup_take_other(struct backup_worker *w, struct backup_member *m)
    MUST_CHECK;
/* Somebody else failed, or a stop was asked for. */
bool backup_stopped(const struct backup_worker *w);

/* Run fn in as many threads as there are jobs, each with a worker of its
 * own; the worst status of all. */
status backup_workers(struct backup_walk *walk, unsigned jobs,
    status (*fn)(struct backup_worker *w, void *arg), void *arg) MUST_CHECK;
const struct backupset *backup_set(const struct backup_worker *w);
struct backupset *backup_walk_set(const struct backup_walk *w);

status backup_walk_plain(struct backup_walk *walk, unsigned jobs) MUST_CHECK;
status backup_walk_tars(struct backup_walk *walk, unsigned jobs) MUST_CHECK;
/* One tar, from a descriptor. */
status backup_walk_tar(struct backup_worker *w, int fd, const char *name,
    const char *prefix) MUST_CHECK;

#endif
