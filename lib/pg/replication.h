/* SPDX-License-Identifier: PostgreSQL */
/*
 * The streaming replication protocol: what a walsender tells, and base
 * backups ("Streaming Replication Protocol" in the PostgreSQL manual).
 *
 * The connection is one of pg_connect with params.replication set; its user
 * needs the REPLICATION attribute and a pg_hba.conf line for "replication".
 * Servers 13 to 18: a newer one is refused, because what it would send is
 * not known here.
 */
#ifndef PG_REPLICATION_H
#define PG_REPLICATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "pg/conn.h"

#define REPLICATION_NEWEST 18 /* major version */

/* pg_connect for replication, with a hint where it is refused, and the check
 * of the server's version.  params->replication need not be set. */
status replication_connect(const struct pg_params *params, struct pg **out)
    MUST_CHECK;

struct replication_system {
	char identifier[24];
	uint32_t timeline;
	uint64_t lsn; /* flushed so far */
};
status replication_identify(struct pg *pg, struct replication_system *out)
    MUST_CHECK;
/* SHOW name; name is a parameter's, lower case. */
status replication_show(struct pg *pg, const char *name, struct str *out)
    MUST_CHECK;
/* The size of the server's WAL segments. */
status replication_segment_size(struct pg *pg, uint32_t *size) MUST_CHECK;
/* A physical slot that stays, and keeps WAL from now on; one of that name that
 * is there is as good. */
status replication_keep_slot(struct pg *pg, const char *name) MUST_CHECK;
status replication_drop_slot(struct pg *pg, const char *name) MUST_CHECK;
/* Where a physical slot is: *lsn and *timeline are 0 where it keeps nothing yet,
 * or the server (before 15) does not tell.  Reports one that is not there. */
status replication_slot_position(struct pg *pg, const char *name,
    uint32_t *timeline, uint64_t *lsn) MUST_CHECK;
/* A physical slot that ends with the connection and keeps WAL from now on. */
status replication_temporary_slot(struct pg *pg, const char *name) MUST_CHECK;
/* The history file of a timeline (above 1): its name and bytes. */
status replication_history(struct pg *pg, uint32_t timeline, struct str *name,
    struct str *content) MUST_CHECK;
/* Give the server the manifest that an incremental backup starts from (17 and
 * later): read calls give its bytes, n = 0 is the end. */
typedef status (*replication_read_fn)(void *arg, const void **bytes, size_t *n);
status replication_upload_manifest(struct pg *pg, replication_read_fn read,
    void *arg) MUST_CHECK;

/* --- BASE_BACKUP ----------------------------------------------------------- */

struct base_backup_options {
	const char *label; /* at most 1024 bytes, no control characters */
	bool fast;	   /* checkpoint at once */
	bool fetch_wal;	   /* the server adds the WAL to base.tar */
	bool wait;	   /* until the WAL is archived */
	bool tablespace_map;
	bool verify_checksums;
	bool incremental;		/* after replication_upload_manifest */
	uint64_t max_rate;		/* bytes a second; 0: no limit */
	const char *manifest_checksums; /* "CRC32C", ...; NULL: no manifest */
	const char *compression;	/* "gzip", "lz4", "zstd"; NULL: none */
	const char *compression_detail; /* or NULL; 15 and later, as above */
	int wake_fd; /* -1, or: give up when it is readable */
};

struct base_tablespace {
	char *oid, *location; /* NULL, NULL: the main data directory */
	uint64_t bytes;	      /* an estimate */
};

enum base_event {
	BASE_ARCHIVE,  /* an archive begins */
	BASE_DATA,     /* bytes of it, or of the manifest */
	BASE_MANIFEST, /* the manifest begins */
	BASE_PROGRESS, /* done: bytes so far, before compression */
	BASE_END       /* all has come, and the server has said so */
};

/* Valid until the next call. */
struct base_message {
	enum base_event event;
	const char *bytes; /* BASE_DATA */
	size_t n;
	const char *name; /* BASE_ARCHIVE: "16385.tar", "base.tar.zst" */
	const struct base_tablespace *tablespace;
	uint64_t done; /* BASE_PROGRESS */
};

struct base_backup;

/*
 * Start one: returns after the checkpoint, which may take its time.  From
 * then on the connection knows nothing but this backup.  Archives come as
 * whole tar files from any server (those of 13 and 14 do not end theirs);
 * base.tar is the last one.
 */
status base_backup_start(struct pg *pg, const struct base_backup_options *o,
    struct base_backup **out) MUST_CHECK;
uint64_t base_backup_start_lsn(const struct base_backup *b);
uint32_t base_backup_timeline(const struct base_backup *b);
/* The main directory is the last one. */
const struct base_tablespace *base_backup_tablespaces(const struct base_backup
							  *b,
    size_t *count);
/*
 * The next message.  BASE_END comes only after the end row and the command's
 * final status; base_backup_damaged then says that pages failed their checksum (the
 * server has sent everything and then refused, XX001).
 */
status base_backup_next(struct base_backup *b, struct base_message *m)
    MUST_CHECK;
bool base_backup_damaged(const struct base_backup *b);
uint64_t base_backup_end_lsn(const struct base_backup *b);
uint32_t base_backup_end_timeline(const struct base_backup *b);
void base_backup_free(struct base_backup *b); /* NULL is legal */

#endif
