#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# pg-chunks on TimescaleDB's hypertables and continuous aggregates: what their lines
# say, which of them are listed, and what is left out or refused.  Whether the lines
# cover all rows is asked of psql.

load lib/common
load lib/chunks
load lib/timescale

setup_file() {
	export TIMESCALE_SERVERS=src
	timescale_setup_file src
}

setup() {
	timescale_setup
}

teardown() {
	timescale_teardown
}

# How many chunks of which hypertable or continuous aggregate: "5 public.metrics".
counts() {
	jq -r 'select(.chunk) | .view // .parent | "\(.schema).\(.table)"' "$OUT" |
		LC_ALL=C sort | uniq -c | sed 's/^ *//'
}

# The rows that the lines of the last listing name, each chunk read as a whole.
rows_sql() {
	jq -rs 'def ident: "\"" + gsub("\""; "\"\"") + "\"";
		[.[] | select(.chunk) | "select count(*) from " +
		(.schema | ident) + "." + (.table | ident) +
		(if .where then " where " + .where else "" end)] |
		if length == 0 then "select 0" else join("\nunion all\n") end' "$OUT"
}
covers() {	# TABLE [WHERE]
	is "$(src "select sum(count) from ($(rows_sql)) x (count)")" \
		"$(src "select count(*) from $1 where ${2:-true}")" \
		"rows of $1 that the lines name"
}

# An hourly series of May 2023, 744 rows in five chunks of a week.
metrics() {	# [SCHEMA.]
	src >/dev/null 2>&1 <<-SQL
		create table $1metrics(time timestamptz, device_id text, val float8);
		select create_hypertable('$1metrics', 'time');
		insert into $1metrics select t, 1, random() from generate_series(
			'2023-05-01 00:00Z'::timestamptz, '2023-05-31 23:30Z', '1 hour') t;
	SQL
}

compressed() {	# TABLE CHUNKS
	src >/dev/null 2>&1 <<-SQL
		alter table $1 set (timescaledb.compress, timescaledb.compress_orderby = 'time',
			timescaledb.compress_segmentby = 'device_id');
		select compress_chunk(c) from (select c from show_chunks('$1') c limit $2) c;
	SQL
}

cagg() {	# NAME COLUMNS OF WIDTH [OPTIONS]
	src "create materialized view $1 with (timescaledb.continuous) as
		select time_bucket('$4', time) as time, device_id, $2 from $3
		group by time_bucket('$4', time), device_id ${5:-}" >/dev/null 2>&1
}

# Two hypertables, and continuous aggregates on two levels.
hierarchy() {
	metrics
	src 'create schema other'
	metrics other.
	cagg cagg 'max(val) as v' metrics '1 day'
	cagg cagg2 'avg(val) as v' metrics '1 day'
	cagg hcagg 'max(v) as v' cagg '2 day'
	cagg hcagg2 'avg(v) as v' cagg '2 day'
	cagg other.cagg 'max(val) as v' other.metrics '1 day'
	cagg other.hcagg 'max(v) as v' other.cagg '2 day'
}

# --- lines ---------------------------------------------------------------------------

@test "one line for each chunk, with its slices and its range" {
	metrics
	src 'create table plain(i int); analyze metrics'
	exits 0 pg-chunks -d "$SRC" metrics
	ends 5
	covers metrics
	exits 0 pg-chunks -d "$SRC" --order name metrics
	is "$(of 'del(.system, .timeline, .database, .bytes)' | head -n 1)" "$(jq -c . <<-'JSON'
		{"chunk":"public.metrics/_timescaledb_internal._hyper_1_1_chunk","source":"hypertable",
		"schema":"_timescaledb_internal","table":"_hyper_1_1_chunk",
		"parent":{"schema":"public","table":"metrics"},"bound":null,
		"range":[{"column":"time","type":"timestamp with time zone",
		"from":"2023-04-27 00:00:00+00","to":"2023-05-04 00:00:00+00"}],
		"slice":null,"where":null,"rows":72,"compressed":false,
		"slices":{"time":["1682553600000000","1683158400000000"]},"partial":false}
	JSON
	)"
	is "$(of '.bytes >= 8192 and .system != null and .timeline == 1' | sort -u)" true
	# What TimescaleDB says of a chunk, create_chunk() takes.
	is "$(of '.slices.time | map(tonumber)' | head -n 1)" "$(src "select (slices -> 'time')::text
		from _timescaledb_functions.show_chunk('_timescaledb_internal._hyper_1_1_chunk')" | tr -d ' ')"
	# The hypertable itself has no line, nor is a chunk a table of its own.
	exits 0 pg-chunks -d "$SRC"
	ends 6
	is "$(counts)" $'1 null.null\n5 public.metrics'
	exits 0 pg-chunks -d "$SRC" 'm*' '*cs'
	ends 5
}

@test "a chunk is listed once, under one id, however it is named" {
	metrics
	local chunk=_timescaledb_internal._hyper_1_2_chunk
	exits 0 pg-chunks -d "$SRC" $chunk
	is "$(ids)" "public.metrics/$chunk"
	exits 0 pg-chunks -d "$SRC" _hyper_1_2_chunk $chunk
	is "$(ids)" "public.metrics/$chunk"
	exits 0 pg-chunks -d "$SRC" $chunk metrics
	ends 5
	exits 0 pg-chunks -d "$SRC" --order name '_timescaledb_internal.*'
	ends 5
	exits 0 pg-chunks -d "$SRC" -x $chunk -x _hyper_1_3_chunk metrics
	ends 3
	exits 0 pg-chunks -d "$SRC" -x metrics
	ends 0
	# A wildcard alone does not mean them.
	exits 2 pg-chunks -d "$SRC" '_hyper*'
	like "$err" 'pattern "_hyper\*" matches no table'
	like "$err" '_hyper_1_[0-9]_chunk is a chunk of a hypertable'
	exits 2 pg-chunks -d "$SRC" --regex _hyper_
	is "$out" ''
}

@test "columns that are dropped, added or generated are no hindrance" {
	src >/dev/null 2>&1 <<-'SQL'
		create table metrics(gone int, time timestamptz, late int, val float8, twice float8 generated always as (val * 2) stored);
		select create_hypertable('metrics', 'time');
		alter table metrics drop column gone;
		insert into metrics(time, val) select t, 1 from generate_series('2023-05-01 00:00Z'::timestamptz, '2023-05-20', '1 hour') t;
		alter table metrics drop column late;
		alter table metrics add column late int;
		insert into metrics(time, val) select t, 1 from generate_series('2023-05-20 01:00Z'::timestamptz, '2023-05-31', '1 hour') t;
	SQL
	exits 0 pg-chunks -d "$SRC" --until '2023-05-20 12:00Z' metrics
	ends 4
	covers metrics "time < '2023-05-20 12:00Z'"
	is "$(of 'select(.where).where')" "\"\\\"time\\\" < '2023-05-20 12:00:00+00'::timestamp with time zone\""
}

@test "names of all kinds are listed as they are" {
	src >/dev/null 2>&1 <<-'SQL'
		create schema "My ""Sch"".ema"; create schema chunks;
		create table "My ""Sch"".ema"."Met'rics""$1"("Ti""me" timestamptz, "select" text);
		select create_hypertable('"My ""Sch"".ema"."Met''rics""$1"', 'Ti"me', 'select', 2,
			associated_schema_name => 'chunks', associated_table_prefix => 'O''x "y"');
		insert into "My ""Sch"".ema"."Met'rics""$1" select t, i from generate_series(1, 50) i,
			generate_series('2023-05-01 00:00Z'::timestamptz, '2023-05-09', '1 day') t;
		alter table "My ""Sch"".ema"."Met'rics""$1" set (timescaledb.compress, timescaledb.compress_segmentby = '"select"');
		select compress_chunk(c) from show_chunks('"My ""Sch"".ema"."Met''rics""$1"') c limit 1;
		create materialized view "My ""Sch"".ema"."Da""ily" with (timescaledb.continuous) as
			select time_bucket('1 day', "Ti""me") as "Bu""cket", count(*) from "My ""Sch"".ema"."Met'rics""$1" group by 1;
	SQL
	exits 0 pg-chunks -d "$SRC" '"My ""Sch"".ema".*' --from '2023-05-02Z' --until '2023-05-09 12:00Z'
	is "$err" ''
	is "$(counts)" $'1 My "Sch".ema.Da"ily\n4 My "Sch".ema.Met\'rics"$1'
	is "$(of 'select(.view).slices | keys')" '["Bu\"cket"]'
	is "$(of 'select(.view | not) | .slices | keys' | sort -u)" '["Ti\"me","select"]'
	is "$(of 'select(.view | not).schema' | sort -u)" '"chunks"'
	is "$(of 'select(.compressed).partial')" false
	like "$(ids)" '^"My ""Sch""\.ema"\."Met.rics""\$1"/chunks\."O.x ""y""_1_chunk"\[2023-05-02 00:00:00\+00,\)$'
	like "$(ids)" '^"My ""Sch""\.ema"\."Da""ily"/_timescaledb_internal\.'
	jq -c 'select(.view | not)' "$OUT" >list && mv list "$OUT"
	covers '"My ""Sch"".ema"."Met'"'"'rics""$1"' "\"Ti\"\"me\" >= '2023-05-02Z' and \"Ti\"\"me\" < '2023-05-09 12:00Z'"
	# No wildcard finds a chunk in a user's schema either.
	exits 2 pg-chunks -d "$SRC" '*x*y*'
	exits 0 pg-chunks -d "$SRC" 'chunks.*'
	ends 4
	exits 0 pg-chunks -d "$SRC" --caggs
	is "$(jq -c 'select(.cagg) | [.cagg, .schema, .view, .parent]' "$OUT")" \
		'["\"My \"\"Sch\"\".ema\".\"Da\"\"ily\"","My \"Sch\".ema","Da\"ily",{"schema":"My \"Sch\".ema","table":"Met'"'"'rics\"$1"}]'
}

@test "every dimension has its slice, and one that is hashed says so" {
	src >/dev/null 2>&1 <<-'SQL'
		create table metrics(time bigint, device_id text, val float8);
		select create_hypertable('public.metrics', 'time', chunk_time_interval => 86400000);
		select add_dimension('public.metrics', 'device_id', number_partitions => 15);
		insert into metrics select t, d, 1 from generate_series(1, 604800000, 3600000) t, generate_series(1, 300) d;
	SQL
	exits 0 pg-chunks -d "$SRC" metrics
	ends 105
	covers metrics
	is "$(of '.slices | keys' | sort -u)" '["device_id","time"]'
	is "$(of '.slices.time' | sort -u | wc -l)" 7
	is "$(of '.slices.device_id' | sort -u | wc -l)" 15
	is "$(of 'select(.slices.device_id[0] == "-9223372036854775808") | .range[1]' | sort -u)" \
		'{"column":"device_id","type":"integer","from":null,"to":"143165576","function":"_timescaledb_functions.get_partition_hash"}'
	exits 0 pg-chunks -d "$SRC" --from 86400000 --until 200000000 metrics
	ends 30
	is "$(of .where | sort -u)" $'"\\"time\\" < '"'200000000'::bigint"$'"\nnull'
	covers metrics 'time >= 86400000 and time < 200000000'
	# The hash is nobody's bound.
	exits 0 pg-chunks -d "$SRC" --time-column device_id --from 143165576 --until 2 metrics
	ends 105
	is "$(of '.where != null' | sort -u)" true
}

# --- compression -----------------------------------------------------------------------

@test "compressed and partially compressed chunks say so, and sizes count both parts" {
	metrics
	compressed metrics 2
	src "insert into metrics values ('2023-05-01 00:30Z', 'late', 1)"
	src "update metrics set val = 7 where time < '2023-05-01 02:00Z' and device_id = 'late'"
	src 'vacuum analyze metrics'
	exits 0 pg-chunks -d "$SRC" --order oldest metrics
	is "$(of '[.compressed, .partial, .rows]')" '[true,true,73]
[true,false,168]
[false,false,168]
[false,false,168]
[false,false,168]'
	is "$(jq -s 'map(select(.compressed).bytes) | add' "$OUT")" "$(src "
		select sum(pg_relation_size(oid) + coalesce(pg_relation_size(nullif(reltoastrelid, 0)), 0))
		from pg_class where relkind = 'r' and (relname ~ '^compress_hyper_' or
			relname in ($(of 'select(.compressed).table' | tr '\n"' ",'" | sed 's/,$//')))")"
	covers metrics
	src "select decompress_chunk(c) from show_chunks('metrics') c limit 1" >/dev/null
	exits 0 pg-chunks -d "$SRC" --order oldest metrics
	is "$(of '[.compressed, .partial]' | head -n 1)" '[false,false]'
	is "$(of .compressed | grep -c true)" 1
}

@test "a bound within a compressed chunk is its predicate, one on its edge is not" {
	metrics
	compressed metrics 5
	exits 0 pg-chunks -d "$SRC" --order oldest --until '2023-05-06' metrics
	is "$(of '[.compressed, .where]')" '[true,null]
[true,"\"time\" < '"'2023-05-06 00:00:00+00'"'::timestamp with time zone"]'
	covers metrics "time < '2023-05-06Z'"
	is "$(src "select sum(count) from ($(rows_sql)) x")" 120
	exits 0 pg-chunks -d "$SRC" --until '2023-05-04' metrics
	is "$(of '[.compressed, .where]')" '[true,null]'
	covers metrics "time < '2023-05-04Z'"
	# Rows without a value are counted in both parts of a chunk.
	src "insert into metrics values ('2023-05-01 00:30Z', null, 1)"
	exits 0 pg-chunks -d "$SRC" --time-column device_id --from 0 metrics
	like "$err" 'left out of _timescaledb_internal\._hyper_1_1_chunk: rows without "device_id": 1$'
}

@test "chunks are not cut any further" {
	metrics
	compressed metrics 1
	src "create table plain(id int primary key, v text); insert into plain select i, repeat('x', 100) from generate_series(1, 5000) i; analyze plain"
	local by
	for by in ctid key; do
		exits 0 pg-chunks -v -d "$SRC" --split 8kB --by $by
		is "$(counts | grep metrics)" '5 public.metrics'
		is "$(of 'select(.source == "hypertable").slice' | sort -u)" null
		[ "$(of 'select(.table == "plain").slice' | sort -u | wc -l)" -gt 5 ]
		like "$err" 'chunk is not split: such chunks are taken whole'
		# Who asked for it is told once, without asking for more.
		exits 0 pg-chunks -d "$SRC" --split 8kB --by $by metrics
		is "$(grep -c 'is not split' <<<"$err")" 1
	done
	exits 0 pg-chunks -d "$SRC" metrics
	is "$err" ''
}

# --- bounds -----------------------------------------------------------------------------

@test "bounds leave chunks out, cut them, or take them whole" {
	metrics
	src "insert into metrics select t, 1, random() from generate_series('2023-06-01 00:00Z'::timestamptz, '2023-06-30 23:30Z', '1 hour') t"
	exits 0 pg-chunks -d "$SRC" --from '2023-06-01' --until '2023-07-01' metrics
	covers metrics "time >= '2023-06-01Z'"
	ends 5
	# Both on edges: one chunk, no predicate.
	exits 0 pg-chunks -d "$SRC" --from '2023-05-04' --until '2023-05-11' metrics
	is "$(of '[.chunk, .where]')" '["public.metrics/_timescaledb_internal._hyper_1_2_chunk",null]'
	is "$(src "$(rows_sql)")" 168
	exits 0 pg-chunks -d "$SRC" --from '2023-05-04' --until '2023-05-10 23:00' metrics
	is "$(of '.where != null')" true
	like "$(ids)" '_2_chunk\[,2023-05-10 23:00:00\+00\)$'
	exits 0 pg-chunks -d "$SRC" --from '2023-05-04 01:00' --until '2023-05-11' metrics
	is "$(src "$(rows_sql)")" 167
	exits 0 pg-chunks -d "$SRC" --from '2023-08-01' metrics
	ends 0
	exits 0 pg-chunks -d "$SRC" --from '2023-05-04T02:00:00+02' --until '2023-05-10 18:00-06' metrics
	is "$(of .where)" null
}

@test "dimensions of all types, to the ends of each" {
	local type values
	while IFS='|' read -r type interval values; do
		src "create table \"t $type\"(t $type not null, v int);
			select create_hypertable('\"t $type\"', 't', chunk_time_interval => $interval);
			insert into \"t $type\" values $values" >/dev/null 2>&1
	done <<-'LIST'
		smallint|10000|(-32768), (-1), (0), (9999), (10000), (32767)
		integer|1000000000|(-2147483648), (-1), (0), (9999), (10000), (2147483647)
		bigint|1000000000|(-9223372036854775808), (-1), (0), (9999), (10000), (9223372036854775807)
		date|interval '7 days'|('4714-11-24 BC'), ('2025-01-01'), ('2025-01-02'), ('infinity')
		timestamp|interval '7 days'|('4714-11-24 BC'), ('2025-01-01'), ('2025-01-02'), ('294246-12-31'), ('-infinity'), ('infinity')
		timestamptz|interval '7 days'|('4714-11-24 BC'), ('2025-01-01'), ('2025-01-02'), ('294246-12-31'), ('-infinity'), ('infinity')
	LIST
	for type in smallint integer bigint; do
		exits 0 pg-chunks -d "$SRC" "\"t $type\""
		covers "\"t $type\""
		is "$(of '.range[0].type' | sort -u)" "\"$type\""
		is "$(of 'select(.range[0].from == null)' | wc -l)" 1
		is "$(of 'select(.range[0].to == null)' | wc -l)" 1
		exits 0 pg-chunks -d "$SRC" --from=-1 --until 9999 "\"t $type\""
		covers "\"t $type\"" 't >= -1 and t < 9999'
		exits 0 pg-chunks -d "$SRC" --until=-30000 "\"t $type\""
		covers "\"t $type\"" 't < -30000'
		exits 0 pg-chunks -d "$SRC" --from 30000 "\"t $type\""
		covers "\"t $type\"" 't >= 30000'
	done
	exits 0 pg-chunks -d "$SRC" --from 30000 '"t smallint"'
	is "$(of '[.where, .range[0].from, .range[0].to]')" '[null,"30000",null]'
	for type in date timestamp timestamptz; do
		exits 0 pg-chunks -d "$SRC" "\"t $type\""
		covers "\"t $type\""
		exits 0 pg-chunks -d "$SRC" --from 2025-01-02 "\"t $type\""
		covers "\"t $type\"" "t >= '2025-01-02'"
		is "$(of '.where == null' | sort -u)" true
		exits 0 pg-chunks -d "$SRC" --until 2025-01-02 "\"t $type\""
		covers "\"t $type\"" "t < '2025-01-02'"
		is "$(of '.where == null' | sort -u)" true
		exits 0 pg-chunks -d "$SRC" --until 2025-01-01 "\"t $type\""
		covers "\"t $type\"" "t < '2025-01-01'"
		exits 0 pg-chunks -d "$SRC" --from=-infinity --until infinity "\"t $type\""
		covers "\"t $type\"" "t < 'infinity'"
	done
}

@test "a bound that does not fit a hypertable or a continuous aggregate names it" {
	metrics
	cagg daily 'max(val) as v' metrics '1 day'
	src "create table counts(n int not null, v int); select create_hypertable('counts', 'n', chunk_time_interval => 100);
		insert into counts select i * 50, i from generate_series(-5, 5) i;
		create table days(d date not null); select create_hypertable('days', 'd'); insert into days values ('2023-05-05')" >/dev/null 2>&1
	exits 2 pg-chunks -d "$SRC" --until 2023-05-08
	is "$err" 'pg-chunks: error: public.counts cannot be listed by --until "2023-05-08": column "n" is of type integer'
	is "$out" ''
	exits 2 pg-chunks -d "$SRC" --from=-20 --until 300 daily counts metrics
	is "$err" 'pg-chunks: error: public.daily cannot be listed by --from "-20" and --until "300": column "time" is of type timestamp with time zone
pg-chunks: error: public.metrics cannot be listed by --from "-20" and --until "300": column "time" is of type timestamp with time zone'
	exits 2 pg-chunks -d "$SRC" --until '2023-05-08 12:00' days
	like "$err" 'public.days cannot be listed'
	# A day that is also a number is said.
	exits 0 pg-chunks -d "$SRC" --until 20230508 metrics counts
	like "$err" 'the bounds are taken as'
	exits 0 pg-chunks -d "$SRC" --from=-20 --until 60 counts
	covers counts 'n >= -20 and n < 60'
	is "$(of '.where' | grep -c null)" 0
}

@test "a time that a function gives is bounded by the column, whatever the function says" {
	src >/dev/null 2>&1 <<-'SQL'
		create function epoch(bigint) returns timestamptz language sql immutable as 'select to_timestamp($1)';
		create table f(at bigint not null, v int);
		select create_hypertable('f', 'at', time_partitioning_func => 'epoch', chunk_time_interval => interval '1 day');
		insert into f select 1700000000 + i * 3600, i from generate_series(1, 96) i;
	SQL
	exits 0 pg-chunks -d "$SRC" f
	covers f
	is "$(of '.range[0] | [.type, .function]' | sort -u)" '["bigint","public.epoch"]'
	exits 0 pg-chunks -d "$SRC" --until 1700100000 f
	covers f 'at < 1700100000'
	is "$(of '.where != null' | sort -u)" true
}

@test "UUIDs of version 7 are bounded by times" {
	src "create table u(id uuid not null, v int)"
	src "select create_hypertable('u', 'id', chunk_time_interval => interval '1 day')" >/dev/null 2>&1 ||
		skip 'needs a TimescaleDB that has dimensions of type uuid'
	src "insert into u select to_uuidv7(t), 1 from generate_series('2025-01-01 00:30Z'::timestamptz, '2025-01-05', '1 hour') t"
	exits 0 pg-chunks -d "$SRC" --from 2025-01-02 --until '2025-01-03 12:00:00.0015Z' u
	is "$(of '.where == null' | sort)" $'false\ntrue'
	covers u "uuid_timestamp(id) >= '2025-01-02Z' and uuid_timestamp(id) < '2025-01-03 12:00:00.0015Z'"
	exits 0 pg-chunks -d "$SRC" --from 01941f29-7c00-7000-8000-000000000000 --until 0194244f-d800-7000-8000-000000000000 u
	is "$(of .where)" null
	exits 0 pg-chunks -d "$SRC" --from 1901-01-01 u
	covers u
	exits 2 pg-chunks -d "$SRC" --from tuesday u
	like "$err" 'column "id" is of type uuid'
}

@test "--order goes by the time" {
	metrics
	exits 0 pg-chunks -d "$SRC" --order newest metrics
	is "$(of .table | tr -dc '0-9\n')" $'15\n14\n13\n12\n11'
	exits 0 pg-chunks -d "$SRC" --order oldest metrics
	is "$(of .table | tr -dc '0-9\n')" $'11\n12\n13\n14\n15'
}

# --- which ------------------------------------------------------------------------------

listed() {	# "COUNT NAME
	# ..." ARGUMENT...
	exits 0 pg-chunks -d "$SRC" --until 2023-07-01 "${@:2}"
	is "$(counts)" "$(LC_ALL=C sort -k 2 <<<"$1")" "${*:2}"
}

@test "names, patterns and expressions choose, cascades follow what is made from what" {
	hierarchy
	local m='5 public.metrics' o='5 other.metrics'
	listed "$m" --regex '^public\.metrics$'
	listed "$o"$'\n'"$m" --regex '^(public|other)\.metrics$'
	listed '1 public.cagg' --regex '^public\.cagg$'
	listed $'1 other.cagg\n1 public.cagg' --regex '^(public|other)\.cagg$'
	listed $'1 other.cagg\n1 other.hcagg\n'"$o" --regex '^other\..*$'
	listed $'1 public.cagg\n1 public.cagg2\n1 public.hcagg\n1 public.hcagg2\n'"$m" --regex '^public\.metrics$' --cascade-up
	listed $'1 public.cagg\n1 public.hcagg\n1 public.hcagg2' --regex '^public\.cagg$' --cascade-up
	listed $'1 public.cagg\n'"$m" --regex '^public\.cagg$' --cascade-down
	# Up and down, but not down and up again.
	listed $'1 public.cagg\n1 public.hcagg\n1 public.hcagg2\n'"$m" --regex '^public\.cagg$' --cascade-up --cascade-down
	listed $'1 public.cagg\n1 public.hcagg\n'"$m" --regex '^public\.hcagg$' --cascade-down
	listed $'1 other.cagg\n1 other.hcagg\n1 public.cagg\n1 public.hcagg\n'"$o"$'\n'"$m" \
		--regex '^(public|other)\.hcagg$' --cascade-down
	listed '1 other.hcagg' --regex '^other\.hcagg$' --cascade-up
	# The same by psql's patterns.
	listed "$m" public.metrics
	listed "$o"$'\n'"$m" metrics
	listed $'1 other.cagg\n1 other.hcagg\n'"$o" 'other.*'
	listed $'1 public.cagg\n1 public.hcagg\n'"$m" public.hcagg --cascade-down
	listed $'1 other.cagg\n1 other.hcagg\n1 public.cagg\n1 public.cagg2\n1 public.hcagg\n1 public.hcagg2\n'"$o"$'\n'"$m" metrics --cascade-up
}

@test "without a pattern all hypertables and continuous aggregates are listed" {
	hierarchy
	local all=$'1 other.cagg\n1 other.hcagg\n1 public.cagg\n1 public.cagg2\n1 public.hcagg\n1 public.hcagg2\n5 other.metrics\n5 public.metrics'
	exits 0 pg-chunks -d "$SRC"
	is "$(counts)" "$(LC_ALL=C sort -k2 <<<"$all")"
	ends 16
	is "$err" ''
	exits 0 pg-chunks -d "$SRC" '*'
	ends 16
	exits 0 pg-chunks -d "$SRC" --cascade-up --cascade-down
	ends 16
	# -x is the last word, also with a cascade through what it names.
	exits 0 pg-chunks -d "$SRC" -x '*.*cagg*'
	is "$(counts)" $'5 other.metrics\n5 public.metrics'
	exits 0 pg-chunks -d "$SRC" -x public.cagg --cascade-up public.metrics
	is "$(counts)" $'1 public.cagg2\n1 public.hcagg\n1 public.hcagg2\n5 public.metrics'
	exits 0 pg-chunks -d "$SRC" -x public.metrics public.hcagg --cascade-down
	is "$(counts)" $'1 public.cagg\n1 public.hcagg'
}

@test "a chunk of a continuous aggregate names its view" {
	hierarchy
	exits 0 pg-chunks -d "$SRC" hcagg2
	local root
	root=$(src "select materialization_hypertable_name from timescaledb_information.continuous_aggregates where view_name = 'hcagg2'")
	is "$(of '[.view, .parent]')" "[{\"table\":\"hcagg2\",\"schema\":\"public\"},{\"schema\":\"_timescaledb_internal\",\"table\":\"$root\"}]"
	like "$(ids)" '^public.hcagg2/_timescaledb_internal\._hyper_[0-9]+_[0-9]+_chunk$'
	covers hcagg2
	# By its internal name it is nothing to be listed.
	exits 2 pg-chunks -d "$SRC" "$root"
	like "$err" "pattern \"$root\" matches no table"
	like "$err" "_timescaledb_internal\\.$root is internal to TimescaleDB"
	# A view that is none is a view.
	src 'create view v as select 1'
	exits 2 pg-chunks -d "$SRC" v
	like "$err" 'public\.v is a view'
}

@test "what TimescaleDB keeps for itself is never a table" {
	metrics
	compressed metrics 2
	cagg cagg 'max(val) as v' metrics '1 day'
	exits 0 pg-chunks -d "$SRC" '*.*'
	ends 6
	is "$err" ''
	exits 0 pg-chunks -d "$SRC" '_timescaledb_internal.*'
	ends 6
	exits 2 pg-chunks -d "$SRC" '_timescaledb*.*'
	exits 2 pg-chunks -d "$SRC" '_timescaledb_catalog.*' _timescaledb_catalog.chunk 'compress_hyper*'
	is "$(grep -c 'matches no table' <<<"$err")" 3
	like "$err" 'is internal to TimescaleDB'
	exits 0 pg-chunks -d "$SRC" --if-exists 'nothing*'
	ends 0
}

@test "chunks that have been dropped are not there" {
	metrics
	cagg cagg 'max(val) as v' metrics '1 day'
	# For the aggregate's sake the catalog remembers them.
	src "select drop_chunks('metrics', '2023-05-18'::timestamptz)" >/dev/null
	exits 0 pg-chunks -d "$SRC" metrics
	ends 2
	covers metrics
	src "select drop_chunks('metrics', '2024-05-18'::timestamptz)" >/dev/null
	exits 0 pg-chunks -d "$SRC"
	is "$(counts)" '1 public.cagg'
}

@test "tiered and frozen chunks are named and left out" {
	metrics
	require_extension file_fdw
	src >/dev/null 2>&1 <<-'SQL'
		create extension file_fdw;
		create server cold foreign data wrapper file_fdw;
		create foreign table tier(time timestamptz not null, device_id text, val float8) server cold options (filename '/nonexistent');
		select _timescaledb_functions.attach_osm_table_chunk('metrics', 'tier');
		select _timescaledb_functions.freeze_chunk('_timescaledb_internal._hyper_1_4_chunk');
	SQL
	exits 0 pg-chunks -d "$SRC"
	ends 4
	is "$(sort <<<"$err")" 'pg-chunks: warning: left out: public.metrics/_timescaledb_internal._hyper_1_4_chunk is a frozen chunk
pg-chunks: warning: left out: public.metrics/public.tier is a tiered chunk (a foreign table)'
	# Who knows what a tier holds; of the other the range is known.
	exits 0 pg-chunks -d "$SRC" --until 2023-05-12 metrics
	ends 3
	is "$err" 'pg-chunks: warning: left out: public.metrics/public.tier is a tiered chunk (a foreign table)'
	exits 0 pg-chunks -d "$SRC" -x tier -x _hyper_1_4_chunk metrics
	is "$err" ''
	ends 4
}

@test "a hypertable whose own table holds rows is a failure that names it" {
	metrics
	src 'create table other(time timestamptz not null); select create_hypertable($$other$$, $$time$$); insert into other values (now())' >/dev/null 2>&1
	local without='-c timescaledb.disable_load=on -c session_replication_role=replica'
	PGOPTIONS=$without src "insert into metrics select '2023-05-02 00:30Z', repeat('lost', 9), i from generate_series(1, 9999) i"
	exits 3 pg-chunks -d "$SRC"
	is "$(head -n 1 <<<"$err")" 'pg-chunks: error: public.metrics holds rows that are in none of its chunks'
	is "$(counts)" $'5 public.metrics\n1 public.other'
	ends_not
	exits 0 pg-chunks -d "$SRC" other
	exits 0 pg-chunks -d "$SRC" -x metrics
	src 'create role nobody_much login; grant usage on schema public to nobody_much'
	exits 3 pg-chunks -d "${SRC/user=postgres/user=nobody_much}" metrics
	like "$err" 'could not see whether public.metrics itself holds rows: permission denied'
	is "$(counts)" '5 public.metrics'
	ends_not
	# A file with nothing but space in it does no harm.
	PGOPTIONS=$without src 'delete from only metrics'
	exits 0 pg-chunks -d "$SRC"
	is "$err" ''
	ends 6
}

# --- continuous aggregates ------------------------------------------------------------

caggs() { jq -c "select(.cagg) | $1" "$OUT"; }		# FILTER

@test "--caggs lists continuous aggregates with their watermarks, lower levels first" {
	hierarchy
	src >/dev/null 2>&1 <<-'SQL'
		create table n(at int not null, v int);
		select create_hypertable('n', 'at', chunk_time_interval => 100);
		create function n_now() returns int language sql stable as 'select max(at) from public.n';
		select set_integer_now_func('n', 'n_now');
		insert into n select i, i from generate_series(-50, 50) i;
		create materialized view "Bucket""s" with (timescaledb.continuous, timescaledb.materialized_only = false) as
			select time_bucket(10, at) as b, sum(v) from n group by 1 with no data;
		create materialized view never with (timescaledb.continuous) as
			select time_bucket(10, at) as b, sum(v) from n group by 1 with no data;
		call refresh_continuous_aggregate('"Bucket""s"', -50, 20);
	SQL
	cagg monthly 'max(val) as v' metrics '1 month' 'with no data'
	exits 0 pg-chunks -d "$SRC" --caggs
	ends 9
	is "$(caggs 'select(.view == "hcagg" and .schema == "public") | del(.system, .timeline)')" "$(jq -c . <<-JSON
		{"cagg":"public.hcagg","source":"cagg","schema":"public","view":"hcagg",
		"hypertable":{"schema":"public","table":"metrics"},"parent":{"schema":"public","table":"cagg"},
		"level":1,"type":"timestamp with time zone","watermark":"2023-06-01 00:00:00+00",
		"bucket_width":"2 days","finalized":true,"materialized_only":true,"database":"$DB"}
	JSON
	)"
	is "$(caggs '[.cagg, .level, .type, .watermark, .bucket_width, .materialized_only, .parent.table]')" \
'["other.cagg",0,"timestamp with time zone","2023-06-01 00:00:00+00","1 day",true,"metrics"]
["public.\"Bucket\"\"s\"",0,"integer","20","10",false,"n"]
["public.cagg",0,"timestamp with time zone","2023-06-01 00:00:00+00","1 day",true,"metrics"]
["public.cagg2",0,"timestamp with time zone","2023-06-01 00:00:00+00","1 day",true,"metrics"]
["public.monthly",0,"timestamp with time zone",null,"1 mon",true,"metrics"]
["public.never",0,"integer",null,"10",true,"n"]
["other.hcagg",1,"timestamp with time zone","2023-06-01 00:00:00+00","2 days",true,"cagg"]
["public.hcagg",1,"timestamp with time zone","2023-06-01 00:00:00+00","2 days",true,"cagg"]
["public.hcagg2",1,"timestamp with time zone","2023-06-01 00:00:00+00","2 days",true,"cagg"]'
	is "$(caggs '.system != null and .timeline == 1' | sort -u)" true
	# With patterns and cascades; what they name has to be one, or to have some.
	exits 0 pg-chunks -d "$SRC" --caggs 'public."Bucket""s"' public.hcagg
	is "$(caggs .view)" $'"Bucket\\"s"\n"hcagg"'
	exits 0 pg-chunks -d "$SRC" --caggs --regex '^public\.hcagg$' --cascade-down
	is "$(caggs .view)" $'"cagg"\n"hcagg"'
	exits 0 pg-chunks -d "$SRC" --caggs --cascade-up public.metrics -x public.cagg2
	is "$(caggs .view)" $'"cagg"\n"monthly"\n"hcagg"\n"hcagg2"'
	exits 2 pg-chunks -d "$SRC" --caggs public.metrics
	is "$err" 'pg-chunks: error: pattern "public.metrics" matches no continuous aggregate
pg-chunks: detail: public.metrics is a hypertable.
pg-chunks: hint: --cascade-up lists the continuous aggregates that are made from it'
	exits 0 pg-chunks -d "$SRC" --caggs --if-exists 'nothing*'
	ends 0
}

@test "watermarks of days and of timestamps without a zone" {
	src >/dev/null 2>&1 <<-'SQL'
		create table d(t date not null, v int); select create_hypertable('d', 't');
		create table s(t timestamp not null, v int); select create_hypertable('s', 't');
		insert into d values ('2023-05-04', 1); insert into s values ('2023-05-04 10:00', 1);
		create materialized view dd with (timescaledb.continuous) as select time_bucket('2 days', t) b, sum(v) from d group by 1;
		create materialized view ss with (timescaledb.continuous) as select time_bucket('2 hours', t) b, sum(v) from s group by 1;
		create materialized view dn with (timescaledb.continuous) as select time_bucket('2 days', t) b, sum(v) from d group by 1 with no data;
		create materialized view sn with (timescaledb.continuous) as select time_bucket('2 hours', t) b, sum(v) from s group by 1 with no data;
	SQL
	exits 0 pg-chunks -d "$SRC" --caggs
	is "$(caggs '[.view, .type, .watermark]')" '["dd","date","2023-05-06"]
["dn","date",null]
["sn","timestamp without time zone",null]
["ss","timestamp without time zone","2023-05-04 12:00:00"]'
}

@test "a chunk source for any table gets no hypertable" {
	metrics
	src 'create table plain(i int)'
	mkdir -p plugins/chunks
	cat >plugins/chunks/any.sql <<-'SQL'
		-- api: 1
		-- for: true
		select relid, null, null, null, null, null, null, null, null, null, null from selected
	SQL
	PGPIPE_PLUGIN_PATH=$PWD/plugins exits 0 pg-chunks -d "$SRC"
	is "$(of .source | sort | uniq -c | sed 's/^ *//')" $'1 "any"\n5 "hypertable"'
}

# --- rights and servers --------------------------------------------------------------------

@test "an owner needs not be a superuser, and a stranger sees the same list" {
	local dsn
	src 'create role owner login; create role stranger login;
		create schema mine authorization owner; create schema "not yours"'
	src_as owner "create table mine.metrics(time timestamptz not null, device_id text, val float8);
		select create_hypertable('mine.metrics', 'time');
		insert into mine.metrics select t, 1, 1 from generate_series('2023-05-01 00:00Z'::timestamptz, '2023-05-31', '1 hour') t;
		alter table mine.metrics set (timescaledb.compress, timescaledb.compress_segmentby = 'device_id');
		select compress_chunk(c) from show_chunks('mine.metrics') c limit 2;
		create materialized view mine.daily with (timescaledb.continuous) as
			select time_bucket('1 day', time) b, max(val) from mine.metrics group by 1" >/dev/null 2>&1
	src 'create table "not yours".h(t timestamptz not null); select create_hypertable($$"not yours".h$$, $$t$$); insert into "not yours".h values (now())' >/dev/null 2>&1
	# Estimates are not to change meanwhile.
	src 'vacuum analyze'
	exits 0 pg-chunks -d "$SRC" --order name
	grep -v '"end"' "$OUT" | jq -c 'del(.system, .timeline)' >super
	is "$(wc -l <super)" 7
	for role in owner stranger; do
		dsn=${SRC/user=postgres/user=$role}
		exits 0 pg-chunks -d "$dsn" --order name --from 2023-05-03
		ends 7
		exits 0 pg-chunks -d "$dsn" --order name
		is "$(grep -v '"end"' "$OUT" | jq -c 'del(.system, .timeline)')" "$(<super)"
		exits 0 pg-chunks -d "$dsn" --caggs
		is "$(caggs '[.cagg, .watermark]')" '["mine.daily","2023-06-01 00:00:00+00"]'
	done
}

@test "a hot standby is listed like its primary, and so is what a snapshot shows" {
	metrics
	compressed metrics 2
	cagg daily 'max(val) as v' metrics '1 day'
	src 'vacuum analyze'
	exits 0 pg-chunks -d "$SRC" --order name --until 2023-05-20
	cp "$OUT" primary
	pg_standby standby src
	pg_caught_up standby src
	exits 0 pg-chunks -d "$(pg_dsn "standby/$DB" "$DB")" --order name --until 2023-05-20
	is "$out" "$(<primary)"
	exits 0 pg-chunks -d "$(pg_dsn "standby/$DB" "$DB")" --caggs
	ends 1
	pg_stop standby immediate
	# A chunk that has gone since the snapshot has no rows to copy.
	mkfifo in
	psql -XAtq -d "$SRC" <in >snapshot &
	local session=$!
	exec 8>in
	echo 'begin isolation level repeatable read; select pg_export_snapshot();' >&8
	wait_for test -s snapshot
	src "insert into metrics values (now(), 'new', 1)"
	exits 0 pg-chunks -d "$SRC" --snapshot "$(<snapshot)" metrics
	ends 5
	src "select drop_chunks('metrics', '2023-05-18'::timestamptz)" >/dev/null
	exits 0 pg-chunks -d "$SRC" --snapshot "$(<snapshot)" metrics
	ends 2
	exec 8>&-
	wait "$session"
}

@test "chunks that come, go and change meanwhile do no harm" {
	src >/dev/null 2>&1 <<-'SQL'
		create table m(time timestamptz not null, device_id text, v int);
		select create_hypertable('m', 'time', chunk_time_interval => interval '1 hour');
		insert into m select t, 1, 1 from generate_series('2023-05-01 00:00Z'::timestamptz, '2023-05-11', '1 hour') t;
	SQL
	compressed m 20
	for i in $(seq 100); do
		echo "select drop_chunks('m', '2023-05-01'::timestamptz + interval '$i hour');"
		echo "insert into m values ('2023-06-01'::timestamptz + interval '$i hour', 1, 1);"
		echo "select compress_chunk('_timescaledb_internal._hyper_1_$((100 + i))_chunk');"
		echo "select decompress_chunk('_timescaledb_internal._hyper_1_$((100 + i))_chunk');"
	done | timeout 120 psql -XAtq -d "$SRC" >/dev/null 2>&1 &
	local writer=$!
	for i in 1 2 3 4 5; do
		exits 0 pg-chunks -d "$SRC" --until 2023-06-01 m
		is "$(of .chunk | sort | uniq -d)" ''
	done
	kill "$writer" 2>/dev/null || :
	wait "$writer" || :
}

@test "hundreds of chunks need few locks and little memory" {
	timescale_start small
	pg_sql small >/dev/null 2>&1 <<-'SQL'
		create extension timescaledb;
		create table m(time bigint not null, device_id int, v int);
		select create_hypertable('m', 'time', chunk_time_interval => 10);
		alter table m set (timescaledb.compress);
		select format('insert into m select t, 1, 1 from generate_series(%s, %s, 10) t', i * 200, i * 200 + 190)
			from generate_series(0, 39) i \gexec
		select compress_chunk(c) from show_chunks('m') c limit 50;
	SQL
	pg_restart small 'max_locks_per_transaction = 10' 'max_connections = 10'
	exits 0 pg-chunks -d "$(pg_dsn small)" --from 5 --until 7985 m
	ends 799
	is "$(of .compressed | grep -c true)" 50
	[ -n "${SAN:-}" ] || (
		ulimit -d 12000
		pg-chunks -d "$(pg_dsn small)" m >whole
		tail -n 1 whole | grep -q '"lines":800'
	)
	pg_stop small immediate
}

@test "the edition that has no show_chunk() gives the same list" {
	src >/dev/null 2>&1 <<-'SQL'
		create table metrics(time bigint, device_id text, val float8);
		select create_hypertable('metrics', 'time', chunk_time_interval => 100);
		select add_dimension('metrics', 'device_id', number_partitions => 3);
		insert into metrics select t, d, 1 from generate_series(-300, 300, 10) t, generate_series(1, 30) d;
	SQL
	src 'vacuum analyze'
	exits 0 pg-chunks -d "$SRC" --order name --from=-150
	cp "$OUT" full
	[ "$(wc -l <full)" -gt 12 ]
	pg_restart src "timescaledb.license = 'apache'"
	run src "select _timescaledb_functions.show_chunk('_timescaledb_internal._hyper_1_1_chunk')"
	like "$output" 'license'
	exits 0 pg-chunks -d "$SRC" --order name --from=-150
	is "$out" "$(<full)"
	pg_restart src "timescaledb.license = 'timescale'"
}

@test "the examples of the manual that are about hypertables run" {
	hierarchy
	examples_of pg-chunks.1 | awk -v RS= '/cascade|caggs/ { print > "example." ++n }'
	exits 0 bash -e example.1
	is "$(counts | wc -l)" 8
	exits 0 bash -e example.2
	is "$(head -n 1 <<<"$out")" $'0\tother.cagg\t2023-06-01 00:00:00+00'
	is "$(wc -l <<<"$out")" 6
}
