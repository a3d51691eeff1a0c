/* SPDX-License-Identifier: PostgreSQL */
/*
 * Queries are put together from what they share and what is their own.
 */
#include "report/part.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "data/record.h"

#define MARK "-- part: "
#define PART_MAX (1024 * 1024)

status
parts_find(struct plugins *out)
{
	return plugins_find("report", ".sql", out);
}

/*
 * Texts within texts: the query, a part that it names, one that this names.  Each
 * part comes once, where it is first named.
 */
#define DEPTH_MAX 16

struct place {
	struct str text;
	const char *at;
};

struct filling {
	const struct plugins *parts;
	const char *file;
	json_t *seen;
	struct place stack[DEPTH_MAX];
	size_t depth;
};

static status
read_part(const struct filling *f, const char *name, struct str *text)
{
	const struct plugin *part = plugins_get(f->parts, name);
	status s;

	if (part == NULL) {
		log_error("\"%s\": there is no part \"%s\"", f->file, name);
		log_hint("it would be the file report/%s.sql of a directory "
			 "of the plug-in path",
		    name);
		return STATUS_USAGE;
	}
	s = path_read(part->file, PART_MAX, text);
	if (s == STATUS_OK && strlen(str_text(text)) != text->len) {
		log_error("\"%s\": it is not text", part->file);
		s = STATUS_USAGE;
	}
	return s;
}

/* Go on with the part, and then where it was named. */
static status
begin_part(struct filling *f, const char *name)
{
	struct place *p = &f->stack[f->depth];
	status s;

	if (json_object_get(f->seen, name) != NULL)
		return STATUS_OK;
	if (f->depth == DEPTH_MAX) {
		log_error("\"%s\": parts that name parts, more than %d deep",
		    f->file, DEPTH_MAX);
		return STATUS_USAGE;
	}
	(void)json_object_set_new(f->seen, name, json_true());
	p->text = (struct str)STR_INIT;
	s = read_part(f, name, &p->text);
	p->at = str_text(&p->text);
	f->depth++;
	return s;
}

static status
fill_line(struct filling *f, struct str *out)
{
	struct place *p = &f->stack[f->depth - 1];
	const char *line = p->at;
	size_t n = strcspn(line, "\n");
	char *name CLEANUP_FREE = NULL;

	p->at += n + (line[n] == '\n');
	if (strncmp(line, MARK, strlen(MARK)) != 0) {
		str_addn(out, line, (size_t)(p->at - line));
		return STATUS_OK;
	}
	name = mem_strndup(line + strlen(MARK), n - strlen(MARK));
	return begin_part(f, name);
}

status
parts_fill(const struct plugins *parts, const char *file, struct str *query)
{
	struct filling f = {.parts = parts, .file = file, .depth = 1};
	struct str out = STR_INIT;
	status s = STATUS_OK;

	f.seen = json_object();
	f.stack[0] = (struct place){*query, str_text(query)};
	while (s == STATUS_OK && f.depth > 0) {
		if (*f.stack[f.depth - 1].at != '\0')
			s = fill_line(&f, &out);
		else
			str_free(&f.stack[--f.depth].text);
	}
	while (f.depth > 0)
		str_free(&f.stack[--f.depth].text);
	json_decref(f.seen);
	*query = out;
	return s;
}
