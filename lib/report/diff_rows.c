/* SPDX-License-Identifier: PostgreSQL */
/*
 * Rows of a section before and after.  They are found by their keys, in hash
 * tables, so that 10,000 tables are no more than two passes.
 */
#include "report/diff_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "data/record.h"

/* One section while it is compared. */
struct change {
	const json_t *volatile_names;
	json_t *fields; /* of one row: what changed */
	json_t *grown;	/* and what only grew or shrank */
};

/* --- values ---------------------------------------------------------------------- */

static bool
has_text(const json_t *list, const char *text)
{
	size_t i;
	const json_t *item;

	json_array_foreach(list, i, item)
	{
		if (str_eq(json_string_value(item), text))
			return true;
	}
	return false;
}

static void
note(json_t *list, const char *column, const json_t *from, const json_t *to)
{
	json_t *item = json_object();

	record_set_text(item, "column", column);
	(void)json_object_set_new(item, "from",
	    from == NULL ? json_null() : json_deep_copy(from));
	(void)json_object_set_new(item, "to",
	    to == NULL ? json_null() : json_deep_copy(to));
	(void)json_array_append_new(list, item);
}

/* Numbers are equal as numbers, also 1 and 1.0. */
static bool
same(const json_t *a, const json_t *b)
{
	bool no_a = a == NULL || json_is_null(a);
	bool no_b = b == NULL || json_is_null(b);

	if (no_a || no_b)
		return no_a && no_b;
	if (json_is_number(a) && json_is_number(b))
		return !(json_number_value(a) < json_number_value(b)) &&
		    !(json_number_value(a) > json_number_value(b));
	return json_equal(a, b) == 1;
}

/* What an object within a list goes by: its name. */
static const char *
name_within(const json_t *item)
{
	return record_text(item, "name");
}

static bool
is_named_list(const json_t *list)
{
	size_t i;
	const json_t *item;

	if (!json_is_array(list) || json_array_size(list) == 0)
		return false;
	json_array_foreach(list, i, item)
	{
		if (name_within(item) == NULL)
			return false;
	}
	return true;
}

static bool
is_empty_list(const json_t *list)
{
	return list == NULL || json_is_null(list) ||
	    (json_is_array(list) && json_array_size(list) == 0);
}

/* Two lists of objects with names, or of none on one side. */
static bool
are_named_lists(const json_t *a, const json_t *b)
{
	return (is_named_list(a) && is_named_list(b)) ||
	    (is_named_list(a) && is_empty_list(b)) ||
	    (is_empty_list(a) && is_named_list(b));
}

static const json_t *
find_named(const json_t *list, const char *name)
{
	size_t i;
	const json_t *item;

	json_array_foreach(list, i, item)
	{
		if (str_eq(name_within(item), name))
			return item;
	}
	return NULL;
}

static void
compare_value(struct change *c, const char *path, const char *column,
    const json_t *from, const json_t *to)
{
	if (!same(from, to))
		note(has_text(c->volatile_names, column) ? c->grown : c->fields,
		    path, from, to);
}

/* The fields of two objects of a list; a field that is a list is a value. */
static void
compare_objects(struct change *c, const char *path, const json_t *from,
    const json_t *to)
{
	json_t *a = (json_t *)(uintptr_t)from, *b = (json_t *)(uintptr_t)to;
	const char *key;
	json_t *value;

	json_object_foreach(a, key, value)
	{
		char *place CLEANUP_FREE = mem_printf("%s.%s", path, key);

		compare_value(c, place, key, value, json_object_get(to, key));
	}
	json_object_foreach(b, key, value)
	{
		char *place CLEANUP_FREE = mem_printf("%s.%s", path, key);

		if (json_object_get(from, key) == NULL)
			compare_value(c, place, key, NULL, value);
	}
}

static void
compare_lists(struct change *c, const char *column, const json_t *from,
    const json_t *to)
{
	size_t i;
	const json_t *item;

	json_array_foreach(from, i, item)
	{
		const char *name = name_within(item);
		const json_t *other = find_named(to, name);
		char *path CLEANUP_FREE = mem_printf("%s[%s]", column, name);

		if (other == NULL)
			note(c->fields, path, item, NULL);
		else
			compare_objects(c, path, item, other);
	}
	json_array_foreach(to, i, item)
	{
		const char *name = name_within(item);
		char *path CLEANUP_FREE = mem_printf("%s[%s]", column, name);

		if (find_named(from, name) == NULL)
			note(c->fields, path, NULL, item);
	}
}

static void
compare_column(struct change *c, const char *column, const json_t *from,
    const json_t *to)
{
	if (!has_text(c->volatile_names, column) && are_named_lists(from, to))
		compare_lists(c, column, from, to);
	else
		compare_value(c, column, column, from, to);
}

static void
compare_rows(struct change *c, const json_t *from, const json_t *to)
{
	json_t *a = (json_t *)(uintptr_t)from, *b = (json_t *)(uintptr_t)to;
	const char *column;
	const json_t *value;

	json_object_foreach(a, column, value)
	{
		compare_column(c, column, value, json_object_get(to, column));
	}
	json_object_foreach(b, column, value)
	{
		if (json_object_get(from, column) == NULL)
			compare_column(c, column, NULL, value);
	}
}

/* --- rows of a section --------------------------------------------------------------- */

/* What a row goes by: the values of its key, or all of it but what is
 * volatile where there is no key. */
static json_t *
key_of(const json_t *section, const json_t *row)
{
	const json_t *names = json_object_get(section, "key");
	json_t *out = json_object();
	size_t i;
	const json_t *name;

	if (!json_is_array(names)) {
		json_decref(out);
		out = json_copy((json_t *)(uintptr_t)row);
		json_array_foreach(json_object_get(section, "volatile"), i,
		    name)
		{
			(void)json_object_del(out, json_string_value(name));
		}

		return out;
	}
	json_array_foreach(names, i, name)
	{
		json_t *value = json_object_get(row, json_string_value(name));

		(void)json_object_set(out, json_string_value(name),
		    value == NULL ? json_null() : value);
	}
	return out;
}

static char *
key_text(const json_t *section, const json_t *row)
{
	json_t *key CLEANUP(record_cleanup) = key_of(section, row);
	struct str text = STR_INIT;

	record_show_value(key, &text);
	return str_take(&text);
}

/* {"key text":row}; of rows with one key the last counts. */
static json_t *
index_rows(const json_t *section)
{
	json_t *out = json_object();
	size_t i;
	json_t *row;

	json_array_foreach(json_object_get(section, "rows"), i, row)
	{
		char *key CLEANUP_FREE = key_text(section, row);

		(void)json_object_set(out, key, row);
	}
	return out;
}

static void
add_change(json_t *list, const json_t *section, const json_t *row,
    json_t *fields)
{
	json_t *item;

	if (json_array_size(fields) == 0) {
		json_decref(fields);
		return;
	}
	item = json_object();
	(void)json_object_set_new(item, "key", key_of(section, row));
	(void)json_object_set_new(item, "fields", fields);
	(void)json_array_append_new(list, item);
}

void
diff_rows(struct diff_rows *l, const json_t *from, const json_t *to,
    bool comparable)
{
	json_t *old CLEANUP(record_cleanup) = index_rows(from);
	json_t *new CLEANUP(record_cleanup) = index_rows(to);
	const char *key;
	json_t *row;

	json_object_foreach(old, key, row)
	{
		if (json_object_get(new, key) == NULL)
			(void)json_array_append(l->removed, row);
	}
	json_object_foreach(new, key, row)
	{
		struct change c = {json_object_get(to, "volatile"),
		    json_array(), json_array()};
		const json_t *before = json_object_get(old, key);

		if (before == NULL)
			(void)json_array_append(l->added, row);
		else
			compare_rows(&c, before, row);
		add_change(l->changed, to, row, c.fields);
		if (comparable)
			add_change(l->grown, to, row, c.grown);
		else
			json_decref(c.grown);
	}
}
