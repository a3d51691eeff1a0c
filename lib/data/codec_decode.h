/* SPDX-License-Identifier: PostgreSQL */
/*
 * The three libraries behind one step.  Private to lib/data/codec*.c.
 */
#ifndef DATA_CODEC_DECODE_H
#define DATA_CODEC_DECODE_H

#include <stdbool.h>

#include "data/codec.h"

struct codec_decoder {
	enum codec codec;
	void *state;
	const unsigned char *in; /* what is to be decoded ... */
	size_t nin;
	unsigned char *out; /* ... and the room for it */
	size_t nout;
	bool open; /* within a frame */
	const char *problem;
};

void codec_decoder_open(struct codec_decoder *d, enum codec codec);
/* Take from in and put to out what is possible, moving both; at most to the
 * end of one frame.  False sets problem. */
bool codec_decode(struct codec_decoder *d);
void codec_decoder_close(struct codec_decoder *d);

#endif
