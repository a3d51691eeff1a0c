/* SPDX-License-Identifier: PostgreSQL */
/*
 * A copy archive of any bytes: every answer is an event or a refusal, and
 * a chunk's events come in an order that a loader can follow.  If the first
 * byte is odd, headers' sums and members' seals are mended before, since no
 * fuzzer would guess them.
 */
#define _GNU_SOURCE /* memfd_create */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "data/archive.h"
#include "data/archive_member.h"
#include "fuzz.h"

static void
check(const struct archive_event *e, uint64_t *chunks)
{
	volatile const unsigned char *bytes = e->bytes;
	unsigned sum = 0;

	switch (e->kind) {
	case ARCHIVE_START:
		*chunks = 0;
		break;
	case ARCHIVE_CHUNK:
		if (e->n != ++*chunks || !json_is_object(e->value))
			abort();
		break;
	case ARCHIVE_DATA:
		if (e->size == 0 || e->n == 0 || e->n > *chunks ||
		    e->part >= ARCHIVE_PARTS)
			abort();
		for (size_t i = 0; i < e->size; i++)
			sum += bytes[i];
		break;
	case ARCHIVE_DONE:
	case ARCHIVE_FAILED:
		if (e->n == 0 || e->n > *chunks)
			abort();
		break;
	case ARCHIVE_MEMBER:
	case ARCHIVE_END:
	case ARCHIVE_EOF:
		break;
	}
	(void)sum;
}

static void
mend_sum(uint8_t *header)
{
	char text[8];
	unsigned sum = 0;

	memset(header + 148, ' ', 8);
	for (size_t i = 0; i < 512; i++)
		sum += header[i];
	snprintf(text, sizeof(text), "%06o", sum);
	memcpy(header + 148, text, 8);
}

static void
mend_seal(uint8_t *text, size_t n)
{
	char hex[ARCHIVE_HASH_HEX + 1];

	/* {"seal":"...32..."} and a newline are 43 bytes behind the brace. */
	if (n < 44 || memcmp(text + n - 43, "\"seal\":\"", 8) != 0)
		return;
	member_hash(text, n - 43, hex);
	memcpy(text + n - 35, hex, ARCHIVE_HASH_HEX);
}

static void
mend(uint8_t *data, size_t size)
{
	size_t at = 0;

	while (size - at >= 512 && data[at] != 0) {
		uint64_t n;

		data[at + 135] = '\0';
		n = strtoull((const char *)data + at + 124, NULL, 8);
		mend_sum(data + at);
		at += 512;
		if (n > size - at)
			return;
		mend_seal(data + at, n);
		at += (n + 511) / 512 * 512;
		if (at > size)
			return;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);
	int fd = memfd_create("archive", 0);
	struct archive_event e = {0};
	struct archive_reader *r;
	uint64_t chunks = 0;

	if (fd < 0 || copy == NULL)
		abort();
	if (size > 0) {
		memcpy(copy, data + 1, --size);
		if (data[0] & 1)
			mend(copy, size);
	}
	if (write(fd, copy, size) != (ssize_t)size)
		abort();
	free(copy);
	lseek(fd, 0, SEEK_SET);
	r = archive_reader_new(fd, "the archive");
	while (archive_read_event(r, &e) == STATUS_OK) {
		check(&e, &chunks);
		if (e.kind == ARCHIVE_EOF)
			break;
	}
	archive_reader_free(r);
	close(fd);
	return 0;
}
