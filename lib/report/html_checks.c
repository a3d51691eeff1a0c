/* SPDX-License-Identifier: PostgreSQL */
/*
 * Checks and their findings.
 */
#include <string.h>

#include "base/mem.h"
#include "data/record.h"
#include "report/escape.h"
#include "report/html.h"
#include "report/markup.h"

#define FINDINGS_SHOWN 200 /* of one check */

static const char *const severities[] = {"critical", "warning", "notice",
    "error", "skipped", "ok"};
static const char *const signs[] = {"\u25b2", "\u25c6", "\u25cf", "\u2716",
    "\u25cb", "\u2713"};
static const char *const words[] = {"Critical", "Warning", "Notice", "Error",
    "Skipped", "OK"};
#define SEVERITIES (sizeof(severities) / sizeof(severities[0]))

static size_t
severity_index(const char *severity)
{
	size_t i;

	for (i = 0; i < SEVERITIES - 1; i++)
		if (strcmp(severity, severities[i]) == 0)
			break;
	return i;
}

/* A sign of its own shape, a colour, and a word: any one is enough. */
void
html_severity(struct str *out, const char *severity)
{
	size_t i = severity_index(severity);

	str_addf(out,
	    "<span class=\"sev %s\"><span aria-hidden=\"true\">%s</span> "
	    "%s</span>",
	    severities[i], signs[i], words[i]);
}

size_t
html_count(const struct html_scope *scopes, size_t n, const char *severity)
{
	size_t s, i, j, count = 0;
	json_t *check, *finding;

	for (s = 0; s < n; s++) {
		json_array_foreach(json_object_get(scopes[s].at, "checks"), i,
		    check)
		{
			json_array_foreach(json_object_get(check, "findings"),
			    j, finding)
			{
				if (strcmp(show_text(finding, "severity"),
					severity) == 0 &&
				    !json_is_object(
					json_object_get(finding, "waived")))
					count++;
			}
		}
	}
	return count;
}

static void
add_waiver(struct str *out, const json_t *finding)
{
	const json_t *waived = json_object_get(finding, "waived");
	const char *until = show_text(waived, "until");

	if (!json_is_object(waived))
		return;
	str_add(out, "<p class=\"waived\"><b>Waived</b>");
	if (*until != '\0') {
		str_add(out, " until ");
		escape_html(out, until);
	}
	str_add(out, ": ");
	escape_html(out, show_text(waived, "reason"));
	str_add(out, "</p>\n");
}

static void
add_object(const struct html *h, const struct html_scope *scope,
    const char *object, struct str *out)
{
	const char *id = html_anchor(h, scope, object);

	if (*object == '\0')
		return;
	if (id != NULL) {
		str_add(out, "<a class=\"object\" href=\"#");
		escape_html(out, id);
		str_add(out, "\"><code>");
	} else {
		str_add(out, "<code class=\"object\">");
	}
	escape_html(out, object);
	str_add(out, id != NULL ? "</code></a>" : "</code>");
}

/* With the check's title where it does not stand under its check. */
void
html_finding(struct html *h, const struct html_scope *scope,
    const json_t *finding, const json_t *check, struct str *out)
{
	const char *message = show_text(finding, "message");
	const char *severity = show_text(finding, "severity");

	str_addf(out, "<div class=\"finding %s%s\">",
	    severities[severity_index(severity)],
	    json_is_object(json_object_get(finding, "waived")) ? " off" : "");
	str_add(out, "<div class=\"what\">");
	html_severity(out, severity);
	if (check != NULL) {
		str_add(out, " <a href=\"#");
		str_addf(out, "%s-check-", scope->prefix);
		escape_id(out, show_text(check, "id"));
		str_add(out, "\">");
		escape_html(out, show_text(check, "title"));
		str_add(out, "</a>");
		if (scope->name != NULL) {
			str_add(out, " <span class=\"in\">");
			escape_html(out, scope->name);
			str_add(out, "</span>");
		}
	}
	str_addc(out, ' ');
	add_object(h, scope, show_text(finding, "object"), out);
	str_add(out, "</div>\n<p class=\"message\">");
	escape_html(out,
	    *message != '\0' ? message : show_text(finding, "object"));
	str_add(out, "</p>\n");
	add_waiver(out, finding);
	html_sql(out, "Do", show_text(finding, "do"));
	html_sql(out, "Undo", show_text(finding, "undo"));
	str_add(out, "</div>\n");
}

static void
add_thresholds(const json_t *check, struct str *out)
{
	void *it = json_object_iter(json_object_get(check, "thresholds"));
	json_t *thresholds = json_object_get(check, "thresholds");

	for (; it != NULL; it = json_object_iter_next(thresholds, it)) {
		struct str text CLEANUP(str_free) = STR_INIT;

		show_value(&text, json_object_iter_value(it), SHOW_TEXT);
		str_add(out, " <span class=\"chip\">");
		escape_html(out, json_object_iter_key(it));
		str_add(out, " ");
		escape_html(out, str_text(&text));
		str_add(out, "</span>");
	}
}

static void
add_findings(struct html *h, const struct html_scope *scope,
    const json_t *check, struct str *out)
{
	const json_t *findings = json_object_get(check, "findings");
	struct str cut CLEANUP(str_free) = STR_INIT;
	size_t i, total = show_total(check);
	json_t *finding;

	if (json_array_size(findings) > total)
		total = json_array_size(findings);
	json_array_foreach(findings, i, finding)
	{
		if (i == FINDINGS_SHOWN)
			break;
		html_finding(h, scope, finding, NULL, out);
	}
	if (i < total) {
		show_count(&cut, i);
		str_add(&cut, " of ");
		show_count(&cut, total);
		str_add(&cut,
		    " findings are shown; pg-report check lists "
		    "what the collection holds.");
		html_note(out, str_text(&cut));
	}
}

static size_t
finding_count(const json_t *check)
{
	size_t n = json_array_size(json_object_get(check, "findings"));
	int64_t total = record_int(check, "total");

	return total > 0 && (uint64_t)total > n ? (size_t)total : n;
}

static void
add_check(struct html *h, const struct html_scope *scope, const json_t *check,
    struct str *out)
{
	const char *state = show_text(check, "status");
	const char *reason = show_text(check, "reason");
	size_t n = finding_count(check);

	str_addf(out, "<details class=\"check\" data-status=\"%s\" id=\"",
	    severities[severity_index(state)]);
	str_addf(out, "%s-check-", scope->prefix);
	escape_id(out, show_text(check, "id"));
	str_add(out, "\"><summary>");
	html_severity(out, state);
	str_add(out, " <h4>");
	escape_html(out, show_text(check, "title"));
	str_add(out, "</h4> <span class=\"brief\">");
	if (n > 0) {
		show_count(out, n);
		str_add(out, n == 1 ? " finding" : " findings");
	} else {
		escape_html(out, reason);
	}
	str_add(out,
	    "</span></summary>\n<p class=\"chips\">"
	    "<span class=\"chip\">");
	escape_html(out, show_text(check, "category"));
	str_add(out, "</span> <code>");
	escape_html(out, show_text(check, "id"));
	str_add(out, "</code>");
	add_thresholds(check, out);
	str_add(out, "</p>\n");
	if (*reason != '\0')
		html_note(out, reason);
	add_findings(h, scope, check, out);
	if (*show_text(check, "explain") != '\0') {
		str_add(out,
		    "<details class=\"about\"><summary>What this "
		    "means</summary><div class=\"prose\">");
		markup_html(out, show_text(check, "explain"), 5);
		str_add(out, "</div></details>\n");
	}
	str_add(out, "</details>\n");
}

/* The worst first; within a severity in the document's order. */
void
html_checks(struct html *h, const struct html_scope *scope, struct str *out)
{
	const json_t *checks = json_object_get(scope->at, "checks");
	size_t s, i;
	json_t *check;

	if (json_array_size(checks) == 0)
		return;
	str_addf(out, "<section class=\"sec checks\" id=\"%s-checks\">\n",
	    scope->prefix);
	str_add(out, "<h3>Checks <span class=\"count\">");
	show_count(out, json_array_size(checks));
	str_add(out, "</span></h3>\n");
	for (s = 0; s < SEVERITIES; s++) {
		json_array_foreach(checks, i, check)
		{
			if (severity_index(show_text(check, "status")) == s)
				add_check(h, scope, check, out);
		}
	}
	str_add(out, "</section>\n");
}
