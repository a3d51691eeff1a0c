/* SPDX-License-Identifier: PostgreSQL */
/*
 * What stdin is shows in its first bytes: lines begin with a brace, an
 * archive is a tar whose first member is pgpipe.json.
 */
#include "compare/compare.h"

#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/progress.h"
#include "base/signal.h"
#include "base/thread.h"
#include "compare/crew.h"
#include "compare/saved.h"

#define INPUT "standard input"
#define TAR_BLOCK 512
#define TAR_MAGIC 257

struct head {
	char bytes[TAR_BLOCK];
	size_t n;
};

enum input { INPUT_LINES, INPUT_ARCHIVE, INPUT_OTHER };

/* Blank lines may come before the first. */
static bool
is_line(const struct head *h)
{
	return h->bytes[0] != '\0' && strchr("{ \t\r\n", h->bytes[0]) != NULL;
}

/* Read on while it is not clear what it is. */
static status
read_head(struct head *h)
{
	h->n = 0;
	while (h->n < sizeof(h->bytes)) {
		size_t got;
		status st = io_read(STDIN_FILENO, h->bytes + h->n,
		    sizeof(h->bytes) - h->n, &got, INPUT);

		if (st != STATUS_OK)
			return st;
		h->n += got;
		if (got == 0 || is_line(h))
			break;
	}
	return STATUS_OK;
}

/* Text that is neither is told as such; what else there is, compressed
 * archives for one, the archive's reader knows by name. */
static enum input
input_of(const struct head *h)
{
	static const char first[] = "pgpipe.json";
	size_t n = h->n < sizeof(first) ? h->n : sizeof(first);

	if (h->n == 0 || is_line(h))
		return INPUT_LINES;
	if (memcmp(h->bytes, first, n) == 0 ||
	    (h->n >= TAR_MAGIC + 5 &&
		memcmp(h->bytes + TAR_MAGIC, "ustar", 5) == 0))
		return INPUT_ARCHIVE;
	return memchr(h->bytes, '\0', h->n) == NULL &&
		(unsigned char)h->bytes[0] < 0x7f && h->bytes[0] >= ' '
	    ? INPUT_OTHER
	    : INPUT_ARCHIVE;
}

static status
check_archive(const struct head *h, const struct compare_options *options,
    struct answers *answers, bool *complete)
{
	struct archive_reader *r = archive_reader_new(STDIN_FILENO, INPUT);
	status st;

	archive_reader_push(r, h->bytes, h->n);
	st = saved_check(r, options, answers, complete);
	archive_reader_free(r);
	return st;
}

/* The record is the crew's from here on. */
static status
take_line(struct crew *crew, json_t *record, uint64_t number)
{
	char *where CLEANUP_FREE =
	    mem_printf("line %llu of " INPUT, (unsigned long long)number);
	struct chunk chunk = {0};
	status st = STATUS_OK;
	/* Rows that an earlier run named are no work. */
	bool row = record_text(record, "row") != NULL;

	if (!row)
		st = chunk_from_record(record, where, &chunk);
	record_cleanup(&record);
	if (!row && st == STATUS_OK)
		crew_take(crew, &chunk);
	return st;
}

static status
read_lines(struct crew *crew, struct record_reader *r)
{
	while (!crew_broken(crew)) {
		json_t *record;
		status st = record_reader_next(r, &record);

		if (st == STATUS_OK && record == NULL)
			break;
		if (st == STATUS_OK)
			st = take_line(crew, record, record_reader_lines(r));
		if (st != STATUS_OK)
			return st;
	}
	return STATUS_OK;
}

static status
check_lines(const struct head *h, const struct compare_options *options,
    struct answers *answers, bool *complete)
{
	struct record_reader *r = record_reader_open(STDIN_FILENO, INPUT);
	struct crew *crew;
	bool answered = true;
	status st = STATUS_OK, finished = STATUS_OK;

	record_reader_push(r, h->bytes, h->n);
	if (h->n > 0) {
		crew = crew_new(options, answers);
		st = read_lines(crew, r);
		finished = crew_finish(crew, &answered);
	}
	if (st == STATUS_OK && finished == STATUS_OK)
		st = record_reader_finish(r, options->partial);
	*complete = st == STATUS_OK && answered && signal_stop() == 0;
	record_reader_free(r);
	return status_worse(st, finished);
}

static status
check(const struct compare_options *options, struct answers *answers,
    bool *complete)
{
	struct head head;
	status st = read_head(&head);

	if (st != STATUS_OK)
		return st;
	switch (input_of(&head)) {
	case INPUT_LINES:
		return check_lines(&head, options, answers, complete);
	case INPUT_ARCHIVE:
		return check_archive(&head, options, answers, complete);
	case INPUT_OTHER:
		break;
	}
	log_error("%s holds neither chunk lines nor a copy archive", INPUT);
	return STATUS_USAGE;
}

status
compare_stdin(const struct compare_options *options)
{
	struct answers *answers = answers_new();
	bool complete = false;
	status st;

	thread_lean_heap();
	progress_start("checked");
	st = check(options, answers, &complete);
	progress_stop();
	if (complete)
		st = status_worse(st,
		    record_print_end("pg-checksum", answers_lines(answers),
			NULL));
	answers_report(answers);
	st = status_worse(st, answers_status(answers));
	answers_free(answers);
	return st;
}
