/* SPDX-License-Identifier: PostgreSQL */
/*
 * A COPY stream of any bytes in pieces of any size gives the rows that it
 * gives in one piece.  The first byte chooses the format, the second how
 * it is cut.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "data/copyrows.h"
#include "fuzz.h"

/* Rows as they come, each behind its length. */
static status
keep(void *arg, const void *row, size_t n)
{
	str_addn(arg, &n, sizeof(n));
	str_addn(arg, row, n);
	return STATUS_OK;
}

static status
feed(enum copy_format format, const uint8_t *data, size_t size, size_t piece,
    struct str *rows)
{
	struct copyrows *c = copyrows_new(format, keep, rows);
	status s = STATUS_OK;
	uint64_t count;

	while (size > 0 && s == STATUS_OK) {
		size_t n = piece < size ? piece : size;

		s = copyrows_feed(c, data, n);
		data += n;
		size -= n;
	}
	if (s == STATUS_OK)
		s = copyrows_finish(c, &count);
	copyrows_free(c);
	return s;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str whole = STR_INIT, parts = STR_INIT;
	enum copy_format format;
	size_t piece;

	if (size < 3)
		return 0;
	format = (enum copy_format)(data[0] % 3);
	piece = 1 + data[1] % 64;
	data += 2;
	size -= 2;
	if (feed(format, data, size, size, &whole) !=
		feed(format, data, size, piece, &parts) ||
	    whole.len != parts.len ||
	    (whole.len > 0 && memcmp(whole.data, parts.data, whole.len) != 0))
		abort();
	str_free(&whole);
	str_free(&parts);
	return 0;
}
