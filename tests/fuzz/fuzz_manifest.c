/* SPDX-License-Identifier: PostgreSQL */
/*
 * A manifest of any bytes, in pieces whose size the first byte says: what is
 * taken has safe names, found again by them, and the same in one piece.  If
 * the second byte is odd, its own checksum is mended before, since no fuzzer
 * would guess it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/manifest.h"
#include "data/tarstream.h"
#include "fuzz.h"

static status
feed(struct manifest *m, const uint8_t *data, size_t size, size_t piece)
{
	status s = STATUS_OK;

	for (size_t at = 0; s == STATUS_OK && at < size; at += piece)
		s = manifest_feed(m, data + at,
		    size - at < piece ? size - at : piece);
	return s == STATUS_OK ? manifest_finish(m) : s;
}

static void
check(const struct manifest *m)
{
	uint64_t bytes = 0;
	size_t n;
	const struct manifest_range *ranges = manifest_ranges(m, &n);

	for (size_t i = 0; i < manifest_files(m); i++) {
		const struct manifest_file *f = manifest_at(m, i);

		if (!tar_path_safe(f->path) || manifest_find(m, f->path) != f)
			abort();
		bytes += f->size;
	}
	if (bytes != manifest_bytes(m))
		abort();
	for (size_t i = 0; i < n; i++)
		if (ranges[i].timeline == 0 || ranges[i].start > ranges[i].end)
			abort();
}

/* ..."Manifest-Checksum": "<64>"} at the end gets the right 64 digits. */
static void
mend(uint8_t *data, size_t size)
{
	struct filehash hash CLEANUP(filehash_free) = FILEHASH_INIT;
	unsigned char sum[FILEHASH_MAX];
	char hex[2 * FILEHASH_MAX + 1];
	size_t at;

	if (size < 90 || data[size - 1] != '\n')
		return;
	for (at = size - 1; at > 0 && data[at - 1] != '\n'; at--)
		;
	if (size - at < 88 ||
	    memcmp(data + at, "\"Manifest-Checksum\": \"", 22) != 0)
		return;
	filehash_start(&hash, FILEHASH_SHA256);
	filehash_add(&hash, data, at);
	filehash_show(hex, sum, filehash_end(&hash, sum));
	memcpy(data + at + 22, hex, 64);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct manifest *one, *two;
	uint8_t *copy;
	size_t piece;
	status s;

	if (size < 2)
		return 0;
	piece = (size_t)data[0] + 1;
	copy = malloc(size);
	if (copy == NULL)
		abort();
	size -= 2;
	memcpy(copy, data + 2, size);
	if (data[1] & 1)
		mend(copy, size);
	one = manifest_new("the manifest");
	two = manifest_new("the manifest");
	s = feed(one, copy, size, piece);
	if (s != feed(two, copy, size, size + 1))
		abort();
	if (s == STATUS_OK) {
		check(one);
		if (manifest_files(one) != manifest_files(two))
			abort();
	}
	manifest_free(one);
	manifest_free(two);
	free(copy);
	return 0;
}
