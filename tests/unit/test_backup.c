/* SPDX-License-Identifier: PostgreSQL */
/* What a backup is made with: compression, tar headers, places, warnings. */
#include "backup/catalog.h"
#include "backup/mapping.h"
#include "backup/pages.h"
#include "backup/place.h"
#include "backup/tarhead.h"
#include "base/log.h"
#include "base/mem.h"
#include "data/codec_push.h"
#include "data/codec_write.h"

#include "tap.h"

/* --- compression ------------------------------------------------------------- */

static void
spec_is(const char *text, const char *detail)
{
	struct str why CLEANUP(str_free) = STR_INIT;
	struct str got CLEANUP(str_free) = STR_INIT;
	struct codec_spec spec;

	if (detail == NULL) {
		ok(!codec_spec_parse(text, &spec, &why) && why.len > 0,
		    "no compression: \"%s\" (%s)", text, str_text(&why));
		return;
	}
	ok(codec_spec_parse(text, &spec, &why), "a compression: \"%s\" %s",
	    text, str_text(&why));
	codec_spec_detail(&spec, &got);
	is_text(str_text(&got), detail, text);
}

static void
specs(void)
{
	spec_is("none", "");
	spec_is("zstd", "level=1");
	spec_is("zstd:3", "level=3");
	spec_is("zstd:-7", "level=-7");
	spec_is("zstd:3,workers=2", "level=3,workers=2");
	spec_is("zstd:workers=4,level=19,long", "level=19,workers=4,long");
	spec_is("gzip:9", "level=9");
	spec_is("lz4:", "level=1");
	spec_is("", NULL);
	spec_is("zst", NULL);
	spec_is("zstd3", NULL);
	spec_is("ZSTD", NULL);
	spec_is("none:1", NULL);
	spec_is("gzip:0", NULL);
	spec_is("gzip:10", NULL);
	spec_is("gzip:long", NULL);
	spec_is("lz4:workers=2", NULL);
	spec_is("zstd:level=", NULL);
	spec_is("zstd:workers=x", NULL);
	spec_is("zstd:1,strategy=2", NULL);
	spec_is("zstd:long=40", NULL);
}

static status
collect(void *arg, const void *bytes, size_t n)
{
	str_addn(arg, bytes, n);
	return STATUS_OK;
}

static status
refuse(void *arg, const void *bytes, size_t n)
{
	(void)arg;
	(void)bytes;
	(void)n;
	return STATUS_RETRY;
}

static void
fill(struct str *s, size_t n)
{
	uint32_t x = 1;

	for (size_t i = 0; i < n; i++) {
		x = x * 1103515245 + 12345;
		str_addc(s, (char)(x >> 28));
	}
}

/* Compressed in pieces, decompressed in others. */
static status
through(const char *how, const struct str *in, struct str *packed,
    struct str *out, size_t piece)
{
	struct str why CLEANUP(str_free) = STR_INIT;
	struct codec_spec spec;
	struct codec_writer *w;
	struct codec_pusher *p;
	status s = STATUS_OK;

	if (!codec_spec_parse(how, &spec, &why))
		return STATUS_USAGE;
	w = codec_writer_new(&spec, collect, packed);
	for (size_t at = 0; s == STATUS_OK && at < in->len; at += piece)
		s = codec_write(w, in->data + at,
		    in->len - at < piece ? in->len - at : piece);
	if (s == STATUS_OK)
		s = codec_writer_end(w);
	codec_writer_free(w);
	p = codec_pusher_new(spec.codec, how, collect, out);
	for (size_t at = 0; s == STATUS_OK && at < packed->len; at += 777)
		s = codec_push(p, packed->data + at,
		    packed->len - at < 777 ? packed->len - at : 777);
	if (s == STATUS_OK)
		s = codec_pusher_end(p);
	codec_pusher_free(p);
	return s;
}

static void
round_trips(void)
{
	static const char *const hows[] = {"none", "gzip:1", "lz4", "lz4:9",
	    "zstd", "zstd:1,workers=2", "zstd:5,long"};
	static const size_t sizes[] = {0, 1, 100, 300000, 5000000};

	for (size_t i = 0; i < sizeof(hows) / sizeof(hows[0]); i++)
		for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
			struct str in CLEANUP(str_free) = STR_INIT;
			struct str packed CLEANUP(str_free) = STR_INIT;
			struct str out CLEANUP(str_free) = STR_INIT;
			status s;

			fill(&in, sizes[j]);
			s = through(hows[i], &in, &packed, &out,
			    j % 2 == 0 ? 32768 : 700000);
			ok(s == STATUS_OK && in.len == out.len &&
				memcmp(str_text(&in), str_text(&out), in.len) ==
				    0,
			    "%s, %zu bytes and back", hows[i], sizes[j]);
		}
}

static void
flipped_bits(void)
{
	static const char *const hows[] = {"gzip:1", "lz4", "zstd",
	    "zstd:1,workers=1"};

	for (size_t i = 0; i < sizeof(hows) / sizeof(hows[0]); i++) {
		struct str in CLEANUP(str_free) = STR_INIT;
		struct str packed CLEANUP(str_free) = STR_INIT;
		struct str out CLEANUP(str_free) = STR_INIT;
		struct str why CLEANUP(str_free) = STR_INIT;
		struct codec_spec spec;
		struct codec_pusher *p;
		status s;

		fill(&in, 400000);
		s = through(hows[i], &in, &packed, &out, 100000);
		ok(s == STATUS_OK, "%s", hows[i]);
		if (packed.data == NULL)
			continue;
		packed.data[packed.len / 2] ^= 0x10;
		(void)codec_spec_parse(hows[i], &spec, &why);
		p = codec_pusher_new(spec.codec, hows[i], collect, &out);
		s = codec_push(p, packed.data, packed.len);
		if (s == STATUS_OK)
			s = codec_pusher_end(p);
		codec_pusher_free(p);
		ok(s == STATUS_USAGE, "%s finds a flipped bit", hows[i]);
		p = codec_pusher_new(spec.codec, hows[i], collect, &out);
		packed.data[packed.len / 2] ^= 0x10;
		s = codec_push(p, packed.data, packed.len - 5);
		ok(s == STATUS_OK && codec_pusher_end(p) == STATUS_USAGE,
		    "%s finds its end missing", hows[i]);
		codec_pusher_free(p);
	}
}

static void
failing_output(void)
{
	struct codec_spec spec = {.codec = CODEC_ZSTD, .workers = 1};
	struct codec_writer *w = codec_writer_new(&spec, refuse, NULL);
	struct str in CLEANUP(str_free) = STR_INIT;
	status s = STATUS_OK;

	fill(&in, 1000000);
	for (int i = 0; i < 50 && s == STATUS_OK; i++)
		s = codec_write(w, in.data, in.len);
	if (s == STATUS_OK)
		s = codec_writer_end(w);
	ok(s == STATUS_RETRY, "a failure of the output is passed on");
	codec_writer_free(w);
}

/* --- tar ------------------------------------------------------------------------ */

struct seen {
	struct str names, bytes;
	uint64_t last_size;
};

static status
see_header(void *arg, unsigned char header[TARHEAD_BLOCK], uint64_t size,
    char type)
{
	struct seen *seen = arg;
	char name[260];

	tarhead_name(header, name);
	str_addf(&seen->names, "%s%c ", name, type);
	seen->last_size = size;
	return STATUS_OK;
}

static status
see_data(void *arg, const void *bytes, size_t n, bool padding)
{
	struct seen *seen = arg;

	if (!padding)
		str_addn(&seen->bytes, bytes, n);
	return STATUS_OK;
}

static void
add_member(struct str *tar, const char *name, const char *text)
{
	static const char zeros[TARHEAD_BLOCK];
	const struct tarhead_owner owner = {70, 70};
	unsigned char header[TARHEAD_BLOCK];

	(void)tarhead_make(header, name, '0', strlen(text), 0600, 1, &owner);
	str_addn(tar, header, sizeof(header));
	str_add(tar, text);
	str_addn(tar, zeros, tarhead_padding(strlen(text)));
}

static status
pass(const struct str *tar, size_t piece, struct seen *seen)
{
	struct tarpass t = {.header = see_header,
	    .data = see_data,
	    .arg = seen,
	    .name = "x.tar"};
	status s = STATUS_OK;

	for (size_t at = 0; s == STATUS_OK && at < tar->len; at += piece)
		s = tarpass_feed(&t, tar->data + at,
		    tar->len - at < piece ? tar->len - at : piece);
	return s == STATUS_OK ? tarpass_end(&t) : s;
}

static void
seen_free(struct seen *seen)
{
	str_free(&seen->names);
	str_free(&seen->bytes);
}

static void
passing(void)
{
	static const size_t pieces[] = {1, 7, 512, 513, 100000};
	static const char zeros[1024];
	struct str tar CLEANUP(str_free) = STR_INIT;
	struct seen seen = {STR_INIT, STR_INIT, 0};
	size_t whole;

	add_member(&tar, "a", "hello ");
	add_member(&tar, "./b/c", "");
	add_member(&tar, "d", "world");
	whole = tar.len;
	str_addn(&tar, zeros, sizeof(zeros));
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		ok(pass(&tar, pieces[i], &seen) == STATUS_OK,
		    "a tar in pieces of %zu", pieces[i]);
		is_text(str_text(&seen.names), "a0 b/c0 d0 ", "its names");
		is_text(str_text(&seen.bytes), "hello world", "its bytes");
		seen_free(&seen);
	}
	tar.len = whole;
	ok(pass(&tar, 4096, &seen) == STATUS_FAIL, "without an end it is cut");
	tar.len = whole + 512;
	ok(pass(&tar, 4096, &seen) == STATUS_FAIL, "with half an end, too");
	tar.len = 700;
	ok(pass(&tar, 4096, &seen) == STATUS_FAIL, "or within a member");
	tar.len = whole;
	tar.data[5] ^= 1;
	ok(pass(&tar, 4096, &seen) == STATUS_FAIL, "a changed header is none");
	seen_free(&seen);
}

static void
headers(void)
{
	const struct tarhead_owner owner = {4000000, 70};
	unsigned char header[TARHEAD_BLOCK];
	char name[260], longest[101];

	memset(longest, 'x', sizeof(longest));
	longest[100] = '\0';
	ok(!tarhead_make(header, longest, '0', 1, 0600, 1, &owner),
	    "a name of 100 bytes does not fit");
	longest[99] = '\0';
	ok(tarhead_make(header, longest, '0', UINT64_C(1) << 34, 0600, -5,
	       &owner),
	    "one of 99 does");
	ok(tarhead_number(header + 124, 12) == UINT64_C(1) << 34,
	    "a size of 16 GB");
	ok(tarhead_number(header + 108, 8) == 4000000, "a user's number");
	ok(tarhead_prefix(header, "pg_tblspc/16385"), "below a directory");
	tarhead_name(header, name);
	is_number(strlen(name), 99 + 16, "it has both names");
	ok(strncmp(name, "pg_tblspc/16385/xxx", 19) == 0, "in order");
	ok(!tarhead_prefix(header, "again"), "but only one");
	ok(tarhead_make(header, "PG_15_1/5/1", '0', 1, 0600, 1, &owner) &&
		tarhead_prefix(header, "pg_tblspc/1") &&
		strcmp((const char *)header, "pg_tblspc/1/PG_15_1/5/1") == 0,
	    "a short one stays in the name");
	is_number(tarhead_padding(0), 0, "nothing needs no padding");
	is_number(tarhead_padding(1), 511, "a byte does");
	is_number(tarhead_padding(512), 0, "a block does not");
}

/* --- places ------------------------------------------------------------------------ */

static void
mapping_is(const char *text, const char *location, const char *expected)
{
	struct strv texts CLEANUP(strv_free) = STRV_INIT;
	struct mappings m CLEANUP(mappings_free) = {NULL, 0};
	status s;

	strv_add(&texts, text);
	s = mappings_parse(&texts, &m);
	if (expected == NULL)
		ok(s == STATUS_USAGE, "no mapping: \"%s\"", text);
	else
		is_text(mappings_find(&m, location), expected, text);
}

static void
places(void)
{
	char stamp[20];

	mapping_is("/a=/b", "/a", "/b");
	mapping_is("/a/=/b//", "/a", "/b");
	mapping_is("/a=/b", "/c", "/c");
	mapping_is("/a\\=b=/c\\=d", "/a=b", "/c=d");
	mapping_is("/a", NULL, NULL);
	mapping_is("a=/b", NULL, NULL);
	mapping_is("/a=b", NULL, NULL);
	mapping_is("/a=/b=/c", NULL, NULL);
	mapping_is("=", NULL, NULL);
	place_stamp(stamp, 1751648006);
	is_text(stamp, "20250704T165326Z", "a moment");
	ok(place_is_stamp(stamp), "is a name");
	ok(!place_is_stamp("20250704T165326Z.partial"), "this is none");
	ok(!place_is_stamp("20250704T16532xZ"), "nor this");
	ok(!place_is_stamp(""), "nor this one");
	is_number(catalog_time("2025-07-04T16:53:26Z"), 1751648006,
	    "a record's moment");
	is_number(catalog_time("2025-07-04"), -1, "and what is none");
	is_number(catalog_time(NULL), -1, "or is not there");
}

/* --- warnings ---------------------------------------------------------------------- */

static void
warnings(void)
{
	struct pages p = {NULL, 0};

	pages_notice(&p, "WARNING",
	    "checksum verification failed in file \"./base/5/16384\", block "
	    "3: calculated 8C2F but expected 12");
	pages_notice(&p, "WARNING",
	    "Pr\303\274fsumme falsch in \302\273./base/5/16384\302\253, Block "
	    "4: 8C2F statt AB");
	is_number(p.count, 1, "one file");
	is_text(p.files[0].file, "base/5/16384", "its name");
	is_number(p.files[0].count, 2, "two pages");
	pages_notice(&p, "WARNING",
	    "file \"./base/5/16384\" has a total of 17 checksum verification "
	    "failures");
	is_number(p.files[0].count, 17, "or seventeen");
	pages_notice(&p, "WARNING",
	    "checksum verification failed in file "
	    "\"./pg_tblspc/16385/PG_15_202209061/5/16390_fsm\", block 0: "
	    "calculated 1 but expected 2");
	is_text(p.files[1].file, "pg_tblspc/16385/PG_15_202209061/5/16390_fsm",
	    "a file of a tablespace");
	pages_notice(&p, "NOTICE", "file \"base/5/1\" has a total of 3");
	pages_notice(&p, "WARNING", "skipping special file \"./pipe\"");
	is_number(p.count, 2, "other notices are no pages");
	pages_free(&p);
}

int
main(void)
{
	log_init("test");
	log_set_quiet(true);
	specs();
	round_trips();
	flipped_bits();
	failing_output();
	passing();
	headers();
	places();
	warnings();
	return tap_done();
}
