/* SPDX-License-Identifier: PostgreSQL */
/*
 * The graph of a diagram, out of a section's rows.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/record.h"
#include "report/er.h"
#include "report/show.h"

/* "columns" of a row, unless the diagram says another name. */
static const json_t *
columns_of(const json_t *diagram, const json_t *row)
{
	const char *name = record_text(diagram, "columns");

	return json_object_get(row, name != NULL ? name : "columns");
}

static bool
holds(const json_t *names, const char *name)
{
	size_t i;
	json_t *item;

	json_array_foreach(names, i, item)
	{
		if (str_eq(json_string_value(item), name))
			return true;
	}
	return false;
}

static bool
is_foreign(const json_t *edges, const char *name)
{
	size_t i;
	json_t *edge;

	json_array_foreach(edges, i, edge)
	{
		if (holds(json_object_get(edge, "columns"), name))
			return true;
	}
	return false;
}

/* A box is narrow: the types whose names are not are known by others, too. */
static const char *
short_type(const char *type)
{
	static const char *const names[][2] = {{"timestamp with time zone",
						   "timestamptz"},
	    {"timestamp without time zone", "timestamp"},
	    {"time with time zone", "timetz"},
	    {"time without time zone", "time"}, {"double precision", "float8"},
	    {"character varying", "varchar"}};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(type, names[i][0]) == 0)
			return names[i][1];
	return type;
}

static void
add_columns(struct er_node *node, const json_t *columns, const json_t *edges)
{
	size_t i;
	json_t *column;

	node->columns =
	    mem_zalloc((json_array_size(columns) + 1) * sizeof(*node->columns));
	json_array_foreach(columns, i, column)
	{
		const char *name = record_text(column, "name");

		if (name == NULL)
			continue;
		node->columns[node->column_count++] =
		    (struct er_column){.name = name,
			.type = short_type(show_text(column, "type")),
			.primary = record_flag(column, "primary_key"),
			.not_null = record_flag(column, "not_null"),
			.foreign = is_foreign(edges, name)};
	}
}

/* Keys to numbers of rows: the first of two that are alike. */
static json_t *
index_rows(const json_t *section, const json_t *rows)
{
	json_t *index = json_object();
	size_t i;
	json_t *row;

	json_array_foreach(rows, i, row)
	{
		struct str key CLEANUP(str_free) = STR_INIT;

		show_key(&key, json_object_get(section, "key"), row);
		if (json_object_get(index, str_text(&key)) == NULL)
			json_object_set_new(index, str_text(&key),
			    json_integer((json_int_t)i));
	}
	return index;
}

static void
add_edges(struct er_graph *g, const json_t *section, const json_t *index,
    size_t from, const json_t *edges)
{
	size_t i;
	json_t *edge;

	json_array_foreach(edges, i, edge)
	{
		struct str key CLEANUP(str_free) = STR_INIT;
		const json_t *to;

		show_key(&key, json_object_get(section, "key"), edge);
		to = json_object_get(index, str_text(&key));
		if (to == NULL) {
			g->lost++;
			continue;
		}
		if ((g->edge_count & (g->edge_count + 1)) == 0)
			g->edges = mem_resize(g->edges, 2 * g->edge_count + 2,
			    sizeof(*g->edges));
		g->edges[g->edge_count++] = (struct er_edge){.from = from,
		    .to = (size_t)json_integer_value(to),
		    .name = show_text(edge, "name"),
		    .columns = json_object_get(edge, "columns"),
		    .target = json_object_get(edge, "target_columns")};
	}
}

static void
index_edges(struct er_graph *g)
{
	size_t i, *fill CLEANUP_FREE = NULL;

	g->first = mem_zalloc((g->node_count + 2) * sizeof(*g->first));
	g->touching =
	    mem_zalloc((2 * g->edge_count + 1) * sizeof(*g->touching));
	for (i = 0; i < g->edge_count; i++) {
		g->nodes[g->edges[i].from].degree++;
		if (g->edges[i].to != g->edges[i].from)
			g->nodes[g->edges[i].to].degree++;
	}
	for (i = 0; i < g->node_count; i++)
		g->first[i + 1] = g->first[i] + g->nodes[i].degree;
	fill = mem_zalloc((g->node_count + 1) * sizeof(*fill));
	memcpy(fill, g->first, g->node_count * sizeof(*fill));
	for (i = 0; i < g->edge_count; i++) {
		g->touching[fill[g->edges[i].from]++] = i;
		if (g->edges[i].to != g->edges[i].from)
			g->touching[fill[g->edges[i].to]++] = i;
	}
}

struct er_graph *
er_graph_of(const json_t *section)
{
	const json_t *diagram = json_object_get(section, "diagram");
	const json_t *rows = json_object_get(section, "rows");
	const char *edges = record_text(diagram, "edges");
	struct er_graph *g;
	json_t *index, *row;
	size_t i;

	if (edges == NULL ||
	    json_array_size(json_object_get(section, "key")) == 0)
		return NULL;
	g = mem_zalloc(sizeof(*g));
	g->node_count = json_array_size(rows);
	g->nodes = mem_zalloc((g->node_count + 1) * sizeof(*g->nodes));
	index = index_rows(section, rows);
	json_array_foreach(rows, i, row)
	{
		const json_t *own = json_object_get(row, edges);
		struct str name CLEANUP(str_free) = STR_INIT;

		show_name(&name, section, row);
		g->nodes[i].name = str_take(&name);
		g->nodes[i].row = row;
		g->nodes[i].detail = record_text(row, "kind");
		add_columns(&g->nodes[i], columns_of(diagram, row), own);
		add_edges(g, section, index, i, own);
	}
	json_decref(index);
	index_edges(g);
	return g;
}

void
er_graph_free(struct er_graph *g)
{
	size_t i;

	if (g == NULL)
		return;
	for (i = 0; i < g->node_count; i++) {
		free(g->nodes[i].name);
		free(g->nodes[i].columns);
	}
	free(g->nodes);
	free(g->edges);
	free(g->first);
	free(g->touching);
	free(g);
}

void
er_graph_cleanup(struct er_graph **g)
{
	er_graph_free(*g);
}
