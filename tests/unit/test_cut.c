/* SPDX-License-Identifier: PostgreSQL */
/* Where tables are cut: blocks of a slice, points among values. */
#include "chunk/cut.h"

#include "tap.h"

#define MB ((uint64_t)1024 * 1024)
#define GB (1024 * MB)
#define TB (1024 * GB)

static void
test_blocks(void)
{
	uint64_t heap;

	is_number(cut_blocks(256 * MB, 8192, GB, GB), 32768, "256MB a slice");
	is_number(cut_blocks(256 * MB, 8192, 30 * TB, 30 * TB), 32768,
	    "however large the table");
	is_number(cut_blocks(256 * MB, 32768, GB, GB), 8192, "of large blocks");
	is_number(cut_blocks(100 * MB, 8192, GB, GB), 12800,
	    "a size that is no power of two");
	is_number(cut_blocks(256 * MB, 8192, GB, GB + GB / 3), 32768,
	    "a little TOAST does not matter");
	is_number(cut_blocks(256 * MB, 8192, GB, 2 * GB), 16384,
	    "as much TOAST as heap halves it");
	is_number(cut_blocks(256 * MB, 8192, GB, 5 * GB), 8192,
	    "a factor is rounded to the nearest power of two");
	is_number(cut_blocks(256 * MB, 8192, 3 * GB, 939 * GB), 128,
	    "a small heap with very much TOAST");
	is_number(cut_blocks(8192, 8192, MB, 30 * TB), 1, "one block at least");
	is_number(cut_blocks(256 * MB, 8192, 0, 30 * TB), 32768,
	    "no heap at all");
	/* Growth with the same share of TOAST moves no boundary. */
	for (heap = GB; heap < TB; heap += heap / 3)
		if (cut_blocks(256 * MB, 8192, heap, heap * 3 + heap / 7) !=
		    cut_blocks(256 * MB, 8192, GB, GB * 3 + GB / 7))
			break;
	ok(heap >= TB, "growth moves no boundary");
}

static void
test_points(void)
{
	double before[101];
	size_t chosen[101];
	const double heap[] = {0.0, 0.001, 0.002, 0.9, 0.95};
	const double same[] = {0.2, 0.2, 0.2};

	for (int i = 0; i <= 100; i++)
		before[i] = i / 100.0;
	is_number(points_choose(before, 101, 0, 1, 4, chosen), 3, "4 parts");
	ok(chosen[0] == 25 && chosen[1] == 50 && chosen[2] == 75,
	    "in quarters");
	is_number(points_choose(before, 101, 0, 1, 1, chosen), 0, "1 part");
	is_number(points_choose(before, 101, 0, 1, 1000, chosen), 99,
	    "more parts than there are values");
	is_number(points_choose(before, 101, 0.5, 0.6, 5, chosen), 4,
	    "between bounds");
	ok(chosen[0] == 52 && chosen[3] == 58, "and only there");
	is_number(points_choose(before, 101, 0.5, 0.5, 5, chosen), 0,
	    "between bounds that leave nothing");
	is_number(points_choose(before, 0, 0, 1, 5, chosen), 0, "no values");
	is_number(points_choose(heap, 5, 0, 1, 4, chosen), 1,
	    "one value that has most rows");
	is_number((int)chosen[0], 3, "is cut off where it ends");
	is_number(points_choose(same, 3, 0, 1, 10, chosen), 1,
	    "a value that comes again is no other point");
}

int
main(void)
{
	test_blocks();
	test_points();
	return tap_done();
}
