/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rows of any bytes to the digest, in each format.  The first byte chooses
 * the format, the second the number of columns and whether they are arrays.
 */
#include <stdlib.h>

#include "data/digest.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const ordered[] = {"a", "b", "c", "d", "e", "f",
	    "g"};
	static const char *const unordered[] = {"c", "a", "d", "b", "e", "g",
	    "f"};
	struct digest_column columns[7];
	struct digest_rows *d;
	size_t n;
	status s;

	if (size < 2)
		return 0;
	n = data[1] % 8;
	for (size_t i = 0; i < n; i++) {
		columns[i].name = data[1] & 8 ? unordered[i] : ordered[i];
		columns[i].type = 25;
		columns[i].array = (data[1] & 16) != 0;
		columns[i].element = 23;
	}
	d = digest_rows_new((enum copy_format)(data[0] % 3), columns, n);
	s = digest_rows_take(d, data + 2, size - 2);
	if (digest_rows_sum(d)->rows != (s == STATUS_OK))
		abort();
	digest_rows_free(d);
	return 0;
}
