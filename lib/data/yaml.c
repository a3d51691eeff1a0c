/* SPDX-License-Identifier: PostgreSQL */
/*
 * libyaml's events, put together to a document.  What is open is kept in a
 * stack of fixed depth, so that no input makes this recurse.
 */
#include "data/yaml.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/str.h"
#include "data/record.h"

/* A map or a list that is not closed yet. */
struct level {
	json_t *value;	/* borrowed: its parent, or the document, owns it */
	char *key;	/* of a map: whose value comes next, or NULL */
	size_t path;	/* how long the path is up to here */
	char *anchor;	/* that it will be known by, or NULL */
	unsigned nodes; /* within */
};

struct builder {
	struct yaml *y;
	yaml_parser_t parser;
	struct level levels[YAML_DEPTH_MAX];
	size_t depth;
	struct str path; /* of what comes next, while it is put in place */
	json_t *anchors; /* name to value */
	json_t *sizes;	 /* name to nodes */
	unsigned nodes;
	bool ended; /* one document has been read */
};

static status
fault_at(const struct builder *b, size_t line, const char *what)
{
	log_error("\"%s\", line %zu: %s", b->y->name, line + 1, what);
	return STATUS_USAGE;
}

static status
fault(const struct builder *b, const yaml_event_t *e, const char *what)
{
	return fault_at(b, e->start_mark.line, what);
}

static status
fault_of_parser(const struct builder *b)
{
	const yaml_parser_t *p = &b->parser;
	struct str text CLEANUP(str_free) = STR_INIT;

	str_addf(&text, "it is no YAML: %s",
	    p->problem == NULL ? "it cannot be read" : p->problem);
	if (p->context != NULL)
		str_addf(&text, ", %s", p->context);
	return fault_at(b, p->problem_mark.line, str_text(&text));
}

/* --- scalars ---------------------------------------------------------------- */

static size_t
digits(const char *text)
{
	return strspn(text, "0123456789");
}

/* A number as JSON has it, but with a plus or leading zeros, too. */
static bool
is_number(const char *text, bool *whole)
{
	size_t before, after = 0;

	text += *text == '-' || *text == '+';
	before = digits(text);
	text += before;
	*whole = true;
	if (*text == '.') {
		*whole = false;
		text++;
		after = digits(text);
		text += after;
	}
	if (before + after == 0)
		return false;
	if (*text == 'e' || *text == 'E') {
		*whole = false;
		text++;
		text += *text == '-' || *text == '+';
		if (digits(text) == 0)
			return false;
		text += digits(text);
	}
	return *text == '\0';
}

/* NULL where the number is too large. */
static json_t *
number(const char *text, bool whole)
{
	double real;

	errno = 0;
	if (whole) {
		long long value = strtoll(text, NULL, 10);

		return errno == 0 ? json_integer(value) : NULL;
	}
	real = strtod(text, NULL);
	return isfinite(real) ? json_real(real) : NULL;
}

static json_t *
plain(const char *text)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
	static const char *const words[] = {"true", "True", "TRUE", "false",
	    "False", "FALSE"};
	bool whole;

	for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++)
		if (strcmp(text, nulls[i]) == 0)
			return json_null();
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(text, words[i]) == 0)
			return json_boolean(i < 3);
	return is_number(text, &whole) ? number(text, whole)
				       : json_string(text);
}

static status
scalar(struct builder *b, const yaml_event_t *e, json_t **out)
{
	const char *text = (const char *)e->data.scalar.value;

	*out = NULL;
	if (strlen(text) != e->data.scalar.length)
		return fault(b, e, "it holds a null byte");
	if (e->data.scalar.tag != NULL)
		return fault(b, e, "tags are not known here");
	*out = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE
	    ? plain(text)
	    : json_string(text);
	return *out == NULL ? fault(b, e, "the number is too large")
			    : STATUS_OK;
}

/* --- putting together --------------------------------------------------------- */

static struct level *
top(struct builder *b)
{
	return b->depth == 0 ? NULL : &b->levels[b->depth - 1];
}

/* The path of what is put in place now. */
static void
set_path(struct builder *b)
{
	const struct level *l = top(b);

	b->path.len = l == NULL ? 0 : l->path;
	if (b->path.data != NULL)
		b->path.data[b->path.len] = '\0';
	if (l == NULL)
		return;
	if (json_is_array(l->value))
		str_addf(&b->path, "[%zu]", json_array_size(l->value));
	else
		str_addf(&b->path, "%s%s", l->path > 0 ? "." : "", l->key);
}

static void
note_line(struct builder *b, const yaml_event_t *e)
{
	/* Of a map's value that is a block, the key's line is known already. */
	if (json_object_get(b->y->lines, str_text(&b->path)) == NULL)
		(void)json_object_set_new(b->y->lines, str_text(&b->path),
		    json_integer((json_int_t)e->start_mark.line + 1));
}

static status
count(struct builder *b, const yaml_event_t *e, unsigned nodes)
{
	struct level *l = top(b);

	b->nodes += nodes;
	if (l != NULL)
		l->nodes += nodes;
	return b->nodes > YAML_NODES_MAX
	    ? fault(b, e, "the document has too many values")
	    : STATUS_OK;
}

/* Into the map or list that is open; takes over value. */
static void
attach(struct builder *b, json_t *value)
{
	struct level *l = top(b);

	if (l == NULL) {
		json_decref(b->y->document);
		b->y->document = value;
	} else if (json_is_array(l->value)) {
		(void)json_array_append_new(l->value, value);
	} else {
		(void)json_object_set_new(l->value, l->key, value);
		free(l->key);
		l->key = NULL;
	}
}

static void
remember(struct builder *b, const char *anchor, json_t *value, unsigned nodes)
{
	if (anchor == NULL)
		return;
	(void)json_object_set(b->anchors, anchor, value);
	(void)json_object_set_new(b->sizes, anchor, json_integer(nodes));
}

static bool
wants_key(struct builder *b)
{
	const struct level *l = top(b);

	return l != NULL && json_is_object(l->value) && l->key == NULL;
}

static status
take_key(struct builder *b, const yaml_event_t *e)
{
	struct level *l = top(b);
	const char *key = (const char *)e->data.scalar.value;

	if (e->type != YAML_SCALAR_EVENT)
		return fault(b, e, "a key must be a plain text");
	if (strlen(key) != e->data.scalar.length)
		return fault(b, e, "a key holds a null byte");
	if (json_object_get(l->value, key) != NULL) {
		log_error("\"%s\", line %zu: the key \"%s\" is there twice",
		    b->y->name, e->start_mark.line + 1, key);
		return STATUS_USAGE;
	}
	l->key = mem_strdup(key);
	set_path(b);
	note_line(b, e);
	return STATUS_OK;
}

static status
take_scalar(struct builder *b, const yaml_event_t *e)
{
	json_t *value;
	status s = count(b, e, 1);

	if (s == STATUS_OK)
		s = scalar(b, e, &value);
	if (s != STATUS_OK)
		return s;
	set_path(b);
	note_line(b, e);
	remember(b, (const char *)e->data.scalar.anchor, value, 1);
	attach(b, value);
	return STATUS_OK;
}

/* What is known by an anchor comes again, as a copy that is counted. */
static status
take_alias(struct builder *b, const yaml_event_t *e)
{
	const char *anchor = (const char *)e->data.alias.anchor;
	json_t *value = json_object_get(b->anchors, anchor);
	status s;

	if (value == NULL)
		return fault(b, e, "an alias has no anchor before it");
	s = count(b, e,
	    (unsigned)json_integer_value(json_object_get(b->sizes, anchor)));
	if (s != STATUS_OK)
		return s;
	set_path(b);
	note_line(b, e);
	attach(b, json_deep_copy(value));
	return STATUS_OK;
}

static status
open_level(struct builder *b, const yaml_event_t *e, json_t *value,
    const yaml_char_t *anchor, const yaml_char_t *tag)
{
	struct level l = {.value = value, .nodes = 0};
	status s = tag != NULL ? fault(b, e, "tags are not known here")
	    : b->depth == YAML_DEPTH_MAX
	    ? fault(b, e, "the document is nested too deeply")
	    : count(b, e, 1);

	if (s != STATUS_OK) {
		json_decref(value);
		return s;
	}
	set_path(b);
	note_line(b, e);
	l.path = b->path.len;
	if (anchor != NULL)
		l.anchor = mem_strdup((const char *)anchor);
	attach(b, value);
	b->levels[b->depth++] = l;
	return STATUS_OK;
}

static void
close_level(struct builder *b)
{
	struct level *l;
	unsigned nodes;

	if (b->depth == 0)
		BUG("libyaml closes what it has not opened");
	l = &b->levels[b->depth - 1];
	nodes = l->nodes;
	remember(b, l->anchor, l->value, nodes + 1);
	free(l->anchor);
	free(l->key);
	b->depth--;
	if (b->depth > 0)
		b->levels[b->depth - 1].nodes += nodes;
}

static status
take(struct builder *b, const yaml_event_t *e)
{
	if (wants_key(b) && e->type != YAML_MAPPING_END_EVENT)
		return take_key(b, e);
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return take_scalar(b, e);
	case YAML_ALIAS_EVENT:
		return take_alias(b, e);
	case YAML_MAPPING_START_EVENT:
		return open_level(b, e, json_object(),
		    e->data.mapping_start.anchor, e->data.mapping_start.tag);
	case YAML_SEQUENCE_START_EVENT:
		return open_level(b, e, json_array(),
		    e->data.sequence_start.anchor, e->data.sequence_start.tag);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		close_level(b);
		return STATUS_OK;
	case YAML_DOCUMENT_START_EVENT:
		if (b->ended)
			return fault(b, e, "a second document begins here");
		b->ended = true;
		return STATUS_OK;
	default:
		return STATUS_OK;
	}
}

static status
build(struct builder *b)
{
	status s = STATUS_OK;
	bool more = true;

	while (s == STATUS_OK && more) {
		yaml_event_t e;

		if (!yaml_parser_parse(&b->parser, &e))
			return fault_of_parser(b);
		more = e.type != YAML_STREAM_END_EVENT;
		s = take(b, &e);
		yaml_event_delete(&e);
	}
	return s;
}

static void
builder_free(struct builder *b)
{
	while (b->depth > 0) {
		b->depth--;
		free(b->levels[b->depth].anchor);
		free(b->levels[b->depth].key);
	}
	str_free(&b->path);
	json_decref(b->anchors);
	json_decref(b->sizes);
	yaml_parser_delete(&b->parser);
}

static status
parse_events(struct yaml *y, const char *text, size_t len)
{
	struct builder b = {.y = y,
	    .path = STR_INIT,
	    .anchors = json_object(),
	    .sizes = json_object()};
	status s;

	if (!yaml_parser_initialize(&b.parser))
		mem_exhausted();
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b.parser, (const unsigned char *)text,
	    len);
	s = build(&b);
	builder_free(&b);
	return s;
}

status
yaml_parse(const char *name, const char *text, size_t len, struct yaml *out)
{
	status s;
	json_error_t error;

	*out = (struct yaml){mem_strdup(name), json_null(), json_object()};
	if (len > YAML_BYTES_MAX) {
		log_error("\"%s\" is larger than %zu bytes", name,
		    YAML_BYTES_MAX);
		yaml_forget(out);
		return STATUS_USAGE;
	}
	/* JSON may escape a character as a pair of surrogates, which YAML
	 * forbids. */
	if (len > 0 && text[0] == '{') {
		json_t *json = record_load(text, len, &error);

		if (json != NULL) {
			out->document = json;
			return STATUS_OK;
		}
	}
	s = parse_events(out, text, len);
	if (s != STATUS_OK)
		yaml_forget(out);
	return s;
}

status
yaml_read(const char *file, struct yaml *out)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	status s = path_read(file, YAML_BYTES_MAX, &text);

	*out = (struct yaml)YAML_INIT;
	return s == STATUS_OK ? yaml_parse(file, str_text(&text), text.len, out)
			      : s;
}

void
yaml_forget(struct yaml *y)
{
	free(y->name);
	json_decref(y->document);
	json_decref(y->lines);
	*y = (struct yaml)YAML_INIT;
}
