#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# pg-copyout: what it reads, under which snapshot, and what becomes of chunks that
# cannot be read.  What the archive holds is judged by tar, jq and psql alone.

load lib/common

setup_file() {
	common_setup_file
	pg_start src 'max_prepared_transactions = 2'
	pg_sql src <<-'SQL'
		create table plain (id int primary key, v text, d timestamptz);
		insert into plain select i, case when i % 7 = 0 then null else
			repeat('x', i % 50) || e'\t\\N\n"é' end,
			'2025-01-01'::timestamptz + i * interval '1 s'
		from generate_series(1, 5000) i;
		create table small (a int);
		insert into small values (1), (2), (3);
		create table empty (a int);
	SQL
}

setup() {
	common_setup
	SRC=$(pg_dsn src)
	export SRC
}

# --- looking into archives ------------------------------------------------------

members() { tar tf "$1"; }			# ARCHIVE
member() { tar xOf "$1" "$2"; }			# ARCHIVE NAME
field() { member "$1" "$2" | jq -r "$3"; }	# ARCHIVE NAME FILTER
ends_whole() { is "$(members "$1" | tail -n 1)" pgpipe-end.json; }

number_of() {	# ARCHIVE CHUNK: its <n>
	local n
	for n in $(members "$1" | sed -n 's|^c/\([0-9]*\)/chunk.json$|\1|p'); do
		[ "$(field "$1" "c/$n/chunk.json" .chunk)" != "$2" ] || echo "$n"
	done
}

stream_of() {	# ARCHIVE N: the COPY stream of a chunk
	local m
	for m in $(members "$1" | grep "^c/$2/.*copy\$"); do
		member "$1" "$m"
	done
}

# psql loads what the archive holds of a chunk into a table like the one it is of,
# and the two must be the same.
loads_as() {	# ARCHIVE CHUNK TABLE [FORMAT]
	local n
	n=$(number_of "$1" "$2")
	pg_sql src "drop table if exists copied; create table copied (like $3)"
	stream_of "$1" "$n" |
		psql -Xq -v ON_ERROR_STOP=1 -d "$SRC" -c "copy copied from stdin
			(format ${4:-$(field "$1" "c/$n/chunk.json" .format)})"
	same_table src src "(select * from $3) as" 2>/dev/null ||
		is "$(pg_sql src 'select count(*), sum(hashtext(r::text)::bigint) from copied r')" \
			"$(pg_sql src "select count(*), sum(hashtext(r::text)::bigint) from $3 r")"
	is "$(field "$1" "c/$n/done.json" .rows)" "$(pg_sql src "select count(*) from $3")"
	is "$(field "$1" "c/$n/done.json" .bytes)" "$(stream_of "$1" "$n" | wc -c)"
}

line() {	# TABLE [FIELDS]: a chunk line of a table in schema public
	jq -cn --arg t "$1" '{chunk: ("public." + $t), source: "table",
		schema: "public", table: $t, slice: null, where: null}'" + {${2:-}}"
}
end_line() { echo "{\"end\":\"pg-chunks\",\"lines\":$1}"; }
list() {	# TABLE...: chunk lines and their end
	local t
	for t; do line "$t"; done
	end_line $#
}

sessions() {	# of pg-copyout, with that state or all
	pg_sql src "select count(*) from pg_stat_activity
		where application_name = 'pg-copyout' and ${1:-true}"
}

# --- the stream ------------------------------------------------------------------

@test "tables named as arguments become an archive that any tar lists" {
	exits 0 pg-copyout -d "$SRC" public.plain small 'public."empty"'
	is "$(members "$OUT")" "pgpipe.json
c/1/chunk.json
c/1/000001.copy
c/1/done.json
c/2/chunk.json
c/2/000001.copy
c/2/done.json
c/3/chunk.json
c/3/000001.copy
c/3/done.json
sequences.json
pgpipe-end.json" || is "$(members "$OUT" | grep -c chunk.json)" 3
	ends_whole "$OUT"
	loads_as "$OUT" public.plain plain
	loads_as "$OUT" public.small small
	loads_as "$OUT" public.empty empty
	is "$(field "$OUT" pgpipe-end.json '[.chunks, .failed, .complete,
		.interrupted, .partial, .rows] | tostring')" '[3,0,true,false,false,5003]'
	is "$(field "$OUT" pgpipe.json '[.format, .tool, .source.database,
		.source.server_version, .source.standby, .most_open] | tostring')" \
		"[1,\"pg-copyout\",\"postgres\",$(pg_sql src 'show server_version_num'),false,1]"
	is "$(field "$OUT" pgpipe.json .source.system)" \
		"$(pg_sql src 'select system_identifier from pg_control_system()')"
	like "$err" 'copied 3 of 3 chunks, 5003 rows'
}

@test "chunk lines pass on what they hold, and say what was copied" {
	{ line plain '"mine": {"kept": [1, 2]}, "rows": 7'; end_line 1; } >lines
	exits 0 pg-copyout -d "$SRC" <lines
	is "$(field "$OUT" c/1/chunk.json '[.chunk, .mine.kept[1], .rows] | tostring')" \
		'["public.plain",2,7]'
	is "$(field "$OUT" c/1/chunk.json '[.columns[].name] | tostring')" '["id","v","d"]'
	is "$(field "$OUT" c/1/chunk.json '[.format, .digest_kind, .relation.kind] | tostring')" \
		'["binary","send","r"]'
	is "$(field "$OUT" c/1/chunk.json .relation.filenode)" \
		"$(pg_sql src "select pg_relation_filenode('plain')")"
	is "$(field "$OUT" c/1/chunk.json .pg_snapshot)" "$(field "$OUT" pgpipe.json .pg_snapshot)"
	is "$(field "$OUT" c/1/chunk.json .snapshot)" "$(field "$OUT" pgpipe.json .snapshot)"
	loads_as "$OUT" public.plain plain
}

@test "the answer of an earlier run is work like any other" {
	{
		line plain '"status": "failed", "digest": "send:1:00", "run": "r",
			"error": {"class": 4}, "snapshot": "x", "seconds": 1,
			"target": {"schema": "a", "table": "b"}, "columns": []'
	} >lines
	exits 0 pg-copyout -d "$SRC" --partial <lines
	is "$(field "$OUT" c/1/chunk.json '[.status, .digest, .run, .error, .seconds,
		.target] | tostring')" '[null,null,null,null,null,null]'
	is "$(field "$OUT" c/1/chunk.json '.columns | length')" 3
	unlike "$(field "$OUT" c/1/chunk.json .snapshot)" '^x$'
	is "$(field "$OUT" pgpipe-end.json '[.partial, .complete] | tostring')" '[true,false]'
}

@test "segments have the size asked for, and end at a row" {
	local size n
	exits 0 pg-copyout -d "$SRC" --segment 16kB --format text plain
	size=$(tar tvf "$OUT" | awk '/copy$/ { print $3 }' | sort -n | tail -n 1)
	[ "$size" -le 16384 ] && [ "$size" -gt 16000 ]
	n=$(members "$OUT" | grep -c 'copy$')
	[ "$n" -gt 5 ]
	is "$(field "$OUT" c/1/done.json .segments)" "$n"
	is "$(members "$OUT" | grep 'copy$' | sed -n 3p)" c/1/000003.copy
	for n in $(members "$OUT" | grep 'copy$'); do
		is "$(member "$OUT" "$n" | tail -c 1 | od -An -c)" '  \n'
	done
	loads_as "$OUT" public.plain plain
	exits 0 pg-copyout -d "$SRC" --segment 1kB plain
	loads_as "$OUT" public.plain plain
}

@test "segments of several chunks interleave, never more than the stream says" {
	pg_sql src 'create table m (part int, v text);
		insert into m select i % 6, repeat(md5(i::text), 20) from generate_series(1, 60000) i'
	for part in 0 1 2 3 4 5; do
		line m "\"chunk\": \"m$part\", \"where\": \"part = $part\""
	done >lines
	end_line 6 >>lines
	exits 0 pg-copyout -d "$SRC" -j 3 --segment 64kB <lines
	members "$OUT" | awk -F/ '
		$3 == "chunk.json" { open++; if (open > most) most = open }
		$3 == "done.json" { open-- }
		$3 ~ /copy$/ { if (last != "" && $2 != last) turns++; last = $2 }
		END { print most, (turns > 20) }' >seen
	like "$(<seen)" '^[23] 1$'
	is "$(field "$OUT" pgpipe.json .most_open)" 3
	is "$(field "$OUT" pgpipe-end.json .rows)" 60000
	# Sums add up: every row once.
	is "$(for n in 1 2 3 4 5 6; do field "$OUT" c/$n/done.json .rows; done | jq -s add)" 60000
	pg_sql src 'drop table m'
}

@test "more jobs than chunks, and the least and most of jobs" {
	exits 0 pg-copyout -d "$SRC" -j 16 plain small
	is "$(field "$OUT" pgpipe.json .most_open)" 2
	for n in 0 257 1000 -1 x ''; do
		exits 2 pg-copyout -d "$SRC" -j "$n" plain
		is "$out" ''
		like "$err" 'pg-copyout: error: .*-j|jobs'
	done
}

@test "what the command line gets wrong is exit 2, and nothing is written" {
	exits 2 pg-copyout -d "$SRC" --format bin plain
	like "$err" 'format'
	exits 2 pg-copyout -d "$SRC" --segment 0 plain
	exits 2 pg-copyout -d "$SRC" --segment 9MB plain
	exits 2 pg-copyout -d "$SRC" 'a.b.c'
	exits 2 pg-copyout -d "$SRC" '"open'
	exits 2 pg-copyout -d "$SRC" ''
	exits 3 pg-copyout -d "$SRC" public.nowhere plain
	like "$err" 'no table "public.nowhere"'
	is "$out" ''
	exits 3 pg-copyout -d "$SRC" 'pla*'
	like "$err" 'hint: .*pg-chunks'
	pg_sql src 'create schema twin; create table twin.small (a int)'
	exits 2 pg-copyout -d "$SRC" small
	like "$err" 'schemas'
	pg_sql src 'drop schema twin cascade'
	exits 0 pg-copyout -d "$SRC" PLAIN
}

@test "a terminal gets no archive, and gives no chunk lines" {
	exits 0 script -qec "pg-copyout -d '$SRC' plain; echo code \$?" /dev/null </dev/null
	like "$out" 'terminal'
	like "$out" 'code 2'
	exits 0 script -qec "pg-copyout -d '$SRC' >archive; echo code \$?" /dev/null </dev/null
	like "$out" 'code 2'
}

# --- columns and formats -----------------------------------------------------------

@test "columns are named: no generated ones, identity and defaults kept as values" {
	pg_sql src 'create table c (gone int, "Mixed Case" int generated always as identity,
		"select" int default 7, g int generated always as (1 + 1) stored, "q""uote" text);
		alter table c drop column gone;
		insert into c ("select", "q""uote") values (1, $$a$$), (default, $$b$$);
		insert into c ("Mixed Case", "q""uote") overriding system value values (99, $$c$$)'
	exits 0 pg-copyout -d "$SRC" --format csv c
	is "$(field "$OUT" c/1/chunk.json '[.columns[].name] | tostring')" \
		'["Mixed Case","select","q\"uote"]'
	is "$(stream_of "$OUT" 1)" '1,1,a
2,7,b
99,7,c'
	pg_sql src 'drop table c'
}

@test "tables without columns, with generated ones only, and with 1,600" {
	pg_sql src 'create table bare (); insert into bare default values;
		insert into bare default values;
		create table made (a int); alter table made add g int generated always as (1) stored;
		alter table made drop column a; insert into made default values;
		do $$ begin execute $x$create table wide ($x$ || (select string_agg(
			format($x$c%s int$x$, i), $x$,$x$) from generate_series(1, 1600) i) || $x$)$x$; end $$;
		insert into wide (c1, c1600) values (1, 2)'
	local format
	for format in auto text csv; do
		exits 0 pg-copyout -d "$SRC" --format $format bare made wide
		is "$(field "$OUT" c/1/done.json .rows)" 2
		is "$(field "$OUT" c/1/chunk.json '.columns | length')" 0
		is "$(field "$OUT" c/2/done.json .rows)" 1
		is "$(field "$OUT" c/3/chunk.json '.columns | length')" 1600
		loads_as "$OUT" public.bare bare
		loads_as "$OUT" public.wide wide
	done
	line bare '"where": "true"' >lines
	exits 0 pg-copyout -d "$SRC" --partial <lines
	is "$(field "$OUT" c/1/done.json .rows)" 2
	pg_sql src 'drop table bare, made, wide'
}

format_of() {	# COLUMN TYPE
	pg_sql src "drop table if exists f; create table f (c $1)"
	pg-copyout -d "$SRC" f >f.tar && field f.tar c/1/chunk.json .format
}

@test "auto is binary for built-in types, enums, domains and arrays over them" {
	pg_sql src "create type mood as enum ('sad', 'ok');
		create domain positive as int check (value > 0);
		create domain moods as mood[]"
	local type
	for type in smallint int bigint real 'double precision' numeric 'numeric(10,2)' \
		boolean text varchar 'varchar(10)' 'char(3)' '"char"' name bytea date time timetz \
		timestamp timestamptz 'timestamptz(3)' interval uuid json jsonb jsonpath xml \
		inet cidr macaddr macaddr8 'bit(3)' 'bit varying' money point line lseg box path \
		polygon circle tsvector tsquery int4range numrange tstzrange int8range daterange \
		pg_lsn xid8 txid_snapshot pg_snapshot 'int[]' 'text[][]' 'timestamptz[]' 'jsonb[]' \
		mood 'mood[]' positive 'positive[]' moods; do
		is "$(format_of "$type")" binary "$type"
	done
	if [ "$PG_MAJOR" -ge 14 ]; then
		is "$(format_of int4multirange)" binary
	fi
	pg_sql src 'drop table f; drop domain moods; drop domain positive; drop type mood'
}

@test "auto is text for oid and reg types, for what has no binary form, for other types" {
	pg_sql src 'create type pair as (a int, b text); create type span as range (subtype = float8);
		create domain anoid as oid; create domain apair as pair'
	local type
	for type in oid regclass regproc regprocedure regoper regoperator regtype regrole \
		regnamespace regconfig regdictionary regcollation 'oid[]' 'regclass[]' anoid \
		'anoid[]' aclitem pair 'pair[]' apair span; do
		is "$(format_of "$type")" text "$type"
	done
	pg_sql src 'create table f2 (a int, b regclass, c int)'
	exits 0 pg-copyout -d "$SRC" f2
	is "$(field "$OUT" c/1/chunk.json .format)" text 'one such column makes it text'
	exits 3 pg-copyout -d "$SRC" --format binary f2 small
	like "$err" 'public.f2 cannot be copied in binary: column "b" is of type regclass'
	is "$(field "$OUT" c/1/failed.json .error.class)" 3
	is "$(field "$OUT" c/2/done.json .rows)" 3 'the other one goes on'
	pg_sql src 'drop table f, f2; drop domain anoid; drop domain apair; drop type pair, span'
}

@test "a column that only an extension knows makes it text" {
	require_extension hstore
	pg_sql src 'create extension hstore; create table h (a hstore);
		insert into h values ($$a=>1$$), ($$b=>NULL$$)'
	exits 0 pg-copyout -d "$SRC" h
	is "$(field "$OUT" c/1/chunk.json .format)" text
	is "$(stream_of "$OUT" 1)" '"a"=>"1"
"b"=>NULL'
	pg_sql src 'drop extension hstore cascade; drop table h'
}

@test "values of many types arrive as they are, in every format" {
	pg_sql src <<-'SQL'
		create type mood as enum ('sad', 'ok');
		create table types (i8 int8, f4 float4, f8 float8, n numeric, t text, b bytea,
			d date, ts timestamp, tz timestamptz, iv interval, u uuid, j json, jb jsonb,
			a text[], m mood, ma mood[], r int4range, x inet, mo money, bi bit(3));
		insert into types values
		(-9223372036854775808, 'NaN', '-0', 'NaN', '', '\x00ff', '-infinity',
			'infinity', '4713-01-01 BC', '-1 mon +3 days -04:05:06.789',
			'00000000-0000-0000-0000-000000000000', '{"a" : 1, "a":2}', '{"a": null}',
			'{NULL,"NULL","a,b","\"",""}', 'ok', '{ok,NULL}', 'empty', '::1/64',
			'-12.34', '101'),
		(null, 1e-45, 1.7976931348623157e308, 0.000000000000000000001, e'\\N\t\r\n\b\f\v\\.',
			'', '2025-02-28', '0001-01-01 00:00:00.000001', '2025-07-01 12:00:00+14',
			'178000000 years', null, 'null', '[]', '{}', null, '{}', '[1,)',
			'10.0.0.0/8', '0', '000'),
		(1, 0.1, 0.1, 12345678901234567890.10, e'\\.', e'\\x5c2e', 'today', 'now',
			'now', '1 day', gen_random_uuid(), '""', '"é\ud83d\ude00"', '{{1,2},{3,4}}',
			'sad', null, '(,5]', '0.0.0.0', '99999.99', '010');
		insert into types (t) values (e'\\.'), ('"'), (''), (null), (' '), (e'\n'), ('\'), (',');
	SQL
	local format
	for format in auto text csv; do
		exits 0 pg-copyout -d "$SRC" --format $format types
		loads_as "$OUT" public.types types
	done
	# Neither the role nor the database nor the environment change how they look.
	exits 0 pg-copyout -d "$SRC" --format text types
	stream_of "$OUT" 1 >plain.txt
	pg_sql src "alter database postgres set datestyle = 'sql, dmy';
		alter database postgres set timezone = 'Asia/Tokyo';
		alter role postgres set intervalstyle = 'sql_standard';
		alter role postgres set extra_float_digits = -10;
		alter role postgres set bytea_output = 'escape';
		alter role postgres set statement_timeout = '1ms';
		alter role postgres set default_transaction_read_only = on;
		alter role postgres set row_security = on"
	PGTZ=America/New_York PGDATESTYLE=german PGOPTIONS='-c xmloption=document' \
		exits 0 pg-copyout -d "$SRC" --format text types
	stream_of "$OUT" 1 >odd.txt
	pg_sql src 'set default_transaction_read_only = off; alter role postgres reset all;
		alter database postgres reset all'
	cmp plain.txt odd.txt
	pg_sql src 'drop table types, copied; drop type mood'
}

@test "whole tables are copied as tables, predicates by a query" {
	pg_sql src "alter role postgres set log_statement = 'all'"
	{ line plain; line small '"chunk": "s", "where": "a > 1"'; end_line 2; } >lines
	exits 0 pg-copyout -d "$SRC" <lines
	pg_sql src 'alter role postgres reset log_statement'
	grep -o 'execute.*: copy .*' "$(pg_log src)" | sed 's/.*: copy/copy/' >statements
	is "$(<statements)" 'copy "public"."plain" ("id", "v", "d") to stdout (format binary)
copy (select "a" from only "public"."small" where (a > 1'
}

@test "-v says which column keeps a table from binary, and each chunk" {
	pg_sql src 'create table f (a int, b regclass)'
	exits 0 pg-copyout -v -d "$SRC" f
	like "$err" 'public.f is copied as text: column "b" is of type regclass'
	like "$err" 'chunk "public.f": 0 rows, 0 bytes'
	exits 0 pg-copyout -q -d "$SRC" f
	is "$err" ''
	pg_sql src 'drop table f'
}

# --- which rows ---------------------------------------------------------------------

@test "a predicate selects rows, ctid slices add up to the table" {
	{
		line plain '"chunk": "a", "where": "id <= 10 -- and a comment"'
		line plain '"chunk": "b", "where": "ctid < '"'(20,0)'"'::tid"'
		line plain '"chunk": "c", "where": "ctid >= '"'(20,0)'"'::tid"'
		end_line 3
	} >lines
	exits 0 pg-copyout -d "$SRC" -j 2 <lines
	is "$(field "$OUT" "c/$(number_of "$OUT" a)/done.json" .rows)" 10
	local b c
	b=$(field "$OUT" "c/$(number_of "$OUT" b)/done.json" .rows)
	c=$(field "$OUT" "c/$(number_of "$OUT" c)/done.json" .rows)
	[ "$b" -gt 0 ] && [ "$c" -gt 0 ]
	is "$((b + c))" 5000
}

@test "a predicate that is no condition fails its chunk and runs nothing else" {
	{
		line plain '"chunk": "a", "where": "true)) to stdout; drop table small; copy (select 1 where ((true"'
		line plain '"chunk": "b", "where": "nowhere = 1"'
		line small
		end_line 3
	} >lines
	exits 3 pg-copyout -d "$SRC" <lines
	is "$(field "$OUT" c/1/failed.json '[.error.class, .error.sqlstate] | tostring')" '[3,"42601"]'
	like "$(field "$OUT" c/2/failed.json .error.message)" 'nowhere'
	is "$(field "$OUT" c/3/done.json .rows)" 3
	is "$(field "$OUT" pgpipe-end.json '[.failed, .failed_chunks] | tostring')" '[2,["a","b"]]'
	is "$(pg_sql src 'select count(*) from small')" 3
}

@test "inheritance: each table for itself, whole or in part" {
	pg_sql src 'create table up (a int); create table down () inherits (up);
		insert into up values (1), (2); insert into down values (3), (4), (5)'
	{ line up; line down; line up '"chunk": "part", "where": "a > 1"'; end_line 3; } >lines
	exits 0 pg-copyout -d "$SRC" <lines
	is "$(field "$OUT" c/1/done.json .rows)" 2
	is "$(field "$OUT" c/2/done.json .rows)" 3
	is "$(field "$OUT" c/3/done.json .rows)" 1
	exits 0 pg-copyout -d "$SRC" down
	is "$(field "$OUT" c/1/chunk.json '[.chunk, .source, .parent.table] | tostring')" \
		'["public.up/public.down","inheritance","up"]'
	pg_sql src 'drop table up cascade'
}

@test "a partitioned table is refused by name, a partition is not" {
	pg_sql src 'create table p (a int) partition by range (a);
		create table p1 partition of p for values from (0) to (10);
		insert into p values (1), (2)'
	exits 3 pg-copyout -d "$SRC" p
	like "$err" 'public.p is partitioned'
	like "$err" 'hint: .*pg-chunks'
	is "$out" ''
	exits 0 pg-copyout -d "$SRC" p1
	is "$(field "$OUT" c/1/chunk.json '[.chunk, .source, .parent.table, .bound] | tostring')" \
		'["public.p/public.p1","partition","p","FOR VALUES FROM (0) TO (10)"]'
	is "$(field "$OUT" c/1/done.json .rows)" 2
	list p >lines
	exits 3 pg-copyout -d "$SRC" <lines
	is "$(field "$OUT" c/1/failed.json .error.class)" 3
	pg_sql src 'drop table p'
}

@test "views, foreign tables and other sessions' tables are refused by name" {
	pg_sql src 'create view v as select 1; create materialized view mv as select 1;
		create extension if not exists file_fdw; create server files foreign data wrapper file_fdw;
		create foreign table ft (a text) server files options (filename $$/dev/null$$);
		create sequence s'
	local t
	for t in v mv ft; do
		exits 3 pg-copyout -d "$SRC" $t
		like "$err" "public.$t is a .*, not a table"
	done
	exits 3 pg-copyout -d "$SRC" public.s
	like "$err" 'public.s is a sequence'
	pg_sql src 'drop view v; drop materialized view mv; drop extension file_fdw cascade; drop sequence s'
}

# Where there is no TimescaleDB: a catalog that looks as if there was.
fake_timescale() {
	pg_start ts
	pg_sql ts "create schema timescaledb_information; create schema _timescaledb_internal;
		create table metrics (time timestamptz not null, v float);
		create table _timescaledb_internal.c1 () inherits (metrics);
		create view timescaledb_information.hypertables as
		select 'public'::name as hypertable_schema, 'metrics'::name as hypertable_name;
		create view timescaledb_information.chunks as
		select '_timescaledb_internal'::name as chunk_schema, 'c1'::name as chunk_name;
		insert into pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
		values (99999, 'timescaledb', 10, 11, false, '0')"
}

real_timescale() {
	pg_start ts "shared_preload_libraries = 'timescaledb'" 'timescaledb.telemetry_level = off' &&
		pg_sql ts "create extension timescaledb;
			create table metrics (time timestamptz not null, v float);
			select create_hypertable('metrics', 'time');
			insert into metrics select '2025-01-01'::timestamptz + i * interval '1 h', i
			from generate_series(1, 500) i" >/dev/null 2>&1
}

@test "hypertables and their chunks are refused by name" {
	if is "$(pg_sql src "select count(*) from pg_available_extensions
		where name = 'timescaledb'")" 1 >/dev/null; then
		real_timescale
	else
		fake_timescale
	fi
	local chunk
	pg_sql ts 'create table normal (a int)'
	chunk=$(pg_sql ts "select format('%s.%s', chunk_schema, chunk_name)
		from timescaledb_information.chunks limit 1")
	exits 3 pg-copyout -d "$(pg_dsn ts)" metrics
	like "$err" 'public.metrics is a hypertable'
	exits 3 pg-copyout -d "$(pg_dsn ts)" "$chunk"
	like "$err" "$chunk is a hypertable's chunk"
	is "$out" ''
	list metrics normal >lines
	exits 3 pg-copyout -d "$(pg_dsn ts)" <lines
	is "$(field "$OUT" c/1/failed.json .error.class)" 3
	is "$(field "$OUT" c/2/done.json .rows)" 0
	pg_stop ts
}

@test "row security that would hide rows fails the chunk, and says what to do" {
	pg_sql src 'create table secret (a int, who text); insert into secret values (1, $$a$$), (2, $$b$$);
		alter table secret enable row level security;
		create policy p on secret using (who = $$a$$);
		create role peon login; grant select on secret, small to peon'
	exits 3 pg-copyout -d "${SRC/user=postgres/user=peon}" secret small
	like "$err" 'row-level security'
	like "$err" 'hint: .*bypassrls'
	is "$out" ''
	list secret small >lines
	exits 3 pg-copyout -d "${SRC/user=postgres/user=peon}" <lines
	is "$(field "$OUT" c/1/failed.json .error.class)" 3
	is "$(field "$OUT" c/2/done.json .rows)" 3
	exits 0 pg-copyout -d "$SRC" secret
	is "$(field "$OUT" c/1/done.json .rows)" 2 'its owner sees all'
	pg_sql src 'drop table secret; drop owned by peon; drop role peon'
}

@test "a missing permission fails its chunk alone" {
	pg_sql src 'create role peon login; grant select on small to peon'
	list plain small >lines
	exits 3 pg-copyout -d "${SRC/user=postgres/user=peon}" <lines
	like "$err" 'permission denied for table plain'
	is "$(field "$OUT" c/1/failed.json .error.sqlstate)" 42501
	is "$(field "$OUT" c/2/done.json .rows)" 3
	pg_sql src 'drop owned by peon; drop role peon'
}

# --- the snapshot ---------------------------------------------------------------------

# A list that is held open: the first chunk is read, then the test acts, then the
# rest is given.  begin_list starts, give adds lines, end_list waits for the end;
# $code, $err and the file "archive" are what came of it.
begin_list() {	# [ARGUMENT...]
	rm -f fifo archive
	mkfifo fifo
	(
		pg-copyout -d "$SRC" "$@" <fifo >archive 2>stderr &
		echo $! >pid
		code=0
		wait $! || code=$?
		echo $code >code
	) 3>&- &
	exec 9>fifo
	line small >&9
	wait_for chunks_read 1
}
chunks_read() { [ "$(tar tf archive 2>/dev/null | grep -c done.json)" -ge "$1" ]; }
give() { "$@" >&9; }
end_list() {	# CODE
	exec 9>&-
	wait_for test -s code
	wait
	err=$(<stderr)
	out=
	is "$(<code)" "$1" "exit code; $err"
}

@test "all chunks show one snapshot, whenever they are read" {
	pg_sql src 'create table s1 (a int); insert into s1 values (1), (2)'
	begin_list -j 2
	pg_sql src 'insert into s1 values (3); update s1 set a = 0; create table s2 (a int)'
	give line s1
	give line s2
	give end_line 3
	end_list 3
	is "$(stream_of archive 2 | wc -c)" "$(field archive c/2/done.json .bytes)"
	is "$(field archive c/2/done.json .rows)" 2
	# What the snapshot does not know does not exist.
	like "$err" 'table public.s2 does not exist'
	is "$(field archive c/3/failed.json .error.class)" 3
	pg_sql src 'drop table s1, s2'
}

@test "somebody else's snapshot can be joined, and is needed only for a moment" {
	coproc OTHER { psql -XAtq -d "$SRC"; }
	echo "begin isolation level repeatable read; select pg_export_snapshot();" >&"${OTHER[1]}"
	read -r id <&"${OTHER[0]}"
	pg_sql src 'create table later (a int); insert into small values (99)'
	begin_list --snapshot "$id"
	echo 'commit; \q' >&"${OTHER[1]}"
	wait "$OTHER_PID" || true
	give line plain
	give end_line 2
	end_list 0
	is "$(field archive c/1/done.json .rows)" 3
	is "$(field archive c/2/done.json .rows)" 5000
	is "$(field archive pgpipe.json .snapshot)" "$id"
	pg_sql src 'drop table later; delete from small where a = 99'
	exits 3 pg-copyout -d "$SRC" --snapshot "$id" small
	like "$err" "could not join snapshot \"$id\""
	is "$out" ''
	exits 3 pg-copyout -d "$SRC" --snapshot "x'; drop table small; --" small
}

@test "locks end with the chunk: thousands of tables with few locks" {
	pg_start few 'max_locks_per_transaction = 10' 'max_connections = 8' \
		'max_wal_senders = 0' 'autovacuum = off'
	for i in $(seq 1 30); do
		echo "begin;"
		seq -f "create table t%.0f (a int);" "$((i * 50))" "$((i * 50 + 49))"
		echo "commit;"
	done | pg_sql few
	run pg_sql few "do \$\$ declare t text; begin for t in select relname from pg_class
		where relname ~ '^t\\d' loop execute 'lock table ' || t || ' in access share mode';
		end loop; end \$\$"
	like "$output" 'out of shared memory'
	{
		for i in $(seq 50 1549); do line "t$i"; done
		end_line 1500
	} >lines
	exits 0 pg-copyout -d "$(pg_dsn few)" -j 2 <lines
	is "$(field "$OUT" pgpipe-end.json '[.chunks, .failed] | tostring')" '[1500,0]'
	pg_stop few
}

@test "a hot standby is a source; its unlogged tables are named" {
	pg_sql src 'create unlogged table nolog (a int); insert into nolog values (1)'
	pg_standby stb src
	pg_caught_up stb src
	list plain nolog small >lines
	exits 3 pg-copyout -d "$(pg_dsn stb)" -j 2 <lines
	like "$err" 'public.nolog is unlogged'
	is "$(field "$OUT" pgpipe.json .source.standby)" true
	like "$(field "$OUT" pgpipe.json .lsn)" '^[0-9A-F]+/[0-9A-F]+$'
	is "$(field "$OUT" pgpipe-end.json '[.rows, .failed_chunks] | tostring')" '[5003,["public.nolog"]]'
	loads_as "$OUT" public.plain plain
	is "$(field "$OUT" "c/$(number_of "$OUT" public.small)/done.json" .rows)" 3
	exits 3 pg-copyout -d "$(pg_dsn stb)" nolog
	like "$err" 'public.nolog is unlogged'
	exits 0 pg-copyout -d "$SRC" nolog
	is "$(field "$OUT" c/1/done.json .rows)" 1
	pg_sql src 'drop table nolog'
	pg_stop stb
}

@test "the position in the WAL is one before the snapshot" {
	local before
	before=$(pg_sql src 'select pg_current_wal_lsn()')
	exits 0 pg-copyout -d "$SRC" small
	pg_sql src 'create table x (); drop table x'
	is "$(pg_sql src "select '$(field "$OUT" pgpipe.json .lsn)'::pg_lsn
		between '$before' and pg_current_wal_lsn()")" t
}

@test "if the holder dies no later chunk is read, and the stream ends with 4" {
	begin_list -j 2
	pg_sql src "select pg_terminate_backend(pid) from pg_stat_activity
		where application_name = 'pg-copyout' and query ~ 'pg_export_snapshot'" >/dev/null
	# It may be gone before the last of these is given.
	give line plain
	( give line empty; give end_line 3 ) 2>/dev/null || true
	end_list 4
	like "$err" 'the snapshot is gone'
	ends_whole archive
	is "$(field archive pgpipe-end.json '[.interrupted, .complete, .rows] | tostring')" \
		'[true,false,3]'
	is "$(members archive | grep -c 'done.json')" 1
	is "$(members archive | grep 'copy$')" c/1/000001.copy
}

@test "a table that was truncated or rewritten after the snapshot is no empty success" {
	local act
	for act in 'truncate t1' 'vacuum full t1' 'cluster t1 using t1_i' \
		'alter table t1 alter a type bigint' 'begin; truncate t1; insert into t1 values (7); commit'; do
		pg_sql src 'drop table if exists t1; create table t1 (a int);
			create index t1_i on t1 (a); insert into t1 values (1), (2)'
		begin_list
		pg_sql src "$act"
		give line t1
		give line empty
		give end_line 3
		end_list 4
		like "$err" 'public.t1 was truncated or rewritten after the snapshot was taken'
		is "$(field archive c/2/failed.json .error.class)" 4 "$act"
		is "$(field archive c/3/done.json .rows)" 0
		is "$(field archive pgpipe-end.json '[.complete, .interrupted, .failed] | tostring')" '[true,false,1]'
	done
	pg_sql src 'drop table t1'
}

@test "a table that vanished, or has another's name, is a failed chunk" {
	pg_sql src 'create table t1 (a int); create table t2 (a int); insert into t1 values (1)'
	begin_list
	pg_sql src 'drop table t2; alter table t1 rename to t3; create table t1 (a int)'
	give line t1
	give line t2
	give line nowhere
	give line empty
	give end_line 5
	end_list 3
	like "$err" 'public.t1 was renamed or replaced'
	is "$(field archive c/2/failed.json .error.class)" 4
	like "$err" 'could not lock public.t2: relation "public.t2" does not exist'
	is "$(field archive c/3/failed.json .error.class)" 3
	like "$err" 'table public.nowhere does not exist'
	is "$(field archive c/4/failed.json .error.class)" 3
	is "$(field archive c/4/chunk.json .chunk)" public.nowhere
	is "$(field archive c/5/done.json .rows)" 0
	is "$(field archive pgpipe-end.json '[.complete, .failed] | tostring')" '[true,3]'
	pg_sql src 'drop table t1, t3'
}

# --- input that is not what it should be --------------------------------------------------

@test "chunk lines of another database or server are refused, and nothing is read" {
	pg_sql src 'create database other'
	{
		line small '"database": "other"'
		line plain '"database": "postgres", "system": "1234567890123456789"'
		line empty '"database": "postgres", "system": null'
		end_line 3
	} >lines
	exits 2 pg-copyout -d "$SRC" <lines
	like "$err" 'of database "other", and this is "postgres"'
	like "$err" 'of server 1234567890123456789'
	is "$(members "$OUT" | grep -c 'copy$')" 1
	is "$(field "$OUT" pgpipe-end.json '[.failed, .failed_chunks] | tostring')" \
		'[2,["public.small","public.plain"]]'
	pg_sql src 'drop database other'
}

@test "the same chunk twice is reported, and read once" {
	{ line small; line plain; line small; end_line 3; } >lines
	exits 2 pg-copyout -d "$SRC" -j 2 <lines
	like "$err" 'chunk "public.small" comes twice'
	is "$(members "$OUT" | grep -c chunk.json)" 2
	ends_whole "$OUT"
	exits 2 pg-copyout -d "$SRC" small public.small
	like "$err" 'named twice'
	is "$(members "$OUT" | grep -c chunk.json)" 1
}

@test "a list that may be cut: the work is done, exit 4, unless it is meant so" {
	list plain small >lines
	head -n 2 lines >short
	exits 4 pg-copyout -d "$SRC" <short
	like "$err" 'no end line'
	is "$(field "$OUT" pgpipe-end.json '[.complete, .chunks, .failed] | tostring')" '[false,2,0]'
	loads_as "$OUT" public.plain plain
	exits 0 pg-copyout -d "$SRC" --partial <short
	is "$(field "$OUT" pgpipe-end.json '[.complete, .partial] | tostring')" '[false,true]'
	# Cut within a line, or with fewer lines than it says.
	head -c -40 short >half
	exits 2 pg-copyout -d "$SRC" <half
	sed 1d lines >fewer
	exits 4 pg-copyout -d "$SRC" <fewer
}

@test "no lines, lines that are no chunk lines, and an empty list that says so" {
	local text
	exits 2 pg-copyout -d "$SRC" </dev/null
	is "$out" ''
	like "$err" 'holds no lines'
	for text in 'hello' '[]' '{"a":1}' '{"chunk":"x","schema":1,"table":"t"}' \
		'{"chunk":"public.t","sch' 'pgpipe.json'; do
		exits 2 pg-copyout -d "$SRC" <<<"$text"
		is "$out" '' "$text"
	done
	head -c 100000 /dev/urandom >noise
	exits 2 pg-copyout -d "$SRC" <noise
	exits 2 pg-copyout -d "$SRC" <&-
	end_line 0 >lines
	exits 0 pg-copyout -d "$SRC" <lines
	is "$(field "$OUT" pgpipe-end.json '[.chunks, .complete] | tostring')" '[0,true]'
	# One bad line among good ones: those are read, and the list is not whole.
	{ line small; echo '{"b":1}'; line plain; end_line 3; } >lines
	exits 2 pg-copyout -d "$SRC" <lines
	is "$(field "$OUT" pgpipe-end.json '[.chunks, .complete] | tostring')" '[2,false]'
}

@test "a failed list is no reason to connect" {
	pipes '* 2' 'false | pg-copyout -d "host=/nowhere"'
	unlike "$err" 'connect'
}

# 30 MB, more than all buffers between a server and a reader.
big_table() {	# SERVER
	pg_sql "$1" "drop table if exists big; create table big (id int, v text);
		insert into big select i, repeat('x', 1000) from generate_series(1, 30000) i"
}

# --- bad days ------------------------------------------------------------------------------

slow='"where": "pg_sleep(case when id = 1 then 0 else 60 end) is not null"'

@test "a lost connection before the first row is made anew, and the chunk tried again" {
	exec 8> >(psql -Xq -d "$SRC")
	echo 'begin; lock table plain;' >&8
	wait_for pg_sql_true src "select count(*) = 1 from pg_locks
		where relation = 'plain'::regclass and mode = 'AccessExclusiveLock'"
	( code=0; pg-copyout -d "$SRC" plain small >archive 2>stderr || code=$?; echo $code >code ) 3>&- &
	wait_for pg_sql_true src "select count(*) = 1 from pg_locks
		where relation = 'plain'::regclass and not granted"
	pg_sql src "select pg_terminate_backend(pid) from pg_locks
		where relation = 'plain'::regclass and not granted" >/dev/null
	wait_for grep -q 'trying again' stderr
	echo 'rollback;' >&8
	exec 8>&-
	wait_for test -s code
	is "$(<code)" 0 "$(<stderr)"
	is "$(members archive | grep -c 'done.json')" 2
	loads_as archive public.plain plain
}

@test "a lock that is held is waited for, then the chunk fails, and can be retried" {
	exec 8> >(psql -Xq -d "$SRC")
	echo 'begin; lock table small;' >&8
	wait_for pg_sql_true src "select count(*) > 0 from pg_locks where relation = 'small'::regclass"
	list small plain >lines
	exits 4 pg-copyout -d "$SRC" --lock-timeout 200ms <lines
	exec 8>&-
	like "$err" 'could not lock public.small'
	like "$err" 'hint: .*--lock-timeout'
	is "$(field "$OUT" c/1/failed.json '[.error.class, .error.sqlstate] | tostring')" '[4,"55P03"]'
	is "$(field "$OUT" c/2/done.json .rows)" 5000
}

@test "a chunk that fails after its first rows is marked, and the others go on" {
	# The 4,000th row is no number.
	list small >lines
	line plain '"where": "case when id < 4000 then true else (1 / (id - 4000)) is null end"' >>lines
	end_line 1 >>lines
	exits 3 pg-copyout -d "$SRC" --segment 1kB -j 1 <lines
	like "$err" 'division by zero'
	is "$(field "$OUT" c/2/failed.json '[.error.class, .error.sqlstate] | tostring')" '[3,"22012"]'
	[ "$(field "$OUT" c/2/failed.json .segments)" -gt 1 ]
	is "$(field "$OUT" pgpipe-end.json '[.chunks, .failed, .rows, .complete] | tostring')" '[2,1,3,true]'
}

@test "a connection that is lost in the middle of a chunk: class 4, and the rest is read" {
	big_table src
	list big small >lines
	( code=0; pg-copyout -d "$SRC" <lines 2>stderr || code=$?; echo $code >code ) 3>&- |
		{ sleep 1.5; cat; } >archive &
	wait_for pg_sql_true src "select count(*) = 1 from pg_stat_activity
		where application_name = 'pg-copyout' and wait_event = 'ClientWrite'"
	pg_sql src "select pg_terminate_backend(pid) from pg_stat_activity
		where application_name = 'pg-copyout' and query ~ '^copy'" >/dev/null
	wait
	is "$(<code)" 4
	is "$(field archive c/1/failed.json .error.class)" 4
	is "$(field archive c/2/done.json .rows)" 3
	ends_whole archive
	pg_sql src 'drop table big'
}

@test "backpressure: a reader that waits makes the server wait" {
	big_table src
	( pg-copyout -d "$SRC" big | { sleep 2; cat; } >archive ) 3>&- &
	wait_for pg_sql_true src "select count(*) = 1 from pg_stat_activity
		where application_name = 'pg-copyout' and wait_event = 'ClientWrite'"
	sleep 0.5
	is "$(sessions "wait_event = 'ClientWrite'")" 1
	wait
	is "$(field archive pgpipe-end.json .rows)" 30000
	pg_sql src 'drop table big'
}

@test "the pipe is made as large as the system allows" {
	[ -r /proc/sys/fs/pipe-max-size ] || skip 'no such thing here'
	big_table src
	( pg-copyout -d "$SRC" big & echo $! >pid; wait ) 3>&- 2>/dev/null | {
		wait_for pg_sql_true src "select count(*) = 1 from pg_stat_activity
			where application_name = 'pg-copyout' and wait_event = 'ClientWrite'"
		sleep 0.5
		kill -KILL "$(<pid)"
		wc -c >held
	}
	[ "$(<held)" -ge "$(($(</proc/sys/fs/pipe-max-size) * 9 / 10))" ]
	pg_sql src 'drop table big'
}

@test "one signal: open chunks end, the archive says interrupted, no further chunk" {
	local signal
	for signal in INT TERM HUP; do
		rm -f code
		{
			line plain '"where": "id <> 7 or pg_sleep(1.5) is not null"'
			line small
			end_line 2
		} >lines
		(
			env --default-signal=INT pg-copyout -d "$SRC" <lines >archive 2>stderr &
			echo $! >pid
			code=0
			wait $! || code=$?
			echo $code >code
		) 3>&- &
		wait_for pg_sql_true src "select count(*) = 1 from pg_stat_activity
			where application_name = 'pg-copyout' and wait_event = 'PgSleep'"
		kill -$signal "$(<pid)"
		wait_for test -s code
		wait
		is "$(<code)" $((128 + $(kill -l $signal)))
		like "$(<stderr)" 'stopping'
		ends_whole archive
		is "$(field archive pgpipe-end.json '[.interrupted, .complete, .chunks, .failed] | tostring')" \
			'[true,false,1,0]'
		is "$(field archive c/1/done.json .rows)" 5000
	done
}

@test "a second signal ends at once, and leaves the archive cut" {
	line plain "$slow" >lines
	(
		pg-copyout -d "$SRC" -o kept --partial <lines 2>stderr &
		echo $! >pid
		code=0
		wait $! || code=$?
		echo $code >code
	) 3>&- &
	wait_for pg_sql_true src "select count(*) = 1 from pg_stat_activity
		where application_name = 'pg-copyout' and wait_event = 'PgSleep'"
	kill -TERM "$(<pid)"
	sleep 0.5
	kill -TERM "$(<pid)"
	wait_for -t 8 test -s code
	is "$(<code)" 143
	is "$(ls kept* 2>/dev/null)" ''
	like "$(<stderr)" 'stopping'
	wait_for -t 8 pg_sql_true src "select count(*) = 0 from pg_stat_activity
		where application_name = 'pg-copyout'"
}

@test "a signal while it waits for chunk lines ends it" {
	begin_list
	kill -TERM "$(<pid)"
	wait_for -t 8 test -s code
	is "$(<code)" 143
	exec 9>&-
	ends_whole archive
	is "$(field archive pgpipe-end.json '[.interrupted, .chunks] | tostring')" '[true,1]'
}

@test "a reader that goes away ends all work soon, also what the server still ponders" {
	{ line plain; line empty '"where": "pg_sleep(60) is not null"'; line small "$slow"; end_line 3; } |
		sed 's/case when id/case when a/' >lines
	pg_sql src 'insert into empty values (1)'
	SECONDS=0
	pipes '3 0' 'pg-copyout -d "$SRC" -j 3 --segment 1kB <lines | head -c 10 >/dev/null'
	like "$err" 'could not write to "standard output": Broken pipe'
	[ $SECONDS -lt 20 ]
	wait_for -t 10 pg_sql_true src "select count(*) = 0 from pg_stat_activity
		where application_name = 'pg-copyout'"
	pg_sql src 'truncate empty'
}

@test "output that is full or closed is a failure" {
	pipes 3 'pg-copyout -d "$SRC" plain >/dev/full'
	like "$err" 'No space left on device'
	is "$(grep -c 'error:' <<<"$err")" 1
	pipes 3 'pg-copyout -d "$SRC" plain >&-'
	like "$err" 'error:'
}

@test "too many connections: fewer do the work, and that is said" {
	pg_start tight 'max_connections = 6' 'superuser_reserved_connections = 0' 'max_wal_senders = 0'
	pg_sql tight 'create role u login; create table t1 (a int); create table t2 (a int);
		create table t3 (a int); create table t4 (a int); create table t5 (a int);
		create table t6 (a int); grant select on all tables in schema public to u'
	local dsn
	dsn="$(pg_dsn tight) connect_timeout=2"
	SECONDS=0
	exits 0 pg-copyout -d "$dsn" -j 6 t1 t2 t3 t4 t5 t6
	like "$err" 'going on with 5 connections to read with, not 6'
	is "$(field "$OUT" pgpipe.json .most_open)" 5
	is "$(field "$OUT" pgpipe-end.json .chunks)" 6
	pg_sql tight 'alter role u connection limit 1'
	exits 4 timeout 90 pg-copyout -d "${dsn/user=postgres/user=u}" t1
	like "$err" 'too many connections'
	is "$out" ''
	pg_stop tight
}

@test "a server that is down, stopped or killed" {
	exits 4 pg-copyout -d "host=$PG_ROOT/src/s port=1 dbname=postgres connect_timeout=1" plain
	like "$err" 'could not connect'
	is "$out" ''
	pg_start victim
	big_table victim
	pg_sql victim 'create table t (a int)'
	list big t >lines
	( code=0; pg-copyout -d "$(pg_dsn victim)" <lines 2>stderr || code=$?; echo $code >code ) 3>&- |
		{ sleep 1.5; cat; } >archive &
	wait_for pg_sql_true victim "select count(*) = 1 from pg_stat_activity
		where application_name = 'pg-copyout' and wait_event = 'ClientWrite'"
	pg_kill victim
	wait
	is "$(<code)" 4 "$(<stderr)"
	ends_whole archive
	is "$(field archive pgpipe-end.json '[.interrupted, .complete] | tostring')" '[true,false]'
	is "$(field archive c/1/failed.json .error.class)" 4
	is "$(members archive | grep -c done.json)" 0
}

# --- files ------------------------------------------------------------------------------------

@test "-o writes a file that is there only when it is whole" {
	exits 0 pg-copyout -d "$SRC" -o a.tar plain small
	is "$out" ''
	ends_whole a.tar
	loads_as a.tar public.plain plain
	is "$(ls)" "$(printf 'a.tar\nstderr\nstdout')"
	cp a.tar before
	# A later one that is not whole does not take its place.
	list plain nowhere >lines
	exits 3 pg-copyout -d "$SRC" -o a.tar <lines
	like "$err" 'a.tar.incomplete'
	cmp a.tar before
	ends_whole a.tar.incomplete
	is "$(field a.tar.incomplete pgpipe-end.json .failed)" 1
	rm a.tar.incomplete
	# One that could not be written leaves nothing.
	exits 3 pg-copyout -d "$SRC" -o a.tar nowhere
	cmp a.tar before
	exits 3 pg-copyout -d "$SRC" -o /nonexistent/a.tar plain
	like "$err" 'could not create "/nonexistent/a.tar": No such file'
	exits 3 pg-copyout -d "$SRC" -o /dev/full plain
	exits 0 pg-copyout -d "$SRC" -o /dev/null plain
	rm lines before a.tar
	is "$(ls)" "$(printf 'stderr\nstdout')"
	umask 027
	exits 0 pg-copyout -d "$SRC" -o a.tar plain
	is "$(stat -c %a a.tar)" 640
}

@test "-o of work that was interrupted keeps what was read under another name" {
	{
		line small
		line plain '"where": "id <> 7 or pg_sleep(1.5) is not null"'
		line empty
		end_line 3
	} >lines
	(
		pg-copyout -d "$SRC" -o a.tar <lines 2>stderr &
		echo $! >pid
		code=0
		wait $! || code=$?
		echo $code >code
	) 3>&- &
	wait_for pg_sql_true src "select count(*) = 1 from pg_stat_activity
		where application_name = 'pg-copyout' and wait_event = 'PgSleep'"
	kill -TERM "$(<pid)"
	wait_for test -s code
	is "$(<code)" 143
	[ ! -e a.tar ]
	ends_whole a.tar.incomplete
	is "$(field a.tar.incomplete pgpipe-end.json '[.chunks, .interrupted] | tostring')" '[2,true]'
}

@test "-o on a full disk leaves nothing" {
	tmpfs "$PG_ROOT/small" 64k
	exits 3 pg-copyout -d "$SRC" -o "$PG_ROOT/small/a" plain
	like "$err" 'No space left on device'
	is "$(ls "$PG_ROOT/small")" ''
}

# --- digest and sequences -----------------------------------------------------------------------

sum_of() {	# DIGEST: ROWS|SUM, as the server shows them
	local rows hex
	IFS=: read -r _ rows hex <<<"$1"
	pg_sql src "select $rows, ('x' || substr('$hex', 1, 16))::bit(64)::bigint::numeric * 2 ^ 64::numeric +
		('x' || substr('$hex', 17, 8))::bit(32)::bigint::numeric * 2 ^ 32::numeric +
		('x' || substr('$hex', 25))::bit(32)::bigint" | sed 's/\.0*$//'
}

@test "the digest of the rows is the one that the server gives" {
	exits 0 pg-copyout -d "$SRC" plain small empty
	is "$(sum_of "$(field "$OUT" c/1/done.json .digest)")" \
		"$(pg_sql src 'select count(*), sum(hash_array_extended(array[record_send(row(d, id, v))], 0)) from plain')"
	is "$(sum_of "$(field "$OUT" c/2/done.json .digest)")" \
		"$(pg_sql src 'select count(*), sum(hash_array_extended(array[record_send(row(a))], 0)) from small')"
	is "$(field "$OUT" c/3/done.json .digest)" "send:0:$(printf '0%.0s' {1..32})"
	# Sliced or whole, in small segments or large ones, it is the same.
	exits 0 pg-copyout -d "$SRC" --segment 1kB plain
	is "$(field "$OUT" c/1/done.json .digest)" "$(pg-copyout -d "$SRC" plain 2>/dev/null >w; field w c/1/done.json .digest)"
	exits 0 pg-copyout -d "$SRC" --format text plain
	is "$(field "$OUT" c/1/chunk.json .digest_kind)" text
	is "$(sum_of "$(field "$OUT" c/1/done.json .digest)")" \
		"$(pg_sql src 'select count(*), sum(hash_array_extended(array[textsend(row(d, id, v)::text)], 0)) from plain')"
	exits 0 pg-copyout -d "$SRC" --no-digest plain
	is "$(field "$OUT" c/1/done.json '[.digest, .rows] | tostring')" '[null,5000]'
	is "$(field "$OUT" c/1/chunk.json .digest_kind)" null
}

@test "owned sequences travel, read after the last chunk" {
	pg_sql src <<-'SQL'
		create table ser (id serial, big bigint generated always as identity (increment -5 start -1),
			"New" int generated by default as identity);
		insert into ser default values; insert into ser default values;
		select setval('"ser_New_seq"', 40, false);
		create table pp (id bigint generated by default as identity, a int) partition by list (a);
		create table pp1 partition of pp for values in (1);
		insert into pp (a) values (1), (1), (1);
		create sequence free;
		create table uses (a int default nextval('free'))
	SQL
	begin_list
	pg_sql src 'insert into ser default values'
	give line ser
	give line pp1
	give line uses
	give end_line 4
	end_list 0
	is "$(field archive sequences.json '.sequences[] | [.schema, .sequence, .owner.table,
		.owner.column, .last_value, .is_called, .increment] | tostring')" \
		'["public","pp_id_seq","pp","id","3",true,"1"]
["public","ser_New_seq","ser","New","40",true,"1"]
["public","ser_big_seq","ser","big","-11",true,"-5"]
["public","ser_id_seq","ser","id","3",true,"1"]'
	is "$(field archive c/2/done.json .rows)" 2
	is "$(members archive | tail -n 2 | head -n 1)" sequences.json
	pg_sql src "select setval('\"ser_New_seq\"', 50, false); create role peon login;
		grant select on ser to peon; grant select on sequence \"ser_New_seq\" to peon" >/dev/null
	exits 0 pg-copyout -d "${SRC/user=postgres/user=peon}" ser
	like "$err" 'warning: sequence "public"."ser_id_seq" may not be read'
	is "$(field "$OUT" sequences.json '.sequences | map([.sequence, .last_value, .is_called]) | tostring')" \
		'[["ser_New_seq","50",false]]'
	pg_sql src 'drop table ser, pp, uses; drop sequence free; drop owned by peon; drop role peon'
}

@test "more sequences than one query takes" {
	pg_sql src 'do $$ begin for i in 1 .. 1100 loop
		execute format($x$create table q%s (id serial)$x$, i); end loop; end $$'
	{ for i in $(seq 1 1100); do line "q$i"; done; end_line 1100; } >lines
	exits 0 pg-copyout -d "$SRC" -j 2 <lines
	is "$(field "$OUT" sequences.json '.sequences | length')" 1100
	is "$(field "$OUT" sequences.json '[.sequences[].last_value] | unique | tostring')" '["1"]'
	pg_sql src 'do $$ begin for i in 1 .. 1100 loop
		execute format($x$drop table q%s$x$, i); end loop; end $$'
}

# --- memory ---------------------------------------------------------------------------------------

limited() {	# MEGABYTES COMMAND...
	(
		ulimit -v $(($1 * 1024))
		shift
		exec "$@"
	)
}

@test "memory stays bounded for ten million rows as for a hundred thousand" {
	no_sanitizer 'its shadow memory has no bounds'
	pg_sql src 'create unlogged table rows (t timestamptz, d int, v float8)'
	local n j
	for n in 100000 9900000; do
		pg_sql src "insert into rows select '2025-01-01'::timestamptz + i * interval '1 s',
			i % 100, i from generate_series(1, $n) i"
		for j in 1 2 4; do
			seq 0 3 | while read -r i; do
				line rows "\"chunk\": \"r$i\", \"where\": \"d % 4 = $i\""
			done >lines
			end_line 4 >>lines
			pipes '0 0' "limited $((64 + 16 * j)) pg-copyout -d \"\$SRC\" -j $j <lines | tail -c 10240 >end"
		done
	done
	is "$(tar xOf end pgpipe-end.json | jq .rows)" 10000000
	pg_sql src 'drop table rows'
}

@test "a row of hundreds of MB passes, within bounds" {
	no_sanitizer 'its shadow memory has no bounds'
	pg_sql src "create table huge (a int, b bytea); alter table huge alter b set storage external;
		insert into huge values (1, 'x'), (2, convert_to(repeat('0123456789abcdef', 16 * 1024 * 1024), 'UTF8')),
			(3, 'y')"
	pipes '0 0' "limited $((64 + 16 + 256 * 22 / 10)) pg-copyout -d \"\$SRC\" huge | tail -c 20480 >end"
	is "$(tar xOf end c/1/done.json | jq -c '[.rows, .segments > 1, .bytes > 268435456]')" '[3,true,true]'
	is "$(tar xOf end c/1/done.json | jq -r .digest | cut -d: -f2)" 3
	pg_sql src 'drop table huge'
}

@test "a list of very many chunks costs little memory" {
	no_sanitizer 'its shadow memory has no bounds'
	for i in $(seq 1 100); do
		line empty "\"chunk\": \"N\", \"where\": \"a = 1\", \"more\": \"$(printf 'x%.0s' {1..300})\""
	done >block
	{
		for i in $(seq 1 200); do sed "s/\"N\"/\"$i-&\"/; s/\"N\"/N/" block | sed "s/-N/-NR/" | awk '{ sub("NR", NR) } 1'; done
		end_line 20000
	} >lines
	pipes '0 0' "limited 80 pg-copyout -d \"\$SRC\" <lines | tail -c 10240 >end"
	is "$(tar xOf end pgpipe-end.json | jq -c '[.chunks, .failed, .complete]')" '[20000,0,true]'
}

# --- the manual -------------------------------------------------------------------------------------

examples_of() {	# PAGE: its examples, each after a line "---"
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$1" |
		sed -n '/^\.Bd/,/^\.Ed/{s/^\.Bd.*/---/; /^\.Ed/d; s/\\(dq/"/g; s/\\(aq/'"'"'/g; p}'
}

@test "the manual's examples run" {
	command -v pg-chunks && command -v pg-copyin && command -v pg-checksum
	pg_start dst
	pg_sql src 'create database ex'
	pg_sql dst 'create database ex'
	local name example DST
	for name in src/ex dst/ex; do
		pg_sql $name 'create table metrics (t timestamptz, v float8); create table other (a int)'
	done
	pg_sql src/ex "insert into metrics select now(), i from generate_series(1, 1000) i;
		insert into other values (1)"
	SRC=$(pg_dsn src/ex) DST=$(pg_dsn dst/ex)
	export DST
	pg-chunks -d "$SRC" 'public.other' | sed 's/^{"chunk"/{"status":"failed","chunk"/' >results
	examples_of "$TREE/man/pg-copyout.1" >examples
	[ "$(grep -c -e --- examples)" -ge 5 ]
	while IFS= read -r -d '' example; do
		[ -n "$example" ] || continue
		echo "$example"
		bash -e -o pipefail -c "$example" >answer </dev/null
	done < <(awk 'BEGIN { RS = "---\n"; ORS = "\0" } 1' examples)
	same_table src/ex dst/ex metrics
	same_table src/ex dst/ex other
	ends_whole metrics.copy.tar
	[ -s metrics.copy.tar.zst ]
	pg_stop dst
}
