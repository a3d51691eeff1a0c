/* SPDX-License-Identifier: PostgreSQL */
/*
 * Reading what may be compressed: gzip, zstd and lz4 frames are known by
 * their first bytes, anything else is taken as it is.  Several frames behind
 * one another are one stream, as the formats have it; a frame that is cut,
 * and bytes that are no frame behind one, are errors.
 *
 * A frame without a checksum of its own (the server's are) decodes from
 * flipped bits to other bytes without a word: whoever needs to know compares
 * the bytes with what they should be.
 */
#ifndef DATA_CODEC_H
#define DATA_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum codec { CODEC_NONE, CODEC_GZIP, CODEC_ZSTD, CODEC_LZ4 };
#define CODECS 4

const char *codec_name(enum codec codec);   /* "none", "gzip", ... */
const char *codec_suffix(enum codec codec); /* "", ".gz", ".zst", ".lz4" */
/* By the first bytes; 4 are enough. */
enum codec codec_recognise(const void *bytes, size_t n);

/*
 * A reader of a descriptor, which stays the caller's.  The name is for
 * messages and copied.  Nothing is read before the first call.  Frames are
 * decoded in a thread of their own, ahead of the reader by at most 4 MiB.
 */
struct codec_reader;
struct codec_reader *codec_reader_new(int fd, const char *name);
/* The next bytes, good until the next call; *n is 0 at the sound end.  What
 * is wrong is reported: a cut or broken frame is STATUS_USAGE, reading that
 * failed STATUS_FAIL.  After a failure all calls fail alike. */
status codec_read(struct codec_reader *r, const void **bytes, size_t *n)
    MUST_CHECK;
/* Known after the first read. */
enum codec codec_reader_codec(const struct codec_reader *r);
/* Bytes taken from the descriptor so far, for progress; any thread. */
uint64_t codec_reader_taken(const struct codec_reader *r);
const char *codec_reader_name(const struct codec_reader *r);
void codec_reader_free(struct codec_reader *r);

#endif
