/* SPDX-License-Identifier: PostgreSQL */
/*
 * The verbs: where the document comes from, and where it goes.
 */
#include "report/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/option.h"
#include "base/output.h"
#include "base/signal.h"
#include "data/record.h"
#include "report/collect.h"
#include "report/diff.h"
#include "report/folder.h"
#include "report/judge.h"
#include "report/render.h"
#include "run/child.h"

/* --- output -------------------------------------------------------------------- */

static status
write_out(struct output *o, const struct str *text)
{
	status s;

	if (o->path == NULL)
		return io_out_write(text->data, text->len);
	s = io_write(o->fd, text->data, text->len, o->name);
	return s == STATUS_OK ? output_keep(o, true) : s;
}

/* The whole of a document, in a format or (-1) as it is. */
static status
write_document(const struct report_options *o, struct output *out,
    const json_t *document, int format)
{
	struct render_options how = {.title = o->config.title};
	struct str text CLEANUP(str_free) = STR_INIT;
	char *dot CLEANUP_FREE = o->dot ? child_find("dot") : NULL;
	status s = STATUS_OK;

	if (o->dot && dot == NULL)
		log_warning("there is no program \"dot\" on PATH: diagrams "
			    "are laid out without it");
	how.dot = dot;

	if (format < 0)
		collection_show(document, &text);
	else
		s = report_render(document, (enum report_format)format, &how,
		    &text);
	return s == STATUS_OK ? write_out(out, &text) : s;
}

/* What was asked for, else what the file's name says, else HTML; Markdown for
 * who looks at it. */
static status
choose_format(const struct report_options *o, int *format)
{
	enum report_format found = REPORT_HTML;
	const char *slash, *base;

	*format = o->format;
	if (o->format >= 0)
		return STATUS_OK;
	*format = REPORT_HTML;
	if (o->output == NULL) {
		if (isatty(STDOUT_FILENO))
			*format = REPORT_MARKDOWN;
		return STATUS_OK;
	}
	slash = strrchr(o->output, '/');
	base = slash == NULL ? o->output : slash + 1;
	if (!report_format_of(base, &found) && strchr(base, '.') != NULL)
		return option_fault("the name \"%s\" does not tell a format: "
				    "use --format",
		    o->output);
	*format = (int)found;
	return STATUS_OK;
}

/* --- what was collected ---------------------------------------------------------- */

static void
count_severities(const json_t *checks, int counts[SEVERITY_CRITICAL + 1])
{
	size_t i, k;
	const json_t *check, *f;

	json_array_foreach(checks, i, check)
	{
		json_array_foreach(json_object_get(check, "findings"), k, f)
		{
			if (json_object_get(f, "waived") == NULL)
				counts[severity_of(
				    record_text(f, "severity"))]++;
		}
	}
}

static void
say_score(const json_t *document)
{
	const json_t *score = json_object_get(document, "score");
	const char *grade = record_text(score, "grade");
	int counts[SEVERITY_CRITICAL + 1] = {0};
	struct str line CLEANUP(str_free) = STR_INIT;
	size_t i;
	const json_t *d;

	if (record_int(score, "total") <= 0)
		return;
	count_severities(json_object_get(json_object_get(document, "server"),
			     "checks"),
	    counts);
	json_array_foreach(json_object_get(document, "databases"), i, d)
	{
		count_severities(json_object_get(d, "checks"), counts);
	}
	if (grade == NULL)
		str_add(&line, "no score");
	else
		str_addf(&line, "score %" PRId64 " (%s)",
		    record_int(score, "score"), grade);
	str_addf(&line, ", %" PRId64 " of %" PRId64 " checks evaluated",
	    record_int(score, "evaluated"), record_int(score, "total"));
	str_addf(&line, "; %d critical, %d warnings, %d notices",
	    counts[SEVERITY_CRITICAL], counts[SEVERITY_WARNING],
	    counts[SEVERITY_NOTICE]);
	log_info("%s", line.data);
}

/* Load the folders, look whether the request makes sense, ask the server. */
static status
collect_now(const struct report_options *o, bool checks_only, json_t **out)
{
	struct folders folders CLEANUP(folders_free) = FOLDERS_INIT;
	struct collect_request request = {o->conn, &o->config, &folders,
	    checks_only};
	status flaw, s;

	*out = NULL;
	s = folders_load(&folders, &flaw);
	if (s == STATUS_OK)
		s = config_check(&o->config, &folders);
	if (s == STATUS_OK)
		s = collect(&request, out);
	return status_worse(s, flaw);
}

static status
judge_if_asked(const struct report_options *o, const json_t *document, status s)
{
	if (!o->judged || document == NULL)
		return s;
	return status_worse(s, judge_verdict(document, o->config.fail_on));
}

static status
collect_and_write(const struct report_options *o, int format)
{
	json_t *document CLEANUP(record_cleanup) = NULL;
	struct output out CLEANUP(output_free) = {.fd = -1};
	status s = output_open(&out, o->output);

	if (s != STATUS_OK)
		return s;
	s = collect_now(o, false, &document);
	if (document == NULL || signal_stop() != 0)
		return s;
	s = status_worse(s, write_document(o, &out, document, format));
	say_score(document);
	return judge_if_asked(o, document, s);
}

/* --- the verbs --------------------------------------------------------------------- */

status
report_verb_make(const struct report_options *o)
{
	int format;
	status s = choose_format(o, &format);

	return s == STATUS_OK ? collect_and_write(o, format) : s;
}

status
report_verb_collect(const struct report_options *o)
{
	return collect_and_write(o, -1);
}

status
report_verb_render(const struct report_options *o)
{
	json_t *document CLEANUP(record_cleanup) = NULL;
	struct output out CLEANUP(output_free) = {.fd = -1};
	int format;
	status s = choose_format(o, &format);

	if (s == STATUS_OK)
		s = collection_read(o->count == 0 ? "-" : o->operands[0], true,
		    &document);
	if (s == STATUS_OK)
		s = output_open(&out, o->output);
	return s == STATUS_OK ? write_document(o, &out, document, format) : s;
}

status
report_verb_check(const struct report_options *o)
{
	json_t *document CLEANUP(record_cleanup) = NULL;
	status s = o->count == 0
	    ? collect_now(o, true, &document)
	    : collection_read(o->operands[0], false, &document);

	if (document == NULL)
		return s;
	s = status_worse(s, judge_print(document));
	say_score(document);
	return judge_if_asked(o, document, s);
}

status
report_verb_diff(const struct report_options *o)
{
	json_t *from CLEANUP(record_cleanup) = NULL;
	json_t *to CLEANUP(record_cleanup) = NULL;
	json_t *diff CLEANUP(record_cleanup) = NULL;
	struct output out CLEANUP(output_free) = {.fd = -1};
	status s = collection_read(o->operands[0], false, &from);

	if (s == STATUS_OK)
		s = collection_read(o->operands[1], false, &to);
	if (s != STATUS_OK)
		return s;
	diff = diff_collections(from, to);
	if (!json_is_true(json_object_get(diff, "comparable")))
		log_warning("sizes and counters are not compared: %s",
		    record_text(diff, "reason"));
	s = output_open(&out, o->output);
	if (s == STATUS_OK)
		s = write_document(o, &out, diff, o->format);
	return s == STATUS_OK && diff_differs(diff) ? STATUS_NO : s;
}

/* --- explain -------------------------------------------------------------------------- */

static status
list_folders(const struct folders *folders)
{
	status s = STATUS_OK;

	for (size_t i = 0; s == STATUS_OK && i < folders->count; i++) {
		const struct folder *f = &folders->items[i];
		struct str line CLEANUP(str_free) = STR_INIT;

		str_addf(&line, "%-7s %-22s %-12s %s",
		    f->kind == FOLDER_CHECK ? "check" : "section", f->id,
		    f->group, f->title);
		s = io_out_line(line.data);
	}
	return s;
}

static void
add_thresholds(struct str *out, const struct report_options *o,
    const struct folder *f)
{
	json_t *all CLEANUP(record_cleanup) = config_thresholds(&o->config, f);
	const char *name;
	const json_t *value;

	if (json_object_size(all) > 0)
		str_add(out, "\n## Thresholds\n\n");
	json_object_foreach(all, name, value)
	{
		str_addf(out, "- %s: ", name);
		record_show_value(value, out);
		str_addc(out, '\n');
	}
}

static void
add_needs(struct str *out, const struct report_options *o,
    const struct folder *f)
{
	double days = config_stats_days(&o->config, f);
	struct str needs CLEANUP(str_free) = STR_INIT;
	size_t i;
	const json_t *p;

	if (f->min_pg > 0)
		str_addf(&needs, "- PostgreSQL %d or later\n", f->min_pg);
	if (f->max_pg > 0)
		str_addf(&needs, "- PostgreSQL up to %d\n", f->max_pg);
	if (f->extension != NULL)
		str_addf(&needs, "- the extension %s\n", f->extension);
	json_array_foreach(f->privilege, i, p)
	{
		str_addf(&needs, "- the privilege %s\n", json_string_value(p));
	}
	if (days > 0)
		str_addf(&needs, "- statistics of %g days\n", days);
	if (f->primary)
		str_add(&needs, "- a primary\n");
	if (needs.len > 0)
		str_addf(out, "\n## Needs\n\n%s", needs.data);
}

static void
add_template(struct str *out, const struct folder *f, const char *name,
    const char *title)
{
	const char *text = record_text(f->about, name);

	if (text != NULL)
		str_addf(out, "\n## %s\n\n    %s\n", title, text);
}

static status
explain(const struct report_options *o, const struct folder *f)
{
	struct str out CLEANUP(str_free) = STR_INIT;

	str_addf(&out, "# %s\n\n", f->title);
	if (f->kind == FOLDER_CHECK)
		str_addf(&out, "`%s`, a check of %s, weight %g\n", f->id,
		    f->group, f->weight);
	else
		str_addf(&out, "`%s`, a section of %s\n", f->id, f->group);
	if (f->explain != NULL)
		str_addf(&out, "\n%s%s", f->explain,
		    f->explain[strlen(f->explain) - 1] == '\n' ? "" : "\n");
	add_thresholds(&out, o, f);
	add_needs(&out, o, f);
	add_template(&out, f, "message", "What it says");
	add_template(&out, f, "do", "What may mend it");
	add_template(&out, f, "undo", "What takes that back");
	str_addf(&out, "\nIt is the folder %s\n", f->directory);
	return io_out_write(out.data, out.len);
}

status
report_verb_explain(const struct report_options *o)
{
	struct folders folders CLEANUP(folders_free) = FOLDERS_INIT;
	const struct folder *f;
	status flaw, s = folders_load(&folders, &flaw);

	if (s == STATUS_OK)
		s = config_check(&o->config, &folders);
	if (s != STATUS_OK)
		return status_worse(s, flaw);
	if (o->count == 0)
		return status_worse(list_folders(&folders), flaw);
	f = folders_find(&folders, o->operands[0]);
	if (f != NULL)
		return explain(o, f);
	log_error("there is no check and no section \"%s\"", o->operands[0]);
	log_hint("pg-report explain lists them");
	return status_worse(STATUS_USAGE, flaw);
}
