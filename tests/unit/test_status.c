/* SPDX-License-Identifier: PostgreSQL */
/* Which status wins. */
#include "base/status.h"

#include "tap.h"

int
main(void)
{
	/* From the best to the worst. */
	static const status order[] = {STATUS_OK, STATUS_NO, STATUS_RETRY,
	    STATUS_FAIL, STATUS_USAGE};
	size_t i, j;

	for (i = 0; i < 5; i++)
		for (j = 0; j < 5; j++)
			is_number(status_worse(order[i], order[j]),
			    order[i > j ? i : j], "the worse of two");
	return tap_done();
}
