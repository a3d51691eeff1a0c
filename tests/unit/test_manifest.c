/* SPDX-License-Identifier: PostgreSQL */
/* backup_manifest, in pieces of any size; whatever is wrong with it. */
#include "data/manifest.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "tap.h"

#define HEAD1 "{ \"PostgreSQL-Backup-Manifest-Version\": 1,\n"
#define HEAD2                                            \
	"{ \"PostgreSQL-Backup-Manifest-Version\": 2,\n" \
	"\"System-Identifier\": 7710626482165106296,\n"
#define FILES                                                               \
	"\"Files\": [\n"                                                    \
	"{ \"Path\": \"backup_label\", \"Size\": 225, \"Last-Modified\": "  \
	"\"2025-07-04 16:53:26 GMT\", \"Checksum-Algorithm\": \"CRC32C\", " \
	"\"Checksum\": \"8e7a3b2c\" },\n"                                   \
	"{ \"Encoded-Path\": \"6261ff\", \"Size\": 7, \"Last-Modified\": "  \
	"\"\" },\n"                                                         \
	"{ \"Path\": \"base/1/\\u00e9\\ud83d\\ude00\\\"\", \"Size\": 1, "   \
	"\"Last-Modified\": \"\" }\n],\n"
#define RANGES                                                                \
	"\"WAL-Ranges\": [\n{ \"Timeline\": 2, \"Start-LSN\": \"0/5000000\"," \
	" \"End-LSN\": \"0/5000100\" },\n{ \"Timeline\": 1, \"Start-LSN\": "  \
	"\"0/2000028\", \"End-LSN\": \"0/5000000\" }\n],\n"

/* The text with the line of its checksum; for the caller to free. */
static char *
whole(const char *body)
{
	struct filehash h = FILEHASH_INIT;
	unsigned char sum[FILEHASH_MAX];
	char hex[2 * FILEHASH_MAX + 1];

	filehash_start(&h, FILEHASH_SHA256);
	filehash_add(&h, body, strlen(body));
	filehash_show(hex, sum, filehash_end(&h, sum));
	filehash_free(&h);
	return mem_printf("%s\"Manifest-Checksum\": \"%s\"}\n", body, hex);
}

static status
feed(struct manifest *m, const char *text, size_t piece)
{
	size_t n = strlen(text);
	status s = STATUS_OK;

	for (size_t at = 0; s == STATUS_OK && at < n; at += piece)
		s = manifest_feed(m, text + at,
		    n - at < piece ? n - at : piece);
	return s == STATUS_OK ? manifest_finish(m) : s;
}

static void
sound(const char *body, int version, size_t piece)
{
	char *text CLEANUP_FREE = whole(body);
	struct manifest *m = manifest_new("m");
	const struct manifest_range *ranges;
	const struct manifest_file *f;
	size_t n;

	is_number(feed(m, text, piece), STATUS_OK, "it is sound");
	is_number(manifest_version(m), version, "its version");
	ok(manifest_system(m) ==
		(version == 1 ? 0 : UINT64_C(7710626482165106296)),
	    "its system, beyond what a double holds");
	is_number(manifest_files(m), 3, "its files");
	is_number(manifest_bytes(m), 233, "their bytes");
	f = manifest_find(m, "backup_label");
	ok(f != NULL && f->size == 225 && f->kind == FILEHASH_CRC32C &&
		memcmp(f->sum, "\x8e\x7a\x3b\x2c", 4) == 0,
	    "a file");
	ok(manifest_find(m, "ba\xff") != NULL, "a name that is no UTF-8");
	ok(manifest_find(m, "base/1/\xc3\xa9\xf0\x9f\x98\x80\"") != NULL,
	    "a name with escapes");
	ok(manifest_find(m, "base") == NULL, "none");
	ranges = manifest_ranges(m, &n);
	ok(n == 2 && ranges[0].timeline == 2 && ranges[1].start == 0x2000028 &&
		ranges[1].end == 0x5000000,
	    "its WAL");
	manifest_free(m);
}

static void
unsound(const char *body, const char *what)
{
	char *text CLEANUP_FREE = whole(body);
	struct manifest *m = manifest_new("m");

	is_number(feed(m, text, 1000), STATUS_USAGE, what);
	manifest_free(m);
}

static void
broken(void)
{
	char *text CLEANUP_FREE = whole(HEAD1 FILES RANGES);
	struct manifest *m;

	unsound(HEAD1 RANGES, "no files");
	unsound(HEAD1 FILES, "no WAL");
	unsound(FILES RANGES, "no version");
	unsound("{ \"PostgreSQL-Backup-Manifest-Version\": 3,\n" FILES RANGES,
	    "another version");
	unsound(HEAD1 FILES FILES RANGES, "files twice");
	unsound(HEAD1 "\"System-Identifier\": 1,\n" FILES RANGES,
	    "a version that has no system");
	unsound(HEAD1
	    "\"Files\": [{ \"Path\": \"../x\", \"Size\": 1 }],\n" RANGES,
	    "a name that leads out");
	unsound(HEAD1
	    "\"Files\": [{ \"Path\": \"/x\", \"Size\": 1 }],\n" RANGES,
	    "an absolute name");
	unsound(HEAD1 "\"Files\": [{ \"Encoded-Path\": \"2e2e2f78\", "
		      "\"Size\": 1 }],\n" RANGES,
	    "the same in hex");
	unsound(HEAD1 "\"Files\": [{ \"Encoded-Path\": \"7800\", "
		      "\"Size\": 1 }],\n" RANGES,
	    "a null byte");
	unsound(HEAD1 "\"Files\": [{ \"Path\": \"x\", \"Size\": 1 }, "
		      "{ \"Path\": \"x\", \"Size\": 2 }],\n" RANGES,
	    "a file twice");
	unsound(HEAD1
	    "\"Files\": [{ \"Path\": \"x\", \"Size\": -1 }],\n" RANGES,
	    "a negative size");
	unsound(HEAD1 "\"Files\": [{ \"Path\": \"x\", \"Size\": 1, "
		      "\"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": "
		      "\"00\" }],\n" RANGES,
	    "a short checksum");
	unsound(HEAD1 "\"Files\": [{ \"Path\": \"x\" }],\n" RANGES, "no size");
	unsound(HEAD1 "\"Files\": [[]],\n" RANGES, "another shape");
	unsound(HEAD1 "\"Files\": [],,\n" RANGES, "no JSON");
	for (size_t n = 0; n < strlen(text); n += 13) {
		char *part CLEANUP_FREE = mem_strndup(text, n);

		m = manifest_new("m");
		if (feed(m, part, 100) == STATUS_OK)
			ok(false, "cut at %zu", n);
		manifest_free(m);
	}
	text[100] ^= 1;
	m = manifest_new("m");
	ok(feed(m, text, 100) != STATUS_OK, "a flipped bit");
	manifest_free(m);
}

static void
by_hand(void)
{
	struct manifest *m = manifest_new("m");
	char path[32];
	bool all = true;

	for (int i = 0; i < 10000; i++) {
		(void)snprintf(path, sizeof(path), "base/1/%d", i);
		all = all &&
		    manifest_add(m, path, (uint64_t)i, FILEHASH_NONE, NULL) !=
			NULL;
	}
	ok(all, "ten thousand files");
	ok(manifest_add(m, "base/1/77", 1, FILEHASH_NONE, NULL) == NULL,
	    "none comes twice");
	ok(manifest_find(m, "base/1/9999")->size == 9999, "found again");
	manifest_free(m);
}

int
main(void)
{
	log_init("test_manifest");
	sound(HEAD1 FILES RANGES, 1, 1);
	sound(HEAD1 FILES RANGES, 1, 7);
	sound(HEAD2 FILES RANGES, 2, 100000);
	broken();
	by_hand();
	return tap_done();
}
