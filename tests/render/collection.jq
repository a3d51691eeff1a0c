# SPDX-License-Identifier: PostgreSQL
# Collections to render, in the format of pg-report collect, made of nothing:
#
#	jq -n -f tests/render/collection.jq --arg what shop
#	jq -n -f tests/render/collection.jq --arg what small
#	jq -n -f tests/render/collection.jq --arg what hostile
#	jq -n -f tests/render/collection.jq --arg what empty
#	jq -n -f tests/render/collection.jq --arg what many --argjson tables 10000

def column($name; $type): {name: $name, type: $type, not_null: false, default: null,
	identity: null, generated: null, collation: null, comment: null, primary_key: false};
def key($name): column($name; "bigint") + {not_null: true, primary_key: true, identity: "always"};

# A table of "name type" texts; "name>schema.table" is a reference.
def table($schema; $name; $columns; $comment):
	[$columns[] | split(" ") | {name: .[0], type: (.[1:] | join(" "))}] as $cols
	| {schema: $schema, table: $name, kind: "table", comment: $comment, owner: "app",
	   rows: (($name | length) * 12345), bytes: (($name | length) * 7654321),
	   heap_bytes: (($name | length) * 5000000), index_bytes: (($name | length) * 2654321), toast_bytes: 8192,
	   tablespace: null, persistence: "permanent", options: [], partitioning: null, partitions: null,
	   columns: ([key("id")] + [$cols[] | (.name | split(">")) as $n | column($n[0]; .type)
		+ (if ($n | length) > 1 then {not_null: true} else {} end)]
		| to_entries | map({position: (.key + 1)} + .value)),
	   constraints: [{name: ($name + "_pkey"), kind: "primary key", definition: "PRIMARY KEY (id)",
		columns: ["id"], valid: true, comment: null}],
	   indexes: [{name: ($name + "_pkey"), definition: "CREATE UNIQUE INDEX \($name)_pkey ON \($schema).\($name) USING btree (id)",
		columns: ["id"], bytes: 2654321, scans: 99321, primary: true, unique: true, valid: true, method: "btree", comment: null}],
	   references: [$cols[] | (.name | split(">")) | select(length > 1)
		| {name: "\($name)_\(.[0])_fkey", columns: [.[0]], schema: (.[1] | split(".")[0]), table: (.[1] | split(".")[1]),
		   target_columns: ["id"], on_update: "no action", on_delete: (if .[0] == "order_id" then "cascade" else "no action" end), valid: true}],
	   referenced_by: [], triggers: [], policies: [],
	   grants: [{grantee: "reader", privileges: ["SELECT"]}], rests_on: [], definition: null};

def with_referenced_by:
	. as $rows
	| (reduce (.[] | . as $t | .references[] | {to: "\(.schema)\u0000\(.table)",
		by: {name, schema: $t.schema, table: $t.table, columns, target_columns}}) as $r ({};
		.[$r.to] += [$r.by])) as $by
	| map(.referenced_by = ($by["\(.schema)\u0000\(.table)"] // []));

def shown: [
	{column: "kind", title: "Kind"}, {column: "purpose", title: "Purpose", format: "markdown"},
	{column: "comment", title: "Comment", format: "markdown"}, {column: "owner", title: "Owner"},
	{column: "rows", title: "Rows (estimate)", format: "number"}, {column: "bytes", title: "Size", format: "bytes"},
	{column: "heap_bytes", title: "Heap", format: "bytes"}, {column: "index_bytes", title: "Indexes", format: "bytes"},
	{column: "partitioning", title: "Partitioned by", format: "code"}, {column: "options", title: "Options", format: "list"},
	{column: "columns", title: "Columns", show: [{column: "name", title: "Column", format: "code"},
		{column: "type", title: "Type", format: "code"}, {column: "primary_key", title: "Key", format: "flag"},
		{column: "not_null", title: "Not null", format: "flag"}, {column: "default", title: "Default", format: "sql"},
		{column: "identity", title: "Identity"}, {column: "comment", title: "Comment", format: "markdown"}]},
	{column: "constraints", title: "Constraints", show: [{column: "name", title: "Constraint", format: "code"},
		{column: "kind", title: "Kind"}, {column: "definition", title: "Definition", format: "sql"}]},
	{column: "indexes", title: "Indexes", show: [{column: "name", title: "Index", format: "code"},
		{column: "definition", title: "Definition", format: "sql"}, {column: "bytes", title: "Size", format: "bytes"},
		{column: "scans", title: "Scans", format: "number"}]},
	{column: "references", title: "References", show: [{column: "name", title: "Foreign key", format: "code"},
		{column: "columns", title: "Columns", format: "list"}, {column: "schema", title: "Schema"},
		{column: "table", title: "Table"}, {column: "on_delete", title: "On delete"}]},
	{column: "referenced_by", title: "Referenced by", show: [{column: "name", title: "Foreign key", format: "code"},
		{column: "schema", title: "Schema"}, {column: "table", title: "Table"}, {column: "columns", title: "Its columns", format: "list"}]},
	{column: "grants", title: "Granted", show: [{column: "grantee", title: "To"}, {column: "privileges", title: "Privileges", format: "list"}]},
	{column: "definition", title: "Definition", format: "sql"}];

def section($id; $title; $group; $rows): {id: $id, title: $title, group: $group, order: 100, about: null, status: "ok",
	reason: null, seconds: 0.012, layout: "table", name: null, show: null, chart: null, diagram: null, key: null,
	volatile: [], limit: null, columns: [($rows[0] // {}) | keys_unsorted[] | {name: ., type: "text"}], rows: $rows, total: ($rows | length)};
def tables($rows): section("tables"; "Tables and views"; "schema"; $rows | with_referenced_by) + {layout: "cards", key: ["schema", "table"],
	name: "{schema}.{table}", diagram: {edges: "references"}, limit: 10000, show: shown, columns: [], volatile: ["rows", "bytes"],
	about: "Everything that holds rows, and what looks at it.\n\nSizes are of the whole: with indexes and what was **toasted** away. Row counts are the planner's *estimates*."};

def check($id; $title; $category; $status; $findings): {id: $id, title: $title, category: $category, weight: 1, status: $status,
	reason: null, seconds: 0.003, thresholds: {}, findings: $findings, total: ($findings | length),
	explain: "## What\n\n\($title) is looked for in `pg_catalog`.\n\n## Why\n\n- it costs\n- it hurts\n\nSee [the manual](https://www.postgresql.org/docs/current/).\n\n```sql\nselect 1;\n```"};
def finding($key; $object; $severity; $message; $do; $undo): {key: ($key + ":" + $object), object: $object, severity: $severity,
	message: $message, do: $do, undo: $undo, values: {}};

def collection($databases): {format: "pgpipe-collection", version: 1, tool: "pg-report 0.1.0", collected: "2026-03-02T09:30:00Z",
	seconds: 1.234, title: null,
	server: {version: 150020, version_text: "15.20 (Debian 15.20-1.pgdg12+1)", system: "7345678901234567890", standby: false,
		started: "2026-02-01T04:05:06Z", where: "host=db.example port=5432", user: "reporter", sections: [], checks: []},
	databases: $databases, waivers: [], score: null, complete: true};
def score($score; $grade): {score: $score, grade: $grade, evaluated: 52, total: 58, skipped: 6, errors: 0,
	cap: {at: 69, check: "idx-invalid"}, categories: [
	{category: "risk", score: 96, weight: 30, evaluated: 14}, {category: "maintenance", score: 81, weight: 20, evaluated: 9},
	{category: "index", score: 42, weight: 15, evaluated: 6}, {category: "performance", score: 78, weight: 15, evaluated: 8},
	{category: "security", score: 88, weight: 10, evaluated: 9}, {category: "config", score: 100, weight: 5, evaluated: 4},
	{category: "docs", score: 60, weight: 5, evaluated: 2}]};

def shop_tables: [
	table("public"; "customers"; ["email text", "name text", "created timestamp with time zone", "country_id>public.countries bigint"]; "Who **buys**. See `orders`.")
		+ {purpose: "The people and companies that order from us; kept ten years after the last order."},
	table("public"; "countries"; ["code character(2)", "name text"]; "ISO 3166"),
	table("public"; "addresses"; ["customer_id>public.customers bigint", "country_id>public.countries bigint", "street text", "city text"]; null),
	table("public"; "orders"; ["customer_id>public.customers bigint", "ship_to>public.addresses bigint", "state text", "placed timestamp with time zone", "total numeric(12,2)"]; "One row an order; partitioned by month")
		+ {kind: "partitioned", partitioning: "RANGE (placed)", partitions: 36, options: ["fillfactor=90"]},
	table("public"; "order_items"; ["order_id>public.orders bigint", "product_id>public.products bigint", "quantity integer", "price numeric(12,2)"]; null),
	table("public"; "products"; ["sku text", "name text", "category_id>public.categories bigint", "supplier_id>public.suppliers bigint", "attributes jsonb"]; "What is sold"),
	table("public"; "categories"; ["name text", "parent_id>public.categories bigint"]; "A tree"),
	table("public"; "suppliers"; ["name text", "country_id>public.countries bigint"]; null),
	table("public"; "payments"; ["order_id>public.orders bigint", "method text", "amount numeric(12,2)", "paid timestamp with time zone"]; null),
	table("public"; "reviews"; ["product_id>public.products bigint", "customer_id>public.customers bigint", "stars smallint", "body text"]; null),
	table("stock"; "warehouses"; ["name text", "country_id>public.countries bigint"]; "Where things lie"),
	table("stock"; "levels"; ["warehouse_id>stock.warehouses bigint", "product_id>public.products bigint", "quantity integer"]; null),
	table("stock"; "movements"; ["level_id>stock.levels bigint", "order_id>public.orders bigint", "delta integer", "at timestamp with time zone"]; "Every change of a level"),
	table("audit"; "log"; ["at timestamp with time zone", "who text", "what jsonb"]; null)];

def shop: collection([{database: "shop", encoding: "UTF8", stats_reset: "2026-01-01T00:00:00Z", extensions: {plpgsql: "1.0", timescaledb: "2.21.4"}, purposes: {},
	sections: [tables(shop_tables),
		section("functions"; "Functions"; "schema"; [{name: "place_order(bigint, jsonb)", language: "plpgsql", volatility: "volatile"}, {name: "total(bigint)", language: "sql", volatility: "stable"}]) + {about: "What can be called."},
		(section("database"; "This database"; "server"; [{size: 12345678901, age: 345678, collation: "en_US.UTF-8", created: "2025-05-05T05:05:05Z", hit: 0.992}])
			+ {layout: "facts", show: [{column: "size", title: "Size", format: "bytes"}, {column: "age", title: "Oldest transaction", format: "number"},
			   {column: "collation", title: "Collation", format: "code"}, {column: "created", title: "Created", format: "time"}, {column: "hit", title: "Cache hits", format: "percent"}]}),
		(section("index-usage"; "Index usage"; "performance"; [range(30) | {index: "i\(.)", table: "public.t\(. % 7)", scans: (. * 1000), bytes: (. * . * 100000), idle: (. * 3600.5)}])
			+ {show: [{column: "index", title: "Index", format: "code"}, {column: "table", title: "Table"}, {column: "scans", title: "Scans", format: "number"},
			   {column: "bytes", title: "Size", format: "bytes"}, {column: "idle", title: "Unused for", format: "duration"}]}),
		(section("ts-chunks"; "Chunks over time"; "timescaledb"; [range(24) | {bucket: "2026-02-\(if . < 9 then "0" else "" end)\(. + 1)T00:00:00Z", bytes: (1000000 * (. + 5) * (1 + . % 3)), compressed: (400000 * (. + 5))}])
			+ {layout: "chart", chart: {kind: "line", x: "bucket", y: ["bytes", "compressed"], by: null},
			   show: [{column: "bucket", title: "Day", format: "time"}, {column: "bytes", title: "Size", format: "bytes"}, {column: "compressed", title: "Compressed", format: "bytes"}]}),
		(section("statements"; "Statements"; "performance"; []) + {status: "skipped", reason: "pg_stat_statements is not installed in this database"}),
		section("sequences"; "Sequences"; "schema"; [])],
	checks: [
		check("idx-invalid"; "Invalid indexes"; "index"; "critical"; [finding("idx-invalid"; "public.orders"; "critical"; "index orders_state_idx of public.orders is invalid: a concurrent build did not finish"; "reindex index concurrently public.orders_state_idx;"; null)]),
		(check("idx-unused"; "Unused indexes"; "index"; "warning"; [range(3) | finding("idx-unused"; "public.products_\(.)_idx"; "warning"; "index products_\(.)_idx of public.products was not used in 60 days (1\(.) MB)"; "drop index concurrently public.products_\(.)_idx;"; "CREATE INDEX products_\(.)_idx ON public.products USING btree (name);")]) + {thresholds: {warning: 10485760, days: 7}}),
		(check("fk-noindex"; "Foreign keys without an index"; "index"; "notice"; [finding("fk-noindex"; "public.reviews"; "notice"; "foreign key reviews_customer_id_fkey of public.reviews has no index"; "create index concurrently on public.reviews (customer_id);"; null) + {waived: {reason: "rows are never deleted", until: "2026-12-31"}}])),
		check("xid-age"; "Transaction id age"; "risk"; "ok"; []), check("cache-hit"; "Cache hits"; "performance"; "ok"; []),
		(check("sec-hba"; "Client authentication"; "security"; "skipped"; []) + {reason: "needs the right to read pg_hba_file_rules"}),
		(check("archiving"; "WAL archiving"; "risk"; "error"; []) + {reason: "canceling statement due to statement timeout"})]}])
	| .score = score(69; "C")
	| .server.sections = [section("settings"; "Settings worth a look"; "server"; [{name: "shared_buffers", value: "128MB", source: "default"}, {name: "work_mem", value: "4MB", source: "default"}])]
	| .server.checks = [check("settings"; "Settings"; "config"; "warning"; [finding("settings"; "shared_buffers"; "warning"; "shared_buffers is at its default of 128 MB"; "alter system set shared_buffers = '4GB';"; "alter system reset shared_buffers;")])];

def nasty: ["<script>alert(1)</script>", "a|b`c``d", "x\"y'z\\w", "line\nbreak\ttab", "\u202eright\u200bto\u0007left", "]](http://evil.example)", "-->]]><!--", "@{script}", "{schema}.{table}", "--; drop table x", "😀 é ＜b＞", "%s%n", "www.evil.example", "&amp;"];
def hostile: collection([{database: "<b>db</b>\"'`|", encoding: "UTF8", stats_reset: null, extensions: {"<i>ext": "1"}, purposes: {},
	sections: [tables([nasty | to_entries[] | . as $n
		| table($n.value; $n.value; []; "comment " + $n.value)
		+ {purpose: $n.value, definition: $n.value, partitioning: $n.value, options: [$n.value]}
		| .columns += [column($n.value; $n.value) + {default: $n.value, comment: $n.value, position: 2}]
		| .references = [{name: $n.value, columns: [$n.value], schema: nasty[($n.key + 1) % (nasty | length)], table: nasty[($n.key + 1) % (nasty | length)], target_columns: ["id"], on_update: $n.value, on_delete: $n.value, valid: true}]]),
		(section("<x>\"'"; "<script>alert(2)</script>"; "<g>"; [nasty[] | {"<col>": ., "o": {"<k>": .}, "l": [., .], "t": [{"<n>": .}]}]) + {about: (nasty | join("\n\n"))}),
		(section("bad"; "Bad"; "<g>"; []) + {status: "error", reason: "<img src=x onerror=alert(3)>"})],
	checks: [check("<c>"; "<script>"; "<cat>"; "warning"; [nasty[] | finding("<c>"; .; "warning"; .; .; .) + {waived: {reason: ., until: .}}]) | .explain = (nasty | join("\n\n"))]}])
	| .title = "</title><script>alert(4)</script>" | .server.version_text = "<v>" | .tool = "<tool>" | .server.where = "host=<h>"
	| .score = (score(12; "<F>") | .cap.check = "<c>" | .categories[0].category = "<cat>");

def many($n): collection([{database: "many", encoding: "UTF8", stats_reset: null, extensions: {plpgsql: "1.0"}, purposes: {},
	sections: [tables([range($n) | . as $i | table("s\($i % 20)"; "table_\($i)";
			["name text", "created timestamp with time zone", "amount numeric(12,2)", "state text"]
			+ (if $i > 0 then ["parent_id>s\(($i / 3 | floor) % 20).table_\($i / 3 | floor) bigint"] else [] end);
			"table number \($i) of many, with a comment of an ordinary length")
		| .indexes += [range(4) | {name: "table_\($i)_\(.)_idx", definition: "CREATE INDEX table_\($i)_\(.)_idx ON s\($i % 20).table_\($i) USING btree (name, state)",
			columns: ["name", "state"], bytes: (8192 * $i), scans: $i, primary: false, unique: false, valid: true, method: "btree", comment: null}]]),
		section("index-usage"; "Index usage"; "performance"; [range([$n * 5, 20000] | min) | {index: "table_\(.)_idx", table: "s\(. % 20).table_\(.)", scans: ., bytes: (. * 8192)}]) + {total: ($n * 5)}],
	checks: [check("idx-unused"; "Unused indexes"; "index"; "warning"; [range([$n, 500] | min) | finding("idx-unused"; "s\(. % 20).table_\(.)"; "warning"; "index table_\(.)_0_idx of s\(. % 20).table_\(.) was not used in 60 days"; "drop index concurrently s\(. % 20).table_\(.)_0_idx;"; "CREATE INDEX x;")]) + {total: ($n * 4)}]}])
	| .score = (score(77; "C") | .cap = null);

# Few enough to be compared byte by byte, all layouts and states.
def small: shop
	| .databases[0] |= (.sections |= (map(select(.id == "tables" or .id == "database" or .id == "statements" or .id == "ts-chunks" or .id == "sequences"))
		| map(if .id == "tables" then .rows |= map(select(.table == "orders" or .table == "order_items" or .table == "categories")) | .total = 3
			elif .id == "ts-chunks" then .rows |= .[:3] | .limit = 2 | .total = 9 else . end))
		| .checks |= map(select(.id != "cache-hit")));

if $what == "shop" then shop
elif $what == "small" then small
elif $what == "hostile" then hostile
elif $what == "empty" then collection([{database: "empty", encoding: "UTF8", stats_reset: null, extensions: {}, purposes: {}, sections: [tables([])], checks: []}])
	| .score = (score(100; "A") | .cap = null | .categories = [])
elif $what == "many" then many($tables)
else error("what is \($what)?") end
