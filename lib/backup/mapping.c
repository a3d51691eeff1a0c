/* SPDX-License-Identifier: PostgreSQL */
/*
 * Where tablespaces go.
 */
#include "backup/mapping.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"

/* Up to an equals sign that is not escaped, or the end; moves *text on. */
static char *
take_name(const char **text)
{
	struct str name CLEANUP(str_free) = STR_INIT;
	const char *p = *text;

	for (; *p != '\0' && *p != '='; p++) {
		if (p[0] == '\\' && p[1] == '=')
			p++;
		str_addc(&name, *p);
	}
	*text = p;
	return str_take(&name);
}

/* The server tells locations without slashes at their end. */
static void
trim(char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		path[--n] = '\0';
}

static status
parse(const char *text, struct mapping *m)
{
	const char *p = text;

	m->from = take_name(&p);
	if (*p == '=')
		p++;
	else
		p = "";
	m->to = take_name(&p);
	trim(m->from);
	trim(m->to);
	if (*p == '\0' && m->from[0] == '/' && m->to[0] == '/')
		return STATUS_OK;
	log_error("a tablespace's new place is OLD=NEW, both absolute paths, "
		  "not \"%s\"",
	    text);
	return STATUS_USAGE;
}

status
mappings_parse(const struct strv *texts, struct mappings *out)
{
	status s = STATUS_OK;

	out->count = 0;
	out->items = mem_zalloc((texts->len + 1) * sizeof(*out->items));
	while (s == STATUS_OK && out->count < texts->len) {
		struct mapping *m = &out->items[out->count];

		s = parse(texts->data[out->count++], m);
		for (size_t i = 0; s == STATUS_OK && &out->items[i] < m; i++)
			if (str_eq(out->items[i].from, m->from)) {
				log_error("\"%s\" is given two places",
				    m->from);
				s = STATUS_USAGE;
			}
	}
	return s;
}

const char *
mappings_find(const struct mappings *m, const char *location)
{
	for (size_t i = 0; i < m->count; i++)
		if (str_eq(m->items[i].from, location))
			return m->items[i].to;
	return location;
}

void
mappings_free(struct mappings *m)
{
	for (size_t i = 0; i < m->count; i++) {
		free(m->items[i].from);
		free(m->items[i].to);
	}
	free(m->items);
	*m = (struct mappings){NULL, 0};
}
