/* SPDX-License-Identifier: PostgreSQL */
/*
 * Text of the world: made harmless, measured and cut.
 */
#include "draw/text.h"

#include <string.h>

#define NO_CHARACTER 0xfffdu

/* A lead byte's length; 0 for one that leads nothing. */
static size_t
length_of(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead < 0xe0)
		return 2;
	if (lead >= 0xe0 && lead < 0xf0)
		return 3;
	return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

/* One character of well-formed UTF-8, or NO_CHARACTER and one byte. */
static uint32_t
decode(const char *text, size_t *used)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	unsigned char lead = (unsigned char)text[0];
	size_t n = length_of(lead);
	uint32_t c;

	*used = 1;
	if (n <= 1)
		return n == 1 ? lead : NO_CHARACTER;
	c = lead & (0xffu >> (n + 1));
	for (size_t i = 1; i < n; i++) {
		unsigned char next = (unsigned char)text[i];

		if ((next & 0xc0) != 0x80)
			return NO_CHARACTER;
		c = c << 6 | (next & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return NO_CHARACTER;
	*used = n;
	return c;
}

/* What must not reach a picture or a terminal as it is. */
static bool
is_harmful(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c & 0xfffe) == 0xfffe ||
	    (c >= 0xfdd0 && c < 0xfdf0) || (c >= 0x202a && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069) || c == 0x2028 || c == 0x2029;
}

uint32_t
draw_next_char(const char **text)
{
	size_t used;
	uint32_t c;

	if (**text == '\0')
		return 0;
	c = decode(*text, &used);
	*text += used;
	if (c == '\t' || c == '\n' || c == '\r')
		return ' ';
	return is_harmful(c) ? NO_CHARACTER : c;
}

void
draw_add_char(struct str *out, uint32_t c)
{
	char bytes[4];
	size_t n;

	if (c < 0x80) {
		str_addc(out, (char)c);
		return;
	}
	n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = n; i-- > 1; c >>= 6)
		bytes[i] = (char)(0x80 | (c & 0x3f));
	bytes[0] = (char)((0xf00u >> n) | c);
	str_addn(out, bytes, n);
}

void
draw_xml(struct str *out, const char *text)
{
	for (uint32_t c; (c = draw_next_char(&text)) != 0;)
		switch (c) {
		case '<':
			str_add(out, "&lt;");
			break;
		case '>':
			str_add(out, "&gt;");
			break;
		case '&':
			str_add(out, "&amp;");
			break;
		case '"':
			str_add(out, "&quot;");
			break;
		case '\'':
			str_add(out, "&#39;");
			break;
		default:
			draw_add_char(out, c);
		}
}

/* Marks that stand over or under the character before them, and joiners. */
static bool
is_without_width(uint32_t c)
{
	return (c >= 0x300 && c < 0x370) || (c >= 0x200b && c <= 0x200f) ||
	    (c >= 0xfe00 && c < 0xfe10) || (c >= 0x20d0 && c < 0x2100) ||
	    (c >= 0x1ab0 && c < 0x1b00) || c == 0xfeff || c == 0x2060;
}

/* East Asian wide characters and most emoji. */
static bool
is_wide(uint32_t c)
{
	return (c >= 0x1100 && c < 0x1160) || (c >= 0x2e80 && c < 0xa4d0) ||
	    (c >= 0xac00 && c < 0xd7a4) || (c >= 0xf900 && c < 0xfb00) ||
	    (c >= 0xfe30 && c < 0xfe70) || (c >= 0xff00 && c < 0xff61) ||
	    (c >= 0x1f300 && c < 0x1f650) || (c >= 0x1f900 && c < 0x1fa00) ||
	    (c >= 0x20000 && c < 0x40000);
}

static double
width_of(uint32_t c)
{
	if (is_without_width(c))
		return 0;
	if (is_wide(c))
		return 1.05;
	if (c >= 0x80)
		return 0.66;
	if (strchr("ijl.,:;'|! ()[]{}Iftr/\\-", (int)c) != NULL)
		return 0.37;
	if (strchr("mwMW@%", (int)c) != NULL)
		return 0.94;
	return c >= 'A' && c <= 'Z' ? 0.7 : 0.61;
}

double
draw_width(const char *text)
{
	double width = 0;

	for (uint32_t c; (c = draw_next_char(&text)) != 0;)
		width += width_of(c);
	return width;
}

static size_t
columns_of(uint32_t c)
{
	return is_without_width(c) ? 0 : is_wide(c) ? 2 : 1;
}

size_t
draw_columns(const char *text)
{
	size_t columns = 0;

	for (uint32_t c; (c = draw_next_char(&text)) != 0;)
		columns += columns_of(c);
	return columns;
}

void
draw_fit(struct str *out, const char *text, double width)
{
	double ellipsis = 0.95, used = 0;
	bool whole = draw_width(text) <= width;

	for (uint32_t c; (c = draw_next_char(&text)) != 0;) {
		used += width_of(c);
		if (!whole && used > width - ellipsis) {
			str_add(out, "…");
			return;
		}
		draw_add_char(out, c);
	}
}

void
draw_fit_columns(struct str *out, const char *text, size_t columns, bool ascii)
{
	bool whole = draw_columns(text) <= columns;
	size_t used = 0;

	for (uint32_t c; (c = draw_next_char(&text)) != 0;) {
		used += columns_of(c);
		if (!whole && used + 1 > columns) {
			str_add(out, ascii ? "~" : "…");
			return;
		}
		if (!ascii || c < 0x80)
			draw_add_char(out, c);
		else if (columns_of(c) > 0)
			str_addn(out, "??", columns_of(c));
	}
}
