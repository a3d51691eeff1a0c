# SPDX-License-Identifier: PostgreSQL
# What of a collection of schema.sql is the same every time and on every version: the
# sections about the schema, without what they call volatile, without the state of
# indexes, and without what versions differ in: the text of views and whose the
# schema "public" is.
[.databases[0].sections[] | select(.group == "schema") | {
	id, title, layout, key, status, total,
	columns: [.columns[].name],
	rows: (. as $s | [.rows[] | select((.schema != "public" or $s.id == "tables")
		and (.kind == "database" | not)) |
		with_entries(select(.key as $k | $s.volatile // [] | index([$k]) | not)) |
		if $s.id == "tables" then
			.indexes |= map(del(.bytes, .scans)) |
			if .definition then .definition = "a query" else . end
		elif $s.id == "extensions" then
			{extension, schema, behind}
		else . end])} |
	# Of these the rows that were left out are counted.
	if .id == "schemas" or .id == "grants" then del(.total) else . end]
