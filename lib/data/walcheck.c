/* SPDX-License-Identifier: PostgreSQL */
/*
 * Whether segments of WAL are sound.
 *
 * A record is never held: its CRC covers first what follows its header and
 * then the header, so that its first bytes are enough to remember.
 */
#include "data/walcheck.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "data/filehash.h"

/* A page's header: magic, info, timeline, address, remaining length; the
 * first of a segment also has system, segment size and page size. */
enum { SHORT_HEADER = 24, LONG_HEADER = 40 };
enum { AT_MAGIC = 0, AT_INFO = 2, AT_TIMELINE = 4, AT_ADDRESS = 8 };
enum { AT_REMAINING = 16, AT_SYSTEM = 24, AT_SEGMENT = 32, AT_PAGE = 36 };
enum { FIRST_IS_CONTINUED = 1, HAS_LONG_HEADER = 2, FIRST_OVERWRITES = 8 };
/* A record's header: total length, xid, previous, info, rmgr, CRC. */
enum {
	RECORD_HEADER = 24,
	AT_XID = 4,
	AT_PREVIOUS = 8,
	AT_RINFO = 16,
	AT_RMGR = 17
};
enum { AT_CRC = 20, ALIGNMENT = 8, RMGR_XLOG = 0, XLOG_SWITCH = 0x40 };
#define RECORD_MAX_BYTES ((uint32_t)1020 * 1024 * 1024)

#define PAGE_MIN 1024
#define PAGE_MAX 65536

static const char unwritten[] = "the WAL ends there";

struct walcheck {
	struct wal_chain *chains;
	size_t nchains;
	uint64_t segments;
	uint32_t segment_size, page_size;
	uint64_t system;
	uint16_t magic;
	/* The present segment. */
	char name[WAL_NAME];
	bool named, ended; /* ended: what is left of it does not matter */
	bool unwritten;	   /* ended in zeros, and should have no more */
	uint64_t base, number;
	uint32_t timeline;
	uint64_t at; /* bytes of it */
	unsigned char page[PAGE_MAX];
	size_t npage;
	/* The present chain. */
	struct wal_chain *chain; /* NULL: none goes on */
	bool synced;		 /* at a record's start, once */
	uint64_t last;		 /* its last segment's number */
	uint64_t skip;		 /* bytes of a record that began before it */
	uint64_t previous;	 /* where the last record began, 0: unknown */
	/* The present record; left 0: none. */
	uint64_t start;
	uint32_t total, left, crc;
	unsigned char head[RECORD_HEADER + WAL_RECORD_HEAD];
	walcheck_fn fn;
	void *arg;
};

struct walcheck *
walcheck_new(void)
{
	return mem_zalloc(sizeof(struct walcheck));
}

void
walcheck_free(struct walcheck *w)
{
	if (w == NULL)
		return;
	free(w->chains);
	free(w);
}

static uint32_t
get32(const unsigned char *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	    (uint32_t)p[3] << 24;
}

static uint64_t
get64(const unsigned char *p)
{
	return get32(p) | (uint64_t)get32(p + 4) << 32;
}

static uint16_t
get16(const unsigned char *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint64_t
aligned(uint64_t n)
{
	return (n + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);
}

/* The chain ends at its last sound record. */
static void
end_chain(struct walcheck *w, const char *why)
{
	if (w->chain != NULL && w->chain->why == NULL) {
		w->chain->why = why;
		w->chain->unwritten = w->unwritten = why == unwritten;
	}
	w->chain = NULL;
	w->left = 0;
	w->ended = true;
}

static void
begin_chain(struct walcheck *w)
{
	w->chains = mem_resize(w->chains, w->nchains + 1, sizeof(*w->chains));
	w->chain = &w->chains[w->nchains++];
	memset(w->chain, 0, sizeof(*w->chain));
	w->chain->upto = w->base;
	w->synced = false;
	w->skip = w->previous = 0;
	w->left = 0;
}

/* --- records ------------------------------------------------------------------ */

static void
tell(struct walcheck *w)
{
	struct wal_record r = {.start = w->start,
	    .end = w->chain->upto,
	    .xid = get32(w->head + AT_XID),
	    .rmgr = w->head[AT_RMGR],
	    .info = w->head[AT_RINFO],
	    .bytes = w->head + RECORD_HEADER,
	    .n = w->total - RECORD_HEADER,
	    .timeline = w->timeline};

	if (r.n > WAL_RECORD_HEAD)
		r.n = WAL_RECORD_HEAD;
	if (w->fn != NULL)
		w->fn(w->arg, &r);
}

static bool
end_record(struct walcheck *w, uint64_t end)
{
	uint32_t crc = crc32c_add(w->crc, w->head, AT_CRC);
	uint64_t before = get64(w->head + AT_PREVIOUS);

	if (CRC32C_END(crc) != get32(w->head + AT_CRC)) {
		end_chain(w, "a record's checksum is wrong");
		return false;
	}
	if (w->previous != 0 && before != w->previous) {
		end_chain(w, "a record does not follow the one before it");
		return false;
	}
	if (w->chain->from == 0)
		w->chain->from = w->start;
	w->chain->upto = aligned(end);
	w->previous = w->start;
	tell(w);
	/* What is behind a switch is nothing, up to the next segment. */
	if (w->head[AT_RMGR] == RMGR_XLOG &&
	    (w->head[AT_RINFO] & 0xf0) == XLOG_SWITCH) {
		w->chain->upto = w->base + w->segment_size;
		w->ended = true;
	}
	return true;
}

/* A record begins at p, of which at least eight bytes are there. */
static bool
begin_record(struct walcheck *w, const unsigned char *p, uint64_t address)
{
	uint32_t total = get32(p);

	if (total < RECORD_HEADER || total > RECORD_MAX_BYTES) {
		end_chain(w,
		    total == 0 ? unwritten : "a record has no possible length");
		return false;
	}
	w->start = address;
	w->total = w->left = total;
	w->crc = CRC32C_INIT;
	return true;
}

/* As much of the present record as is in n bytes; how much. */
static size_t
take_record(struct walcheck *w, const unsigned char *p, size_t n)
{
	uint32_t done = w->total - w->left;
	size_t used = n < w->left ? n : w->left, head = 0, keep;

	if (done < sizeof(w->head)) {
		keep = sizeof(w->head) - done;
		memcpy(w->head + done, p, keep < used ? keep : used);
	}
	if (done < RECORD_HEADER) {
		head = RECORD_HEADER - done;
		if (head > used)
			head = used;
	}
	w->crc = crc32c_add(w->crc, p + head, used - head);
	w->left -= (uint32_t)used;
	return used;
}

static void
take_records(struct walcheck *w, const unsigned char *page, size_t at)
{
	uint64_t address = w->base + w->at;

	while (at < w->page_size && !w->ended) {
		if (w->left == 0) {
			w->synced = true;
			if (!begin_record(w, page + at, address + at))
				return;
		}
		at += take_record(w, page + at, w->page_size - at);
		if (w->left == 0 && !end_record(w, address + at))
			return;
		if (w->left == 0)
			at = (size_t)aligned(at);
	}
}

/* --- pages ---------------------------------------------------------------------- */

static const char *
header_problem(const struct walcheck *w, const unsigned char *p)
{
	uint16_t magic = get16(p + AT_MAGIC);

	if (magic == 0 && get64(p + AT_ADDRESS) == 0)
		return unwritten;
	if (w->magic != 0 ? magic != w->magic : magic >> 8 != 0xd1)
		return "a page's magic number is wrong";
	if (get64(p + AT_ADDRESS) != w->base + w->at)
		return "a page is of another place in the WAL";
	if (get32(p + AT_TIMELINE) > w->timeline)
		return "a page is of a later timeline";
	if (((get16(p + AT_INFO) & HAS_LONG_HEADER) != 0) != (w->at == 0))
		return "a page's header is wrong";
	if (w->at == 0 && w->system != 0 && get64(p + AT_SYSTEM) != w->system)
		return "a segment is of another system";
	return NULL;
}

/*
 * A page behind the end in zeros.  Of WAL that goes no further there are zeros,
 * or, where a segment's file was used again, pages of older places; one of this
 * place was written behind a hole.
 */
static void
look_behind(struct walcheck *w, const unsigned char *p)
{
	if (header_problem(w, p) == NULL)
		w->chains[w->nchains - 1].hole = true;
}

/* What of the page belongs to a record that began before: *at moves behind
 * it.  False when the page has to do with nothing that came before. */
static bool
continuation(struct walcheck *w, const unsigned char *p, size_t *at)
{
	uint16_t info = get16(p + AT_INFO);
	uint32_t remaining = get32(p + AT_REMAINING);
	bool continued = (info & FIRST_IS_CONTINUED) != 0;

	/* The record was given up when its server crashed. */
	if (w->left > 0 && (info & FIRST_OVERWRITES) != 0)
		w->left = 0;
	if (w->left > 0) {
		if (continued && remaining == w->left)
			return true;
		end_chain(w, "a record is not continued");
		return false;
	}
	if (!continued)
		return true;
	if (w->synced && w->skip == 0) {
		end_chain(w, "a page continues what did not begin");
		return false;
	}
	w->skip = aligned(remaining);
	if (w->skip > w->page_size - *at) {
		w->skip -= w->page_size - *at;
		*at = w->page_size;
	} else {
		*at += (size_t)w->skip;
		w->skip = 0;
	}
	return true;
}

/* The first page of a segment tells how everything is measured. */
static bool
measure(struct walcheck *w, const unsigned char *p)
{
	uint32_t segment = get32(p + AT_SEGMENT), page = get32(p + AT_PAGE);

	if (get16(p + AT_MAGIC) >> 8 != 0xd1 || !wal_size_valid(segment) ||
	    page < PAGE_MIN || page > PAGE_MAX || (page & (page - 1)) != 0)
		return false;
	if (w->segment_size != 0)
		return segment == w->segment_size && page == w->page_size;
	w->segment_size = segment;
	w->page_size = page;
	w->magic = get16(p + AT_MAGIC);
	w->system = get64(p + AT_SYSTEM);
	return true;
}

/* Whether the segment goes on with the chain, or begins one. */
static bool
place(struct walcheck *w)
{
	if (!wal_name_parse(w->name, w->segment_size, &w->timeline, &w->number))
		return false;
	w->base = w->number * w->segment_size;
	if (w->chain == NULL || w->number != w->last + 1 ||
	    w->timeline < w->chain->timeline)
		begin_chain(w);
	w->last = w->number;
	w->chain->timeline = w->timeline;
	memcpy(w->chain->file, w->name, sizeof(w->chain->file));
	w->named = true;
	return true;
}

static void
take_page(struct walcheck *w, const unsigned char *p)
{
	const char *problem;
	size_t at = w->at == 0 ? LONG_HEADER : SHORT_HEADER;

	if (w->ended) {
		look_behind(w, p);
		return;
	}
	problem = header_problem(w, p);
	if (problem != NULL) {
		end_chain(w, problem);
		return;
	}
	if (continuation(w, p, &at) && !w->ended)
		take_records(w, p, at);
}

/* --- segments ------------------------------------------------------------------- */

void
walcheck_segment(struct walcheck *w, const char *name)
{
	(void)snprintf(w->name, sizeof(w->name), "%.24s", name);
	w->named = w->ended = w->unwritten = false;
	w->at = 0;
	w->npage = 0;
	w->segments++;
}

/* Its first page: where it belongs. */
static void
first_page(struct walcheck *w)
{
	if (measure(w, w->page) && place(w))
		return;
	w->ended = true;
	if (w->chain != NULL)
		end_chain(w, "a segment is no WAL");
}

static size_t
page_room(const struct walcheck *w)
{
	return w->named ? w->page_size : LONG_HEADER;
}

/* A copy into the page, up to what is wanted; how much. */
static size_t
collect(struct walcheck *w, const unsigned char *p, size_t n, size_t want)
{
	size_t some = want - w->npage < n ? want - w->npage : n;

	memcpy(w->page + w->npage, p, some);
	w->npage += some;
	return some;
}

void
walcheck_data(struct walcheck *w, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	size_t used;

	while (n > 0 && (!w->ended || w->unwritten)) {
		if (w->named && w->npage == 0 && n >= w->page_size) {
			take_page(w, p);
			used = w->page_size;
			w->at += used;
		} else {
			used = collect(w, p, n, page_room(w));
			if (w->npage == LONG_HEADER && !w->named)
				first_page(w);
			else if (w->named && w->npage == w->page_size) {
				take_page(w, w->page);
				w->at += w->npage;
				w->npage = 0;
			}
		}
		p += used;
		n -= used;
	}
	if (w->ended)
		w->at += n; /* for its size alone */
}

void
walcheck_segment_end(struct walcheck *w)
{
	if (w->chain != NULL && (!w->named || w->at != w->segment_size))
		end_chain(w, "a segment is cut");
}

void
walcheck_observe(struct walcheck *w, walcheck_fn fn, void *arg)
{
	w->fn = fn;
	w->arg = arg;
}

/* --- what it found ---------------------------------------------------------------- */

size_t
walcheck_chains(const struct walcheck *w)
{
	return w->nchains;
}

const struct wal_chain *
walcheck_chain(const struct walcheck *w, size_t i)
{
	return &w->chains[i];
}

uint32_t
walcheck_segment_size(const struct walcheck *w)
{
	return w->segment_size;
}

uint64_t
walcheck_system(const struct walcheck *w)
{
	return w->system;
}

uint64_t
walcheck_segments(const struct walcheck *w)
{
	return w->segments;
}

bool
walcheck_covers(const struct walcheck *w, uint32_t timeline, uint64_t start,
    uint64_t end, uint64_t *where, const char **why)
{
	const struct wal_chain *best;

	*where = start;
	*why = NULL;
	while (*where < end) {
		best = NULL;
		for (size_t i = 0; i < w->nchains; i++) {
			const struct wal_chain *c = &w->chains[i];

			if (c->timeline < timeline || c->from == 0 ||
			    c->from > *where)
				continue;
			if (c->upto == *where)
				*why = c->why;
			if (c->upto > *where &&
			    (best == NULL || c->upto > best->upto))
				best = c;
		}
		if (best == NULL)
			return false;
		*where = best->upto;
		*why = best->why;
	}
	return true;
}
