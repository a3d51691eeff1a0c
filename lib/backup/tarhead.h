/* SPDX-License-Identifier: PostgreSQL */
/*
 * Tar on its way: reading the headers of what the server sends, and making
 * our own (POSIX ustar, as the server's are).
 */
#ifndef BACKUP_TARHEAD_H
#define BACKUP_TARHEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define TARHEAD_BLOCK 512
#define TARHEAD_RECORD 10240 /* the unit that a whole tar is padded to */
#define TARHEAD_NAME 100     /* and the prefix has 155 */

/* Who the members that are added belong to: as those of the server do. */
struct tarhead_owner {
	uint32_t uid, gid;
};

/* A header; type '0' (file) or '5' (directory).  Names are ours or tablespace
 * numbers with server-made paths: false where one does not fit. */
bool tarhead_make(unsigned char out[TARHEAD_BLOCK], const char *name, char type,
    uint64_t size, uint32_t mode, int64_t mtime,
    const struct tarhead_owner *owner);
/* The same header below a directory: "pg_tblspc/16385" before its name. */
bool tarhead_prefix(unsigned char header[TARHEAD_BLOCK], const char *directory);

/* Zero bytes that pad a member of this size to whole blocks. */
static inline size_t
tarhead_padding(uint64_t size)
{
	return (size_t)(-size & (TARHEAD_BLOCK - 1));
}

/*
 * An archive passing by in pieces of any size: each header goes to one
 * function, the bytes of members with their padding to the other.  The end
 * blocks are taken out; what follows them must be zeros.
 */
struct tarpass {
	status (*header)(void *arg, unsigned char header[TARHEAD_BLOCK],
	    uint64_t size, char type);
	/* padding: zeros that fill the last block. */
	status (*data)(void *arg, const void *bytes, size_t n, bool padding);
	void *arg;
	const char *name; /* of the archive, for messages; borrowed */

	unsigned char block[TARHEAD_BLOCK];
	size_t have;	      /* of the block */
	uint64_t left;	      /* of the member's bytes */
	size_t padding;	      /* that follow them */
	unsigned zero_blocks; /* seen */
	struct tarhead_owner owner;
	bool owner_seen;
};
/* What is no tar is reported; STATUS_FAIL. */
status tarpass_feed(struct tarpass *t, const void *bytes, size_t n) MUST_CHECK;
/* Anew, for the next archive: the one before must have ended. */
status tarpass_end(struct tarpass *t) MUST_CHECK;

/* The name of a header's member, without "./" before it. */
void tarhead_name(const unsigned char header[TARHEAD_BLOCK], char out[260]);
void tarhead_link(const unsigned char header[TARHEAD_BLOCK], char out[101]);
uint64_t tarhead_number(const unsigned char *field, size_t n);

#endif
