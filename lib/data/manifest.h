/* SPDX-License-Identifier: PostgreSQL */
/*
 * PostgreSQL's backup_manifest, versions 1 (13 to 16) and 2 (17 and later),
 * read as a stream (common/parse_manifest.c has the format).  Its own
 * checksum is proved, names are such as cannot lead out of a directory, and
 * none comes twice.  About 100 bytes of memory a file.
 */
#ifndef DATA_MANIFEST_H
#define DATA_MANIFEST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "data/filehash.h"

#define MANIFEST_FILE "backup_manifest"

struct manifest_file {
	const char *path; /* bytes, of any encoding */
	uint64_t size;
	const unsigned char *sum; /* filehash_size(kind) bytes */
	uint8_t kind;		  /* enum filehash_kind */
	_Atomic uint8_t mark;	  /* the user's, 0 at first */
};

/* WAL that a server must have to start from the backup. */
struct manifest_range {
	uint32_t timeline;
	uint64_t start, end;
};

struct manifest;
/* The name is for messages and copied. */
struct manifest *manifest_new(const char *name);
void manifest_free(struct manifest *m); /* NULL is legal */
void manifest_cleanup(struct manifest **m);

/*
 * Bytes as they come, in pieces of any size, and then their end, where the
 * checksum is compared.  What is wrong is reported; STATUS_USAGE.
 */
status manifest_feed(struct manifest *m, const void *bytes, size_t n)
    MUST_CHECK;
status manifest_finish(struct manifest *m) MUST_CHECK;
/* All of a descriptor, which stays the caller's: feed and finish. */
status manifest_read(struct manifest *m, int fd) MUST_CHECK;

/* Once finished: */
int manifest_version(const struct manifest *m);
uint64_t manifest_system(const struct manifest *m); /* 0: version 1 */
uint64_t manifest_bytes(const struct manifest *m);  /* of the files together */
/* The checksum of most files (what --manifest-checksums said). */
enum filehash_kind manifest_kind(const struct manifest *m);
/* The manifest's own checksum, as its last line has it; 64 hex digits. */
const char *manifest_checksum(const struct manifest *m);
/* In the manifest's order: the newest timeline first. */
const struct manifest_range *manifest_ranges(const struct manifest *m,
    size_t *count);
size_t manifest_files(const struct manifest *m);
struct manifest_file *manifest_at(const struct manifest *m, size_t i);
/* NULL when it has no such file.  Any thread. */
struct manifest_file *manifest_find(const struct manifest *m, const char *path);

/*
 * A table of files that is filled by hand: of what was seen before the
 * manifest came, say.  NULL when the path is there already.
 */
struct manifest_file *manifest_add(struct manifest *m, const char *path,
    uint64_t size, enum filehash_kind kind, const unsigned char *sum);

#endif
