/* SPDX-License-Identifier: PostgreSQL */
/* The checksums of a manifest, against published values. */
#include "data/filehash.h"

#include <stdlib.h>

#include "tap.h"

static void
sum_is(enum filehash_kind kind, const char *text, const char *expected)
{
	static struct filehash h = FILEHASH_INIT;
	unsigned char sum[FILEHASH_MAX];
	char hex[2 * FILEHASH_MAX + 1];
	size_t n = strlen(text);

	filehash_start(&h, kind);
	for (size_t i = 0; i < n; i += 3)
		filehash_add(&h, text + i, n - i < 3 ? n - i : 3);
	filehash_show(hex, sum, filehash_end(&h, sum));
	is_text(hex, expected, filehash_name(kind));
	if (kind == FILEHASH_SHA512)
		filehash_free(&h);
}

static void
published(void)
{
	/* The server writes the number as it lies in memory. */
	sum_is(FILEHASH_CRC32C, "123456789", "839206e3");
	sum_is(FILEHASH_CRC32C, "", "00000000");
	sum_is(FILEHASH_NONE, "123", "");
	sum_is(FILEHASH_SHA224, "abc",
	    "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7");
	sum_is(FILEHASH_SHA256, "abc",
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sum_is(FILEHASH_SHA384, "abc",
	    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
	    "8086072ba1e7cc2358baeca134c825a7");
	sum_is(FILEHASH_SHA512, "abc",
	    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	    "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

/* With the processor and without, in pieces of any size and at any place. */
static void
the_same(void)
{
	unsigned char bytes[4096];
	uint32_t plain, fast;
	unsigned seed = 1, differ = 0;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] =
		    (unsigned char)((seed = seed * 1103515245 + 12345) >> 16);
	for (size_t at = 0; at < 16; at++)
		for (size_t n = 0; n < 200; n++) {
			plain = crc32c_add_plain(CRC32C_INIT, bytes + at, n);
			fast = crc32c_add(CRC32C_INIT, bytes + at, n);
			differ += plain != fast;
		}
	is_number(differ, 0, "with the processor as without it");
	plain = crc32c_add_plain(CRC32C_INIT, bytes, sizeof(bytes));
	fast = CRC32C_INIT;
	for (size_t i = 0, n = 1; i < sizeof(bytes); i += n, n = n % 97 + 1) {
		if (n > sizeof(bytes) - i)
			n = sizeof(bytes) - i;
		fast = crc32c_add(fast, bytes + i, n);
	}
	is_number(fast, plain, "in pieces as in one");
}

static void
names(void)
{
	enum filehash_kind kind = FILEHASH_NONE;

	ok(filehash_parse("crc32c", &kind) && kind == FILEHASH_CRC32C, "case");
	ok(filehash_parse("SHA512", &kind) && kind == FILEHASH_SHA512, "SHA");
	ok(!filehash_parse("MD5", &kind) && !filehash_parse("", &kind) &&
		!filehash_parse("SHA", &kind),
	    "unknown ones");
	is_number(filehash_size(FILEHASH_SHA384), 48, "its size");
}

int
main(void)
{
	published();
	the_same();
	names();
	return tap_done();
}
