/* SPDX-License-Identifier: PostgreSQL */
/*
 * A chunk source's file begins with a comment that tells
 *
 *	-- api: 1, or 2
 *	-- about: what it is for, in words
 *	-- extension: only where this one is installed (may be left out)
 *	-- whole: yes (may be left out)
 *	-- for: SQL condition
 *	--	that may go on after a tab
 *
 * and then is one query.
 */
#include "chunk/source.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "run/plugin.h"

#define SOURCE_MAX (1024 * 1024)

/* One "-- field: value" with the lines that go on after it, or NULL. */
static char *
header_field(const char *text, const char *field)
{
	struct str value = STR_INIT;
	bool within = false;
	size_t n = strlen(field), len;

	for (; strncmp(text, "--", 2) == 0; text += len + (text[len] != '\0')) {
		len = strcspn(text, "\n");
		if (within && text[2] == '\t') {
			str_addc(&value, '\n');
			str_addn(&value, text + 3, len - 3);
			continue;
		}
		within = strncmp(text, "-- ", 3) == 0 &&
		    strncmp(text + 3, field, n) == 0 && text[3 + n] == ':';
		if (within) {
			str_clear(&value);
			text += 4 + n;
			text += strspn(text, " ");
			len = strcspn(text, "\n");
			str_addn(&value, text, len);
		}
	}
	if (value.len > 0)
		return str_take(&value);
	str_free(&value);
	return NULL;
}

static status
flawed(const struct source *source, const char *what)
{
	log_error("chunk source \"%s\" %s", source->name, what);
	log_detail("It is the file \"%s\".", source->file);
	return STATUS_USAGE;
}

/* A last semicolon is as good as none. */
static void
strip(struct str *query)
{
	while (query->len > 0 &&
	    strchr("; \t\r\n", query->data[query->len - 1]) != NULL)
		query->data[--query->len] = '\0';
}

static status
read_source(struct source *source)
{
	status s = path_read(source->file, SOURCE_MAX, &source->query);
	char *api CLEANUP_FREE = NULL;
	char *whole CLEANUP_FREE = NULL;

	if (s != STATUS_OK)
		return s;
	if (strlen(str_text(&source->query)) != source->query.len)
		return flawed(source, "is not text");
	strip(&source->query);
	api = header_field(str_text(&source->query), "api");
	source->condition = header_field(str_text(&source->query), "for");
	source->extension = header_field(str_text(&source->query), "extension");
	if (api == NULL)
		return flawed(source, "has no line \"-- api: 1\"");
	whole = header_field(str_text(&source->query), "whole");
	source->whole = str_eq(whole, "yes");
	source->api = str_eq(api, "2") ? 2 : 1;
	if (source->api == 1 && !str_eq(api, "1"))
		return flawed(source, "is for another version of pg-chunks");
	if (source->condition == NULL)
		return flawed(source, "has no line \"-- for: CONDITION\"");
	return STATUS_OK;
}

static void
source_free(struct source *source)
{
	free(source->name);
	free(source->file);
	free(source->condition);
	free(source->extension);
	str_free(&source->query);
	memset(source, 0, sizeof(*source));
}

static status
add(struct sources *out, const struct plugin *plugin)
{
	struct source source = {.name = mem_strdup(plugin->name),
	    .file = mem_strdup(plugin->file),
	    .ours = plugin->ours,
	    .query = STR_INIT};
	status s = read_source(&source);

	if (s != STATUS_OK) {
		source_free(&source);
		return s;
	}
	out->items =
	    mem_resize(out->items, out->count + 1, sizeof(out->items[0]));
	out->items[out->count++] = source;
	return STATUS_OK;
}

/* The user's before ours: ours leave no table to anybody. */
static status
add_all(struct sources *out, const struct plugins *plugins, bool ours)
{
	status worst = STATUS_OK;

	for (size_t i = 0; i < plugins->count; i++)
		if (!plugins->items[i].hidden && plugins->items[i].ours == ours)
			worst =
			    status_worse(worst, add(out, &plugins->items[i]));
	return worst;
}

status
sources_load(struct sources *out, status *flaw)
{
	struct plugins plugins CLEANUP(plugins_free) = PLUGINS_INIT;
	status s = plugins_find("chunks", ".sql", &plugins);

	*out = (struct sources){NULL, 0};
	if (s != STATUS_OK)
		return s;
	*flaw = add_all(out, &plugins, false);
	s = add_all(out, &plugins, true);
	if (s == STATUS_OK && out->count == 0) {
		log_error("there is no chunk source in \"%s/chunks\"",
		    path_share());
		s = STATUS_FAIL;
	}
	return s;
}

void
sources_free(struct sources *s)
{
	for (size_t i = 0; i < s->count; i++)
		source_free(&s->items[i]);
	free(s->items);
	*s = (struct sources){NULL, 0};
}
