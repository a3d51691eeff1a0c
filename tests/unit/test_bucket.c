/* SPDX-License-Identifier: PostgreSQL */
/* Edges of buckets of fixed width, also where 64 bits end. */
#include "refresh/bucket.h"

#include "tap.h"

static void
test_floor(void)
{
	is_number(bucket_floor_fixed(100, 10, 57, INT64_MIN), 50, "below");
	is_number(bucket_floor_fixed(100, 10, 50, INT64_MIN), 50, "on an edge");
	is_number(bucket_floor_fixed(100, 10, 123, INT64_MIN), 120, "above");
	is_number(bucket_floor_fixed(100, 10, 100, INT64_MIN), 100, "the edge");
	is_number(bucket_floor_fixed(3, 10, -8, INT64_MIN), -17,
	    "of an offset");
	is_number(bucket_floor_fixed(3, 10, -7, INT64_MIN), -7, "and its edge");
	is_number(bucket_floor_fixed(1000, 10, -32768, -32768), -32768,
	    "the least");
	is_number(bucket_floor_fixed(1000, 10, -32767, -32768), -32768,
	    "what would lie below the least");
	is_number(bucket_floor_fixed(INT64_MAX, 10, INT64_MIN + 3, INT64_MIN),
	    INT64_MIN, "from one end to the other");
	is_number(bucket_floor_fixed(INT64_MIN, 1000, INT64_MAX, INT64_MIN),
	    INT64_MAX - 615, "and back");
	is_number(bucket_floor_fixed(0, INT64_MAX, -1, INT64_MIN), -INT64_MAX,
	    "one bucket for all");
}

static void
test_after(void)
{
	is_number(bucket_after_fixed(50, 10, 3, 100), 80, "three later");
	is_number(bucket_after_fixed(50, 10, 5, 100), 100, "the limit");
	is_number(bucket_after_fixed(50, 10, 6, 100), 100, "beyond it");
	is_number(bucket_after_fixed(100, 10, 1, 100), 100, "from the limit");
	is_number(bucket_after_fixed(INT64_MIN, 10, 1, INT64_MAX),
	    INT64_MIN + 10, "from the least");
	is_number(bucket_after_fixed(0, INT64_MAX, UINT64_MAX, INT64_MAX),
	    INT64_MAX, "too many");
	is_number(bucket_after_fixed(-40, 10, 4, 0), 0, "up to zero");
}

static void
test_steps(void)
{
	const struct bucket b = {.fixed = true, .width = 10};

	is_number((int64_t)bucket_steps(&b, 0, 100, 1), 10, "one by one");
	is_number((int64_t)bucket_steps(&b, 0, 100, 3), 4, "by threes");
	is_number((int64_t)bucket_steps(&b, 0, 100, UINT64_MAX), 1, "at once");
	is_number((int64_t)bucket_steps(&b, 100, 100, 3), 0, "none");
	is_number((int64_t)bucket_steps(&b, 200, 100, 3), 0, "none, either");
}

int
main(void)
{
	test_floor();
	test_after();
	test_steps();
	return tap_done();
}
