/* SPDX-License-Identifier: PostgreSQL */
/*
 * From a pattern to its parts.  Each part is built twice, as the name that
 * it is without wildcards and as the regular expression that it is with them.
 */
#include "chunk/pattern.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"

#define PARTS_MAX 3   /* database, schema, table */
#define NAME_BYTES 63 /* no name is longer: such text matches nothing */

struct part {
	struct str name;
	struct str regex;
	bool like;  /* it has something that makes it no plain name */
	bool begun; /* there is something, be it an empty pair of quotes */
};

struct parts {
	struct part items[PARTS_MAX];
	size_t count;
};

static void
parts_free(struct parts *p)
{
	for (size_t i = 0; i < PARTS_MAX; i++) {
		str_free(&p->items[i].name);
		str_free(&p->items[i].regex);
	}
}

/* A character that means itself. */
static void
add_plain(struct part *part, char c)
{
	if (strchr("|*+?()[]{}.^$\\", c) != NULL)
		str_addc(&part->regex, '\\');
	str_addc(&part->regex, c);
	str_addc(&part->name, c);
	part->begun = true;
}

static void
add_regex(struct part *part, const char *regex)
{
	str_add(&part->regex, regex);
	part->like = true;
	part->begun = true;
}

/* One character outside of quotes; how many were taken. */
static size_t
add_unquoted(struct part *part, const char *p)
{
	const char one[2] = {*p, '\0'};

	if (*p == '*')
		add_regex(part, ".*");
	else if (*p == '?')
		add_regex(part, ".");
	else if (p[0] == '[' && p[1] == ']') {
		/* An array type's name far more likely than an empty class. */
		add_plain(part, '[');
		add_plain(part, ']');
		return 2;
	} else if (strchr("|+()[]{}^\\", *p) != NULL)
		add_regex(part, one);
	else if (*p >= 'A' && *p <= 'Z')
		add_plain(part, (char)(*p - 'A' + 'a'));
	else
		add_plain(part, *p);
	return 1;
}

static status
fault(const char *text, const char *what)
{
	log_error("pattern \"%s\" %s", text, what);
	return STATUS_USAGE;
}

static status
split(const char *text, struct parts *out)
{
	struct part *part = &out->items[0];
	bool quoted = false;
	const char *p = text;

	out->count = 1;
	while (*p != '\0') {
		if (*p == '"' && quoted && p[1] == '"') {
			add_plain(part, '"');
			p += 2;
		} else if (*p == '"') {
			quoted = !quoted;
			part->begun = true;
			p++;
		} else if (quoted)
			add_plain(part, *p++);
		else if (*p != '.')
			p += add_unquoted(part, p);
		else if (out->count == PARTS_MAX)
			return fault(text, "has too many dots");
		else {
			part = &out->items[out->count++];
			p++;
		}
	}
	return quoted ? fault(text, "ends within quotes") : STATUS_OK;
}

/* The text to use of a part, and which of the two it is. */
static char *
take(struct part *part, bool *like)
{
	*like = part->like || part->name.len > NAME_BYTES;
	if (!*like)
		return str_take(&part->name);
	return mem_printf("^(%s)$", str_text(&part->regex));
}

status
pattern_parse(const char *text, struct pattern *out)
{
	struct parts parts CLEANUP(parts_free) = {.count = 0};
	struct part *last;
	bool like;
	status s;

	memset(out, 0, sizeof(*out));
	s = split(text, &parts);
	if (s != STATUS_OK)
		return s;
	for (size_t i = 0; i < parts.count; i++)
		if (!parts.items[i].begun ||
		    (!parts.items[i].like && parts.items[i].name.len == 0))
			return fault(text, "has an empty name");
	last = &parts.items[parts.count - 1];
	out->text = mem_strdup(text);
	out->name = take(last, &out->name_like);
	if (parts.count > 1)
		out->schema = take(last - 1, &out->schema_like);
	if (parts.count > 2)
		out->database = take(last - 2, &like);
	return STATUS_OK;
}

status
pattern_regex(const char *text, struct pattern *out)
{
	memset(out, 0, sizeof(*out));
	if (text[0] == '\0')
		return fault(text, "is empty");
	out->text = mem_strdup(text);
	out->name = mem_strdup(text);
	out->name_like = true;
	out->whole = true;
	return STATUS_OK;
}

void
pattern_free(struct pattern *p)
{
	free(p->text);
	free(p->database);
	free(p->schema);
	free(p->name);
	memset(p, 0, sizeof(*p));
}
