/* SPDX-License-Identifier: PostgreSQL */
/*
 * A collection, or the difference between two, as something to read.
 *
 * It knows documents only (formats pgpipe-collection and pgpipe-diff, version
 * 1): no server, no folder of share/report.  What a section looks like is
 * said in the document (layout, show, chart, diagram), so that a collection
 * renders on a machine which never saw the folder it came from.  The one
 * section known by its id is "tables", of which the schema formats (dbml,
 * mermaid, dot) and the diagrams are made.
 *
 * Everything in a document is hostile: names and comments come from a
 * database.  What is written is escaped for where it stands, and characters
 * that control a terminal or the direction of text are made visible.
 *
 * The same document gives the same bytes: nothing here looks at a clock, a
 * locale or an address.  (With a `dot` on PATH diagrams are its work, and
 * another version may draw another picture.)
 */
#ifndef REPORT_RENDER_H
#define REPORT_RENDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "base/str.h"
#include "data/record.h"

enum report_format {
	REPORT_MARKDOWN, /* one file, GitHub's dialect, mermaid diagrams */
	REPORT_HTML,	 /* one file, nothing from outside */
	REPORT_LINES,	 /* a line for each row, finding and change */
	REPORT_JSON,	 /* the document as it is, indented */
	REPORT_DBML,	 /* the schema alone from here on; of a diff it is
			  * STATUS_USAGE */
	REPORT_MERMAID,
	REPORT_DOT
};

/* The names in the order of the enum, NULL at the end (for OPTION_CHOICE):
 * "md", "html", "jsonl", "json", "dbml", "mermaid", "dot". */
extern const char *const report_formats[];

/* The format that a file name's suffix asks for (.md .html .htm .jsonl .json
 * .dbml .mmd .dot .gv); false when it says nothing. */
bool report_format_of(const char *file, enum report_format *format);

/* Zeroed: the defaults. */
struct render_options {
	const char *title;     /* NULL: the document's, else made of it */
	size_t max_rows;       /* of a section, over its own limit; 0: none */
	size_t max_bytes;      /* HTML and Markdown, about; 0: 8 MiB */
	size_t diagram_tables; /* a diagram of the whole up to; 0: 60 */
	const char *dot;       /* path of Graphviz's dot; NULL: drawn by us */
	const char *const *databases; /* only these, NULL-terminated; NULL: all
				       * (one without match: STATUS_USAGE) */
};

/*
 * Append the rendering to out.  What was cut by a limit is said where it was
 * cut.  A document of another format or version, or one that is damaged, is
 * reported; STATUS_USAGE, and out holds nothing of use.
 */
status report_render(const json_t *document, enum report_format format,
    const struct render_options *options, struct str *out) MUST_CHECK;

/* Is this a document to render?  Reports what is wrong; STATUS_USAGE. */
status report_document_check(const json_t *document) MUST_CHECK;

#endif
