/* SPDX-License-Identifier: PostgreSQL */
/*
 * Decoding what is handed over piece by piece, where data/codec.h reads a
 * descriptor: of a server that compresses.
 */
#ifndef DATA_CODEC_PUSH_H
#define DATA_CODEC_PUSH_H

#include "data/codec.h"
#include "data/codec_write.h"

struct codec_pusher;
/* The name is for messages and copied.  CODEC_NONE passes bytes on. */
struct codec_pusher *codec_pusher_new(enum codec codec, const char *name,
    codec_out_fn out, void *arg);
/* Broken bytes are reported, STATUS_USAGE; out's failure is passed on. */
status codec_push(struct codec_pusher *p, const void *bytes, size_t n)
    MUST_CHECK;
/* No more comes: within a frame that is an error. */
status codec_pusher_end(struct codec_pusher *p) MUST_CHECK;
void codec_pusher_free(struct codec_pusher *p); /* NULL is legal */

#endif
