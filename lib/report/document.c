/* SPDX-License-Identifier: PostgreSQL */
/*
 * Collections as files.
 */
#include "report/collect.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "data/record.h"
#include "report/diff.h"
#include "report/render.h"

#define DOCUMENT_MAX ((size_t)1024 * 1024 * 1024)
#define INPUT "standard input"

void
collection_show(const json_t *document, struct str *out)
{
	record_show_value(document, out);
	str_addc(out, '\n');
}

static status
read_input(struct str *text)
{
	size_t got;
	status s;

	do {
		str_reserve(text, 65536);
		s = io_read(STDIN_FILENO, text->data + text->len, 65536, &got,
		    INPUT);
		if (s != STATUS_OK)
			return s;
		text->len += got;
		text->data[text->len] = '\0';
		if (text->len > DOCUMENT_MAX) {
			log_error(INPUT " is larger than %zu bytes",
			    DOCUMENT_MAX);
			return STATUS_USAGE;
		}
	} while (got > 0);
	return STATUS_OK;
}

static const char *
name_of(const char *file)
{
	return strcmp(file, "-") == 0 ? INPUT : file;
}

static status
read_text(const char *file, struct str *text)
{
	status s = strcmp(file, "-") == 0 ? read_input(text)
					  : path_read(file, DOCUMENT_MAX, text);

	if (s == STATUS_OK && text->len == 0) {
		log_error("%s is empty", name_of(file));
		log_hint("pg-report collect makes a collection");
		return STATUS_USAGE;
	}
	return s;
}

static status
foreign(const char *file)
{
	log_error("\"%s\" is no collection of pg-report", name_of(file));
	log_hint("pg-report collect makes one");
	return STATUS_USAGE;
}

/* Is it of a format and a version that this program knows? */
static status
check_version(const char *file, const json_t *d, bool diff)
{
	const char *format = record_text(d, "format");
	json_int_t version = json_integer_value(json_object_get(d, "version"));
	bool is_diff = str_eq(format, DIFF_FORMAT);
	static const int known[] = {COLLECTION_VERSION, DIFF_VERSION};

	if (is_diff && !diff) {
		log_error("\"%s\" is a difference, not a collection",
		    name_of(file));
		return STATUS_USAGE;
	}
	if (!is_diff && !str_eq(format, COLLECTION_FORMAT))
		return foreign(file);
	if (version > known[is_diff]) {
		log_error("\"%s\" is of version %lld, and this pg-report reads "
			  "version %d",
		    name_of(file), (long long)version, known[is_diff]);
		log_hint("use the pg-report that made it, or a later one");
		return STATUS_USAGE;
	}
	if (version < 1 || !record_flag(d, "complete")) {
		log_error("\"%s\" is damaged: it has no end", name_of(file));
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

status
collection_read(const char *file, bool diff, json_t **out)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	json_error_t error;
	status s;

	*out = NULL;
	s = read_text(file, &text);
	if (s != STATUS_OK)
		return s;
	if (text.data[strspn(text.data, " \t\r\n")] != '{')
		return foreign(file);
	*out = record_load(text.data, text.len, &error);
	if (*out == NULL) {
		log_error("\"%s\" is cut or damaged: %s, line %d, column %d",
		    name_of(file), error.text, error.line, error.column);
		return STATUS_USAGE;
	}
	s = check_version(file, *out, diff);
	if (s == STATUS_OK)
		s = report_document_check(*out);
	if (s != STATUS_OK)
		record_cleanup(out);
	return s;
}
