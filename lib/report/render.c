/* SPDX-License-Identifier: PostgreSQL */
/*
 * A document, and what it is rendered as.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/mem.h"
#include "data/record.h"
#include "report/render_inside.h"
#include "report/show.h"

const char *const report_formats[] = {"md", "html", "jsonl", "json", "dbml",
    "mermaid", "dot", NULL};

bool
report_format_of(const char *file, enum report_format *format)
{
	static const struct {
		const char *suffix;
		enum report_format format;
	} suffixes[] = {{".md", REPORT_MARKDOWN}, {".html", REPORT_HTML},
	    {".htm", REPORT_HTML}, {".jsonl", REPORT_LINES},
	    {".json", REPORT_JSON}, {".dbml", REPORT_DBML},
	    {".mmd", REPORT_MERMAID}, {".mermaid", REPORT_MERMAID},
	    {".dot", REPORT_DOT}, {".gv", REPORT_DOT}};
	const char *suffix = strrchr(file, '.');
	size_t i;

	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
		if (suffix != NULL &&
		    strcasecmp(suffix, suffixes[i].suffix) == 0) {
			*format = suffixes[i].format;
			return true;
		}
	return false;
}

bool
render_is_diff(const json_t *document)
{
	return strcmp(show_text(document, "format"), "pgpipe-diff") == 0;
}

bool
render_wants(const struct render_options *options, const char *database)
{
	size_t i;

	if (options->databases == NULL)
		return true;
	for (i = 0; options->databases[i] != NULL; i++)
		if (strcmp(options->databases[i], database) == 0)
			return true;
	return false;
}

/* "shop", "shop and 3 more", else where the server is. */
void
render_title(struct str *out, const json_t *document,
    const struct render_options *options)
{
	const json_t *databases = json_object_get(document, "databases");
	const char *title = options->title != NULL
	    ? options->title
	    : record_text(document, "title");
	const char *first = NULL;
	size_t i, n = 0;
	json_t *database;

	if (title != NULL && *title != '\0') {
		str_add(out, title);
		return;
	}
	json_array_foreach(databases, i, database)
	{
		const char *name = show_text(database, "database");

		/* A difference has the server's own as a database. */
		if (render_wants(options, name) &&
		    strcmp(name, "(server)") != 0 && n++ == 0)
			first = name;
	}
	str_add(out, first != NULL ? first : "PostgreSQL");
	if (n > 1)
		str_addf(out, " and %zu more", n - 1);
	if (render_is_diff(document))
		str_add(out, ": what changed");
}

/* --- is it one? ------------------------------------------------------------------ */

static status
damaged(const char *what)
{
	log_error("this is no collection that can be rendered: %s", what);
	log_hint("pg-report collect writes collections, pg-report diff the "
		 "difference between two");
	return STATUS_USAGE;
}

static status
check_list(const json_t *owner, const char *field, bool with_id)
{
	const json_t *list = json_object_get(owner, field);
	size_t i;
	json_t *item;

	if (list != NULL && !json_is_null(list) && !json_is_array(list)) {
		log_error("this is no collection that can be rendered: \"%s\" "
			  "is not a list",
		    field);
		return STATUS_USAGE;
	}
	json_array_foreach(list, i, item)
	{
		if (!json_is_object(item) ||
		    (with_id && record_text(item, "id") == NULL)) {
			log_error("this is no collection that can be "
				  "rendered: entry %zu of \"%s\" %s",
			    i + 1, field,
			    json_is_object(item) ? "has no id"
						 : "is no object");
			return STATUS_USAGE;
		}
	}
	return STATUS_OK;
}

/* Sections with their rows, checks with their findings. */
static status
check_scope(const json_t *scope)
{
	static const char *const lists[][2] = {{"sections", "rows"},
	    {"checks", "findings"}};
	size_t l, i;
	json_t *item;

	for (l = 0; l < 2; l++) {
		status s = check_list(scope, lists[l][0], true);

		if (s != STATUS_OK)
			return s;
		json_array_foreach(json_object_get(scope, lists[l][0]), i, item)
		{
			s = check_list(item, lists[l][1], false);
			if (s != STATUS_OK)
				return s;
		}
	}
	return STATUS_OK;
}

static status
check_diff_database(const json_t *database)
{
	static const char *const lists[] = {"added", "removed", "changed",
	    "grown"};
	const json_t *checks = json_object_get(database, "checks");
	size_t l, i;
	json_t *section;
	status s = check_list(database, "sections", true);

	json_array_foreach(json_object_get(database, "sections"), i, section)
	{
		for (l = 0; l < 4 && s == STATUS_OK; l++)
			s = check_list(section, lists[l], false);
	}
	if (s == STATUS_OK && checks != NULL && !json_is_object(checks))
		return damaged("\"checks\" of a database is no object");
	return s;
}

status
report_document_check(const json_t *document)
{
	const char *format = show_text(document, "format");
	bool diff = json_is_object(document) && render_is_diff(document);
	size_t i;
	json_t *database;
	status s;

	if (!json_is_object(document))
		return damaged("it is no JSON object");
	if (!diff && strcmp(format, "pgpipe-collection") != 0)
		return damaged("its \"format\" is neither pgpipe-collection "
			       "nor pgpipe-diff");
	if (record_int(document, "version") != 1) {
		log_error("this document has version %lld, and this program "
			  "renders version 1",
		    (long long)record_int(document, "version"));
		log_hint("render it with the version of pg-report that made "
			 "it, or a later one");
		return STATUS_USAGE;
	}
	s = check_list(document, "databases", false);
	if (s == STATUS_OK && !diff)
		s = check_scope(json_object_get(document, "server"));
	json_array_foreach(json_object_get(document, "databases"), i, database)
	{
		if (s == STATUS_OK)
			s = diff ? check_diff_database(database)
				 : check_scope(database);
	}
	return s;
}

/* --- rendering --------------------------------------------------------------------- */

static status
check_wanted(const json_t *document, const struct render_options *o)
{
	size_t w, i;
	json_t *database;

	for (w = 0; o->databases != NULL && o->databases[w] != NULL; w++) {
		bool found = false;

		json_array_foreach(json_object_get(document, "databases"), i,
		    database)
		{
			if (strcmp(show_text(database, "database"),
				o->databases[w]) == 0)
				found = true;
		}
		if (!found) {
			log_error("the collection holds no database \"%s\"",
			    o->databases[w]);
			return STATUS_USAGE;
		}
	}
	return STATUS_OK;
}

static status
render_json(const json_t *document, struct str *out)
{
	char *text = json_dumps(document,
	    JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15));

	if (text == NULL)
		return damaged("it could not be written as JSON");
	str_add(out, text);
	str_addc(out, '\n');
	free(text);
	return STATUS_OK;
}

status
report_render(const json_t *document, enum report_format format,
    const struct render_options *options, struct str *out)
{
	static const struct render_options none;
	status s = report_document_check(document);

	if (options == NULL)
		options = &none;
	if (s == STATUS_OK)
		s = check_wanted(document, options);
	if (s != STATUS_OK)
		return s;
	if (render_is_diff(document) &&
	    (format == REPORT_DBML || format == REPORT_MERMAID ||
		format == REPORT_DOT)) {
		log_error("a difference has no schema to show as %s",
		    report_formats[format]);
		log_hint("render one of the two collections instead");
		return STATUS_USAGE;
	}
	switch (format) {
	case REPORT_MARKDOWN:
		if (render_is_diff(document))
			render_markdown_diff(document, options, out);
		else
			render_markdown(document, options, out);
		break;
	case REPORT_HTML:
		return render_html(document, options, out);
	case REPORT_LINES:
		render_lines(document, options, out);
		break;
	case REPORT_JSON:
		return render_json(document, out);
	case REPORT_DBML:
		render_dbml(document, options, out);
		break;
	case REPORT_MERMAID:
		render_mermaid(document, options, out);
		break;
	case REPORT_DOT:
		render_dot(document, options, out);
		break;
	}
	return STATUS_OK;
}
