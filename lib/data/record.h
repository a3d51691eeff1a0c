/* SPDX-License-Identifier: PostgreSQL */
/*
 * Records: one JSON object on one line, UTF-8, at most 1 MiB
 * (pgpipe-records(5)).  jansson lives behind this file's types: a record is
 * a json_t object, and readers of records may use jansson.h to look into it.
 */
#ifndef DATA_RECORD_H
#define DATA_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "base/str.h"

#define RECORD_MAX (1024 * 1024)

/* json_t *r CLEANUP(record_cleanup) = NULL; */
void record_cleanup(json_t **record);

/* One line of text (no newline) to an object; reports with where ("line 3
 * of standard input"); STATUS_USAGE. */
status record_parse(const char *text, size_t len, const char *where,
    json_t **out) MUST_CHECK;
/* The same for text of any length; NULL and error->text if it is none. */
json_t *record_load(const char *text, size_t len, json_error_t *error);
/* Compact text, keys in insertion order, appended to out. */
void record_show(const json_t *record, struct str *out);
/* The same of a value of any kind, with 15 digits of what is no integer. */
void record_show_value(const json_t *value, struct str *out);
/* Any JSON value, as record_load reads an object. */
json_t *record_load_value(const char *text, size_t len, json_error_t *error);
/* Are there more objects and arrays within one another than that?  Of text
 * that need not be JSON. */
bool record_deeper(const char *text, size_t len, size_t most);
/* io_out_line of it. */
status record_print(const json_t *record) MUST_CHECK;
/* {"end":"pg-chunks","lines":12} plus extra fields (may be NULL). */
status record_print_end(const char *tool, uint64_t lines, json_t *extra)
    MUST_CHECK;

/* Typed fields; absent, null or of another type gives the default.  Who must
 * know better checks (chunk_from_record does). */
const char *record_text(const json_t *record, const char *field); /* or NULL */
bool record_flag(const json_t *record, const char *field);
/* A number or a string of digits; -1 when absent or not one. */
int64_t record_int(const json_t *record, const char *field);
void record_set_text(json_t *record, const char *field, const char *text);
void record_set_int(json_t *record, const char *field, int64_t value);
/* As a JSON number up to 2^53, as a string above. */
void record_set_count(json_t *record, const char *field, uint64_t value);

/*
 * A stream of lines, each of at most RECORD_MAX bytes and ended by a newline
 * that does not count.  End lines are taken out and remembered.  Blank lines
 * are passed over.  An overlong, unparsable or cut line (end of file within
 * it) is reported; STATUS_USAGE.
 */
struct record_reader;
struct record_reader *record_reader_open(int fd, const char *name);
/* What was read from fd already, to see what it is: before the first next,
 * at most 4 kB. */
void record_reader_push(struct record_reader *r, const void *bytes, size_t n);
/* *out NULL at the end. Caller owns *out. Not thread-safe; callers lock. */
status record_reader_next(struct record_reader *r, json_t **out) MUST_CHECK;
uint64_t record_reader_lines(const struct record_reader *r); /* data lines */
/*
 * What the end of the stream means: no line at all, not even an end line,
 * is STATUS_USAGE; no end line, or end lines whose "lines" together are not
 * what came, is STATUS_RETRY unless partial; all are reported.
 */
status record_reader_finish(const struct record_reader *r, bool partial)
    MUST_CHECK;
bool record_reader_complete(const struct record_reader *r);
void record_reader_free(struct record_reader *r);

#endif
