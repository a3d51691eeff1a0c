/* SPDX-License-Identifier: PostgreSQL */
/*
 * An archive of WAL: a directory of segments, each as it is or compressed
 * (.gz, .zst, .lz4), history files, and "wal.json", which says whose WAL it is.
 *
 * What is written here is written beside its place (".NAME.tmp"), fsynced,
 * renamed, and the directory fsynced; a name that is there is never replaced.
 */
#ifndef WAL_ARCHIVE_H
#define WAL_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"
#include "base/str.h"
#include "data/codec_write.h"
#include "data/walname.h"

#define ARCHIVE_RECORD "wal.json"
#define ARCHIVE_SMALL ((size_t)1 << 20) /* of a file that is no segment */

struct archive {
	char *path;
	int fd;
	bool known; /* the rest: from wal.json, or a segment */
	uint64_t system;
	uint32_t segment_size;
};
/* clang-format off */
#define ARCHIVE_INIT {NULL, -1, false, 0, 0}
/* clang-format on */

/* Reports one that is not there, and a wal.json that is none. */
status archive_open(struct archive *a, const char *path) MUST_CHECK;
void archive_close(struct archive *a); /* also the cleanup */

/*
 * WAL of this system, with this segment size, is to be written here: the first
 * time this is noted, later it must be the same.  Reports; STATUS_FAIL.
 */
status archive_claim(struct archive *a, uint64_t system, uint32_t segment_size)
    MUST_CHECK;

/* Without a wal.json: what the segments say, if there is one.  Reports only what
 * cannot be read. */
status archive_measure(struct archive *a) MUST_CHECK;

/* --- reading ------------------------------------------------------------------ */

/* A file's name without a codec's suffix, which *suffix tells; to be freed. */
char *archive_stem(const char *file, enum codec *suffix);

struct archive_file {
	int fd; /* -1: there is none */
	enum codec suffix;
	char *path;
};
/* clang-format off */
#define ARCHIVE_FILE_INIT {-1, CODEC_NONE, NULL}
/* clang-format on */

/* The file of that name, with the suffix or, for archive_find, the first there
 * is.  Reports what cannot be opened. */
status archive_look(const struct archive *a, const char *name,
    enum codec suffix, struct archive_file *f) MUST_CHECK;
status archive_find(const struct archive *a, const char *name,
    struct archive_file *f) MUST_CHECK;
void archive_file_close(struct archive_file *f); /* also the cleanup */

/* The name of the segment that is n after it; false for what is no segment. */
bool archive_name_after(const struct archive *a, const char *name, uint64_t n,
    char out[WAL_NAME]);
/* Whether there is a segment of that name, by its head: a file that was made
 * ahead of its time is none.  Reports what cannot be read. */
status archive_has_segment(const struct archive *a, const char *name,
    bool *there) MUST_CHECK;

/* The whole content of a small one; reports. */
status archive_text(const struct archive_file *f, struct str *out) MUST_CHECK;
/* Whether its content is that of the first size bytes of fd; one that cannot be
 * decoded is not.  *why says what is different. */
status archive_agrees(const struct archive_file *f, int fd, uint64_t size,
    const char *name, bool *same, struct str *why) MUST_CHECK;

/* --- writing ------------------------------------------------------------------ */

/* The right to give a name to a file: at most one process has it. */
struct archive_lock {
	int fd;
	char *name; /* ".NAME.lock" */
};
/* Waits for it. */
status archive_lock(const struct archive *a, const char *name,
    struct archive_lock *lock) MUST_CHECK;
void archive_unlock(const struct archive *a, struct archive_lock *lock);

struct archive_put {
	const struct archive *a;
	char *temp, *name;
	int fd;
	struct codec_writer *writer;
};
/* The temporary file is ".NAME.<tag>": one that is there is begun anew. */
status archive_put_begin(const struct archive *a, const char *name,
    const char *tag, const struct codec_spec *codec, struct archive_put *put)
    MUST_CHECK;
status archive_put_write(struct archive_put *put, const void *bytes, size_t n)
    MUST_CHECK;
/* Durable, under its name and its codec's suffix; the caller has the lock. */
status archive_put_commit(struct archive_put *put) MUST_CHECK;
void archive_put_abort(struct archive_put *put); /* legal after a commit */

/* Whether a file of that name is there with the first size bytes of fd as its
 * content, made durable; another one is reported, STATUS_FAIL.  The caller has
 * the lock. */
status archive_has(const struct archive *a, const char *name, int fd,
    uint64_t size, bool *there) MUST_CHECK;
/* All of fd, which is durable then: nothing to do where the same is there;
 * *kept tells so.  Reports a different one; STATUS_FAIL. */
status archive_put_file(const struct archive *a, const char *name, int fd,
    uint64_t size, const struct codec_spec *codec, bool *kept) MUST_CHECK;
/* The same of a text, which stays uncompressed. */
status archive_put_text(const struct archive *a, const char *name,
    const char *text, size_t n, bool *kept) MUST_CHECK;

status archive_sync(const struct archive *a) MUST_CHECK; /* the directory */
mode_t archive_mode(const struct archive *a);		 /* of new files */

#endif
