/* SPDX-License-Identifier: PostgreSQL */
/*
 * --map: names as SQL writes them, one rule a name.
 */
#include "load/map.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/option.h"

/* What stands between quotes; *p is behind the first one. */
static bool
take_quoted(const char **p, struct str *name)
{
	for (; **p != '\0'; (*p)++) {
		if (**p == '"' && *++*p != '"')
			return true;
		str_addc(name, **p);
	}
	return false;
}

/* One identifier from *text; false when there is none. */
static bool
take_name(const char **text, char **out)
{
	struct str name CLEANUP(str_free) = STR_INIT;
	const char *p = *text;

	if (*p == '"') {
		p++;
		if (!take_quoted(&p, &name))
			return false;
	} else {
		for (; *p != '\0' && strchr(".=, \t\"", *p) == NULL; p++)
			str_addc(&name,
			    *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p);
	}
	*text = p;
	*out = str_take(&name);
	return **out != '\0';
}

/* schema or schema.table */
static bool
take_relation(const char **text, char **schema, char **table)
{
	if (!take_name(text, schema))
		return false;
	if (**text != '.')
		return true;
	(*text)++;
	return take_name(text, table);
}

static bool
parse_rule(const char *text, struct map_rule *r)
{
	return take_relation(&text, &r->schema, &r->table) && *text == '=' &&
	    (text++, take_relation(&text, &r->to_schema, &r->to_table)) &&
	    *text == '\0' && (r->table == NULL) == (r->to_table == NULL);
}

static const struct map_rule *
find(const struct map *m, const char *schema, const char *table)
{
	size_t i;

	for (i = 0; i < m->len; i++)
		if (str_eq(m->rules[i].schema, schema) &&
		    str_eq(m->rules[i].table, table))
			return &m->rules[i];
	return NULL;
}

static void
rule_free(struct map_rule *r)
{
	free(r->schema);
	free(r->table);
	free(r->to_schema);
	free(r->to_table);
}

status
map_parse(const struct strv *texts, struct map *out)
{
	size_t i;

	out->rules = mem_resize(NULL, texts->len + 1, sizeof(*out->rules));
	out->len = 0;
	for (i = 0; i < texts->len; i++) {
		struct map_rule r = {NULL, NULL, NULL, NULL};

		if (!parse_rule(texts->data[i], &r)) {
			rule_free(&r);
			return option_fault(
			    "cannot understand --map \"%s\": "
			    "SCHEMA=SCHEMA or SCHEMA.TABLE=SCHEMA.TABLE is "
			    "wanted",
			    texts->data[i]);
		}
		if (find(out, r.schema, r.table) != NULL) {
			rule_free(&r);
			return option_fault("--map \"%s\" says again where "
					    "something goes",
			    texts->data[i]);
		}
		out->rules[out->len++] = r;
	}
	return STATUS_OK;
}

const char *
map_schema(const struct map *m, const char *schema)
{
	const struct map_rule *r = find(m, schema, NULL);

	return r == NULL ? schema : r->to_schema;
}

bool
map_names_relation(const struct map *m, const char *schema, const char *table)
{
	return find(m, schema, table) != NULL;
}

bool
map_relation(const struct map *m, const char *schema, const char *table,
    const char **to_schema, const char **to_table)
{
	const struct map_rule *r = find(m, schema, table);

	*to_table = table;
	if (r != NULL) {
		*to_schema = r->to_schema;
		*to_table = r->to_table;
		return true;
	}
	*to_schema = map_schema(m, schema);
	return find(m, schema, NULL) != NULL;
}

void
map_free(struct map *m)
{
	size_t i;

	for (i = 0; i < m->len; i++)
		rule_free(&m->rules[i]);
	free(m->rules);
	*m = (struct map)MAP_INIT;
}

bool
map_names(const char *text, struct strv *out)
{
	for (;;) {
		char *name CLEANUP_FREE = NULL;

		text += strspn(text, " \t");
		if (!take_name(&text, &name))
			return false;
		strv_add(out, name);
		text += strspn(text, " \t");
		if (*text == '\0')
			return true;
		if (*text++ != ',')
			return false;
	}
}
