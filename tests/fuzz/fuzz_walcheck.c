/* SPDX-License-Identifier: PostgreSQL */
/*
 * A segment of WAL of any bytes: the first 40 are made a header that it can
 * begin with, so that what follows is looked at.
 */
#include <stdlib.h>
#include <string.h>

#include "data/walcheck.h"
#include "fuzz.h"

static void
take(void *arg, const struct wal_record *r)
{
	uint64_t *last = arg;
	volatile unsigned sum = 0;

	if (r->start < *last || r->end <= r->start || r->n > WAL_RECORD_HEAD)
		abort();
	for (size_t i = 0; i < r->n; i++)
		sum += r->bytes[i];
	*last = r->start;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t head[40] = {0x10, 0xd1, 2, 0, 1, 0, 0, 0, 0, 0,
	    0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8,
	    0, 0, 0x10, 0, 0, 0x20, 0, 0};
	struct walcheck *w = walcheck_new();
	uint64_t last = 0, where;
	const char *why;
	size_t piece, at = 0;

	if (size > 0) {
		piece = (size_t)data[0] * 37 + 1;
		data++;
		size--;
		walcheck_observe(w, take, &last);
		walcheck_segment(w, "000000010000000000000001");
		walcheck_data(w, head, sizeof(head));
		for (; at < size; at += piece)
			walcheck_data(w, data + at,
			    size - at < piece ? size - at : piece);
		walcheck_segment_end(w);
		(void)walcheck_covers(w, 1, 0x100028, 0x100100, &where, &why);
		for (size_t i = 0; i < walcheck_chains(w); i++)
			if (walcheck_chain(w, i)->upto <
			    walcheck_chain(w, i)->from)
				abort();
	}
	walcheck_free(w);
	return 0;
}
