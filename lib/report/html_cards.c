/* SPDX-License-Identifier: PostgreSQL */
/*
 * A section of cards: a list of all its rows, a diagram, and a card for each
 * row as long as there is room.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "report/er.h"
#include "report/escape.h"
#include "report/html.h"

#define CARDS_OTHERWISE 1000
#define LISTED 20000	 /* lines in the list at the most */
#define OPEN_CARDS 12	 /* so many, and they are open */
#define WHOLE_DIAGRAM 60 /* tables in the picture of all */
#define AROUND_MAX 24	 /* tables in the picture of one */
#define PICTURES 400	 /* of neighbourhoods */
#define SHORT_TEXT 120

struct cards {
	struct html *h;
	const struct html_scope *scope;
	const json_t *section, *rows;
	const struct show_columns *columns;
	struct er_graph *graph;
	size_t listed, shown, pictures;
	bool whole;
};

static void
anchor_key(struct str *out, const struct html_scope *scope, const char *text)
{
	str_addf(out, "%s\x1e", scope->prefix);
	str_add(out, text);
}

const char *
html_anchor(const struct html *h, const struct html_scope *scope,
    const char *name)
{
	struct str key CLEANUP(str_free) = STR_INIT;

	anchor_key(&key, scope, name);
	return json_string_value(json_object_get(h->anchors, str_text(&key)));
}

static void
row_id(struct str *out, const struct cards *c, const json_t *row)
{
	struct str name CLEANUP(str_free) = STR_INIT;

	show_name(&name, c->section, row);
	html_section_id(out, c->scope, c->section);
	str_addc(out, '-');
	escape_id(out, str_text(&name));
}

static void
remember(struct cards *c, const char *text, const char *id)
{
	struct str key CLEANUP(str_free) = STR_INIT;

	anchor_key(&key, c->scope, text);
	if (json_object_get(c->h->anchors, str_text(&key)) == NULL)
		json_object_set_new(c->h->anchors, str_text(&key),
		    json_string(id));
}

/* Rows are found by their key (within this section) and by their name (by
 * findings). "a"."b.c" and "a.b"."c" have one name: the second gets an id of
 * its own. */
static void
remember_rows(struct cards *c)
{
	json_t *used = json_object();
	size_t i;
	json_t *row;

	json_array_foreach(c->rows, i, row)
	{
		struct str id CLEANUP(str_free) = STR_INIT;
		struct str name CLEANUP(str_free) = STR_INIT;
		struct str key CLEANUP(str_free) = STR_INIT;

		if (i >= c->listed)
			break;
		row_id(&id, c, row);
		while (json_object_get(used, str_text(&id)) != NULL)
			str_add(&id, "~~");
		json_object_set_new(used, str_text(&id), json_true());
		show_name(&name, c->section, row);
		str_add(&key, show_text(c->section, "id"));
		show_key(&key, json_object_get(c->section, "key"), row);
		remember(c, str_text(&key), str_text(&id));
		remember(c, str_text(&name), str_text(&id));
	}
	json_decref(used);
}

/* The id of the row that has this row's key. */
static const char *
id_of(const struct cards *c, const json_t *row)
{
	struct str key CLEANUP(str_free) = STR_INIT;
	const json_t *columns = json_object_get(c->section, "key");

	if (json_array_size(columns) == 0) {
		show_name(&key, c->section, row);
	} else {
		str_add(&key, show_text(c->section, "id"));
		show_key(&key, columns, row);
	}
	return html_anchor(c->h, c->scope, str_text(&key));
}

/* --- the list ---------------------------------------------------------------- */

static void
list_row(struct str *out, const json_t *row, size_t number, void *arg)
{
	const struct cards *c = arg;
	const char *id = number >= c->shown ? id_of(c, row) : NULL;

	if (id != NULL) {
		str_add(out, " id=\"");
		escape_html(out, id);
		str_addc(out, '"');
	}
}

static bool
list_name(struct str *out, const json_t *row, size_t number, void *arg)
{
	const struct cards *c = arg;
	const char *id = number < c->shown ? id_of(c, row) : NULL;
	struct str name CLEANUP(str_free) = STR_INIT;

	show_name(&name, c->section, row);
	if (id != NULL) {
		str_add(out, "<a href=\"#");
		escape_html(out, id);
		str_add(out, "\">");
	}
	str_add(out, "<code>");
	escape_html(out, str_text(&name));
	str_add(out, id != NULL ? "</code></a>" : "</code>");
	return true;
}

static bool
is_key(const struct cards *c, const char *column)
{
	const json_t *key = json_object_get(c->section, "key");
	size_t i;
	json_t *name;

	json_array_foreach(key, i, name)
	{
		if (str_eq(json_string_value(name), column))
			return true;
	}
	return false;
}

/* The name, and up to seven short columns. */
static void
list_columns(const struct cards *c, struct show_columns *out)
{
	size_t i;
	bool text = json_array_size(c->rows) <= 2000;

	out->data = mem_zalloc((c->columns->len + 1) * sizeof(*out->data));
	out->data[0] = (struct show_column){.column = "",
	    .title = mem_strdup("Name"),
	    .format = SHOW_CODE};
	out->len = 1;
	for (i = 0; i < c->columns->len && out->len < 8; i++) {
		const struct show_column *from = &c->columns->data[i];

		if (from->nested || is_key(c, from->column) ||
		    from->format == SHOW_SQL || from->format == SHOW_CODE ||
		    from->format == SHOW_LIST ||
		    (from->format == SHOW_MARKDOWN && !text))
			continue;
		out->data[out->len] = *from;
		out->data[out->len++].title = mem_strdup(from->title);
	}
}

static size_t
add_list(struct cards *c, size_t max, struct str *out)
{
	struct show_columns columns CLEANUP(show_columns_free) =
	    SHOW_COLUMNS_INIT;
	struct html_table t = {.columns = &columns,
	    .rows = c->rows,
	    .caption = show_text(c->section, "title"),
	    .limit = c->listed,
	    .max = max,
	    .drop_empty = true,
	    .first = list_name,
	    .attributes = list_row,
	    .arg = c};

	list_columns(c, &columns);
	/* The name stands in no column of its own. */
	columns.data[0].column = c->columns->len > 0
	    ? json_object_iter_key(json_object_iter(
		  (json_t *)(uintptr_t)json_array_get(c->rows, 0)))
	    : "";
	if (columns.data[0].column == NULL)
		columns.data[0].column = "";
	return html_table(out, &t);
}

/* --- diagrams ----------------------------------------------------------------- */

static const char *
node_link(const struct er_graph *g, size_t node, void *arg)
{
	return id_of(arg, g->nodes[node].row);
}

static void
add_whole(struct cards *c, struct str *out)
{
	size_t most = c->h->options->diagram_tables;
	struct er_options o = {.dot = c->h->options->dot,
	    .link = node_link,
	    .arg = c};
	struct str id CLEANUP(str_free) = STR_INIT;
	struct str note CLEANUP(str_free) = STR_INIT;
	size_t nodes;

	if (c->graph == NULL || c->graph->edge_count == 0)
		return;
	nodes = er_whole_size(c->graph);
	if (most == 0)
		most = WHOLE_DIAGRAM;
	if (nodes > most) {
		str_add(&note, "A diagram of all ");
		show_count(&note, nodes);
		str_add(&note,
		    " tables with references would not be "
		    "readable (the limit is ");
		show_count(&note, most);
		str_add(&note, "): each card has that of its neighbours.");
		html_note(out, str_text(&note));
		return;
	}
	html_section_id(&id, c->scope, c->section);
	str_add(&id, "-er");
	o.id = str_text(&id);
	str_add(out, "<figure class=\"er\" data-zoom=\"\">\n");
	er_draw_whole(c->graph, &o, out);
	str_add(out,
	    "<figcaption>References between tables: the fork stands "
	    "where they are many, the bar at the one that is "
	    "referred to. The same stands as text in each card."
	    "</figcaption></figure>\n");
	c->whole = true;
}

static void
add_around(struct cards *c, size_t number, struct str *out)
{
	struct er_options o = {.dot = c->h->options->dot,
	    .link = node_link,
	    .arg = c};
	struct str id CLEANUP(str_free) = STR_INIT;
	size_t left_out = 0;

	if (c->graph == NULL || c->graph->nodes[number].degree == 0 ||
	    c->pictures >= PICTURES)
		return;
	c->pictures++;
	html_section_id(&id, c->scope, c->section);
	str_addf(&id, "-er%zu", number);
	o.id = str_text(&id);
	str_add(out,
	    "<details class=\"sub\"><summary>Diagram</summary>"
	    "<figure class=\"er\" data-zoom=\"\">\n");
	er_draw_around(c->graph, number, AROUND_MAX, &o, &left_out, out);
	str_add(out, "</figure>");
	if (left_out > 0)
		str_addf(out,
		    "<p class=\"note\">%zu more neighbours are not drawn."
		    "</p>",
		    left_out);
	str_add(out, "</details>\n");
}

/* --- one card ------------------------------------------------------------------ */

/* A nested row that has the key of a card names that card. */
static bool
nested_link(struct str *out, const json_t *row, size_t number, void *arg)
{
	const struct cards *c = arg;
	const char *id;
	struct str name CLEANUP(str_free) = STR_INIT;
	const json_t *key = json_object_get(c->section, "key");
	size_t i;
	json_t *column;

	(void)number;
	json_array_foreach(key, i, column)
	{
		if (json_object_get(row, json_string_value(column)) == NULL)
			return false;
	}
	id = i > 0 ? id_of(c, row) : NULL;
	if (id == NULL)
		return false;
	show_name(&name, c->section, row);
	str_add(out, "<a href=\"#");
	escape_html(out, id);
	str_add(out, "\"><code>");
	escape_html(out, str_text(&name));
	str_add(out, "</code></a>");
	return true;
}

/* Do the rows of a nested table name cards?  Then one column for the name
 * takes the place of those of the key. */
static bool
link_columns(const struct cards *c, const json_t *rows,
    struct show_columns *columns)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	size_t i, kept = 1;

	if (!nested_link(&text, json_array_get(rows, 0), 0,
		(void *)(uintptr_t)c))
		return false;
	columns->data =
	    mem_resize(columns->data, columns->len + 1, sizeof(*columns->data));
	memmove(columns->data + 1, columns->data,
	    columns->len * sizeof(*columns->data));
	columns->len++;
	columns->data[0].title = mem_strdup("Table");
	columns->data[0].format = SHOW_TEXT;
	columns->data[0].show = NULL;
	columns->data[0].nested = false;
	columns->data[0].column = json_string_value(
	    json_array_get(json_object_get(c->section, "key"), 0));
	for (i = 1; i < columns->len; i++) {
		if (is_key(c, columns->data[i].column))
			free(columns->data[i].title);
		else
			columns->data[kept++] = columns->data[i];
	}
	columns->len = kept;
	return true;
}

static void
add_nested(struct cards *c, const struct show_column *column,
    const json_t *rows, struct str *out)
{
	struct show_columns columns CLEANUP(show_columns_free) =
	    SHOW_COLUMNS_INIT;
	struct html_table t = {.columns = &columns,
	    .rows = rows,
	    .caption = column->title,
	    .limit = 2000,
	    .max = SIZE_MAX,
	    .small = true,
	    .arg = c};

	show_columns(&columns, column->show, NULL, rows);
	if (link_columns(c, rows, &columns))
		t.first = nested_link;
	str_add(out, "<details class=\"sub\" open=\"\"><summary>");
	escape_html(out, column->title);
	str_addf(out, " <span class=\"count\">%zu</span></summary>\n",
	    json_array_size(rows));
	html_table(out, &t);
	str_add(out, "</details>\n");
}

/* What stands beside the name while the card is closed. */
static void
add_brief(struct cards *c, const json_t *row, struct str *out)
{
	size_t i, n = 0;

	str_add(out, "<span class=\"brief\">");
	for (i = 0; i < c->columns->len && n < 4; i++) {
		const struct show_column *column = &c->columns->data[i];
		const json_t *value = json_object_get(row, column->column);
		struct str text CLEANUP(str_free) = STR_INIT;

		if (column->nested || show_empty(value) ||
		    is_key(c, column->column) || json_is_boolean(value) ||
		    column->format == SHOW_MARKDOWN ||
		    column->format == SHOW_SQL || column->format == SHOW_CODE)
			continue;
		show_value(&text, value, column->format);
		if (text.len > 32)
			continue;
		if (n++ > 0)
			str_add(out, " \u00b7 ");
		escape_html(out, str_text(&text));
		if (column->format == SHOW_NUMBER) {
			str_addc(out, ' ');
			escape_html(out, column->column);
		}
	}
	str_add(out, "</span>");
}

static void
add_card(struct cards *c, const json_t *row, size_t number, struct str *out)
{
	struct str name CLEANUP(str_free) = STR_INIT;
	const char *id = id_of(c, row);
	size_t i;

	show_name(&name, c->section, row);
	str_add(out, "<details class=\"card\"");
	if (id != NULL) {
		str_add(out, " id=\"");
		escape_html(out, id);
		str_addc(out, '"');
	}
	str_add(out,
	    json_array_size(c->rows) <= OPEN_CARDS ? " open=\"\"><summary><h4>"
						   : "><summary><h4>");
	escape_html(out, str_text(&name));
	str_add(out, "</h4> ");
	add_brief(c, row, out);
	str_add(out, "</summary>\n<dl class=\"facts\">\n");
	for (i = 0; i < c->columns->len; i++) {
		const struct show_column *column = &c->columns->data[i];
		const json_t *value = json_object_get(row, column->column);

		/* What a card does not say of itself is not so. */
		if (!show_is_table(value) && !json_is_false(value) &&
		    !is_key(c, column->column))
			html_fact(out, column->title, value, column->format);
	}
	str_add(out, "</dl>\n");
	add_around(c, number, out);
	for (i = 0; i < c->columns->len; i++) {
		const struct show_column *column = &c->columns->data[i];
		const json_t *value = json_object_get(row, column->column);

		if (show_is_table(value))
			add_nested(c, column, value, out);
	}
	str_add(out, "</details>\n");
}

static void
say_cut(struct cards *c, struct str *out)
{
	struct str text CLEANUP(str_free) = STR_INIT;
	size_t total = show_total(c->section);

	if (c->listed < total) {
		show_count(&text, c->listed);
		str_add(&text, " of ");
		show_count(&text, total);
		str_add(&text, " are in the list. ");
	}
	if (c->shown < total) {
		str_add(&text, "Cards are shown of the first ");
		show_count(&text, c->shown);
		str_add(&text, " of ");
		show_count(&text, total);
		str_add(&text,
		    ", so that the page stays small; the "
		    "collection holds more. ");
	}
	if (c->graph != NULL && c->pictures >= PICTURES)
		str_addf(&text,
		    "Diagrams are drawn for the first %d tables "
		    "with references. ",
		    PICTURES);
	if (text.len > 0)
		html_note(out, str_text(&text));
}

/*
 * The list comes first in the page, but what it links to is known last.  So it
 * is written twice: once to see how far its share of the room goes.
 */
void
html_cards(struct html *h, const struct html_scope *scope,
    const json_t *section, const struct show_columns *columns, size_t max,
    struct str *out)
{
	struct er_graph *graph CLEANUP(er_graph_cleanup) = er_graph_of(section);
	struct str list CLEANUP(str_free) = STR_INIT;
	struct str cards CLEANUP(str_free) = STR_INIT;
	struct str whole CLEANUP(str_free) = STR_INIT;
	struct cards c = {.h = h,
	    .scope = scope,
	    .section = section,
	    .rows = json_object_get(section, "rows"),
	    .columns = columns,
	    .graph = graph};
	size_t limit =
	    show_limit(section, h->options->max_rows, CARDS_OTHERWISE);
	size_t i;
	json_t *row;

	c.listed = json_array_size(c.rows);
	if (c.listed > LISTED)
		c.listed = LISTED;
	c.shown = c.listed;
	c.listed = add_list(&c, max / 2, &list);
	remember_rows(&c);
	add_whole(&c, &whole);
	json_array_foreach(c.rows, i, row)
	{
		if (i >= limit || i >= c.listed ||
		    list.len + whole.len + cards.len > max)
			break;
		add_card(&c, row, i, &cards);
	}
	c.shown = i;
	str_clear(&list);
	add_list(&c, SIZE_MAX, &list);
	str_addn(out, str_text(&list), list.len);
	say_cut(&c, out);
	str_addn(out, str_text(&whole), whole.len);
	str_addn(out, str_text(&cards), cards.len);
}
