/* SPDX-License-Identifier: PostgreSQL */
/*
 * A small Markdown to HTML: line by line for the blocks, character by
 * character within them.  No recursion, nothing quadratic.
 */
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "report/escape.h"
#include "report/markup.h"

enum block { NOTHING, PARAGRAPH, BULLETS, NUMBERS, QUOTE, CODE };

struct markup {
	struct str *out;
	struct str inside; /* of the block that is open */
	enum block block;
	int level;
	char fence[8];
};

/* "[text](target)" at p: its parts, and where it ends. */
static const char *
link_at(const char *p, const char **close, const char **target)
{
	const char *end;

	*close = strchr(p, ']');
	if (*close == NULL || (*close)[1] != '(')
		return NULL;
	*target = *close + 2;
	if (strncmp(*target, "https://", 8) != 0 &&
	    strncmp(*target, "http://", 7) != 0 && **target != '#')
		return NULL;
	end = *target + strcspn(*target, ") \n");
	return *end == ')' ? end + 1 : NULL;
}

static void
add_escaped(struct str *out, const char *text, size_t n)
{
	char *piece CLEANUP_FREE = mem_strndup(text, n);

	escape_html(out, piece);
}

static const char *
add_link(struct str *out, const char *p)
{
	const char *close, *target, *end = link_at(p, &close, &target);

	if (end == NULL)
		return p;
	str_add(out, "<a href=\"");
	add_escaped(out, target, (size_t)(end - 1 - target));
	str_add(out, *target == '#' ? "\">" : "\" rel=\"noreferrer\">");
	add_escaped(out, p + 1, (size_t)(close - p - 1));
	str_add(out, "</a>");
	return end;
}

/* A run between two marks: "`code`", "**strong**", "*emphasised*". */
static const char *
add_marked(struct str *out, const char *p, const char *mark, const char *tag)
{
	size_t n = strlen(mark);
	const char *end;

	if (strncmp(p, mark, n) != 0 || p[n] == ' ' || p[n] == '\0' ||
	    p[n] == *mark)
		return p;
	end = strstr(p + n, mark);
	if (end == NULL)
		return p;
	str_addf(out, "<%s>", tag);
	add_escaped(out, p + n, (size_t)(end - p) - n);
	str_addf(out, "</%s>", tag);
	return end + n;
}

static void
add_inline(struct str *out, const char *p)
{
	/* Without a partner once, never again looked for: no square of it. */
	bool code = true, strong = true, slanted = true, links = true;

	while (*p != '\0') {
		const char *from = p, *q;

		if (*p == '\\' && p[1] != '\0' &&
		    strchr("\\`*_[]<>#", p[1]) != NULL) {
			add_escaped(out, p + 1, 1);
			p += 2;
			continue;
		}
		if (*p == '`' && code) {
			p = add_marked(out, p, "`", "code");
			code = p != from;
		} else if (*p == '*' && p[1] == '*' && strong) {
			p = add_marked(out, p, "**", "strong");
			strong = p != from;
		} else if (*p == '*' && slanted) {
			p = add_marked(out, p, "*", "em");
			slanted = p != from;
		} else if (*p == '[' && links) {
			p = add_link(out, p);
			links = p != from || strchr(p, ']') != NULL;
		}
		if (p != from)
			continue;
		q = p + 1 + strcspn(p + 1, "\\`*[");
		add_escaped(out, p, (size_t)(q - p));
		p = q;
	}
}

static void
close_block(struct markup *m)
{
	static const char *const ends[] = {"", "</p>\n", "</li></ul>\n",
	    "</li></ol>\n", "</p></blockquote>\n", "</code></pre>\n"};

	if (m->block == CODE)
		escape_html(m->out, str_text(&m->inside));
	else
		add_inline(m->out, str_text(&m->inside));
	str_add(m->out, ends[m->block]);
	str_clear(&m->inside);
	m->block = NOTHING;
}

static void
open_block(struct markup *m, enum block block)
{
	static const char *const starts[] = {"", "<p>", "<ul><li>", "<ol><li>",
	    "<blockquote><p>", "<pre><code>"};

	if (m->block == block && (block == BULLETS || block == NUMBERS)) {
		add_inline(m->out, str_text(&m->inside));
		str_clear(&m->inside);
		str_add(m->out, "</li><li>");
		return;
	}
	close_block(m);
	m->block = block;
	str_add(m->out, starts[block]);
}

static void
add_heading(struct markup *m, const char *line, size_t marks)
{
	int level = m->level + (int)marks - 1;

	close_block(m);
	if (level > 6)
		level = 6;
	str_addf(m->out, "<h%d>", level);
	add_inline(m->out, line + marks + 1);
	str_addf(m->out, "</h%d>\n", level);
}

static void
add_words(struct markup *m, const char *words)
{
	if (m->inside.len > 0)
		str_addc(&m->inside, '\n');
	str_add(&m->inside, words);
}

static bool
code_line(struct markup *m, const char *line)
{
	if (m->block == CODE) {
		if (strncmp(line, m->fence, 3) == 0) {
			close_block(m);
		} else {
			str_add(&m->inside, line);
			str_addc(&m->inside, '\n');
		}
		return true;
	}
	if (strncmp(line, "```", 3) != 0 && strncmp(line, "~~~", 3) != 0)
		return false;
	memcpy(m->fence, line, 3);
	m->fence[3] = '\0';
	open_block(m, CODE);
	return true;
}

static void
add_line(struct markup *m, const char *line)
{
	size_t indent, marks;
	const char *p;

	if (code_line(m, line))
		return;
	indent = strspn(line, " \t");
	p = line + indent;
	marks = strspn(p, "#");
	if (*p == '\0') {
		close_block(m);
	} else if (marks > 0 && marks < 7 && p[marks] == ' ') {
		add_heading(m, p, marks);
	} else if ((*p == '-' || *p == '*' || *p == '+') && p[1] == ' ') {
		open_block(m, BULLETS);
		add_words(m, p + 2);
	} else if (*p >= '0' && *p <= '9' && p[1] == '.' && p[2] == ' ') {
		open_block(m, NUMBERS);
		add_words(m, p + 3);
	} else if (*p == '>') {
		if (m->block != QUOTE)
			open_block(m, QUOTE);
		add_words(m, p[1] == ' ' ? p + 2 : p + 1);
	} else {
		if (m->block == NOTHING)
			open_block(m, PARAGRAPH);
		add_words(m, p);
	}
}

void
markup_html(struct str *out, const char *text, int level)
{
	struct markup m = {.out = out, .inside = STR_INIT, .level = level};

	while (*text != '\0') {
		size_t n = strcspn(text, "\n");
		char *line CLEANUP_FREE = mem_strndup(text, n);

		if (n > 0 && line[n - 1] == '\r')
			line[n - 1] = '\0';
		add_line(&m, line);
		text += n + (text[n] == '\n');
	}
	close_block(&m);
	str_free(&m.inside);
}
