/* SPDX-License-Identifier: PostgreSQL */
/*
 * The executive summary: score, coverage, categories, the worst findings.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "data/record.h"
#include "report/escape.h"
#include "report/html.h"

#define WORST 8
#define SKIPPED_SHOWN 100

/* A ring that is full at 100: the circumference of r = 52 is 326.73. */
static void
add_ring(const json_t *score, struct str *out)
{
	double v = json_number_value(json_object_get(score, "score"));
	bool known = json_is_number(json_object_get(score, "score"));
	const char *grade = show_text(score, "grade");
	const char *tone = !known ? "none"
	    : v >= 80		  ? "good"
	    : v >= 50		  ? "fair"
				  : "poor";

	if (v < 0 || v > 100)
		v = v < 0 ? 0 : 100;
	str_addf(out,
	    "<svg class=\"ring %s\" viewBox=\"0 0 120 120\" width=\"132\" "
	    "height=\"132\" role=\"img\" aria-label=\"",
	    tone);
	if (known)
		str_addf(out, "Health score %.0f of 100", v);
	else
		str_add(out, "No health score");
	str_add(out,
	    "\"><circle class=\"rail\" cx=\"60\" cy=\"60\" r=\"52\" "
	    "/>");
	if (known && v > 0)
		str_addf(out,
		    "<circle class=\"arc\" cx=\"60\" cy=\"60\" r=\"52\" "
		    "stroke-dasharray=\"%.2f 326.73\" "
		    "transform=\"rotate(-90 60 60)\" />",
		    v * 3.2673);
	str_add(out, "<text x=\"60\" y=\"66\" class=\"num\">");
	if (known)
		str_addf(out, "%.0f", v);
	else
		str_add(out, "n/a");
	str_add(out, "</text><text x=\"60\" y=\"86\" class=\"grade\">");
	if (*grade != '\0') {
		str_add(out, "grade ");
		escape_html(out, grade);
	}
	str_add(out, "</text></svg>\n");
}

static void
add_tile(struct str *out, const char *severity, size_t n, const char *one,
    const char *many)
{
	str_addf(out, "<li class=\"tile %s\"><b>", n > 0 ? severity : "nil");
	show_count(out, n);
	str_addf(out, "</b> %s</li>\n", n == 1 ? one : many);
}

static void
add_tiles(const struct html_scope *scopes, size_t n, const json_t *score,
    struct str *out)
{
	int64_t skipped = record_int(score, "skipped");
	int64_t errors = record_int(score, "errors");

	str_add(out, "<ul class=\"tiles\">\n");
	add_tile(out, "critical", html_count(scopes, n, "critical"), "critical",
	    "critical");
	add_tile(out, "warning", html_count(scopes, n, "warning"), "warning",
	    "warnings");
	add_tile(out, "notice", html_count(scopes, n, "notice"), "notice",
	    "notices");
	add_tile(out, "skipped", skipped > 0 ? (size_t)skipped : 0,
	    "check skipped", "checks skipped");
	if (errors > 0)
		add_tile(out, "error", (size_t)errors, "check failed",
		    "checks failed");
	str_add(out, "</ul>\n");
}

static void
add_coverage(const json_t *score, struct str *out)
{
	int64_t evaluated = record_int(score, "evaluated");
	int64_t total = record_int(score, "total");
	const json_t *cap = json_object_get(score, "cap");

	if (total <= 0 || evaluated < 0)
		return;
	str_add(out, "<p>Rests on ");
	str_addf(out, "%lld of %lld checks", (long long)evaluated,
	    (long long)total);
	str_addf(out, " (%.0f %%)", 100.0 * (double)evaluated / (double)total);
	str_add(out, ".");
	if (!json_is_number(json_object_get(score, "score")))
		str_add(out, " That is too few for a score.");
	if (json_is_object(cap)) {
		str_addf(out, " Capped at %lld by <code>",
		    (long long)record_int(cap, "at"));
		escape_html(out, show_text(cap, "check"));
		str_add(out, "</code>.");
	}
	str_add(out, "</p>\n");
}

/* A bar is drawn for the eye; the number stands beside it for everybody. */
static void
add_categories(const json_t *score, struct str *out)
{
	const json_t *categories = json_object_get(score, "categories");
	size_t i;
	json_t *c;

	if (json_array_size(categories) == 0)
		return;
	str_add(out,
	    "<table class=\"cats plain\"><caption>Score by category</caption>"
	    "<thead><tr><th scope=\"col\">Category</th>"
	    "<th scope=\"col\" class=\"n\">Score</th>"
	    "<th scope=\"col\"><span class=\"vh\">Drawn</span></th>"
	    "<th scope=\"col\" class=\"n\">Weight</th>"
	    "<th scope=\"col\" class=\"n\">Checks</th></tr></thead><tbody>\n");
	json_array_foreach(categories, i, c)
	{
		const json_t *s = json_object_get(c, "score");
		double v = json_number_value(s);

		str_add(out, "<tr><th scope=\"row\">");
		escape_html(out, show_text(c, "category"));
		str_add(out, "</th><td class=\"n\">");
		if (json_is_number(s))
			str_addf(out, "%.0f", v);
		else
			str_add(out, "n/a");
		str_addf(out,
		    "</td><td class=\"bar\"><svg class=\"%s\" "
		    "viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" "
		    "aria-hidden=\"true\"><rect class=\"rail\" width=\"100\" "
		    "height=\"8\" /><rect class=\"arc\" width=\"%.0f\" "
		    "height=\"8\" /></svg></td><td class=\"n\">",
		    v >= 80	  ? "good"
			: v >= 50 ? "fair"
				  : "poor",
		    v < 0	  ? 0
			: v > 100 ? 100
				  : v);
		html_value(out, json_object_get(c, "weight"), SHOW_NUMBER);
		str_add(out, "</td><td class=\"n\">");
		html_value(out, json_object_get(c, "evaluated"), SHOW_NUMBER);
		str_add(out, "</td></tr>\n");
	}
	str_add(out, "</tbody></table>\n");
}

static void
add_server(const struct html *h, struct str *out)
{
	static const struct {
		const char *field, *title;
		enum show_format format;
	} facts[] = {{"version_text", "PostgreSQL", SHOW_TEXT},
	    {"where", "Connection", SHOW_CODE}, {"user", "Role", SHOW_CODE},
	    {"standby", "Standby", SHOW_FLAG},
	    {"started", "Started", SHOW_TIME}, {"system", "System", SHOW_CODE}};
	const json_t *server = json_object_get(h->doc, "server");
	size_t i;

	str_add(out, "<dl class=\"facts\">\n");
	for (i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		html_fact(out, facts[i].title,
		    json_object_get(server, facts[i].field), facts[i].format);
	html_fact(out, "Collected", json_object_get(h->doc, "collected"),
	    SHOW_TIME);
	html_fact(out, "Took", json_object_get(h->doc, "seconds"),
	    SHOW_DURATION);
	str_add(out, "</dl>\n");
}

/* Of each severity the first of every check, before the second of any. */
static void
add_worst(struct html *h, const struct html_scope *scopes, size_t n,
    struct str *out)
{
	static const char *const order[] = {"critical", "warning", "notice"};
	size_t total = 0, written = 0, o, s, i, j, nth;
	json_t *check, *finding;

	for (o = 0; o < 3; o++)
		total += html_count(scopes, n, order[o]);
	if (total == 0)
		return;
	str_add(out, "<h3>What matters most</h3>\n");
	for (o = 0; o < 3; o++)
		for (nth = 0; nth < 3; nth++)
			for (s = 0; s < n; s++) {
				json_array_foreach(json_object_get(scopes[s].at,
						       "checks"),
				    i, check)
				{
					size_t seen = 0;

					json_array_foreach(
					    json_object_get(check, "findings"),
					    j, finding)
					{
						if (strcmp(show_text(finding,
							       "severity"),
							order[o]) != 0 ||
						    json_is_object(
							json_object_get(finding,
							    "waived")) ||
						    seen++ != nth)
							continue;
						if (written++ < WORST)
							html_finding(h,
							    &scopes[s], finding,
							    check, out);
						break;
					}
				}
			}
	if (total > WORST)
		str_addf(out,
		    "<p class=\"note\">These are %d of %zu findings; all stand "
		    "under Checks.</p>\n",
		    WORST, total);
}

static void
add_skipped(const struct html_scope *scopes, size_t n, struct str *out)
{
	size_t s, i, k, written = 0;
	json_t *item;
	static const char *const kinds[] = {"checks", "sections"};
	struct str list CLEANUP(str_free) = STR_INIT;

	for (s = 0; s < n; s++)
		for (k = 0; k < 2; k++) {
			json_array_foreach(json_object_get(scopes[s].at,
					       kinds[k]),
			    i, item)
			{
				const char *state = show_text(item, "status");

				if (strcmp(state, "skipped") != 0 &&
				    strcmp(state, "error") != 0)
					continue;
				if (written++ >= SKIPPED_SHOWN)
					continue;
				str_add(&list, "<li>");
				html_severity(&list, state);
				str_addc(&list, ' ');
				escape_html(&list, show_text(item, "title"));
				if (scopes[s].name != NULL) {
					str_add(&list, " <span class=\"in\">");
					escape_html(&list, scopes[s].name);
					str_add(&list, "</span>");
				}
				str_add(&list, ": ");
				escape_html(&list, show_text(item, "reason"));
				str_add(&list, "</li>\n");
			}
		}
	if (written == 0)
		return;
	str_addf(out,
	    "<details class=\"about\"><summary>What could not be looked at "
	    "<span class=\"count\">%zu</span></summary><ul class=\"skips\">\n",
	    written);
	str_addn(out, str_text(&list), list.len);
	str_add(out, "</ul>\n");
	if (written > SKIPPED_SHOWN)
		str_addf(out, "<p class=\"note\">%d of %zu are shown.</p>",
		    SKIPPED_SHOWN, written);
	str_add(out, "</details>\n");
}

void
html_summary(struct html *h, const struct html_scope *scopes, size_t n,
    struct str *out)
{
	const json_t *score = json_object_get(h->doc, "score");

	str_add(out,
	    "<section class=\"sec\" id=\"summary\">\n<h2>Summary"
	    "</h2>\n");
	if (json_is_false(json_object_get(h->doc, "complete")))
		html_note(out,
		    "This collection ended early: what is missing "
		    "was not looked at.");
	if (record_int(score, "total") > 0) {
		str_add(out, "<div class=\"hero\">\n");
		add_ring(score, out);
		str_add(out, "<div class=\"herotext\">\n");
		add_tiles(scopes, n, score, out);
		add_coverage(score, out);
		str_add(out, "</div>\n");
		add_categories(score, out);
		str_add(out, "</div>\n");
	}
	add_server(h, out);
	add_worst(h, scopes, n, out);
	add_skipped(scopes, n, out);
	str_add(out, "</section>\n");
}
