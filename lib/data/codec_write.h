/* SPDX-License-Identifier: PostgreSQL */
/*
 * Compressing a stream: the other direction of data/codec.h.  Frames carry a
 * checksum of their contents, so that a flipped bit is found by whatever
 * decompresses them.
 */
#ifndef DATA_CODEC_WRITE_H
#define DATA_CODEC_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "base/str.h"
#include "data/codec.h"

struct codec_spec {
	enum codec codec;
	int level;
	bool level_set;	  /* else the codec's default */
	unsigned workers; /* zstd: threads that compress; 0: the caller's */
	bool long_set;	  /* zstd: find matches far back ... */
	unsigned window;  /* ... 2^window bytes; 0: the library's choice */
};

/*
 * "none", "gzip", "lz4" or "zstd", then perhaps ":DETAIL", where DETAIL is a
 * level or "level=N", "workers=N", "long", "long=N", with commas between.
 * False: *why says what is wrong with it.
 */
bool codec_spec_parse(const char *text, struct codec_spec *spec,
    struct str *why);
/* "level=3,workers=2", as the server's COMPRESSION_DETAIL has it; "" when
 * nothing was set. */
void codec_spec_detail(const struct codec_spec *spec, struct str *out);
int codec_spec_level(const struct codec_spec *spec); /* that is used */

typedef status (*codec_out_fn)(void *arg, const void *bytes, size_t n);

/* out is called from within codec_write and codec_writer_end, never from
 * another thread; its failure ends all.  CODEC_NONE passes bytes on. */
struct codec_writer;
struct codec_writer *codec_writer_new(const struct codec_spec *spec,
    codec_out_fn out, void *arg);
status codec_write(struct codec_writer *w, const void *bytes, size_t n)
    MUST_CHECK;
status codec_writer_end(struct codec_writer *w) MUST_CHECK;
void codec_writer_free(struct codec_writer *w); /* NULL is legal */

#endif
