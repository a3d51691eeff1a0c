/* SPDX-License-Identifier: PostgreSQL */
/*
 * The copy archive: what was written is read; whatever is not whole or does
 * not agree is refused: cut at every byte, every bit flipped, members left
 * out, moved and repeated, bytes after the end.
 */
#define _GNU_SOURCE /* memfd_create */
#include "data/archive.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "tap.h"

#define NAME "the archive"

/* Sanitizers slow this down so much that a sample has to do. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STEP 17
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define STEP 17
#endif
#endif
#ifndef STEP
#define STEP 1
#endif

/* Messages about thousands of damaged archives are of no use. */
static int real_stderr;

static void
silence(bool on)
{
	static int null = -1;

	if (null < 0)
		null = open("/dev/null", O_WRONLY);
	dup2(on ? null : real_stderr, 2);
}

static int
memory_file(const void *bytes, size_t n)
{
	int fd = memfd_create("archive", 0);

	if (fd < 0 || (n > 0 && write(fd, bytes, n) != (ssize_t)n) ||
	    lseek(fd, 0, SEEK_SET) != 0)
		exit(99);
	return fd;
}

static struct str
contents(int fd)
{
	struct str s = STR_INIT;
	size_t n = (size_t)lseek(fd, 0, SEEK_END);

	str_reserve(&s, n);
	if (pread(fd, s.data, n, 0) != (ssize_t)n)
		exit(99);
	s.len = n;
	return s;
}

/* --- events as text --- */

/* Pieces of one segment become one, wherever the input was cut. */
static void
tell(struct str *out, const struct archive_event *e, uint64_t *data)
{
	if (e->kind == ARCHIVE_DATA) {
		const uint64_t place = e->n * ARCHIVE_PARTS + e->part;

		if (*data != place)
			str_addf(out, "\ndata%s %llu ",
			    e->part == ARCHIVE_BATCHES ? "-batches" : "",
			    (unsigned long long)e->n);
		*data = place;
		str_addn(out, e->bytes, e->size);
		return;
	}
	*data = 0;
	str_addf(out, "\nevent %d %llu %s ", (int)e->kind,
	    (unsigned long long)e->n, e->name == NULL ? "" : e->name);
	if (e->value != NULL)
		record_show(e->value, out);
}

static status
read_fd(int fd, struct str *events)
{
	struct archive_reader *r = archive_reader_new(fd, NAME);
	struct archive_event e;
	uint64_t data = 0;
	status s;

	do {
		s = archive_read_event(r, &e);
		if (s == STATUS_OK && e.kind == ARCHIVE_DATA && e.size == 0)
			exit(98);
		if (s == STATUS_OK)
			tell(events, &e, &data);
	} while (s == STATUS_OK && e.kind != ARCHIVE_EOF);
	/* A reader's answer stays what it was. */
	if (s != STATUS_OK && archive_read_event(r, &e) != s)
		exit(97);
	archive_reader_free(r);
	return s;
}

static status
read_bytes(const void *bytes, size_t n, struct str *events)
{
	int fd = memory_file(bytes, n);
	status s;

	str_clear(events);
	s = read_fd(fd, events);
	close(fd);
	return s;
}

/* --- a small archive --- */

static struct archive_chunk *
begin(struct archive_writer *w, const char *id)
{
	json_t *line CLEANUP(record_cleanup) = json_object();
	struct archive_chunk *c;

	record_set_text(line, "chunk", id);
	record_set_text(line, "schema", "public");
	record_set_text(line, "table", id);
	if (archive_write_chunk(w, line, &c) != STATUS_OK)
		exit(96);
	return c;
}

static void
must(status s)
{
	if (s != STATUS_OK)
		exit(95);
}

static void
finish(struct archive_chunk *c, int64_t rows)
{
	json_t *done CLEANUP(record_cleanup) = json_object();

	record_set_int(done, "rows", rows);
	record_set_text(done, "digest",
	    "send:1:00000000000000000000000000000007");
	must(archive_write_done(c, done));
}

static void
fail_chunk(struct archive_chunk *c)
{
	json_t *failed CLEANUP(record_cleanup) = json_object();
	json_t *error = json_object();

	record_set_text(error, "message", "it is gone");
	json_object_set_new(failed, "error", error);
	must(archive_write_failed(c, failed));
}

static void
write_stream(struct archive_writer *w)
{
	json_t *stream CLEANUP(record_cleanup) = json_object();
	json_t *sequences CLEANUP(record_cleanup) = json_object();
	json_t *end CLEANUP(record_cleanup) = json_object();
	struct archive_chunk *a, *b, *c;

	record_set_text(stream, "tool", "pg-copyout");
	record_set_int(stream, "most_open", 2);
	must(archive_write_start(w, stream));
	a = begin(w, "a");
	b = begin(w, "b");
	must(archive_write_segment(a, ARCHIVE_BATCHES, "p1\n", 3));
	must(archive_write_segment(b, ARCHIVE_ROWS, "bbb\n", 4));
	must(archive_write_segment(a, ARCHIVE_ROWS, "a1\n", 3));
	must(archive_write_segment(a, ARCHIVE_ROWS, "", 0));
	must(archive_write_segment(a, ARCHIVE_ROWS, "a2\n", 3));
	finish(a, 2);
	c = begin(w, "c\xc3\xa9");
	must(archive_write_segment(c, ARCHIVE_ROWS, "not all\n", 8));
	fail_chunk(c);
	finish(b, 1);
	finish(begin(w, "empty"), 0);
	json_object_set_new(sequences, "sequences", json_array());
	must(archive_write_member(w, "sequences.json", sequences));
	record_set_count(end, "partial", 0);
	must(archive_write_end(w, end));
}

static struct str
sample(void)
{
	int fd = memory_file("", 0);
	struct archive_writer *w = archive_writer_new(fd, NAME);
	struct str bytes;

	write_stream(w);
	archive_writer_free(w);
	bytes = contents(fd);
	close(fd);
	return bytes;
}

/* --- tests --- */

static void
test_round_trip(const struct str *a, struct str *events)
{
	const char *shown;

	ok(a->len % 10240 == 0, "an archive's size is a multiple of 10240");
	ok(read_bytes(a->data, a->len, events) == STATUS_OK,
	    "what was written is read");
	shown = str_text(events);
	ok(strstr(shown,
	       "\nevent 0 0  {\"tool\":\"pg-copyout\",\"most_open\":2,"
	       "\"format\":1}") == shown,
	    "the stream's own record comes first, without its seal");
	ok(strstr(shown, "\ndata 1 a1\na2\n") != NULL,
	    "segments come in order");
	ok(strstr(shown, "\"segments\":3,") != NULL, "empty ones are left out");
	ok(strstr(shown, "\ndata-batches 1 p1\n") != NULL &&
		strstr(shown,
		    "\"parts\":{\"batches\":{\"segments\":1,"
		    "\"bytes\":3}}") != NULL,
	    "a part before the rows is told apart");
	ok(strstr(shown, "sequences.json {\"sequences\":[]}") != NULL,
	    "other members come by name");
	ok(strstr(shown,
	       "\"members\":15,\"chunks\":4,\"failed\":1,\"rows\":3,\"bytes\":13,") !=
		NULL,
	    "the end counts chunks, failures, rows and bytes");
}

/* Whether a damaged archive is refused, or says the same as the whole one. */
static bool
harmless(const void *bytes, size_t n, const struct str *events)
{
	struct str got CLEANUP(str_free) = STR_INIT;
	status s = read_bytes(bytes, n, &got);

	return s == STATUS_USAGE ||
	    (s == STATUS_OK && got.len == events->len &&
		memcmp(got.data, events->data, got.len) == 0);
}

static void
test_cuts(const struct str *a)
{
	struct str got CLEANUP(str_free) = STR_INIT;
	size_t n, taken = 0;

	silence(true);
	for (n = 0; n < a->len; n += STEP)
		if (read_bytes(a->data, n, &got) != STATUS_USAGE)
			taken++;
	silence(false);
	ok(taken == 0, "an archive cut at any of %zu bytes is refused", a->len);
}

static void
test_flips(struct str *a, const struct str *events)
{
	int fd = memory_file(a->data, a->len);
	struct str got CLEANUP(str_free) = STR_INIT;
	size_t i, bad = 0, same = 0;

	silence(true);
	for (i = 0; i < a->len * 8; i += STEP) {
		unsigned char c = (unsigned char)a->data[i / 8];
		status s;

		c ^= (unsigned char)(1u << (i % 8));
		if (pwrite(fd, &c, 1, (off_t)(i / 8)) != 1)
			exit(99);
		lseek(fd, 0, SEEK_SET);
		str_clear(&got);
		s = read_fd(fd, &got);
		if (s == STATUS_OK && got.len == events->len &&
		    memcmp(got.data, events->data, got.len) == 0)
			same++;
		else if (s != STATUS_USAGE && bad++ == 0)
			printf("# bit %zu of byte %zu\n", i % 8, i / 8);
		if (pwrite(fd, &a->data[i / 8], 1, (off_t)(i / 8)) != 1)
			exit(99);
	}
	silence(false);
	close(fd);
	ok(bad == 0, "any of %zu bits flipped is found or harmless",
	    a->len * 8);
	/* The blanks and NULs around octal numbers are all that may differ. */
	ok(same < a->len / 100, "and harmless is rare: %zu", same);
}

static void
test_tails(const struct str *a, const struct str *events)
{
	struct str got CLEANUP(str_free) = STR_INIT;
	struct str twice CLEANUP(str_free) = STR_INIT;
	struct str junk CLEANUP(str_free) = STR_INIT;
	size_t n, bad = 0;

	str_addn(&twice, a->data, a->len);
	str_addn(&twice, a->data, a->len);
	ok(read_bytes(twice.data, twice.len, &got) == STATUS_OK &&
		got.len > 2 * events->len - 20,
	    "two archives may follow one another");
	silence(true);
	for (n = a->len + 1; n < twice.len; n += STEP)
		if (read_bytes(twice.data, n, &got) != STATUS_USAGE)
			bad++;
	ok(bad == 0, "but the second one must be whole too");

	str_addn(&junk, a->data, a->len);
	for (n = 1, bad = 0; n <= 20480; n++) {
		str_addc(&junk, '\0');
		if (n % STEP == 0 &&
		    read_bytes(junk.data, junk.len, &got) != STATUS_USAGE)
			bad++;
	}
	ok(bad == 0, "zeros after the end are refused");
	for (n = 1, bad = 0; n <= 2048; n += STEP) {
		str_clear(&junk);
		str_addn(&junk, a->data, a->len);
		while (junk.len < a->len + n)
			str_addc(&junk, "x\n{\x80"[junk.len * n % 4]);
		if (read_bytes(junk.data, junk.len, &got) != STATUS_USAGE)
			bad++;
	}
	silence(false);
	ok(bad == 0, "so is anything else");
}

/* Where each member begins; a header, its bytes, and their padding. */
static size_t
members(const struct str *a, size_t at[64])
{
	size_t n = 0, i = 0;

	while (i < a->len && a->data[i] != '\0') {
		size_t size = strtoul(a->data + i + 124, NULL, 8);

		at[n++] = i;
		i += 512 + (size + 511) / 512 * 512;
	}
	at[n] = i;
	return n;
}

static void
add_zeros(struct str *s)
{
	size_t i, n = s->len + 1024;

	n += (10240 - n % 10240) % 10240;
	for (i = s->len; i < n; i++)
		str_addc(s, '\0');
}

static void
test_members(const struct str *a, const struct str *events)
{
	struct str b CLEANUP(str_free) = STR_INIT;
	size_t at[64] = {0}, n = members(a, at), i, j, bad = 0;

	is_number(n, 16, "the sample's members");
	silence(true);
	for (i = 0; i < n; i++) {
		str_clear(&b);
		str_addn(&b, a->data, at[i]);
		str_addn(&b, a->data + at[i + 1], at[n] - at[i + 1]);
		add_zeros(&b);
		bad += !harmless(b.data, b.len, events);
	}
	ok(bad == 0, "a member left out is noticed");
	for (i = 0, bad = 0; i < n; i++) {
		str_clear(&b);
		str_addn(&b, a->data, at[i + 1]);
		str_addn(&b, a->data + at[i], at[n] - at[i]);
		add_zeros(&b);
		bad += !harmless(b.data, b.len, events);
	}
	ok(bad == 0, "a member that comes twice is noticed");
	for (i = 0, bad = 0; i < n; i++) {
		for (j = i + 1; j < n; j++) {
			struct str got CLEANUP(str_free) = STR_INIT;
			status s;

			str_clear(&b);
			str_addn(&b, a->data, at[i]);
			str_addn(&b, a->data + at[j], at[j + 1] - at[j]);
			str_addn(&b, a->data + at[i + 1], at[j] - at[i + 1]);
			str_addn(&b, a->data + at[i], at[i + 1] - at[i]);
			str_addn(&b, a->data + at[j + 1], at[n] - at[j + 1]);
			add_zeros(&b);
			s = read_bytes(b.data, b.len, &got);
			/* Segments of two chunks may change places. */
			if (s == STATUS_OK)
				bad += strstr(str_text(&got),
					   "\ndata 1 a1\n") == NULL;
			else
				bad += s != STATUS_USAGE;
		}
	}
	ok(bad == 0, "members that changed places are noticed or harmless");
	silence(false);
}

/* --- archives made by hand --- */

static void
put_member(struct str *out, const char *name, const char *text, size_t n,
    char type)
{
	char header[512] = {0};
	unsigned sum = 0;
	size_t i;

	snprintf(header, 100, "%s", name);
	memcpy(header + 100, "0000644", 8);
	snprintf(header + 124, 12, "%011o", (unsigned)n & 0xffffff);
	memcpy(header + 136, "00000000000", 12);
	memset(header + 148, ' ', 8);
	header[156] = type;
	snprintf(header + 257, 6, "ustar");
	header[263] = header[264] = '0';
	for (i = 0; i < 512; i++)
		sum += (unsigned char)header[i];
	snprintf(header + 148, 8, "%06o", sum);
	str_addn(out, header, 512);
	str_addn(out, text, n);
	while (out->len % 512 != 0)
		str_addc(out, '\0');
}

static status
read_by_hand(const char *name, const char *text, char type)
{
	struct str b CLEANUP(str_free) = STR_INIT;
	struct str got CLEANUP(str_free) = STR_INIT;
	struct str a CLEANUP(str_free) = sample();
	size_t at[64] = {0};
	status s;

	(void)members(&a, at);
	str_addn(&b, a.data, at[1]);
	put_member(&b, name, text, strlen(text), type);
	str_addn(&b, a.data + at[1], a.len - at[1]);
	b.len = at[1];
	put_member(&b, name, text, strlen(text), type);
	add_zeros(&b);
	silence(true);
	s = read_bytes(b.data, b.len, &got);
	silence(false);
	return s;
}

static void
test_strangers(void)
{
	static const char *const names[] = {"/etc/passwd", "../c/1/chunk.json",
	    "c/1/../1/chunk.json", "c/01/chunk.json", "c/0/chunk.json",
	    "c/18446744073709551616/chunk.json", "c/1/1.copy",
	    "c//1/chunk.json", "c/1/chunk.json/", "C/1/chunk.json",
	    "c/1/chunk.jso", "x", "c/1", "c/", "other.json", "c/1/000000.copy",
	    "c/-1/chunk.json", "c/1/done.json", "c/2/chunk.json", "./", NULL};
	const char *const *name;
	size_t bad = 0;

	for (name = names; *name != NULL; name++)
		bad += read_by_hand(*name, "{}\n", '0') != STATUS_USAGE;
	ok(bad == 0, "members with other names are refused");
	ok(read_by_hand("c/1/chunk.json", "", '5') == STATUS_USAGE &&
		read_by_hand("c/1/chunk.json", "", '2') == STATUS_USAGE &&
		read_by_hand("c/1/chunk.json", "", '1') == STATUS_USAGE &&
		read_by_hand("c/1/chunk.json", "", 'S') == STATUS_USAGE &&
		read_by_hand("c/1/chunk.json", "", 'L') == STATUS_USAGE,
	    "directories, links and sparse files are refused");
}

static status
read_text(const char *text, size_t n)
{
	struct str got CLEANUP(str_free) = STR_INIT;
	status s;

	silence(true);
	s = read_bytes(text, n, &got);
	silence(false);
	return s;
}

static void
test_formats(void)
{
	struct str b CLEANUP(str_free) = STR_INIT;

	put_member(&b, "pgpipe.json", "{\"format\":2}\n", 13, '0');
	add_zeros(&b);
	ok(read_text(b.data, b.len) == STATUS_USAGE,
	    "a newer format is refused");
	ok(read_text("", 0) == STATUS_USAGE, "nothing is no archive");
	ok(read_text("\x28\xb5\x2f\xfd rest", 9) == STATUS_USAGE,
	    "a compressed one is refused");
	ok(read_text("{\"chunk\":1}\n", 12) == STATUS_USAGE, "so are lines");
	str_clear(&b);
	add_zeros(&b);
	ok(read_text(b.data, b.len) == STATUS_USAGE, "and zeros alone");
}

/* A chunk.json that claims 4 GB must not be waited for. */
static void
test_absurd_size(const struct str *a)
{
	struct str b CLEANUP(str_free) = STR_INIT;
	size_t at[64] = {0}, i;
	unsigned sum = 0;

	(void)members(a, at);
	str_addn(&b, a->data, at[1] + 512);
	memcpy(b.data + at[1] + 124, "40000000000", 11);
	memset(b.data + at[1] + 148, ' ', 8);
	for (i = 0; i < 512; i++)
		sum += (unsigned char)b.data[at[1] + i];
	snprintf(b.data + at[1] + 148, 8, "%06o", sum);
	while (b.len < (size_t)8 * 1024 * 1024)
		str_addc(&b, 'x');
	ok(read_text(b.data, b.len) == STATUS_USAGE,
	    "absurd sizes are refused");
}

/* --- pipes, large members, failures --- */

static void *
write_to_pipe(void *arg)
{
	int *fd = arg;
	struct archive_writer *w = archive_writer_new(*fd, NAME);
	json_t *stream CLEANUP(record_cleanup) = json_object();
	json_t *end CLEANUP(record_cleanup) = json_object();
	size_t n = (size_t)300 * 1024 * 1024 + 7;
	char *big = malloc(n);
	struct archive_chunk *c;

	if (big == NULL)
		exit(94);
	memset(big, 'x', n);
	must(archive_write_start(w, stream));
	c = begin(w, "big");
	must(archive_write_segment(c, ARCHIVE_ROWS, big, n));
	finish(c, 1);
	must(archive_write_end(w, end));
	archive_writer_free(w);
	free(big);
	close(*fd);
	return NULL;
}

static void
test_big_segment(void)
{
	int ends[2];
	pthread_t writer;
	struct archive_reader *r;
	struct archive_event e = {0};
	uint64_t size = 0, largest = 0;
	status s = STATUS_OK;

	if (pipe(ends) != 0 ||
	    pthread_create(&writer, NULL, write_to_pipe, &ends[1]) != 0)
		exit(93);
	r = archive_reader_new(ends[0], NAME);
	while (s == STATUS_OK && e.kind != ARCHIVE_EOF) {
		s = archive_read_event(r, &e);
		if (s == STATUS_OK && e.kind == ARCHIVE_DATA) {
			size += e.size;
			largest = e.size > largest ? e.size : largest;
		}
	}
	archive_reader_free(r);
	pthread_join(writer, NULL);
	close(ends[0]);
	ok(s == STATUS_OK && size == (uint64_t)300 * 1024 * 1024 + 7,
	    "a segment of 300 MB passes through a pipe");
	ok(largest <= 1024 * 1024, "in pieces of at most 1 MiB");
}

static void *
write_chunks(void *arg)
{
	struct archive_writer *w = arg;
	int i, j;

	for (i = 0; i < 50; i++) {
		struct archive_chunk *c = begin(w, "some");

		for (j = 0; j < i % 7; j++)
			must(archive_write_segment(c, ARCHIVE_ROWS,
			    "0123456789\n", 11));
		finish(c, j);
	}
	return NULL;
}

static void
test_threads(void)
{
	int fd = memory_file("", 0);
	struct archive_writer *w = archive_writer_new(fd, NAME);
	json_t *stream CLEANUP(record_cleanup) = json_object();
	json_t *end CLEANUP(record_cleanup) = json_object();
	struct str bytes CLEANUP(str_free) = STR_INIT;
	struct str got CLEANUP(str_free) = STR_INIT;
	pthread_t threads[4];
	size_t i;

	record_set_int(stream, "most_open", 4);
	must(archive_write_start(w, stream));
	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, write_chunks, w);
	for (i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	must(archive_write_end(w, end));
	archive_writer_free(w);
	bytes = contents(fd);
	close(fd);
	ok(read_bytes(bytes.data, bytes.len, &got) == STATUS_OK &&
		strstr(str_text(&got), "\"chunks\":200,\"failed\":0") != NULL,
	    "four threads share one archive");
}

static void
test_full_disk(void)
{
	int fd = open("/dev/full", O_WRONLY);
	struct archive_writer *w = archive_writer_new(fd, NAME);
	json_t *stream CLEANUP(record_cleanup) = json_object();
	json_t *end CLEANUP(record_cleanup) = json_object();

	silence(true);
	ok(archive_write_start(w, stream) == STATUS_FAIL &&
		archive_write_end(w, end) == STATUS_FAIL,
	    "a full disk fails, and goes on failing");
	silence(false);
	archive_writer_free(w);
	close(fd);
}

/* An archive that was given up must not look as if it had ended. */
static void
test_given_up(void)
{
	int fd = memory_file("", 0);
	struct archive_writer *w = archive_writer_new(fd, NAME);
	json_t *stream CLEANUP(record_cleanup) = json_object();
	struct str bytes CLEANUP(str_free) = STR_INIT;

	must(archive_write_start(w, stream));
	archive_writer_free(w);
	bytes = contents(fd);
	close(fd);
	ok(bytes.len == 1024, "freeing a writer ends no archive");
	ok(read_text(bytes.data, bytes.len) == STATUS_USAGE,
	    "what it left is refused");
}

int
main(void)
{
	struct str a CLEANUP(str_free) = sample();
	struct str events CLEANUP(str_free) = STR_INIT;

	real_stderr = dup(2);
	test_round_trip(&a, &events);
	test_cuts(&a);
	test_flips(&a, &events);
	test_tails(&a, &events);
	test_members(&a, &events);
	test_strangers();
	test_formats();
	test_absurd_size(&a);
	test_big_segment();
	test_threads();
	test_full_disk();
	test_given_up();
	return tap_done();
}
