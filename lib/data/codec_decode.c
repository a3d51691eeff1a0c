/* SPDX-License-Identifier: PostgreSQL */
/*
 * zlib, libzstd and liblz4 each decode a step.
 */
#ifndef ZLIB_CONST
#define ZLIB_CONST
#endif
#include "data/codec_decode.h"

#include <limits.h>
#include <lz4frame.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "base/mem.h"

#define GZIP_WINDOW (15 + 16) /* the largest, with gzip's header and trailer */

void
codec_decoder_open(struct codec_decoder *d, enum codec codec)
{
	LZ4F_dctx *lz4 = NULL;

	memset(d, 0, sizeof(*d));
	d->codec = codec;
	switch (codec) {
	case CODEC_GZIP:
		d->state = mem_zalloc(sizeof(z_stream));
		if (inflateInit2((z_stream *)d->state, GZIP_WINDOW) != Z_OK)
			mem_exhausted();
		break;
	case CODEC_ZSTD:
		d->state = ZSTD_createDStream();
		if (d->state == NULL)
			mem_exhausted();
		break;
	case CODEC_LZ4:
		if (LZ4F_isError(
			LZ4F_createDecompressionContext(&lz4, LZ4F_VERSION)))
			mem_exhausted();
		d->state = lz4;
		break;
	case CODEC_NONE:
		break;
	}
}

/* A frame that ended and whose successor begins needs an anew. */
static bool
decode_gzip(struct codec_decoder *d)
{
	z_stream *z = d->state;
	size_t nin = d->nin < UINT_MAX ? d->nin : UINT_MAX;
	size_t nout = d->nout < UINT_MAX ? d->nout : UINT_MAX;
	int answer;

	if (!d->open) {
		if (d->nin == 0)
			return true;
		if (inflateReset(z) != Z_OK)
			mem_exhausted();
		d->open = true;
	}
	z->next_in = d->in;
	z->avail_in = (unsigned)nin;
	z->next_out = d->out;
	z->avail_out = (unsigned)nout;
	answer = inflate(z, Z_NO_FLUSH);
	d->in += nin - z->avail_in;
	d->nin -= nin - z->avail_in;
	d->out += nout - z->avail_out;
	d->nout -= nout - z->avail_out;
	if (answer == Z_MEM_ERROR)
		mem_exhausted();
	if (answer == Z_STREAM_END)
		d->open = false;
	else if (answer != Z_OK && answer != Z_BUF_ERROR)
		d->problem = z->msg != NULL ? z->msg : "corrupt data";
	return d->problem == NULL;
}

static bool
decode_zstd(struct codec_decoder *d)
{
	ZSTD_inBuffer in = {d->in, d->nin, 0};
	ZSTD_outBuffer out = {d->out, d->nout, 0};
	size_t answer;

	if (!d->open && d->nin == 0)
		return true;
	answer = ZSTD_decompressStream(d->state, &out, &in);
	d->in += in.pos;
	d->nin -= in.pos;
	d->out += out.pos;
	d->nout -= out.pos;
	if (ZSTD_isError(answer))
		d->problem = ZSTD_getErrorName(answer);
	else
		d->open = answer != 0;
	return d->problem == NULL;
}

static bool
decode_lz4(struct codec_decoder *d)
{
	size_t nin = d->nin, nout = d->nout, answer;

	if (!d->open && d->nin == 0)
		return true;
	answer = LZ4F_decompress(d->state, d->out, &nout, d->in, &nin, NULL);
	d->in += nin;
	d->nin -= nin;
	d->out += nout;
	d->nout -= nout;
	if (LZ4F_isError(answer))
		d->problem = LZ4F_getErrorName(answer);
	else
		d->open = answer != 0;
	return d->problem == NULL;
}

bool
codec_decode(struct codec_decoder *d)
{
	switch (d->codec) {
	case CODEC_GZIP:
		return decode_gzip(d);
	case CODEC_ZSTD:
		return decode_zstd(d);
	case CODEC_LZ4:
		return decode_lz4(d);
	case CODEC_NONE:
		break;
	}
	d->problem = "there is nothing to decode";
	return false;
}

void
codec_decoder_close(struct codec_decoder *d)
{
	switch (d->codec) {
	case CODEC_GZIP:
		(void)inflateEnd(d->state);
		free(d->state);
		break;
	case CODEC_ZSTD:
		(void)ZSTD_freeDStream(d->state);
		break;
	case CODEC_LZ4:
		(void)LZ4F_freeDecompressionContext(d->state);
		break;
	case CODEC_NONE:
		break;
	}
	d->state = NULL;
}
