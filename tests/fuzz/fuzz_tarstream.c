/* SPDX-License-Identifier: PostgreSQL */
/*
 * A tar of any bytes: what comes through has a name that stays within, a link
 * only where a tablespace is one, and as many bytes as it says.  If the first
 * byte is odd, the sums of headers are mended before.
 */
#define _GNU_SOURCE /* memfd_create */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "data/tarstream.h"
#include "fuzz.h"

static void
mend(uint8_t *data, size_t size)
{
	for (size_t at = 0; size - at >= 512; at += 512) {
		char text[8];
		unsigned sum = 0;

		if (memcmp(data + at + 257, "ustar", 5) != 0)
			continue;
		memset(data + at + 148, ' ', 8);
		for (size_t i = 0; i < 512; i++)
			sum += data[at + i];
		(void)snprintf(text, sizeof(text), "%06o", sum);
		memcpy(data + at + 148, text, 8);
	}
}

static status
member(struct tarstream *t, const struct tar_member *m)
{
	volatile unsigned char last = 0;
	uint64_t got = 0;
	const void *bytes;
	size_t n = 1;
	status s = STATUS_OK;

	if (*m->path != '\0' && !tar_path_safe(m->path))
		abort();
	if (*m->path == '\0' && m->type != TAR_DIRECTORY)
		abort();
	if ((m->type == TAR_SYMLINK) != (m->link != NULL) ||
	    (m->type == TAR_SYMLINK && !tar_path_tablespace(m->path)))
		abort();
	if (m->type != TAR_FILE && m->size != 0)
		abort();
	if (m->mode > 07777)
		abort();
	/* Some are passed over. */
	if (m->size % 3 == 1)
		return STATUS_OK;
	while (s == STATUS_OK && n > 0) {
		s = tarstream_data(t, &bytes, &n);
		if (n > 0)
			last = ((const unsigned char *)bytes)[n - 1];
		got += n;
	}
	(void)last;
	if (got > m->size || (s == STATUS_OK && got != m->size))
		abort();
	return s;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);
	int fd = memfd_create("tar", 0);
	const struct tar_member *m;
	struct codec_reader *in;
	struct tarstream *t;
	status s;

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
	in = codec_reader_new(fd, "the tar");
	t = tarstream_new(in);
	do {
		s = tarstream_next(t, &m);
		if (s == STATUS_OK && m != NULL)
			s = member(t, m);
	} while (s == STATUS_OK && m != NULL);
	tarstream_free(t);
	codec_reader_free(in);
	close(fd);
	return 0;
}
