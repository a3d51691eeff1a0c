/* SPDX-License-Identifier: PostgreSQL */
/*
 * Text from a database, made harmless for where it is written.
 */
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "report/escape.h"

/* jansson has let nothing pass but UTF-8; a cut name is shown all the same. */
unsigned
escape_next(const char **text)
{
	const unsigned char *p = (const unsigned char *)*text;
	unsigned c = p[0], more;

	*text += 1;
	if (c < 0xc2)
		return c;
	more = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
	c &= 0x3fU >> more;
	while (more-- > 0) {
		unsigned next = *(const unsigned char *)*text;

		if ((next & 0xc0) != 0x80)
			return 0xfffd;
		c = c << 6 | (next & 0x3f);
		*text += 1;
	}
	return c;
}

/* Joiners belong to scripts and emoji, but not behind a letter of ASCII. */
bool
escape_unseen(unsigned before, unsigned c)
{
	if (c < 0x20)
		return c != '\n' && c != '\t';
	if (c < 0xa0)
		return c >= 0x7f;
	if (c == 0x200c || c == 0x200d)
		return before < 0x80;
	return c == 0xad || c == 0x61c || c == 0x180e || c == 0xfeff ||
	    (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2060 && c <= 0x206f) || (c >= 0xfff9 && c <= 0xfffb) ||
	    (c >= 0xe0000 && c <= 0xe007f);
}

size_t
escape_width(const char *text)
{
	size_t n = 0;
	unsigned before = 0;

	while (*text != '\0') {
		unsigned c = escape_next(&text);

		n += escape_unseen(before, c) ? 8 : c >= 0x1100 ? 2 : 1;
		before = c;
	}
	return n;
}

/* How a place writes a character of ASCII between two others (0: none);
 * NULL: as it is. */
typedef const char *spell_fn(unsigned before, unsigned c, unsigned next);

/* Copy, with unseen characters made visible and ASCII spelt. */
static void
copy_text(struct str *out, const char *text, spell_fn *spell)
{
	unsigned before = 0;

	while (*text != '\0') {
		const char *start = text, *as;
		unsigned c = escape_next(&text);

		if (escape_unseen(before, c))
			str_addf(out, "\u27e8U+%04X\u27e9", c);
		else if (c == 0xfffd)
			str_add(out, "\ufffd");
		else if (c < 0x80 &&
		    (as = spell(before, c, (unsigned char)*text)) != NULL)
			str_add(out, as);
		else
			str_addn(out, start, (size_t)(text - start));
		before = c;
	}
}

static const char *
spell_html(unsigned before, unsigned c, unsigned next)
{
	(void)before;
	(void)next;
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* Most of a page comes through here: runs without anything to do are copied
 * whole. */
void
escape_html(struct str *out, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p >= ' ' && *p < 0x7f && *p != '&' && *p != '<' && *p != '>' &&
	    *p != '"' && *p != '\'')
		p++;
	str_addn(out, text, (size_t)((const char *)p - text));
	if (*p != '\0')
		copy_text(out, (const char *)p, spell_html);
}

void
escape_id(struct str *out, const char *text)
{
	const unsigned char *p;

	for (p = (const unsigned char *)text; *p != '\0'; p++) {
		if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= '0' && *p <= '9') || strchr("_.-", *p) != NULL)
			str_addc(out, (char)*p);
		else
			str_addf(out, "~%02x", *p);
	}
}

static bool
is_word(unsigned c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c >= 0x80;
}

/* Only what would be markup where it stands: "pg_class" and "10:30" are not. */
static const char *
spell_markdown(unsigned before, unsigned c, unsigned next)
{
	static const char marks[] = "\\`*[]<>#|~$@&";
	static const char *const spelt[] = {"\\\\", "\\`", "\\*", "\\[", "\\]",
	    "&lt;", "&gt;", "\\#", "\\|", "\\~", "\\$", "\\@", "&amp;"};
	const char *at;

	switch (c) {
	case '\n':
		return "<br>";
	case '\t':
		return " ";
	case '_':
		return is_word(before) && is_word(next) ? NULL : "\\_";
	case ':': /* of an address, of an emoji's name */
		return next == '/' || next == '+' || next == '-' ||
			(is_word(next) && (next < '0' || next > '9'))
		    ? "\\:"
		    : NULL;
	case '.': /* "www." makes a link */
		return (before == 'w' || before == 'W') && is_word(next) ? "\\."
									 : NULL;
	default:
		at = strchr(marks, (int)c);
		return at != NULL ? spelt[at - marks] : NULL;
	}
}

/* What makes a list, a heading or a line of a text stands at its start. */
void
escape_markdown(struct str *out, const char *text)
{
	const char *p = text;

	while (*p == ' ')
		p++;
	if ((*p == '-' || *p == '+' || *p == '=') &&
	    (p[1] == ' ' || p[1] == *p || p[1] == '\0')) {
		str_addc(out, '\\');
		str_addc(out, *p++);
	} else if (*p >= '0' && *p <= '9') {
		while (*p >= '0' && *p <= '9')
			str_addc(out, *p++);
		if ((*p == '.' || *p == ')') && (p[1] == ' ' || p[1] == '\0')) {
			str_addc(out, '\\');
			str_addc(out, *p++);
		}
	}
	copy_text(out, p, spell_markdown);
}

static size_t
longest_run(const char *text, char c)
{
	size_t run = 0, longest = 0;

	for (; *text != '\0'; text++) {
		run = *text == c ? run + 1 : 0;
		if (run > longest)
			longest = run;
	}
	return longest;
}

static const char *
spell_code(unsigned before, unsigned c, unsigned next)
{
	(void)before;
	(void)next;
	return c == '\n' || c == '\t' ? " " : NULL;
}

static const char *
spell_code_cell(unsigned before, unsigned c, unsigned next)
{
	(void)before;
	(void)next;
	return c == '|' ? "\\|" : spell_code(before, c, next);
}

void
escape_markdown_code(struct str *out, const char *text, bool cell)
{
	size_t fence = longest_run(text, '`') + 1, len = strlen(text), i;
	bool space = len > 0 &&
	    (text[0] == '`' || text[len - 1] == '`' || text[0] == ' ');

	if (len == 0)
		return;
	for (i = 0; i < fence; i++)
		str_addc(out, '`');
	if (space)
		str_addc(out, ' ');
	copy_text(out, text, cell ? spell_code_cell : spell_code);
	if (space)
		str_addc(out, ' ');
	for (i = 0; i < fence; i++)
		str_addc(out, '`');
}

static const char *
spell_nothing(unsigned before, unsigned c, unsigned next)
{
	(void)before;
	(void)next;
	(void)c;
	return NULL;
}

void
escape_markdown_block(struct str *out, const char *text, const char *language)
{
	size_t fence = longest_run(text, '`') + 1, i;

	if (fence < 3)
		fence = 3;
	for (i = 0; i < fence; i++)
		str_addc(out, '`');
	str_addf(out, "%s\n", language);
	copy_text(out, text, spell_nothing);
	if (text[0] != '\0' && text[strlen(text) - 1] != '\n')
		str_addc(out, '\n');
	for (i = 0; i < fence; i++)
		str_addc(out, '`');
	str_addc(out, '\n');
}

static const char *
spell_dbml_single(unsigned before, unsigned c, unsigned next)
{
	(void)before;
	(void)next;
	return c == '\'' ? "\\'"
	    : c == '\\'	 ? "\\\\"
	    : c == '\n'	 ? "\\n"
	    : c == '\t'	 ? " "
			 : NULL;
}

static const char *
spell_double(unsigned before, unsigned c, unsigned next)
{
	(void)before;
	(void)next;
	return c == '"' ? "\\\""
	    : c == '\'' ? NULL
			: spell_dbml_single(before, c, next);
}

void
escape_dbml(struct str *out, const char *text, char quote)
{
	str_addc(out, quote);
	copy_text(out, text, quote == '\'' ? spell_dbml_single : spell_double);
	str_addc(out, quote);
}

void
escape_dot(struct str *out, const char *text)
{
	str_addc(out, '"');
	copy_text(out, text, spell_double);
	str_addc(out, '"');
}

static const char *
spell_mermaid(unsigned before, unsigned c, unsigned next)
{
	(void)before;
	(void)next;
	switch (c) {
	case '"':
		return "\u201d";
	case '%':
		return "\uff05";
	case '\\':
		return "\u2216";
	case '<':
		return "\u2039";
	case '>':
		return "\u203a";
	case '#':
		return "\uff03";
	case ';':
		return "\uff1b";
	case '&':
		return "\uff06";
	case '`':
		return "'";
	case '\n':
	case '\t':
		return " ";
	default:
		return NULL;
	}
}

void
escape_mermaid(struct str *out, const char *text)
{
	str_addc(out, '"');
	copy_text(out, *text == '\0' ? " " : text, spell_mermaid);
	str_addc(out, '"');
}

void
escape_mermaid_word(struct str *out, const char *text)
{
	size_t start = out->len;

	for (; *text != '\0'; text++) {
		char c = *text;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    c == '_' || (out->len > start && c >= '0' && c <= '9'))
			str_addc(out, c);
		else if (((unsigned char)c & 0xc0) != 0x80)
			str_addc(out, '_');
	}
	if (out->len == start)
		str_addc(out, '_');
}
