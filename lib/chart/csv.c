/* SPDX-License-Identifier: PostgreSQL */
/*
 * A reader of CSV, one byte after the other.
 */
#include "chart/csv.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

static status
fault(const struct csv *c, const char *what)
{
	log_error("line %llu of %s: %s", (unsigned long long)c->line + 1,
	    c->name, what);
	return STATUS_USAGE;
}

static void
end_field(struct csv *c)
{
	bool null = !c->quoted && c->bytes.len == c->start;

	if (c->len == c->cap) {
		c->cap = c->cap > 0 ? c->cap * 2 : 16;
		c->starts = mem_resize(c->starts, c->cap, sizeof(c->starts[0]));
		c->fields = mem_resize(c->fields, c->cap, sizeof(c->fields[0]));
	}
	c->starts[c->len++] = null ? SIZE_MAX : c->start;
	str_addc(&c->bytes, '\0');
	c->start = c->bytes.len;
	c->quoted = false;
	c->state = CSV_BEGIN;
}

static status
end_record(struct csv *c)
{
	status s = STATUS_OK;

	/* A blank line is no row. */
	if (c->len == 0 && c->bytes.len == 0 && !c->quoted) {
		c->record_line = c->line + 1;
		return STATUS_OK;
	}
	end_field(c);
	for (size_t i = 0; i < c->len; i++)
		c->fields[i] = c->starts[i] == SIZE_MAX
		    ? NULL
		    : c->bytes.data + c->starts[i];
	s = c->row(c->arg, c->fields, c->len, c->record_line + 1);
	str_clear(&c->bytes);
	c->len = c->start = 0;
	c->record_line = c->line + 1;
	return s;
}

/* A character outside of quotes. */
static status
plain(struct csv *c, char byte)
{
	status s;

	if (byte == c->delimiter) {
		end_field(c);
		return c->len < CSV_FIELDS_MAX ? STATUS_OK
					       : fault(c, "too many fields");
	}
	if (byte == '\n') {
		if (!c->quoted && c->bytes.len > c->start &&
		    c->bytes.data[c->bytes.len - 1] == '\r')
			c->bytes.data[--c->bytes.len] = '\0';
		s = end_record(c);
		c->line++;
		return s;
	}
	if (byte == '"' && c->state == CSV_BEGIN) {
		c->state = CSV_QUOTED;
		c->quoted = true;
		return STATUS_OK;
	}
	if (c->state == CSV_QUOTE)
		return byte == '\r' ? STATUS_OK
				    : fault(c, "text after a closing quote");
	c->state = CSV_PLAIN;
	str_addc(&c->bytes, byte);
	return STATUS_OK;
}

static status
push_byte(struct csv *c, char byte)
{
	if (byte == '\0')
		return fault(c, "a null byte");
	if (c->bytes.len >= CSV_RECORD_MAX)
		return fault(c, "a record of more than 1 MiB");
	if (c->state == CSV_QUOTE && byte == '"') {
		c->state = CSV_QUOTED;
		str_addc(&c->bytes, byte);
		return STATUS_OK;
	}
	if (c->state != CSV_QUOTED)
		return plain(c, byte);
	if (byte == '"') {
		c->state = CSV_QUOTE;
		return STATUS_OK;
	}
	c->line += byte == '\n' ? 1 : 0;
	str_addc(&c->bytes, byte);
	return STATUS_OK;
}

/* What the first line has most of, outside of quotes. */
static char
delimiter_of(const char *line, size_t n)
{
	static const char candidates[] = ",\t;";
	size_t counts[3] = {0, 0, 0}, best = 0;
	bool quoted = false;

	for (size_t i = 0; i < n; i++) {
		const char *at;

		if (line[i] == '"')
			quoted = !quoted;
		at = line[i] != '\0' ? strchr(candidates, line[i]) : NULL;
		if (!quoted && at != NULL)
			counts[at - candidates]++;
	}
	for (size_t i = 1; i < 3; i++)
		if (counts[i] > counts[best])
			best = i;
	return candidates[best];
}

static status
push_all(struct csv *c, const char *bytes, size_t n)
{
	status s = STATUS_OK;

	for (size_t i = 0; s == STATUS_OK && i < n; i++)
		s = push_byte(c, bytes[i]);
	return s;
}

/* The first line is whole. */
static status
begin(struct csv *c)
{
	const char *text = str_text(&c->first);
	size_t n = c->first.len;

	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		n -= 3;
	}
	c->delimiter = delimiter_of(text, n);
	return push_all(c, text, n);
}

status
csv_push(struct csv *c, const char *bytes, size_t n)
{
	const char *newline;
	size_t head = n;
	status s;

	if (c->delimiter != 0)
		return push_all(c, bytes, n);
	newline = memchr(bytes, '\n', n);
	if (newline != NULL)
		head = (size_t)(newline - bytes) + 1;
	if (c->first.len + head > CSV_RECORD_MAX)
		return fault(c, "a first line of more than 1 MiB");
	str_addn(&c->first, bytes, head);
	if (newline == NULL)
		return STATUS_OK;
	s = begin(c);
	return s == STATUS_OK ? push_all(c, bytes + head, n - head) : s;
}

status
csv_finish(struct csv *c)
{
	status s = c->delimiter == 0 ? begin(c) : STATUS_OK;

	if (s != STATUS_OK)
		return s;
	if (c->state == CSV_QUOTED) {
		c->line = c->record_line;
		return fault(c, "a quote is not closed");
	}
	return end_record(c);
}

void
csv_free(struct csv *c)
{
	str_free(&c->bytes);
	str_free(&c->first);
	free(c->starts);
	free(c->fields);
	c->starts = NULL;
	c->fields = NULL;
	c->len = c->cap = 0;
}
