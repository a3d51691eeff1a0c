/* SPDX-License-Identifier: PostgreSQL */
/*
 * The first page's header of a WAL segment.
 */
#include "data/walhead.h"

#include "data/walname.h"

enum { AT_MAGIC = 0, AT_INFO = 2, AT_TIMELINE = 4, AT_ADDRESS = 8 };
enum { AT_SYSTEM = 24, AT_SEGMENT = 32, AT_PAGE = 36 };
enum { LONG_HEADER = 2, MAGIC_HIGH = 0xd1 };

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

bool
walhead_parse(const void *bytes, size_t n, struct walhead *out)
{
	const unsigned char *p = bytes;

	if (n < WALHEAD_BYTES || p[AT_MAGIC + 1] != MAGIC_HIGH ||
	    (p[AT_INFO] & LONG_HEADER) == 0)
		return false;
	out->timeline = get32(p + AT_TIMELINE);
	out->address = get64(p + AT_ADDRESS);
	out->system = get64(p + AT_SYSTEM);
	out->segment_size = get32(p + AT_SEGMENT);
	out->page_size = get32(p + AT_PAGE);
	return wal_size_valid(out->segment_size) && out->page_size >= 1024 &&
	    out->page_size <= 65536 &&
	    (out->page_size & (out->page_size - 1)) == 0;
}

const char *
walhead_misfit(const struct walhead *h, const char *name)
{
	uint32_t timeline;
	uint64_t segment;

	if (!wal_name_parse(name, h->segment_size, &timeline, &segment))
		return "segments of its size have no such name";
	if (h->address != segment * h->segment_size)
		return "it is another part of the WAL than its name says";
	if (h->timeline > timeline)
		return "it is of a later timeline than its name says";
	return NULL;
}
