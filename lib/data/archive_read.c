/* SPDX-License-Identifier: PostgreSQL */
/*
 * The copy archive's reader: which members may come when, and whether they
 * agree.  That the tar itself is whole is archive_tar.c's business.
 */
#include "data/archive.h"

#include <stdarg.h>
#include <string.h>
#include <xxhash.h>

#include "base/log.h"
#include "base/mem.h"
#include "data/archive_member.h"
#include "data/archive_tar.h"

/* More chunks open at once than this is no archive of ours. */
#define OPEN_MAX_EVER 10000

struct open_chunk {
	uint64_t n;
	enum archive_part part; /* the present one */
	struct member_part parts[ARCHIVE_PARTS];
	uint64_t segments, bytes; /* of all parts */
	XXH3_state_t *hash;	  /* over chunk.json and the segments */
};

enum stage { STAGE_START, STAGE_CHUNKS, STAGE_OTHERS, STAGE_END, STAGE_EOF };

struct archive_reader {
	char *name;
	struct tar_reader *tar;
	status failed;
	enum stage stage;
	struct open_chunk **open;
	size_t nopen, cap;
	uint64_t most_open;
	uint64_t members;		       /* before the present one */
	uint64_t chunks, nfailed, rows, bytes; /* as pgpipe-end.json has them */
	XXH3_state_t *done_hash;
	/* The present member. */
	char *member;
	uint64_t size;
	struct open_chunk *segment; /* whose bytes come now, or NULL */
	struct str text;
	json_t *value;
	struct strv others; /* names that came */
};

__attribute__((format(printf, 2, 3))) static status
refuse(const struct archive_reader *r, const char *fmt, ...)
{
	char reason[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof(reason), fmt, ap);
	va_end(ap);
	log_error("%s is no whole copy archive: %s", r->name, reason);
	return STATUS_USAGE;
}

static XXH3_state_t *
hash_new(void)
{
	XXH3_state_t *hash = XXH3_createState();

	if (hash == NULL || XXH3_128bits_reset(hash) != XXH_OK)
		BUG("no hash state");
	return hash;
}

struct archive_reader *
archive_reader_new(int fd, const char *name)
{
	struct archive_reader *r = mem_zalloc(sizeof(*r));

	r->name = mem_strdup(name);
	r->tar = tar_reader_new(fd, name);
	r->done_hash = hash_new();
	return r;
}

void
archive_reader_push(struct archive_reader *r, const void *bytes, size_t n)
{
	tar_reader_push(r->tar, bytes, n);
}

static void
open_chunk_free(struct open_chunk *c)
{
	XXH3_freeState(c->hash);
	free(c);
}

void
archive_reader_free(struct archive_reader *r)
{
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; i < r->nopen; i++)
		open_chunk_free(r->open[i]);
	free(r->open);
	XXH3_freeState(r->done_hash);
	json_decref(r->value);
	str_free(&r->text);
	strv_free(&r->others);
	tar_reader_free(r->tar);
	free(r->member);
	free(r->name);
	free(r);
}

/* --- JSON members --- */

static status
read_text(struct archive_reader *r, size_t max)
{
	str_clear(&r->text);
	if (r->size > max)
		return refuse(r, "\"%s\" has %llu bytes", r->member,
		    (unsigned long long)r->size);
	for (;;) {
		const void *bytes;
		size_t n;
		status s = tar_data(r->tar, &bytes, &n);

		if (s != STATUS_OK || n == 0)
			return s;
		str_addn(&r->text, bytes, n);
	}
}

static status
parse_text(struct archive_reader *r)
{
	json_error_t error;

	r->value = record_load(str_text(&r->text), r->text.len, &error);
	if (r->value == NULL)
		return refuse(r, "\"%s\" is not a JSON object: %s", r->member,
		    error.text);
	return STATUS_OK;
}

static status
check_seal(struct archive_reader *r)
{
	if (!member_sealed(r->text.data, r->text.len))
		return refuse(r, "\"%s\" is damaged (its seal does not fit)",
		    r->member);
	json_object_del(r->value, "seal");
	return STATUS_OK;
}

static status
read_json(struct archive_reader *r, size_t max)
{
	status s = read_text(r, max);

	if (s == STATUS_OK)
		s = parse_text(r);
	if (s == STATUS_OK)
		s = check_seal(r);
	return s;
}

/* Does a count in the member agree with what was seen? */
static status
check_count(const struct archive_reader *r, const char *field, uint64_t seen)
{
	int64_t said = record_int(r->value, field);

	if (said >= 0 && (uint64_t)said == seen)
		return STATUS_OK;
	if (said < 0)
		return refuse(r, "\"%s\" does not say its %s", r->member,
		    field);
	return refuse(r, "\"%s\" says %lld %s, but there were %llu", r->member,
	    (long long)said, field, (unsigned long long)seen);
}

static status
check_hash(const struct archive_reader *r, const XXH3_state_t *hash)
{
	char hex[ARCHIVE_HASH_HEX + 1];

	member_hash_state(hash, hex);
	if (!str_eq(record_text(r->value, "xxh128"), hex))
		return refuse(r,
		    "\"%s\" has another xxh128 than what came before it",
		    r->member);
	return STATUS_OK;
}

/* --- each kind of member --- */

static status
out_of_order(const struct archive_reader *r)
{
	return refuse(r, "\"%s\" is out of order", r->member);
}

static status
take_start(struct archive_reader *r)
{
	int64_t format;
	status s;

	if (r->stage != STAGE_START)
		return out_of_order(r);
	s = read_text(r, ARCHIVE_JSON_MAX);
	if (s == STATUS_OK)
		s = parse_text(r);
	if (s != STATUS_OK)
		return s;
	/* A newer format may have another seal, too. */
	format = record_int(r->value, "format");
	if (format > ARCHIVE_FORMAT) {
		log_error("%s was written by a newer pgpipe: its format is "
			  "%lld, and this pgpipe reads %d",
		    r->name, (long long)format, ARCHIVE_FORMAT);
		return STATUS_USAGE;
	}
	if (format < 1)
		return refuse(r, "\"%s\" has no format", r->member);
	r->most_open = (uint64_t)record_int(r->value, "most_open");
	if (record_int(r->value, "most_open") < 0)
		r->most_open = OPEN_MAX_EVER;
	r->stage = STAGE_CHUNKS;
	return check_seal(r);
}

static struct open_chunk *
find_open(const struct archive_reader *r, uint64_t n)
{
	size_t i;

	for (i = 0; i < r->nopen; i++)
		if (r->open[i]->n == n)
			return r->open[i];
	return NULL;
}

static struct open_chunk *
add_open(struct archive_reader *r)
{
	struct open_chunk *c = mem_zalloc(sizeof(*c));

	if (r->nopen == r->cap) {
		r->cap = r->cap == 0 ? 16 : r->cap * 2;
		r->open =
		    mem_resize(r->open, r->cap, sizeof(struct open_chunk *));
	}
	r->open[r->nopen++] = c;
	c->n = ++r->chunks;
	c->hash = hash_new();
	return c;
}

static void
close_open(struct archive_reader *r, struct open_chunk *c)
{
	size_t i = 0;

	while (r->open[i] != c)
		i++;
	r->open[i] = r->open[--r->nopen];
	open_chunk_free(c);
}

static status
take_chunk(struct archive_reader *r, uint64_t n)
{
	struct open_chunk *c;
	status s;

	if (r->stage != STAGE_CHUNKS || n != r->chunks + 1)
		return out_of_order(r);
	if (r->nopen >= r->most_open || r->nopen >= OPEN_MAX_EVER)
		return refuse(r, "more chunks are open at once than it says");
	s = read_json(r, ARCHIVE_JSON_MAX);
	if (s != STATUS_OK)
		return s;
	c = add_open(r);
	XXH3_128bits_update(c->hash, r->text.data, r->text.len);
	return STATUS_OK;
}

static status
take_segment(struct archive_reader *r, const struct member_name *m)
{
	struct open_chunk *c = find_open(r, m->chunk);

	if (c == NULL || m->part < c->part ||
	    m->segment != c->parts[m->part].segments + 1)
		return out_of_order(r);
	c->part = m->part;
	c->parts[m->part].segments++;
	c->segments++;
	r->segment = c;
	return STATUS_OK;
}

/* Bytes of one part must not pass for those of another. */
static status
check_parts(const struct archive_reader *r, const struct open_chunk *c)
{
	json_t *seen CLEANUP(record_cleanup) = member_parts_json(c->parts);
	const json_t *said = json_object_get(r->value, "parts");

	if (seen == NULL ? said == NULL : json_equal(seen, said))
		return STATUS_OK;
	return refuse(r, "\"%s\" has other parts than what came before it",
	    r->member);
}

/* What done.json and failed.json have in common. */
static status
check_chunk(struct archive_reader *r, const struct open_chunk *c)
{
	status s = read_json(r, ARCHIVE_JSON_MAX);

	if (s == STATUS_OK)
		s = check_count(r, "segments", c->segments);
	if (s == STATUS_OK)
		s = check_count(r, "bytes", c->bytes);
	if (s == STATUS_OK)
		s = check_parts(r, c);
	if (s == STATUS_OK)
		s = check_hash(r, c->hash);
	return s;
}

static status
take_done(struct archive_reader *r, uint64_t n)
{
	struct open_chunk *c = find_open(r, n);
	int64_t rows;
	status s;

	if (c == NULL)
		return out_of_order(r);
	s = check_chunk(r, c);
	if (s != STATUS_OK)
		return s;
	rows = record_int(r->value, "rows");
	if (rows < 0)
		return refuse(r, "\"%s\" does not say its rows", r->member);
	r->rows += (uint64_t)rows;
	r->bytes += c->bytes;
	XXH3_128bits_update(r->done_hash, r->text.data, r->text.len);
	close_open(r, c);
	return STATUS_OK;
}

static status
take_failed(struct archive_reader *r, uint64_t n)
{
	struct open_chunk *c = find_open(r, n);
	status s;

	if (c == NULL)
		return out_of_order(r);
	s = check_chunk(r, c);
	if (s != STATUS_OK)
		return s;
	r->nfailed++;
	close_open(r, c);
	return STATUS_OK;
}

static status
take_other(struct archive_reader *r)
{
	size_t i;

	if (r->stage != STAGE_CHUNKS && r->stage != STAGE_OTHERS)
		return out_of_order(r);
	for (i = 0; i < r->others.len; i++)
		if (strcmp(r->others.data[i], r->member) == 0)
			return refuse(r, "\"%s\" comes twice", r->member);
	if (r->nopen > 0)
		return out_of_order(r);
	strv_add(&r->others, r->member);
	r->stage = STAGE_OTHERS;
	return read_json(r, ARCHIVE_MEMBER_MAX);
}

static status
take_end(struct archive_reader *r)
{
	status s;

	if (r->stage != STAGE_CHUNKS && r->stage != STAGE_OTHERS)
		return out_of_order(r);
	if (r->nopen > 0)
		return refuse(r, "chunk %llu neither ended nor failed",
		    (unsigned long long)r->open[0]->n);
	s = read_json(r, ARCHIVE_JSON_MAX);
	if (s == STATUS_OK)
		s = check_count(r, "members", r->members);
	if (s == STATUS_OK)
		s = check_count(r, "chunks", r->chunks);
	if (s == STATUS_OK)
		s = check_count(r, "failed", r->nfailed);
	if (s == STATUS_OK)
		s = check_count(r, "rows", r->rows);
	if (s == STATUS_OK)
		s = check_count(r, "bytes", r->bytes);
	if (s == STATUS_OK)
		s = check_hash(r, r->done_hash);
	r->stage = STAGE_END;
	return s;
}

/* --- the order of events --- */

/* The segment's next piece; e->bytes stays NULL at its end. */
static status
next_piece(struct archive_reader *r, struct archive_event *e)
{
	struct open_chunk *c = r->segment;
	const void *bytes;
	size_t n;
	status s = tar_data(r->tar, &bytes, &n);

	if (s != STATUS_OK)
		return s;
	if (n == 0) {
		r->segment = NULL;
		return STATUS_OK;
	}
	XXH3_128bits_update(c->hash, bytes, n);
	c->bytes += n;
	c->parts[c->part].bytes += n;
	e->kind = ARCHIVE_DATA;
	e->part = c->part;
	e->n = c->n;
	e->bytes = bytes;
	e->size = n;
	return STATUS_OK;
}

static status
take_member(struct archive_reader *r, struct archive_event *e)
{
	const struct member_name m = member_name_parse(r->member);

	e->n = m.chunk;
	switch (m.kind) {
	case MEMBER_START:
		e->kind = ARCHIVE_START;
		return take_start(r);
	case MEMBER_CHUNK:
		e->kind = ARCHIVE_CHUNK;
		return take_chunk(r, m.chunk);
	case MEMBER_SEGMENT:
		return take_segment(r, &m);
	case MEMBER_DONE:
		e->kind = ARCHIVE_DONE;
		return take_done(r, m.chunk);
	case MEMBER_FAILED:
		e->kind = ARCHIVE_FAILED;
		return take_failed(r, m.chunk);
	case MEMBER_OTHER:
		e->kind = ARCHIVE_MEMBER;
		e->name = r->member;
		return take_other(r);
	case MEMBER_END:
		e->kind = ARCHIVE_END;
		return take_end(r);
	case MEMBER_UNKNOWN:
		break;
	}
	return refuse(r, "it holds a member \"%s\"", r->member);
}

/* One archive is over; another may follow, which begins anew. */
static status
next_archive(struct archive_reader *r)
{
	bool more;
	status s;

	if (r->stage == STAGE_START)
		return refuse(r, "it has no %s", ARCHIVE_START_NAME);
	if (r->stage != STAGE_END)
		return refuse(r, "it has no %s", ARCHIVE_END_NAME);
	s = tar_more(r->tar, &more);
	if (s != STATUS_OK)
		return s;
	r->stage = more ? STAGE_START : STAGE_EOF;
	r->members = r->chunks = r->nfailed = r->rows = r->bytes = 0;
	strv_free(&r->others);
	XXH3_128bits_reset(r->done_hash);
	return STATUS_OK;
}

static status
next_member(struct archive_reader *r, struct archive_event *e)
{
	const char *member;
	status s = tar_next(r->tar, &member, &r->size);

	if (s != STATUS_OK)
		return s;
	if (member == NULL)
		return next_archive(r);
	/* tar calls the same file so when it packs the directory ".". */
	if (strncmp(member, "./", 2) == 0)
		member += 2;
	free(r->member);
	r->member = mem_strdup(member);
	if (r->stage == STAGE_START && strcmp(member, ARCHIVE_START_NAME) != 0)
		return refuse(r, "it does not begin with %s",
		    ARCHIVE_START_NAME);
	if (r->stage == STAGE_END)
		return refuse(r, "\"%s\" follows its end", member);
	s = take_member(r, e);
	r->members++;
	e->value = r->value;
	return s;
}

static status
next_event(struct archive_reader *r, struct archive_event *e)
{
	status s = STATUS_OK;

	while (s == STATUS_OK && e->value == NULL && e->bytes == NULL &&
	    r->stage != STAGE_EOF) {
		if (r->segment != NULL)
			s = next_piece(r, e);
		else
			s = next_member(r, e);
	}
	if (r->stage == STAGE_EOF)
		e->kind = ARCHIVE_EOF;
	return s;
}

status
archive_read_event(struct archive_reader *r, struct archive_event *e)
{
	memset(e, 0, sizeof(*e));
	json_decref(r->value);
	r->value = NULL;
	if (r->failed == STATUS_OK)
		r->failed = next_event(r, e);
	return r->failed;
}
