/* SPDX-License-Identifier: PostgreSQL */
/*
 * A physical backup as it lies somewhere, in whichever layout, read member by
 * member and proved against its manifest on the way:
 *
 *	plain	a data directory (pg_basebackup -Fp, or a tar of one unpacked),
 *		tablespaces behind the links in pg_tblspc
 *	tars	a directory of base.tar, <oid>.tar, pg_wal.tar, each perhaps
 *		compressed, and backup_manifest
 *	stream	one tar that holds everything, the manifest somewhere in it,
 *		from a file or a pipe
 *
 * Whoever wants more than the proof gives a sink that gets the bytes as they
 * pass.  Names are those within the data directory, so that a member of
 * 16385.tar is "pg_tblspc/16385/PG_15_202209061/...".
 */
#ifndef DATA_BACKUPSET_H
#define DATA_BACKUPSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/str.h"
#include "data/codec.h"
#include "data/manifest.h"
#include "data/tarstream.h"
#include "data/walcheck.h"

enum backup_layout { BACKUP_PLAIN, BACKUP_TARS, BACKUP_STREAM };

struct backup_tablespace {
	char *oid;	/* "16385" */
	char *location; /* at the source, or NULL where nothing says it */
};

/* What backup_label says. */
struct backup_label {
	bool there;
	uint64_t start;
	uint32_t timeline;
	bool standby;	  /* it was taken from one */
	bool incremental; /* needs its predecessor: no data directory */
	uint64_t incremental_from;
	char *label; /* the user's, or NULL */
};

/*
 * What the backup says of itself, as far as it has been read: in directories
 * all but control is known once it is open.
 */
struct backup_info {
	enum backup_layout layout;
	enum codec codec; /* of base.tar or the stream */
	int major;	  /* PG_VERSION; 0 unknown */
	struct backup_label label;
	bool has_map; /* it has a tablespace_map */
	struct backup_tablespace *tablespaces;
	size_t ntablespaces;
	uint64_t system; /* pg_control's; 0 unknown */
	uint32_t control_version, catalog_version;
	bool standby_signal, recovery_signal;
	bool has_incremental; /* files INCREMENTAL.* */
};

/* What the user of a sink may see in manifest_file.mark. */
#define BACKUP_SEEN 1 /* its bytes came, or will */
#define BACKUP_GOOD 2 /* and are what the manifest says */
#define BACKUP_KEPT 4 /* set before a walk: it is not wanted */

struct backup_member {
	const char *path;
	enum tar_type type;
	uint64_t size;
	uint32_t mode; /* to be masked */
	int64_t mtime;
	const char *link;	      /* of a symbolic link */
	struct manifest_file *listed; /* NULL: not known to be */
};

/*
 * The functions are called from several threads when there are several jobs,
 * for one file from one thread.  A failure ends the walk.
 */
struct backup_sink {
	void *arg;
	status (*directory)(void *arg, const struct backup_member *m);
	/* pg_tblspc/<oid> in the backup; may be NULL */
	status (*link)(void *arg, const struct backup_member *m);
	/* *file stays NULL: its bytes are not wanted. */
	status (*begin)(void *arg, const struct backup_member *m, void **file);
	status (*data)(void *arg, void *file, const void *bytes, size_t n);
	/* Called for each file that began, also when the walk fails. */
	status (*end)(void *arg, void *file, bool good);
};

struct backupset_options {
	unsigned jobs; /* 0 is 1 */
	/* The checksum to take where the manifest comes behind the files. */
	enum filehash_kind expect;
};

/* What was wrong; each was reported by its name. */
struct backup_verdict {
	uint64_t files, bytes;
	uint64_t bad;	   /* other bytes or another size */
	uint64_t missing;  /* in the manifest alone */
	uint64_t extra;	   /* not in the manifest */
	uint64_t unproved; /* checksum of another kind than expected: see
			    * backupset_unproved */
};

struct backupset;
/*
 * Open a directory or a file; NULL is fd, which stays the caller's.  Reads
 * what there is to read ahead of the walk.  What is no backup, or no whole
 * one, is reported: STATUS_USAGE.
 */
status backupset_open(const char *path, int fd, struct backupset **out)
    MUST_CHECK;

/* Where a directory of archives lies that is none of this system's.  All
 * functions report; open and close are called from several threads. */
struct backup_place {
	void *arg;
	status (*list)(void *arg, struct strv *names);
	/* Its bytes from *fd, until an end that says nothing yet. */
	status (*open)(void *arg, const char *name, void **file, int *fd);
	/* whole: it was read to its end, and all is well. */
	status (*close)(void *arg, void *file, int fd, bool whole);
	void (*free)(void *arg);
};
/* arg becomes the set's, and is freed also on failure. */
status backupset_open_place(const char *name, const struct backup_place *place,
    struct backupset **out) MUST_CHECK;
void backupset_close(struct backupset *b); /* NULL is legal */
const char *backupset_name(const struct backupset *b);
const struct backup_info *backupset_info(const struct backupset *b);
/* NULL before it has come. */
struct manifest *backupset_manifest(const struct backupset *b);

/*
 * Read everything once.  STATUS_NO when something does not agree with the
 * manifest (the verdict says how much, WAL apart), and the walk went on to
 * the end; any other failure ended it.  A NULL sink only proves.
 */
status backupset_walk(struct backupset *b,
    const struct backupset_options *options, const struct backup_sink *sink,
    struct backup_verdict *verdict) MUST_CHECK;

/*
 * Files whose checksum in the manifest is of a kind that was not taken as
 * they passed (a stream whose manifest came last): for each, path and what it
 * should be.  fn answers STATUS_NO for other bytes.
 */
status backupset_unproved(struct backupset *b,
    status (*fn)(void *arg, const struct manifest_file *file), void *arg)
    MUST_CHECK;

enum backup_wal_state {
	BACKUP_WAL_WHOLE, /* from start to end, each record sound */
	BACKUP_WAL_NONE,  /* the backup holds no segment */
	BACKUP_WAL_LACKS  /* some, but not all, or not sound */
};

struct backup_wal {
	enum backup_wal_state state;
	uint32_t timeline, segment_size; /* 0: unknown */
	uint64_t start, end;		 /* what is needed, of all timelines */
	uint64_t upto;			 /* how far what there is goes */
	uint64_t system;		 /* 0: unknown */
	uint64_t where;	 /* LACKS: the first that is lacking ... */
	const char *why; /* ... and why, NULL: no segment has it */
};
/* After a walk. */
void backupset_wal(const struct backupset *b, struct backup_wal *out);
/* The segments that the walk saw, for whoever has more of them. */
const struct walcheck *const *backupset_walchecks(const struct backupset *b,
    size_t *count);

#endif
