/* SPDX-License-Identifier: PostgreSQL */
/*
 * An archive of WAL: whose it is, and reading from it.
 */
#include "wal/archive.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/num.h"
#include "data/codec.h"
#include "data/record.h"
#include "data/walhead.h"

#define RECORD_FORMAT 1

static void
free_reader(struct codec_reader **r)
{
	if (*r != NULL)
		codec_reader_free(*r);
}

char *
archive_stem(const char *file, enum codec *suffix)
{
	size_t n = strlen(file);

	for (int i = 1; i < CODECS; i++) {
		const char *end = codec_suffix((enum codec)i);
		size_t m = strlen(end);

		if (n > m && str_eq(file + n - m, end)) {
			*suffix = (enum codec)i;
			return mem_strndup(file, n - m);
		}
	}
	*suffix = CODEC_NONE;
	return mem_strdup(file);
}

/* --- whose it is ---------------------------------------------------------------- */

static status
understand(struct archive *a, const struct str *text, const char *file)
{
	json_t *record CLEANUP(record_cleanup) = NULL;
	int64_t size;
	status s;

	s = record_parse(str_text(text), strcspn(str_text(text), "\n"), file,
	    &record);
	if (s != STATUS_OK)
		return s;
	size = record_int(record, "wal_segment_size");
	if (record_int(record, "format") != RECORD_FORMAT || size < 0 ||
	    !wal_size_valid((uint64_t)size) ||
	    record_text(record, "system") == NULL ||
	    !num_u64(record_text(record, "system"), 1, UINT64_MAX,
		&a->system)) {
		log_error("\"%s\" has a format that this program does not know",
		    file);
		return STATUS_USAGE;
	}
	a->segment_size = (uint32_t)size;
	a->known = true;
	return STATUS_OK;
}

static status
read_record(struct archive *a)
{
	struct archive_file f CLEANUP(archive_file_close) = ARCHIVE_FILE_INIT;
	struct str text CLEANUP(str_free) = STR_INIT;
	status s = archive_look(a, ARCHIVE_RECORD, CODEC_NONE, &f);

	if (s != STATUS_OK || f.fd < 0)
		return s;
	s = archive_text(&f, &text);
	return s == STATUS_OK ? understand(a, &text, f.path) : s;
}

status
archive_open(struct archive *a, const char *path)
{
	size_t n = strlen(path);

	*a = (struct archive)ARCHIVE_INIT;
	while (n > 1 && path[n - 1] == '/')
		n--;
	a->path = mem_strndup(path, n);
	a->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (a->fd >= 0)
		return read_record(a);
	log_error("could not open the archive \"%s\": %s", path,
	    strerror(errno));
	if (errno == ENOENT)
		log_hint("an archive is a directory that is made by hand, so "
			 "that one that is not mounted is noticed");
	return STATUS_FAIL;
}

void
archive_close(struct archive *a)
{
	if (a->fd >= 0)
		(void)close(a->fd);
	free(a->path);
	*a = (struct archive)ARCHIVE_INIT;
}

static status
same_system(const struct archive *a, uint64_t system, uint32_t segment_size)
{
	if (a->system != system) {
		log_error("the archive \"%s\" is of the system %" PRIu64
			  ", not of %" PRIu64,
		    a->path, a->system, system);
		log_hint("each cluster needs an archive of its own");
		return STATUS_FAIL;
	}
	if (a->segment_size != segment_size) {
		log_error("the archive \"%s\" has segments of %u bytes, not of "
			  "%u",
		    a->path, a->segment_size, segment_size);
		return STATUS_FAIL;
	}
	return STATUS_OK;
}

/* Somebody else may have been first. */
static status
write_record(struct archive *a)
{
	json_t *record CLEANUP(record_cleanup) = json_object();
	struct str text CLEANUP(str_free) = STR_INIT;
	char *system CLEANUP_FREE = mem_printf("%" PRIu64, a->system);
	bool kept;

	record_set_int(record, "format", RECORD_FORMAT);
	record_set_text(record, "tool", "pg-wal");
	record_set_text(record, "system", system);
	record_set_int(record, "wal_segment_size", a->segment_size);
	record_show(record, &text);
	str_addc(&text, '\n');
	return archive_put_text(a, ARCHIVE_RECORD, text.data, text.len, &kept);
}

/* The head of one segment; *is one when it is what its name says. */
static status
read_head(const struct archive_file *f, const char *name, struct walhead *head,
    bool *is)
{
	struct codec_reader *r CLEANUP(free_reader) =
	    codec_reader_new(f->fd, f->path);
	const void *bytes;
	size_t n;
	status s = codec_read(r, &bytes, &n);

	*is = s == STATUS_OK && walhead_parse(bytes, n, head) &&
	    walhead_misfit(head, name) == NULL;
	return s;
}

/* Whatever is no segment says nothing. */
static void
measure_by(struct archive *a, const char *name, enum codec suffix)
{
	struct archive_file f CLEANUP(archive_file_close) = ARCHIVE_FILE_INIT;
	struct walhead head;
	bool is;

	if (archive_look(a, name, suffix, &f) != STATUS_OK || f.fd < 0 ||
	    read_head(&f, name, &head, &is) != STATUS_OK || !is)
		return;
	a->system = head.system;
	a->segment_size = head.segment_size;
	a->known = true;
}

status
archive_measure(struct archive *a)
{
	const struct dirent *entry;
	DIR *dir;

	if (a->known)
		return STATUS_OK;
	dir = opendir(a->path);
	if (dir == NULL) {
		log_error("could not read the archive \"%s\": %s", a->path,
		    strerror(errno));
		return STATUS_FAIL;
	}
	while (!a->known && (entry = readdir(dir)) != NULL) {
		char *name CLEANUP_FREE = NULL;
		enum codec suffix;

		name = archive_stem(entry->d_name, &suffix);
		if (wal_file_kind(name) == WAL_SEGMENT)
			measure_by(a, name, suffix);
	}
	(void)closedir(dir);
	return STATUS_OK;
}

status
archive_claim(struct archive *a, uint64_t system, uint32_t segment_size)
{
	bool noted = a->known;
	status s = archive_measure(a);

	if (s == STATUS_OK && a->known)
		s = same_system(a, system, segment_size);
	if (s != STATUS_OK || noted)
		return s;
	a->system = system;
	a->segment_size = segment_size;
	a->known = true;
	return write_record(a);
}

/* --- reading -------------------------------------------------------------------- */

status
archive_look(const struct archive *a, const char *name, enum codec suffix,
    struct archive_file *f)
{
	char *file CLEANUP_FREE =
	    mem_printf("%s%s", name, codec_suffix(suffix));

	*f = (struct archive_file)ARCHIVE_FILE_INIT;
	f->fd = openat(a->fd, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (f->fd < 0 && errno == ENOENT)
		return STATUS_OK;
	f->path = mem_printf("%s/%s", a->path, file);
	f->suffix = suffix;
	if (f->fd >= 0)
		return STATUS_OK;
	log_error("could not open \"%s\": %s", f->path, strerror(errno));
	free(f->path);
	f->path = NULL;
	return STATUS_FAIL;
}

status
archive_find(const struct archive *a, const char *name, struct archive_file *f)
{
	status s = STATUS_OK;

	f->fd = -1;
	for (int i = 0; s == STATUS_OK && f->fd < 0 && i < CODECS; i++)
		s = archive_look(a, name, (enum codec)i, f);
	return s;
}

void
archive_file_close(struct archive_file *f)
{
	if (f->fd >= 0)
		(void)close(f->fd);
	free(f->path);
	*f = (struct archive_file)ARCHIVE_FILE_INIT;
}

bool
archive_name_after(const struct archive *a, const char *name, uint64_t n,
    char out[WAL_NAME])
{
	uint32_t timeline;
	uint64_t segment;

	if (!a->known ||
	    !wal_name_parse(name, a->segment_size, &timeline, &segment))
		return false;
	wal_name_show(out, timeline, segment + n, a->segment_size);
	return true;
}

status
archive_has_segment(const struct archive *a, const char *name, bool *there)
{
	struct archive_file f CLEANUP(archive_file_close) = ARCHIVE_FILE_INIT;
	struct walhead head;
	status s = archive_find(a, name, &f);

	*there = false;
	if (s != STATUS_OK || f.fd < 0)
		return s;
	s = read_head(&f, name, &head, there);
	*there = *there && a->known && head.system == a->system;
	return s;
}

status
archive_text(const struct archive_file *f, struct str *out)
{
	struct codec_reader *r CLEANUP(free_reader) =
	    codec_reader_new(f->fd, f->path);
	const void *bytes;
	size_t n;
	status s;

	str_clear(out);
	while ((s = codec_read(r, &bytes, &n)) == STATUS_OK && n > 0) {
		if (out->len + n > ARCHIVE_SMALL) {
			log_error("\"%s\" is larger than such a file can be",
			    f->path);
			return STATUS_USAGE;
		}
		str_addn(out, bytes, n);
	}
	return s;
}

/* n bytes of fd at an offset are these; fewer are not. */
static status
compare(int fd, uint64_t at, const void *bytes, size_t n, const char *name,
    bool *same)
{
	char piece[65536];
	const char *p = bytes;

	*same = true;
	while (*same && n > 0) {
		size_t want = n < sizeof(piece) ? n : sizeof(piece);
		ssize_t got = pread(fd, piece, want, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			log_error("could not read \"%s\": %s", name,
			    strerror(errno));
			return STATUS_FAIL;
		}
		*same = got > 0 && memcmp(piece, p, (size_t)got) == 0;
		p += got;
		at += (uint64_t)got;
		n -= (size_t)got;
	}
	return STATUS_OK;
}

status
archive_agrees(const struct archive_file *f, int fd, uint64_t size,
    const char *name, bool *same, struct str *why)
{
	struct codec_reader *r CLEANUP(free_reader) =
	    codec_reader_new(f->fd, f->path);
	const void *bytes;
	uint64_t at = 0;
	size_t n;
	status s;

	*same = true;
	while ((s = codec_read(r, &bytes, &n)) == STATUS_OK && n > 0) {
		if (at + n > size) {
			str_add(why, "it is longer");
			*same = false;
			return STATUS_OK;
		}
		s = compare(fd, at, bytes, n, name, same);
		if (s != STATUS_OK)
			return s;
		if (!*same) {
			str_addf(why, "they differ after byte %" PRIu64, at);
			return STATUS_OK;
		}
		at += n;
	}
	if (s == STATUS_USAGE) {
		str_add(why, "it is broken");
		*same = false;
		return STATUS_OK;
	}
	if (s == STATUS_OK && at != size) {
		str_addf(why, "it ends after %" PRIu64 " of %" PRIu64 " bytes",
		    at, size);
		*same = false;
	}
	return s;
}
