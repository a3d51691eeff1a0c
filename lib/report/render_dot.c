/* SPDX-License-Identifier: PostgreSQL */
/*
 * The schema in the dot language: boxes with columns, clustered by schema.
 */
#include <string.h>

#include "base/mem.h"
#include "data/record.h"
#include "report/er.h"
#include "report/escape.h"
#include "report/render_inside.h"
#include "report/schema.h"
#include "report/show.h"

static void
add_column(struct str *out, const struct er_column *c, size_t number)
{
	str_addf(out, "<tr><td port=\"c%zu\" align=\"left\">", number);
	str_add(out, c->primary ? "<u>" : "");
	escape_html(out, *c->name != '\0' ? c->name : " ");
	str_add(out, c->primary ? "</u>" : "");
	str_add(out, "</td><td align=\"left\">");
	escape_html(out, *c->type != '\0' ? c->type : " ");
	str_add(out, "</td></tr>");
}

static void
add_table(struct str *out, const struct er_graph *g, size_t number,
    const char *prefix)
{
	const struct er_node *node = &g->nodes[number];
	size_t i;

	str_addf(out,
	    "    %st%zu [label=<<table border=\"0\" "
	    "cellborder=\"1\" cellspacing=\"0\" cellpadding=\"4\">"
	    "<tr><td colspan=\"2\" bgcolor=\"#e8ecf6\"><b>",
	    prefix, number + 1);
	escape_html(out, node->name);
	str_add(out, "</b></td></tr>");
	for (i = 0; i < node->column_count; i++)
		add_column(out, &node->columns[i], i + 1);
	str_add(out, "</table>>, tooltip=");
	escape_dot(out, node->name);
	str_add(out, "];\n");
}

static size_t
column_number(const struct er_node *node, const json_t *columns)
{
	const char *name = json_string_value(json_array_get(columns, 0));
	size_t i;

	for (i = 0; name != NULL && i < node->column_count; i++)
		if (strcmp(node->columns[i].name, name) == 0)
			return i + 1;
	return 0;
}

static void
add_end(struct str *out, const struct er_graph *g, size_t number,
    const json_t *columns, const char *prefix)
{
	size_t column = column_number(&g->nodes[number], columns);

	str_addf(out, "%st%zu", prefix, number + 1);
	if (column > 0)
		str_addf(out, ":c%zu", column);
}

static void
add_edge(struct str *out, const struct er_graph *g, const struct er_edge *e,
    const char *prefix)
{
	str_add(out, "  ");
	add_end(out, g, e->from, e->columns, prefix);
	str_add(out, " -> ");
	add_end(out, g, e->to, e->target, prefix);
	str_add(out, " [tooltip=");
	escape_dot(out, e->name);
	str_add(out, "];\n");
}

/* Rows of one schema may stand apart: each schema is looked for once. */
static void
add_schemas(struct str *out, const struct er_graph *g, const char *prefix)
{
	json_t *done = json_object();
	size_t i, j, n = 0;

	for (i = 0; i < g->node_count; i++) {
		const char *schema = show_text(g->nodes[i].row, "schema");

		if (json_object_get(done, schema) != NULL ||
		    !schema_is_table(g->nodes[i].row))
			continue;
		json_object_set_new(done, schema, json_true());
		str_addf(out, "  subgraph cluster_%s%zu {\n    label=", prefix,
		    ++n);
		escape_dot(out, schema);
		str_add(out, ";\n");
		for (j = i; j < g->node_count; j++)
			if (schema_is_table(g->nodes[j].row) &&
			    strcmp(show_text(g->nodes[j].row, "schema"),
				schema) == 0)
				add_table(out, g, j, prefix);
		str_add(out, "  }\n");
	}
	json_decref(done);
}

static void
add_database(struct str *out, const json_t *section, const char *prefix)
{
	struct er_graph *g CLEANUP(er_graph_cleanup) = er_graph_of(section);
	size_t i;

	if (g == NULL)
		return;
	add_schemas(out, g, prefix);
	for (i = 0; i < g->edge_count; i++)
		add_edge(out, g, &g->edges[i], prefix);
}

void
render_dot(const json_t *document, const struct render_options *o,
    struct str *out)
{
	const json_t *section;
	const char *database;
	size_t i = 0;

	str_add(out,
	    "digraph schema {\n  graph [rankdir=LR, "
	    "fontname=\"Helvetica\", ranksep=1.2];\n"
	    "  node [shape=plain, fontname=\"Helvetica\", "
	    "fontsize=11];\n"
	    "  edge [dir=both, arrowtail=crow, arrowhead=tee, "
	    "color=\"#5b6475\"];\n");
	while ((section = schema_next(document, o, &i, &database)) != NULL) {
		char prefix[32];

		snprintf(prefix, sizeof(prefix), "d%zu", i);
		add_database(out, section, prefix);
	}
	str_add(out, "}\n");
}
