/* SPDX-License-Identifier: PostgreSQL */
/*
 * render FORMAT [OPTION=VALUE]... <DOCUMENT: what lib/report/render.h does,
 * from the command line, without the rest of pg-report.  Options: title, rows,
 * bytes, diagram, dot, database.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/option.h"
#include "data/record.h"
#include "report/render.h"

static status
read_all(int fd, struct str *out)
{
	size_t got;

	do {
		status s;

		str_reserve(out, 1 << 16);
		s = io_read(fd, out->data + out->len, 1 << 16, &got, "stdin");
		if (s != STATUS_OK)
			return s;
		out->len += got;
	} while (got > 0);
	out->data[out->len] = '\0';
	return STATUS_OK;
}

static void
set_option(struct render_options *o, const char *text, const char **databases)
{
	const char *value = strchr(text, '=');

	if (value == NULL)
		return;
	value++;
	if (strncmp(text, "title=", 6) == 0)
		o->title = value;
	else if (strncmp(text, "rows=", 5) == 0)
		o->max_rows = strtoul(value, NULL, 10);
	else if (strncmp(text, "bytes=", 6) == 0)
		o->max_bytes = strtoul(value, NULL, 10);
	else if (strncmp(text, "diagram=", 8) == 0)
		o->diagram_tables = strtoul(value, NULL, 10);
	else if (strncmp(text, "dot=", 4) == 0)
		o->dot = value;
	else if (strncmp(text, "database=", 9) == 0) {
		databases[0] = value;
		o->databases = databases;
	}
}

static status
run(int argc, char **argv)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	struct str out CLEANUP(str_free) = STR_INIT;
	json_t *document CLEANUP(record_cleanup) = NULL;
	const char *databases[2] = {NULL, NULL};
	struct render_options options = {0};
	json_error_t error;
	int format, i;
	status s;

	for (format = 0; report_formats[format] != NULL; format++)
		if (argc > 1 && strcmp(argv[1], report_formats[format]) == 0)
			break;
	if (report_formats[format] == NULL)
		return option_fault("which format?");
	for (i = 2; i < argc; i++)
		set_option(&options, argv[i], databases);
	s = read_all(0, &text);
	if (s != STATUS_OK)
		return s;
	document = json_loadb(str_text(&text), text.len, 0, &error);
	if (document == NULL) {
		log_error("not JSON: %s", error.text);
		return STATUS_USAGE;
	}
	s = report_render(document, (enum report_format)format, &options, &out);
	return s == STATUS_OK ? io_out_write(str_text(&out), out.len) : s;
}

int
main(int argc, char **argv)
{
	log_init("render");
	io_init(false);
	return io_finish(run(argc, argv));
}
