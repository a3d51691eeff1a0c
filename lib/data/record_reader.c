/* SPDX-License-Identifier: PostgreSQL */
/*
 * A stream of records: lines cut out of a file descriptor.  The buffer
 * grows with the longest line and never beyond the longest that is legal.
 */
#include "data/record.h"

#include <string.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"

#define BUFFER_MIN ((size_t)64 * 1024)
/* The longest line, its newline, and one byte that shows it is too long. */
#define BUFFER_MAX ((size_t)RECORD_MAX + 2)

struct record_reader {
	int fd;
	char *name;
	char *buffer;
	size_t cap;
	size_t start, end; /* what of the buffer is not read yet */
	size_t scanned;	   /* up to here there is no newline */
	bool eof;
	status failed;	   /* a stream that failed stays failed */
	uint64_t physical; /* lines of any kind, for messages */
	uint64_t lines;	   /* data lines */
	uint64_t ends;	   /* end lines */
	uint64_t promised; /* data lines that the end lines speak of */
	bool counted;	   /* every end line gave its number */
};

struct record_reader *
record_reader_open(int fd, const char *name)
{
	struct record_reader *r = mem_zalloc(sizeof(*r));

	r->fd = fd;
	r->name = mem_strdup(name);
	r->cap = BUFFER_MIN;
	r->buffer = mem_alloc(r->cap);
	r->counted = true;
	return r;
}

void
record_reader_push(struct record_reader *r, const void *bytes, size_t n)
{
	if (r->end + n > r->cap)
		BUG("%zu bytes are too many to push", n);
	memcpy(r->buffer + r->end, bytes, n);
	r->end += n;
}

void
record_reader_free(struct record_reader *r)
{
	if (r == NULL)
		return;
	free(r->name);
	free(r->buffer);
	free(r);
}

/* Room for more behind what is held; false when a line fills it all. */
static bool
make_room(struct record_reader *r)
{
	if (r->start > 0) {
		memmove(r->buffer, r->buffer + r->start, r->end - r->start);
		r->end -= r->start;
		r->scanned -= r->start;
		r->start = 0;
	}
	if (r->end < r->cap)
		return true;
	if (r->cap == BUFFER_MAX)
		return false;
	r->cap = r->cap < BUFFER_MAX / 2 ? r->cap * 2 : BUFFER_MAX;
	r->buffer = mem_realloc(r->buffer, r->cap);
	return true;
}

static bool
blank(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r')
			return false;
	return true;
}

static status
parse(const struct record_reader *r, const char *text, size_t len, json_t **out)
{
	char *where CLEANUP_FREE = mem_printf("line %llu of %s",
	    (unsigned long long)r->physical, r->name);

	return record_parse(text, len, where, out);
}

/* A line that does not end: is it cut, too long, or no line at all? */
static status
bad_tail(struct record_reader *r)
{
	const char *text = r->buffer + r->start;
	size_t len = r->end - r->start;
	json_t *record CLEANUP(record_cleanup) = NULL;

	r->physical++;
	if (text[0] != '{' || len > RECORD_MAX)
		if (parse(r, text, len, &record) != STATUS_OK)
			return STATUS_USAGE;
	log_error("line %llu of %s is cut: end of file comes before its "
		  "newline",
	    (unsigned long long)r->physical, r->name);
	return STATUS_USAGE;
}

/* The next line without its newline; *text is NULL at the end. */
static status
next_line(struct record_reader *r, const char **text, size_t *len)
{
	*text = NULL;
	for (;;) {
		char *newline = NULL;
		size_t got;
		status s;

		if (r->scanned < r->end)
			newline = memchr(r->buffer + r->scanned, '\n',
			    r->end - r->scanned);
		if (newline != NULL) {
			*text = r->buffer + r->start;
			*len = (size_t)(newline - *text);
			r->start += *len + 1;
			r->scanned = r->start;
			r->physical++;
			return STATUS_OK;
		}
		r->scanned = r->end;
		if (r->eof)
			return blank(r->buffer + r->start, r->end - r->start)
			    ? STATUS_OK
			    : bad_tail(r);
		if (!make_room(r))
			return bad_tail(r);
		s = io_read(r->fd, r->buffer + r->end, r->cap - r->end, &got,
		    r->name);
		if (s != STATUS_OK)
			return s;
		r->end += got;
		r->eof = got == 0;
	}
}

/* Is it an end line?  Then remember it. */
static bool
take_end(struct record_reader *r, const json_t *record)
{
	int64_t lines = record_int(record, "lines");

	if (record_text(record, "end") == NULL)
		return false;
	r->ends++;
	if (lines >= 0)
		r->promised += (uint64_t)lines;
	else
		r->counted = false;
	return true;
}

static status
next(struct record_reader *r, json_t **out)
{
	for (;;) {
		const char *text;
		size_t len = 0;
		status s = next_line(r, &text, &len);

		if (s != STATUS_OK || text == NULL)
			return s;
		if (blank(text, len))
			continue;
		s = parse(r, text, len, out);
		if (s != STATUS_OK)
			return s;
		if (!take_end(r, *out)) {
			r->lines++;
			return STATUS_OK;
		}
		record_cleanup(out);
	}
}

status
record_reader_next(struct record_reader *r, json_t **out)
{
	*out = NULL;
	if (r->failed == STATUS_OK)
		r->failed = next(r, out);
	return r->failed;
}

uint64_t
record_reader_lines(const struct record_reader *r)
{
	return r->lines;
}

/*
 * Complete is what says that it ends and holds as many lines as it says:
 * a whole list behind a cut one has an end line too.
 */
bool
record_reader_complete(const struct record_reader *r)
{
	return r->ends > 0 && (!r->counted || r->promised == r->lines);
}

status
record_reader_finish(const struct record_reader *r, bool partial)
{
	if (r->lines == 0 && r->ends == 0) {
		log_error("%s holds no lines", r->name);
		return STATUS_USAGE;
	}
	if (partial || record_reader_complete(r))
		return STATUS_OK;
	if (r->ends == 0)
		log_error("%s has no end line: the list may have been cut",
		    r->name);
	else
		log_error("%s holds %llu lines, but its end line says %llu",
		    r->name, (unsigned long long)r->lines,
		    (unsigned long long)r->promised);
	log_hint("use --partial where lines were left out on purpose");
	return STATUS_RETRY;
}
