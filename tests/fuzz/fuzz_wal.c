/* SPDX-License-Identifier: PostgreSQL */
/*
 * What lies in an archive of WAL, of any bytes: a history file's text, the name
 * of a file, and the first page of a segment of that name.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/walhead.h"
#include "data/walhistory.h"
#include "data/walname.h"
#include "fuzz.h"

static void
history(const char *text, size_t n)
{
	struct wal_history h CLEANUP(wal_history_free) = WAL_HISTORY_INIT;

	if (!wal_history_parse(text, n, 9, &h)) {
		if (h.parents != NULL)
			abort();
		return;
	}
	if (h.count == 0 || wal_history_end(&h, 9) != UINT64_MAX)
		abort();
	for (size_t i = 0; i < h.count; i++)
		if (h.parents[i].timeline >= 9 ||
		    (i > 0 &&
			h.parents[i].timeline <= h.parents[i - 1].timeline))
			abort();
}

static void
file(const char *name, const char *bytes, size_t n)
{
	char again[WAL_NAME], text[WAL_LSN];
	uint32_t timeline = 0;
	uint64_t segment = 0, lsn = 0, back = 0;
	struct walhead head;
	bool is_segment =
	    wal_name_parse(name, WAL_SEGMENT_DEFAULT, &timeline, &segment);

	if (is_segment) {
		wal_name_show(again, timeline, segment, WAL_SEGMENT_DEFAULT);
		if (strncmp(again, name, WAL_NAME - 1) != 0)
			abort();
	}
	if (wal_lsn_parse(name, &lsn)) {
		wal_lsn_show(text, lsn);
		if (!wal_lsn_parse(text, &back) || back != lsn)
			abort();
	}
	if (walhead_parse(bytes, n, &head)) {
		if (n < WALHEAD_BYTES || !wal_size_valid(head.segment_size))
			abort();
		if (is_segment)
			(void)walhead_misfit(&head, name);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	size_t n = 0;
	char *name;

	while (n < size && text[n] != '\n')
		n++;
	name = mem_strndup(text, n);
	history(text, size);
	file(name, text + n + (n < size), size - n - (n < size));
	free(name);
	return 0;
}
