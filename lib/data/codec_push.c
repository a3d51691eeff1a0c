/* SPDX-License-Identifier: PostgreSQL */
/*
 * Decoding what is handed over piece by piece.
 */
#include "data/codec_push.h"

#include "base/log.h"
#include "base/mem.h"
#include "data/codec_decode.h"

#define ROOM ((size_t)256 * 1024)

struct codec_pusher {
	struct codec_decoder decoder;
	char *name;
	codec_out_fn out;
	void *arg;
	unsigned char *room;
};

struct codec_pusher *
codec_pusher_new(enum codec codec, const char *name, codec_out_fn out,
    void *arg)
{
	struct codec_pusher *p = mem_zalloc(sizeof(*p));

	p->name = mem_strdup(name);
	p->out = out;
	p->arg = arg;
	codec_decoder_open(&p->decoder, codec);
	if (codec != CODEC_NONE)
		p->room = mem_alloc(ROOM);
	return p;
}

static status
broken(const struct codec_pusher *p, const char *why)
{
	log_error("could not decompress \"%s\": %s", p->name, why);
	return STATUS_USAGE;
}

/* One step; what it gave goes on. */
static status
step(struct codec_pusher *p, size_t *given)
{
	struct codec_decoder *d = &p->decoder;

	d->out = p->room;
	d->nout = ROOM;
	if (!codec_decode(d))
		return broken(p, d->problem);
	*given = ROOM - d->nout;
	return *given > 0 ? p->out(p->arg, p->room, *given) : STATUS_OK;
}

status
codec_push(struct codec_pusher *p, const void *bytes, size_t n)
{
	struct codec_decoder *d = &p->decoder;
	status s = STATUS_OK;
	size_t given = 0;

	if (d->codec == CODEC_NONE)
		return p->out(p->arg, bytes, n);
	d->in = bytes;
	d->nin = n;
	/* A full room may leave more inside, also when all input is taken. */
	while (s == STATUS_OK && (d->nin > 0 || given == ROOM)) {
		size_t before = d->nin;

		s = step(p, &given);
		if (s == STATUS_OK && given == 0 && d->nin == before)
			break;
	}
	return s;
}

status
codec_pusher_end(struct codec_pusher *p)
{
	return p->decoder.open ? broken(p, "it is cut") : STATUS_OK;
}

void
codec_pusher_free(struct codec_pusher *p)
{
	if (p == NULL)
		return;
	codec_decoder_close(&p->decoder);
	free(p->name);
	free(p->room);
	free(p);
}
