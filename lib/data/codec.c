/* SPDX-License-Identifier: PostgreSQL */
/*
 * Reading what may be compressed.
 *
 * Frames are decoded by a thread into a ring of blocks.  The reader holds
 * one block, the one that it was given last; the thread fills the others and
 * waits.  A byte in the wake pipe ends its waiting for input.
 */
#include "data/codec.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/signal.h"
#include "base/thread.h"
#include "data/codec_decode.h"

#define INPUT ((size_t)256 * 1024)
#define BLOCK ((size_t)1024 * 1024)
#define BLOCKS 4

static const struct {
	const char *name, *suffix;
} codecs[CODECS] = {
    {"none", ""},
    {"gzip", ".gz"},
    {"zstd", ".zst"},
    {"lz4", ".lz4"},
};

struct block {
	unsigned char *bytes;
	size_t n; /* 0: the end */
};

struct codec_reader {
	int fd;
	char *name;
	enum codec codec;
	status failed; /* of the reader's side; reported */
	bool known;    /* the first bytes were looked at */
	_Atomic uint64_t taken;
	/* What was read and not handed on or decoded. */
	unsigned char *input;
	size_t ninput, room;
	bool eof;
	/* The thread and what it shares. */
	struct codec_decoder decoder;
	bool running;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t filled, emptied;
	struct block ring[BLOCKS];
	size_t first, count; /* the blocks that are filled */
	bool holding;	     /* the reader has the first of them */
	bool stopping;
	status outcome; /* the thread's, behind the last block */
	int wake[2];
};

const char *
codec_name(enum codec codec)
{
	return codecs[codec].name;
}

const char *
codec_suffix(enum codec codec)
{
	return codecs[codec].suffix;
}

enum codec
codec_recognise(const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	if (n >= 2 && p[0] == 0x1f && p[1] == 0x8b)
		return CODEC_GZIP;
	if (n < 4)
		return CODEC_NONE;
	if (p[0] == 0x28 && p[1] == 0xb5 && p[2] == 0x2f && p[3] == 0xfd)
		return CODEC_ZSTD;
	/* A frame to be skipped, as pzstd and zstd's seekable format have. */
	if ((p[0] & 0xf0) == 0x50 && p[1] == 0x2a && p[2] == 0x4d &&
	    p[3] == 0x18)
		return CODEC_ZSTD;
	if (p[0] == 0x04 && p[1] == 0x22 && p[2] == 0x4d && p[3] == 0x18)
		return CODEC_LZ4;
	return CODEC_NONE;
}

struct codec_reader *
codec_reader_new(int fd, const char *name)
{
	struct codec_reader *r = mem_zalloc(sizeof(*r));

	r->fd = fd;
	r->name = mem_strdup(name);
	r->wake[0] = r->wake[1] = -1;
	io_pipe_grow(fd);
	return r;
}

/* Wait until there is input; false when told to give up. */
static bool
wait_for_input(struct codec_reader *r)
{
	struct pollfd p[] = {{r->fd, POLLIN, 0}, {signal_abort_fd(), POLLIN, 0},
	    {r->wake[0], POLLIN, 0}};

	while (poll(p, 3, -1) < 0 && errno == EINTR)
		;
	return p[1].revents == 0 && p[2].revents == 0;
}

/* Read more behind what there is. */
static status
pull(struct codec_reader *r)
{
	ssize_t got;

	if (!wait_for_input(r))
		return STATUS_RETRY;
	do
		got = read(r->fd, r->input + r->ninput, r->room - r->ninput);
	while (got < 0 && (errno == EINTR || errno == EAGAIN) &&
	    wait_for_input(r));
	if (got < 0) {
		log_error("could not read from \"%s\": %s", r->name,
		    strerror(errno));
		return STATUS_FAIL;
	}
	r->ninput += (size_t)got;
	r->eof = got == 0;
	atomic_fetch_add(&r->taken, (uint64_t)got);
	return STATUS_OK;
}

static status
broken(const struct codec_reader *r, const char *problem)
{
	log_error("cannot read \"%s\": %s: %s", r->name, codec_name(r->codec),
	    problem);
	log_detail("%llu bytes of it were read",
	    (unsigned long long)atomic_load(&r->taken));
	return STATUS_USAGE;
}

/* --- the thread ----------------------------------------------------------- */

/* Input for the decoder, unless the file is at its end.  The input is one
 * that is empty or begins a frame. */
static status
feed(struct codec_reader *r)
{
	struct codec_decoder *d = &r->decoder;
	status s = STATUS_OK;

	if (d->nin > 0 && (d->open || d->nin >= 4 || r->eof))
		return STATUS_OK;
	if (r->eof)
		return STATUS_OK;
	if (d->nin > 0)
		memmove(r->input, d->in, d->nin);
	r->ninput = d->nin;
	do
		s = pull(r);
	while (s == STATUS_OK && !r->eof && !d->open && r->ninput < 4);
	d->in = r->input;
	d->nin = r->ninput;
	return s;
}

/* Fill a block; one that stays empty is the end. */
static status
fill(struct codec_reader *r, struct block *b)
{
	struct codec_decoder *d = &r->decoder;
	size_t before;
	status s;

	d->out = b->bytes;
	d->nout = BLOCK;
	while (d->nout > 0) {
		s = feed(r);
		if (s != STATUS_OK)
			return s;
		if (!d->open && d->nin == 0)
			break;
		if (!d->open && codec_recognise(d->in, d->nin) != r->codec)
			return broken(r, "bytes behind the end that are none");
		before = d->nin + d->nout;
		if (!codec_decode(d))
			return broken(r, d->problem);
		if (d->nin + d->nout == before && r->eof && d->open)
			return broken(r, "it ends within a frame");
	}
	b->n = BLOCK - d->nout;
	return STATUS_OK;
}

/* The block to fill next, NULL when nobody wants it any more. */
static struct block *
take_empty(struct codec_reader *r)
{
	struct block *b = NULL;

	(void)pthread_mutex_lock(&r->lock);
	while (r->count == BLOCKS && !r->stopping)
		(void)pthread_cond_wait(&r->emptied, &r->lock);
	if (!r->stopping)
		b = &r->ring[(r->first + r->count) % BLOCKS];
	(void)pthread_mutex_unlock(&r->lock);
	return b;
}

static void
give_filled(struct codec_reader *r, struct block *b, status s)
{
	(void)pthread_mutex_lock(&r->lock);
	if (s != STATUS_OK)
		b->n = 0;
	r->outcome = s;
	r->count++;
	(void)pthread_cond_signal(&r->filled);
	(void)pthread_mutex_unlock(&r->lock);
}

static void *
decode(void *arg)
{
	struct codec_reader *r = arg;
	struct block *b;
	status s = STATUS_OK;
	size_t n = 1;

	while (s == STATUS_OK && n > 0 && (b = take_empty(r)) != NULL) {
		s = fill(r, b);
		n = b->n;
		give_filled(r, b, s);
	}
	return NULL;
}

static status
start(struct codec_reader *r)
{
	status s;

	if (pipe(r->wake) != 0) {
		log_error("could not make a pipe: %s", strerror(errno));
		return STATUS_RETRY;
	}
	(void)fcntl(r->wake[0], F_SETFD, FD_CLOEXEC);
	(void)fcntl(r->wake[1], F_SETFD, FD_CLOEXEC);
	for (int i = 0; i < BLOCKS; i++)
		r->ring[i].bytes = mem_alloc(BLOCK);
	codec_decoder_open(&r->decoder, r->codec);
	r->decoder.in = r->input;
	r->decoder.nin = r->ninput;
	(void)pthread_mutex_init(&r->lock, NULL);
	(void)pthread_cond_init(&r->filled, NULL);
	(void)pthread_cond_init(&r->emptied, NULL);
	s = thread_start(&r->thread, decode, r, THREAD_SMALL);
	r->running = s == STATUS_OK;
	return s;
}

static void
stop(struct codec_reader *r)
{
	if (r->running) {
		(void)pthread_mutex_lock(&r->lock);
		r->stopping = true;
		(void)pthread_cond_signal(&r->emptied);
		(void)pthread_mutex_unlock(&r->lock);
		(void)!write(r->wake[1], "", 1);
		(void)pthread_join(r->thread, NULL);
	}
	if (r->wake[0] >= 0) {
		codec_decoder_close(&r->decoder);
		(void)pthread_mutex_destroy(&r->lock);
		(void)pthread_cond_destroy(&r->filled);
		(void)pthread_cond_destroy(&r->emptied);
		(void)close(r->wake[0]);
		(void)close(r->wake[1]);
	}
	for (int i = 0; i < BLOCKS; i++)
		free(r->ring[i].bytes);
}

/* --- the reader ------------------------------------------------------------ */

/* The first four bytes say what it is. */
static status
look(struct codec_reader *r)
{
	status s = STATUS_OK;

	r->room = BLOCK;
	r->input = mem_alloc(r->room);
	while (s == STATUS_OK && r->ninput < 4 && !r->eof)
		s = pull(r);
	if (s != STATUS_OK)
		return s;
	r->known = true;
	r->codec = codec_recognise(r->input, r->ninput);
	if (r->codec == CODEC_NONE)
		return STATUS_OK;
	r->room = INPUT < r->ninput ? r->ninput : INPUT;
	return start(r);
}

/* As it is: what the look took first. */
static status
read_plain(struct codec_reader *r, const void **bytes, size_t *n)
{
	status s = STATUS_OK;

	if (r->ninput == 0 && !r->eof)
		s = pull(r);
	*bytes = r->input;
	*n = r->ninput;
	r->ninput = 0;
	return s;
}

static status
read_decoded(struct codec_reader *r, const void **bytes, size_t *n)
{
	struct block *b;
	status s = STATUS_OK;

	(void)pthread_mutex_lock(&r->lock);
	if (r->holding) {
		r->first = (r->first + 1) % BLOCKS;
		r->count--;
		r->holding = false;
		(void)pthread_cond_signal(&r->emptied);
	}
	while (r->count == 0)
		(void)pthread_cond_wait(&r->filled, &r->lock);
	b = &r->ring[r->first];
	*bytes = b->bytes;
	*n = b->n;
	/* The end stays where it is, to be met again. */
	r->holding = b->n > 0;
	if (b->n == 0)
		s = r->outcome;
	(void)pthread_mutex_unlock(&r->lock);
	return s;
}

status
codec_read(struct codec_reader *r, const void **bytes, size_t *n)
{
	status s = r->failed;

	*bytes = NULL;
	*n = 0;
	if (s == STATUS_OK && !r->known)
		s = look(r);
	if (s == STATUS_OK)
		s = r->codec == CODEC_NONE ? read_plain(r, bytes, n)
					   : read_decoded(r, bytes, n);
	r->failed = s;
	return s;
}

enum codec
codec_reader_codec(const struct codec_reader *r)
{
	return r->codec;
}

uint64_t
codec_reader_taken(const struct codec_reader *r)
{
	return atomic_load(&r->taken);
}

const char *
codec_reader_name(const struct codec_reader *r)
{
	return r->name;
}

void
codec_reader_free(struct codec_reader *r)
{
	if (r == NULL)
		return;
	stop(r);
	free(r->input);
	free(r->name);
	free(r);
}
