/* SPDX-License-Identifier: PostgreSQL */
/*
 * Lines from a file descriptor: reading never fails badly, and what was read
 * and printed reads as the same again.
 */
#define _GNU_SOURCE /* memfd_create */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "data/chunk.h"
#include "data/record.h"
#include "fuzz.h"

static void
again(const json_t *record)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	json_t *same CLEANUP(record_cleanup) = NULL;

	record_show(record, &text);
	/* Escapes may make it longer than a line may be. */
	if (text.len > RECORD_MAX)
		return;
	if (record_parse(text.data, text.len, "again", &same) != STATUS_OK ||
	    !json_equal(record, same))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("lines", 0);
	struct record_reader *r;
	json_t *record = NULL;
	status s = STATUS_OK;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	lseek(fd, 0, SEEK_SET);
	r = record_reader_open(fd, "the input");
	do {
		struct chunk c = {0};

		s = record_reader_next(r, &record);
		if (record != NULL) {
			again(record);
			if (chunk_from_record(record, "it", &c) == STATUS_OK)
				free(chunk_name(&c));
			chunk_free(&c);
		}
		json_decref(record);
	} while (s == STATUS_OK && record != NULL);
	if (s == STATUS_OK)
		(void)!record_reader_finish(r, false);
	record_reader_free(r);
	close(fd);
	return 0;
}
