/* SPDX-License-Identifier: PostgreSQL */
/*
 * Reading the tar of a data directory, strictly.  tar(1) and libarchive take
 * an archive that was cut between two members for a whole one, and make what
 * a member asks for; here a stream has a sound end or is refused, and only
 * members come through that a data directory may have:
 *
 *	plain files, directories, and symbolic links pg_tblspc/<digits>
 *
 * with relative names without "..", "." or empty parts (a leading "./" is
 * taken off).  Hard links, devices, sparse files and the rest are refused.
 * Headers may be POSIX ustar, GNU (base-256 numbers, long names) or pax.
 *
 * The end is two zero blocks and then nothing but zeros.
 */
#ifndef DATA_TARSTREAM_H
#define DATA_TARSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "data/codec.h"

#define TAR_BLOCK 512
#define TAR_PATH_MAX 1024 /* bytes of a path with its NUL */

enum tar_type { TAR_FILE, TAR_DIRECTORY, TAR_SYMLINK };

struct tar_member {
	const char *path; /* "" for the root itself; good until the next one */
	const char *link; /* a symbolic link's target, else NULL */
	enum tar_type type;
	uint64_t size; /* of a file's bytes */
	uint32_t mode; /* as it stands there: to be masked */
	int64_t mtime;
};

struct tarstream;
/* The reader of bytes stays the caller's. */
struct tarstream *tarstream_new(struct codec_reader *in);
/* The next member; what is left of the one before is passed over.  NULL at
 * the sound end of the stream.  What is wrong is reported: STATUS_USAGE. */
status tarstream_next(struct tarstream *t, const struct tar_member **out)
    MUST_CHECK;
/* More of the present member's bytes, good until the next call; *n is 0 once
 * all have come. */
status tarstream_data(struct tarstream *t, const void **bytes, size_t *n)
    MUST_CHECK;
/* Bytes of the tar so far. */
uint64_t tarstream_offset(const struct tarstream *t);
void tarstream_free(struct tarstream *t);

/* A name below a directory that cannot lead out of it: not empty, not
 * absolute, no part that is empty, "." or "..", shorter than TAR_PATH_MAX. */
bool tar_path_safe(const char *path);
/* pg_tblspc/<digits> */
bool tar_path_tablespace(const char *path);

#endif
