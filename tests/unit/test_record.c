/* SPDX-License-Identifier: PostgreSQL */
/* Records: parsing, printing, fields, and streams of lines. */
#define _GNU_SOURCE /* memfd_create */
#include "data/record.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "forked.h"
#include "tap.h"

/* --- one record --- */

static int
parse_only(void *text)
{
	json_t *r CLEANUP(record_cleanup) = NULL;

	return (int)record_parse(text, strlen(text), "line 7 of x", &r);
}

static void
bad_lines(void)
{
	static const struct {
		char text[40];
		const char *says;
	} bad[] = {
	    {"", "does not begin"},
	    {"[1]", "does not begin"},
	    {"null", "does not begin"},
	    {"{", "line 7 of x is not a JSON object: "},
	    {"{}x", "end of file expected"},
	    {"{} {}", "end of file expected"},
	    {"{\"a\":1,\"a\":2}", "duplicate"},
	    {"{\"a\":\"\xff\"}", "unable to decode byte 0xff"},
	    {"{\"a\":\"\xc0\x80\"}", "unable to decode"},
	    {"{\"a\":\"\xed\xa0\x80\"}", "unable to decode"},
	    {"{\"a\":\"\\u0000\"}", "\\u0000 is not allowed"},
	    {"{\"a\":\"\\ud800\"}", "invalid Unicode"},
	    {"{\"a\":\"\x01\"}", "control character"},
	    {"{\"a\":99999999999999999999}", "too big"},
	    {"{\"a\":1e999}", "real number overflow"},
	    {"{\"a\":01}", "invalid token"},
	    {"{\"a\":NaN}", "invalid token"},
	    {"{'a':1}", "expected"},
	    {"pgpipe.json", "it is a copy archive"},
	};
	struct forked f;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[40];

		memcpy(text, bad[i].text, sizeof(text));
		forked_run(&f, parse_only, text);
		ok(f.code == STATUS_USAGE && strstr(f.err, bad[i].says) &&
			strchr(f.err, '\n') == strrchr(f.err, '\n'),
		    "one message: %s", bad[i].says);
	}
}

/* Deeper than this is nobody's record, and some thread's stack overflow. */
static void
depth(void)
{
	for (size_t n = 62; n <= 100000; n = n == 62 ? 66 : n * 10) {
		struct str text CLEANUP(str_free) = STR_INIT;
		struct forked f;

		str_add(&text, "{\"]\\\"[\":");
		for (size_t i = 0; i < n; i++)
			str_addc(&text, '[');
		for (size_t i = 0; i < n; i++)
			str_addc(&text, ']');
		str_addc(&text, '}');
		forked_run(&f, parse_only, text.data);
		ok(n == 62 ? f.code == STATUS_OK
			   : strstr(f.err, "nested too deeply") != NULL,
		    "%zu arrays within one another", n);
	}
}

static void
is_shown(const char *text, const char *expected)
{
	json_t *r CLEANUP(record_cleanup) = NULL;
	struct str shown CLEANUP(str_free) = STR_INIT;

	if (record_parse(text, strlen(text), "x", &r) == STATUS_OK)
		record_show(r, &shown);
	is_text(str_text(&shown), expected, text);
}

static void
showing(void)
{
	is_shown("{}", "{}");
	is_shown(" { \"z\" : 1 , \"a\" : [ true , null ] } ",
	    "{\"z\":1,\"a\":[true,null]}");
	is_shown("{\"a\":0.1,\"b\":1.2,\"c\":3.0,\"d\":1e300,\"e\":-0.0}",
	    "{\"a\":0.1,\"b\":1.2,\"c\":3.0,\"d\":1e+300,\"e\":-0.0}");
	is_shown("{\"a\":0.30000000000000004}", "{\"a\":0.30000000000000004}");
	is_shown("{\"\\u00e9\\n\\\"\":\"\\ud83d\\ude00\"}",
	    "{\"é\\n\\\"\":\"😀\"}");
	is_shown("{\"a\":-9223372036854775808}",
	    "{\"a\":-9223372036854775808}");
}

static void
fields(void)
{
	json_t *r CLEANUP(record_cleanup) = json_object();
	struct str shown CLEANUP(str_free) = STR_INIT;

	record_set_text(r, "t", "x");
	record_set_text(r, "n", NULL);
	record_set_int(r, "i", -5);
	record_set_count(r, "c", UINT64_C(1) << 53);
	record_set_count(r, "d", (UINT64_C(1) << 53) + 1);
	record_set_count(r, "m", UINT64_MAX);
	record_set_text(r, "bad", "a\xff\xc3\xa9\xe2\x82\xed\xa0\x80z");
	record_show(r, &shown);
	is_text(str_text(&shown),
	    "{\"t\":\"x\",\"n\":null,\"i\":-5,\"c\":9007199254740992,"
	    "\"d\":\"9007199254740993\",\"m\":\"18446744073709551615\","
	    "\"bad\":\"a\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd"
	    "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\"}",
	    "fields that were set");
	is_text(record_text(r, "t"), "x", "text");
	is_text(record_text(r, "n"), NULL, "null is no text");
	is_text(record_text(r, "i"), NULL, "a number is no text");
	is_number(record_int(r, "i"), -5, "a number");
	is_number(record_int(r, "d"), (INT64_C(1) << 53) + 1, "digits");
	is_number(record_int(r, "m"), -1, "a number beyond");
	is_number(record_int(r, "t"), -1, "text is no number");
	is_number(record_int(r, "?"), -1, "what is not there is none");
	ok(!record_flag(r, "t") && !record_flag(r, "?"), "no flags");
}

/* --- streams --- */

struct input {
	const char *text;
	size_t n;
	bool piped; /* a byte at a time */
};

static int
open_input(const struct input *in)
{
	int ends[2];

	if (!in->piped) {
		int fd = memfd_create("lines", 0);

		if (fd < 0 || write(fd, in->text, in->n) != (ssize_t)in->n)
			abort();
		lseek(fd, 0, SEEK_SET);
		return fd;
	}
	if (pipe(ends) != 0)
		abort();
	if (fork() == 0) {
		for (size_t i = 0; i < in->n; i++)
			if (write(ends[1], in->text + i, 1) != 1)
				_exit(1);
		_exit(0);
	}
	close(ends[1]);
	return ends[0];
}

/* "3 lines, complete" on stdout; the status of reading and finishing. */
static int
read_stream(void *arg)
{
	const struct input *in = arg;
	int fd = open_input(in);
	struct record_reader *r = record_reader_open(fd, "the input");
	json_t *record = NULL;
	status s;

	do {
		record_cleanup(&record);
		s = record_reader_next(r, &record);
	} while (record != NULL);
	if (s != STATUS_OK && record_reader_next(r, &record) != s)
		abort();
	if (s == STATUS_OK)
		s = record_reader_finish(r, false);
	printf("%d lines%s", (int)record_reader_lines(r),
	    record_reader_complete(r) ? ", complete" : "");
	if (s == STATUS_RETRY && record_reader_finish(r, true) != STATUS_OK)
		abort();
	record_reader_free(r);
	close(fd);
	return (int)s;
}

static void
stream(const char *text, status expected, const char *out, const char *err)
{
	struct forked f;

	for (int piped = 0; piped < 2; piped++) {
		struct input in = {text, strlen(text), piped};

		forked_run(&f, read_stream, &in);
		ok(f.code == (int)expected && strcmp(f.out, out) == 0 &&
			strstr(f.err, err) != NULL,
		    "%s: %s", piped ? "piped" : "file", out);
		if (strstr(f.err, err) == NULL)
			printf("# %s", f.err);
	}
}

#define END(n) "{\"end\":\"t\",\"lines\":" #n "}\n"

static void
streams(void)
{
	stream("", STATUS_USAGE, "0 lines", "the input holds no lines");
	stream("\n \r\n", STATUS_USAGE, "0 lines", "holds no lines");
	stream(END(0), STATUS_OK, "0 lines, complete", "");
	stream("{}\n", STATUS_RETRY, "1 lines", "has no end line");
	stream("{}\n\n{\"a\":1}\r\n" END(2), STATUS_OK, "2 lines, complete",
	    "");
	stream("{}\n{}\n" END(3), STATUS_RETRY, "2 lines",
	    "its end line says 3");
	stream("{}\n{}\n" END(1), STATUS_RETRY, "2 lines",
	    "its end line says 1");
	stream("{}\n" END(1) "{}\n" END(1), STATUS_OK, "2 lines, complete", "");
	stream("{\"end\":\"t\"}\n{}\n", STATUS_OK, "1 lines, complete", "");
	stream("{\"end\":null}\n" END(1), STATUS_OK, "1 lines, complete", "");
	stream("{}\n{\"a\":", STATUS_USAGE, "1 lines",
	    "line 2 of the input is cut");
	stream("{}\n{}", STATUS_USAGE, "1 lines", "line 2 of the input is cut");
	stream("{}\nx", STATUS_USAGE, "1 lines", "line 2 of the input is not");
	stream("{}\n\n{]\n{}\n", STATUS_USAGE, "1 lines",
	    "line 3 of the input");
}

/* A line whose text has exactly n bytes, and what comes behind it. */
static struct str
line_of(size_t n, const char *behind)
{
	struct str line = STR_INIT;

	str_reserve(&line, n + 60);
	str_add(&line, "{\"a\":\"");
	while (line.len < n - 2)
		str_addc(&line, 'x');
	str_add(&line, "\"}");
	str_add(&line, behind);
	return line;
}

static void
long_line(size_t n, const char *behind, status expected, const char *err)
{
	struct str text CLEANUP(str_free) = line_of(n, behind);
	struct input in = {text.data, text.len, false};
	struct forked f;

	forked_run(&f, read_stream, &in);
	ok(f.code == (int)expected && strstr(f.err, err) != NULL,
	    "a line of %zu bytes", n);
}

static void
long_lines(void)
{
	const char *says = "line 1 of the input is longer than 1 MiB";

	long_line(RECORD_MAX, "\n" END(1), STATUS_OK, "");
	long_line(RECORD_MAX + 1, "\n" END(1), STATUS_USAGE, says);
	long_line(RECORD_MAX + 1, "", STATUS_USAGE, says);
	long_line((size_t)50 * RECORD_MAX, "", STATUS_USAGE, says);
}

static void
garbage(void)
{
	struct input in = {NULL, 300000, false};
	unsigned char *bytes = mem_alloc(in.n);
	struct forked f;
	uint32_t seed = 1;
	int bad = 0;

	in.text = (char *)bytes;
	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < in.n; i++) {
			seed = seed * 1664525 + 1013904223;
			bytes[i] = (unsigned char)(seed >> 24);
		}
		forked_run(&f, read_stream, &in);
		bad += f.code != STATUS_USAGE || strlen(f.err) > 200;
	}
	ok(bad == 0, "binary garbage gives one short message");
	free(bytes);
}

static int
print_too_long(void *unused)
{
	json_t *r CLEANUP(record_cleanup) = json_object();
	struct str text CLEANUP(str_free) = line_of(RECORD_MAX, "");

	(void)unused;
	record_set_text(r, "a", text.data);
	return (int)record_print(r);
}

static int
print_end(void *unused)
{
	json_t *extra CLEANUP(record_cleanup) = json_object();
	status s;

	(void)unused;
	record_set_int(extra, "failed", 2);
	s = record_print_end("t", 12, extra);
	return s == STATUS_OK ? (int)record_print_end("u", 0, NULL) : (int)s;
}

static void
printing(void)
{
	struct forked f;

	forked_run(&f, print_end, NULL);
	is_text(f.out,
	    "{\"end\":\"t\",\"lines\":12,\"failed\":2}\n"
	    "{\"end\":\"u\",\"lines\":0}\n",
	    "end lines");
	forked_run(&f, print_too_long, NULL);
	ok(f.code == STATUS_FAIL && f.out[0] == '\0',
	    "a line that no reader would take is not printed");
}

int
main(void)
{
	bad_lines();
	depth();
	showing();
	fields();
	streams();
	long_lines();
	garbage();
	printing();
	return tap_done();
}
