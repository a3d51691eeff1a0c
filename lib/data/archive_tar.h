/* SPDX-License-Identifier: PostgreSQL */
/*
 * The members of a tar stream through libarchive, read strictly.  Private
 * to lib/data/archive*.c.
 */
#ifndef DATA_ARCHIVE_TAR_H
#define DATA_ARCHIVE_TAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct tar_reader;
struct tar_reader *tar_reader_new(int fd, const char *name);
/* Bytes that were read already: before the first member. */
void tar_reader_push(struct tar_reader *t, const void *bytes, size_t n);
void tar_reader_free(struct tar_reader *t);

/* The next member; its name is NULL after the last one, when the end of the
 * archive was found to be whole.  The name is valid until the next call. */
status tar_next(struct tar_reader *t, const char **member, uint64_t *size)
    MUST_CHECK;
/* The next piece of the member's bytes, where they lie in the input buffer;
 * n is 0 at its end.  Valid until the next call. */
status tar_data(struct tar_reader *t, const void **bytes, size_t *n) MUST_CHECK;
/* After the end of an archive: go on with another one, if more follows. */
status tar_more(struct tar_reader *t, bool *more) MUST_CHECK;
/* Bytes of the stream read so far, for messages. */
uint64_t tar_offset(const struct tar_reader *t);

#endif
