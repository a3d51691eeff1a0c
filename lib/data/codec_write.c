/* SPDX-License-Identifier: PostgreSQL */
/*
 * Compressing a stream with zlib, liblz4 and libzstd.
 */
#ifndef ZLIB_CONST
#define ZLIB_CONST
#endif
#include "data/codec_write.h"

#include <limits.h>
#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include "base/log.h"
#include "base/mem.h"

#define OUT_SIZE ((size_t)256 * 1024)
#define LZ4_PIECE ((size_t)256 * 1024) /* of input at once */
#define GZIP_WINDOW (15 + 16)	       /* a gzip header, the largest window */

struct codec_writer {
	struct codec_spec spec;
	codec_out_fn out;
	void *arg;
	unsigned char *buffer;
	size_t size;
	bool begun;
	ZSTD_CCtx *zstd;
	LZ4F_cctx *lz4;
	LZ4F_preferences_t lz4_how;
	z_stream gzip;
	bool gzip_open;
};

static status
broken(const struct codec_writer *w, const char *why)
{
	log_error("could not compress with %s: %s", codec_name(w->spec.codec),
	    why);
	return STATUS_FAIL;
}

/* --- zstd -------------------------------------------------------------------- */

static void
zstd_open(struct codec_writer *w)
{
	const struct codec_spec *spec = &w->spec;

	w->zstd = ZSTD_createCCtx();
	if (w->zstd == NULL)
		mem_exhausted();
	(void)ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel,
	    codec_spec_level(spec));
	(void)ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_checksumFlag, 1);
	if (spec->workers > 0 &&
	    ZSTD_isError(ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_nbWorkers,
		(int)spec->workers)))
		log_warning("this libzstd has no threads: it compresses in "
			    "one");
	if (spec->long_set) {
		(void)ZSTD_CCtx_setParameter(w->zstd,
		    ZSTD_c_enableLongDistanceMatching, 1);
		(void)ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_windowLog,
		    (int)spec->window);
	}
}

static status
zstd_put(struct codec_writer *w, const void *bytes, size_t n,
    ZSTD_EndDirective how)
{
	ZSTD_inBuffer in = {bytes, n, 0};
	status s = STATUS_OK;
	size_t left;

	do {
		ZSTD_outBuffer out = {w->buffer, w->size, 0};

		left = ZSTD_compressStream2(w->zstd, &out, &in, how);
		if (ZSTD_isError(left))
			return broken(w, ZSTD_getErrorName(left));
		if (out.pos > 0)
			s = w->out(w->arg, w->buffer, out.pos);
	} while (s == STATUS_OK &&
	    (in.pos < in.size || (how == ZSTD_e_end && left > 0)));
	return s;
}

/* --- gzip -------------------------------------------------------------------- */

static void
gzip_open(struct codec_writer *w)
{
	if (deflateInit2(&w->gzip, codec_spec_level(&w->spec), Z_DEFLATED,
		GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		mem_exhausted();
	w->gzip_open = true;
}

static status
gzip_step(struct codec_writer *w, int how, bool *more)
{
	size_t n;
	int rc;

	w->gzip.next_out = w->buffer;
	w->gzip.avail_out = (uInt)w->size;
	rc = deflate(&w->gzip, how);
	if (rc == Z_STREAM_ERROR)
		return broken(w, "the library is in a wrong state");
	n = w->size - w->gzip.avail_out;
	*more = w->gzip.avail_out == 0;
	return n > 0 ? w->out(w->arg, w->buffer, n) : STATUS_OK;
}

static status
gzip_put(struct codec_writer *w, const unsigned char *bytes, size_t n, int how)
{
	bool more = true;
	status s = STATUS_OK;

	do {
		size_t piece = n < INT_MAX ? n : INT_MAX;

		w->gzip.next_in = bytes;
		w->gzip.avail_in = (uInt)piece;
		bytes += piece;
		n -= piece;
		for (more = true; s == STATUS_OK && more;)
			s = gzip_step(w, n == 0 ? how : Z_NO_FLUSH, &more);
	} while (s == STATUS_OK && n > 0);
	return s;
}

/* --- lz4 --------------------------------------------------------------------- */

static void
lz4_open(struct codec_writer *w)
{
	w->lz4_how = (LZ4F_preferences_t)LZ4F_INIT_PREFERENCES;
	w->lz4_how.frameInfo.blockSizeID = LZ4F_max256KB;
	w->lz4_how.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
	w->lz4_how.compressionLevel = codec_spec_level(&w->spec);
	if (LZ4F_isError(LZ4F_createCompressionContext(&w->lz4, LZ4F_VERSION)))
		mem_exhausted();
	w->size = LZ4F_compressBound(LZ4_PIECE, &w->lz4_how);
	if (w->size < LZ4F_HEADER_SIZE_MAX)
		w->size = LZ4F_HEADER_SIZE_MAX;
}

static status
lz4_out(struct codec_writer *w, size_t n)
{
	if (LZ4F_isError(n))
		return broken(w, LZ4F_getErrorName(n));
	return n > 0 ? w->out(w->arg, w->buffer, n) : STATUS_OK;
}

static status
lz4_begin(struct codec_writer *w)
{
	if (w->begun)
		return STATUS_OK;
	w->begun = true;
	return lz4_out(w,
	    LZ4F_compressBegin(w->lz4, w->buffer, w->size, &w->lz4_how));
}

static status
lz4_put(struct codec_writer *w, const unsigned char *bytes, size_t n)
{
	status s = lz4_begin(w);

	while (s == STATUS_OK && n > 0) {
		size_t piece = n < LZ4_PIECE ? n : LZ4_PIECE;

		s = lz4_out(w,
		    LZ4F_compressUpdate(w->lz4, w->buffer, w->size, bytes,
			piece, NULL));
		bytes += piece;
		n -= piece;
	}
	return s;
}

static status
lz4_end(struct codec_writer *w)
{
	status s = lz4_begin(w);

	return s != STATUS_OK
	    ? s
	    : lz4_out(w, LZ4F_compressEnd(w->lz4, w->buffer, w->size, NULL));
}

/* --- all of them --------------------------------------------------------------- */

struct codec_writer *
codec_writer_new(const struct codec_spec *spec, codec_out_fn out, void *arg)
{
	struct codec_writer *w = mem_zalloc(sizeof(*w));

	w->spec = *spec;
	w->out = out;
	w->arg = arg;
	w->size = OUT_SIZE;
	if (spec->codec == CODEC_ZSTD)
		zstd_open(w);
	else if (spec->codec == CODEC_GZIP)
		gzip_open(w);
	else if (spec->codec == CODEC_LZ4)
		lz4_open(w);
	if (spec->codec != CODEC_NONE)
		w->buffer = mem_alloc(w->size);
	return w;
}

status
codec_write(struct codec_writer *w, const void *bytes, size_t n)
{
	if (n == 0)
		return STATUS_OK;
	switch (w->spec.codec) {
	case CODEC_ZSTD:
		return zstd_put(w, bytes, n, ZSTD_e_continue);
	case CODEC_GZIP:
		return gzip_put(w, bytes, n, Z_NO_FLUSH);
	case CODEC_LZ4:
		return lz4_put(w, bytes, n);
	default:
		return w->out(w->arg, bytes, n);
	}
}

status
codec_writer_end(struct codec_writer *w)
{
	switch (w->spec.codec) {
	case CODEC_ZSTD:
		return zstd_put(w, NULL, 0, ZSTD_e_end);
	case CODEC_GZIP:
		return gzip_put(w, NULL, 0, Z_FINISH);
	case CODEC_LZ4:
		return lz4_end(w);
	default:
		return STATUS_OK;
	}
}

void
codec_writer_free(struct codec_writer *w)
{
	if (w == NULL)
		return;
	(void)ZSTD_freeCCtx(w->zstd);
	if (w->lz4 != NULL)
		(void)LZ4F_freeCompressionContext(w->lz4);
	if (w->gzip_open)
		(void)deflateEnd(&w->gzip);
	free(w->buffer);
	free(w);
}
