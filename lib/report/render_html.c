/* SPDX-License-Identifier: PostgreSQL */
/*
 * The page: one file that asks nobody for anything.
 *
 * Its skeleton, style and script are texts in share/report-html; style and
 * script stand in the page, and its security policy names their SHA-256, so
 * that a browser runs nothing else, whatever a database has for names.  All
 * that there is to read is in the page before any script runs.
 *
 * A page has room for max_bytes.  Sections that need more than their share
 * are rendered again within it: the shares are such that what small sections
 * leave goes to the large ones.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "data/filehash.h"
#include "data/record.h"
#include "report/escape.h"
#include "report/html.h"
#include "report/picture.h"
#include "report/render_inside.h"

#define PAGE_BYTES ((size_t)8 * 1024 * 1024)
#define TEXT_MAX ((size_t)1024 * 1024) /* of a file in share/ */
#define NAV_CARDS 200		       /* names below a section in the list */

struct part { /* a section, rendered */
	const struct html_scope *scope;
	const json_t *section;
	struct str html;
};

struct page {
	struct html h;
	struct html_scope *scopes;
	size_t scope_count;
	struct part *parts;
	size_t part_count;
	struct str nav, main;
	struct str style, script, skeleton;
};

static status
read_text(const char *name, struct str *out)
{
	char *file CLEANUP_FREE =
	    mem_printf("%s/report-html/%s", path_share(), name);

	return path_read(file, TEXT_MAX, out);
}

/* "sha256-..." of a text, as a policy names it. */
static void
add_hash(struct str *out, const struct str *text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno"
				     "pqrstuvwxyz0123456789+/";
	struct filehash hash CLEANUP(filehash_free) = FILEHASH_INIT;
	unsigned char sum[FILEHASH_MAX + 2] = {0};
	size_t n, i;

	filehash_start(&hash, FILEHASH_SHA256);
	filehash_add(&hash, str_text(text), text->len);
	n = filehash_end(&hash, sum);
	sum[n] = sum[n + 1] = 0;
	str_add(out, "'sha256-");
	for (i = 0; i < n; i += 3) {
		unsigned v = (unsigned)sum[i] << 16 |
		    (unsigned)sum[i + 1] << 8 | sum[i + 2];

		str_addc(out, digits[v >> 18]);
		str_addc(out, digits[v >> 12 & 63]);
		str_addc(out, i + 1 < n ? digits[v >> 6 & 63] : '=');
		str_addc(out, i + 2 < n ? digits[v & 63] : '=');
	}
	str_addc(out, '\'');
}

/* --- what belongs where -------------------------------------------------------- */

static void
find_scopes(struct page *p)
{
	const json_t *databases = json_object_get(p->h.doc, "databases");
	size_t i, n = 1;
	json_t *database;

	p->scopes =
	    mem_zalloc((json_array_size(databases) + 1) * sizeof(*p->scopes));
	p->scopes[0] = (struct html_scope){.prefix = mem_strdup("s"),
	    .at = json_object_get(p->h.doc, "server")};
	json_array_foreach(databases, i, database)
	{
		const char *name = show_text(database, "database");

		if (render_wants(p->h.options, name))
			p->scopes[n++] =
			    (struct html_scope){.prefix =
						    mem_printf("d%zu", i + 1),
				.name = name,
				.at = database};
	}
	p->scope_count = n;
}

/* --- sections within their room ------------------------------------------------ */

static void
render_parts(struct page *p, size_t max)
{
	size_t s, i;
	json_t *section;

	for (s = 0; s < p->scope_count; s++) {
		json_array_foreach(json_object_get(p->scopes[s].at, "sections"),
		    i, section)
		{
			struct part *part;

			p->parts = mem_resize(p->parts, p->part_count + 1,
			    sizeof(*p->parts));
			part = &p->parts[p->part_count++];
			*part = (struct part){.scope = &p->scopes[s],
			    .section = section,
			    .html = STR_INIT};
			html_section(&p->h, part->scope, section, max,
			    &part->html);
		}
	}
}

/* The largest share that all together have room with. */
static size_t
fair_share(const struct page *p, size_t room)
{
	size_t share = room, step, i;

	for (step = 0; step < 60; step++) {
		size_t sum = 0, large = 0;

		for (i = 0; i < p->part_count; i++) {
			size_t len = p->parts[i].html.len;

			sum += len < share ? len : share;
			large += len >= share;
		}
		if (sum <= room || large == 0)
			break;
		share -= (sum - room) / large + 1 < share
		    ? (sum - room) / large + 1
		    : share;
	}
	return share;
}

static void
fit_parts(struct page *p, size_t room)
{
	size_t share = fair_share(p, room), i;

	for (i = 0; i < p->part_count; i++) {
		struct part *part = &p->parts[i];

		/* What stops at a limit stops a little behind it. */
		if (part->html.len <= share + share / 16)
			continue;
		str_clear(&part->html);
		html_section(&p->h, part->scope, part->section, share,
		    &part->html);
	}
}

/* --- navigation ---------------------------------------------------------------- */

static void
nav_cards(struct page *p, const struct part *part)
{
	const json_t *rows = json_object_get(part->section, "rows");
	size_t i, n = json_array_size(rows);
	json_t *row;

	if (strcmp(show_text(part->section, "layout"), "cards") != 0 ||
	    n == 0 || n > NAV_CARDS)
		return;
	str_add(&p->nav, "<ul>");
	json_array_foreach(rows, i, row)
	{
		struct str name CLEANUP(str_free) = STR_INIT;
		const char *id;

		show_name(&name, part->section, row);
		id = html_anchor(&p->h, part->scope, str_text(&name));
		if (id == NULL)
			continue;
		str_add(&p->nav, "<li><a href=\"#");
		escape_html(&p->nav, id);
		str_add(&p->nav, "\">");
		escape_html(&p->nav, str_text(&name));
		str_add(&p->nav, "</a></li>");
	}
	str_add(&p->nav, "</ul>");
}

static void
nav_link(struct page *p, const struct part *part)
{
	const char *state = show_text(part->section, "status");

	str_add(&p->nav, "<li><a href=\"#");
	html_section_id(&p->nav, part->scope, part->section);
	str_add(&p->nav,
	    strcmp(state, "ok") == 0 ? "\">" : "\" class=\"dim\">");
	escape_html(&p->nav, show_text(part->section, "title"));
	str_add(&p->nav, "</a>");
	nav_cards(p, part);
	str_add(&p->nav, "</li>\n");
}

static void
nav_group_title(struct str *out, const char *group)
{
	struct str title CLEANUP(str_free) = STR_INIT;

	if (strcmp(group, "timescaledb") == 0)
		str_add(&title, "TimescaleDB");
	else
		show_title(&title, group);
	escape_html(out, str_text(&title));
}

/* The groups in the order of their first sections. */
static void
nav_scope(struct page *p, const struct html_scope *scope)
{
	json_t *done = json_object();
	size_t i, j;

	if (json_array_size(json_object_get(scope->at, "checks")) > 0)
		str_addf(&p->nav,
		    "<li><a href=\"#%s-checks\">Checks</a></li>\n",
		    scope->prefix);
	for (i = 0; i < p->part_count; i++) {
		const char *group = show_text(p->parts[i].section, "group");

		if (p->parts[i].scope != scope ||
		    json_object_get(done, group) != NULL)
			continue;
		json_object_set_new(done, group, json_true());
		if (*group != '\0') {
			str_add(&p->nav, "<li><details open=\"\"><summary>");
			nav_group_title(&p->nav, group);
			str_add(&p->nav, "</summary><ul>\n");
		}
		for (j = i; j < p->part_count; j++)
			if (p->parts[j].scope == scope &&
			    strcmp(show_text(p->parts[j].section, "group"),
				group) == 0)
				nav_link(p, &p->parts[j]);
		if (*group != '\0')
			str_add(&p->nav, "</ul></details></li>\n");
	}
	json_decref(done);
}

static void
scope_title(struct str *out, const struct html_scope *scope)
{
	if (scope->name == NULL) {
		str_add(out, "Server");
		return;
	}
	str_add(out, "<span class=\"kind\">Database</span> ");
	escape_html(out, scope->name);
}

static bool
scope_is_empty(const struct html_scope *scope)
{
	return scope->name == NULL &&
	    json_array_size(json_object_get(scope->at, "sections")) == 0 &&
	    json_array_size(json_object_get(scope->at, "checks")) == 0;
}

static void
add_nav(struct page *p)
{
	size_t s;

	str_add(&p->nav, "<ul>\n<li><a href=\"#summary\">Summary</a></li>\n");
	for (s = 0; s < p->scope_count; s++) {
		if (scope_is_empty(&p->scopes[s]))
			continue;
		str_add(&p->nav, "<li><details open=\"\"><summary>");
		scope_title(&p->nav, &p->scopes[s]);
		str_add(&p->nav, "</summary><ul>\n");
		nav_scope(p, &p->scopes[s]);
		str_add(&p->nav, "</ul></details></li>\n");
	}
	str_add(&p->nav, "</ul>\n");
}

/* --- the whole ------------------------------------------------------------------ */

static void
add_database_facts(const struct html_scope *scope, struct str *out)
{
	json_t *extensions = json_object_get(scope->at, "extensions");
	void *it;

	str_add(out, "<dl class=\"facts\">\n");
	html_fact(out, "Encoding", json_object_get(scope->at, "encoding"),
	    SHOW_TEXT);
	html_fact(out, "Statistics since",
	    json_object_get(scope->at, "stats_reset"), SHOW_TIME);
	if (json_object_size(extensions) > 0) {
		str_add(out, "<div class=\"wide\"><dt>Extensions</dt><dd>");
		for (it = json_object_iter(extensions); it != NULL;
		     it = json_object_iter_next(extensions, it)) {
			str_add(out, "<span class=\"chip\">");
			escape_html(out, json_object_iter_key(it));
			str_addc(out, ' ');
			html_value(out, json_object_iter_value(it), SHOW_TEXT);
			str_add(out, "</span> ");
		}
		str_add(out, "</dd></div>\n");
	}
	str_add(out, "</dl>\n");
}

static void
add_scope(struct page *p, const struct html_scope *scope)
{
	size_t i;

	if (scope_is_empty(scope))
		return;
	str_addf(&p->main, "<section class=\"scope\" id=\"%s\">\n<h2>",
	    scope->prefix);
	scope_title(&p->main, scope);
	str_add(&p->main, "</h2>\n");
	if (scope->name != NULL)
		add_database_facts(scope, &p->main);
	html_checks(&p->h, scope, &p->main);
	for (i = 0; i < p->part_count; i++)
		if (p->parts[i].scope == scope)
			str_addn(&p->main, str_text(&p->parts[i].html),
			    p->parts[i].html.len);
	str_add(&p->main, "</section>\n");
}

static void
build_collection(struct page *p)
{
	size_t max = p->h.options->max_bytes;
	size_t s, fixed;

	if (max == 0)
		max = PAGE_BYTES;
	find_scopes(p);
	render_parts(p, max);
	html_summary(&p->h, p->scopes, p->scope_count, &p->main);
	for (s = 0; s < p->scope_count; s++)
		html_checks(&p->h, &p->scopes[s], &p->main);
	fixed = p->main.len + p->style.len + p->script.len;
	fit_parts(p, fixed + max / 4 < max ? max - fixed : max / 4);
	str_clear(&p->main);
	html_summary(&p->h, p->scopes, p->scope_count, &p->main);
	for (s = 0; s < p->scope_count; s++)
		add_scope(p, &p->scopes[s]);
	add_nav(p);
}

static void
fill(struct page *p, const char *name, struct str *out)
{
	struct str title CLEANUP(str_free) = STR_INIT;

	if (strcmp(name, "title") == 0) {
		render_title(&title, p->h.doc, p->h.options);
		escape_html(out, str_text(&title));
	} else if (strcmp(name, "style-hash") == 0) {
		add_hash(out, &p->style);
	} else if (strcmp(name, "script-hash") == 0) {
		add_hash(out, &p->script);
	} else if (strcmp(name, "style") == 0) {
		str_addn(out, str_text(&p->style), p->style.len);
	} else if (strcmp(name, "script") == 0) {
		str_addn(out, str_text(&p->script), p->script.len);
	} else if (strcmp(name, "nav") == 0) {
		str_addn(out, str_text(&p->nav), p->nav.len);
	} else if (strcmp(name, "main") == 0) {
		str_addn(out, str_text(&p->main), p->main.len);
	} else if (strcmp(name, "tool") == 0) {
		escape_html(out, show_text(p->h.doc, "tool"));
	}
}

/* "@{name}" in the skeleton. */
static void
assemble(struct page *p, struct str *out)
{
	const char *at = str_text(&p->skeleton), *mark, *end;

	str_reserve(out, p->main.len + p->nav.len + 256 * 1024);
	while ((mark = strstr(at, "@{")) != NULL &&
	    (end = strchr(mark, '}')) != NULL) {
		str_addn(out, at, (size_t)(mark - at));
		{
			char *name CLEANUP_FREE =
			    mem_strndup(mark + 2, (size_t)(end - mark - 2));

			fill(p, name, out);
		}
		at = end + 1;
	}
	str_add(out, at);
}

static void
page_free(struct page *p)
{
	size_t i;

	for (i = 0; i < p->part_count; i++)
		str_free(&p->parts[i].html);
	for (i = 0; i < p->scope_count; i++)
		free((void *)(uintptr_t)p->scopes[i].prefix);
	free(p->parts);
	free(p->scopes);
	json_decref(p->h.anchors);
	str_free(&p->nav);
	str_free(&p->main);
	str_free(&p->style);
	str_free(&p->script);
	str_free(&p->skeleton);
}

status
render_html(const json_t *document, const struct render_options *options,
    struct str *out)
{
	struct page p CLEANUP(page_free) = {
	    .h = {.doc = document, .options = options}};
	status s = read_text("page.html", &p.skeleton);

	p.h.anchors = json_object();
	if (s == STATUS_OK)
		s = read_text("style.css", &p.style);
	if (s == STATUS_OK)
		s = read_text("script.js", &p.script);
	if (s != STATUS_OK)
		return s;
	picture_style(&p.style);
	if (render_is_diff(document))
		html_diff(&p.h, &p.nav, &p.main);
	else
		build_collection(&p);
	assemble(&p, out);
	return STATUS_OK;
}
