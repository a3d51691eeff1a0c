#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# pg-copyout: what it reads, and how it comes.

load lib/common
load lib/copyout

setup_file() { copyout_setup_file; }
setup() { copyout_setup; }

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
	like "$err" 'warning: sequence public.ser_id_seq stays behind: it may not be read'
	is "$(field "$OUT" sequences.json '.sequences | map([.sequence, .last_value, .is_called]) | tostring')" \
		'[["ser_New_seq","50",false]]'
	pg_sql src 'drop table ser, pp, uses; drop sequence free; drop owned by peon; drop role peon'
}

@test "chunks that are read side by side begin in the order of the list" {
	pg_sql src 'do $$ begin for i in 1 .. 60 loop
		execute format($x$create table o%s as select %1$s as i$x$, i); end loop; end $$'
	list o{1..60} >lines
	exits 0 pg-copyout -d "$SRC" -j 4 <lines
	is "$(tar xOf "$OUT" --wildcards 'c/*/chunk.json' | jq -r .table | xargs)" "$(echo o{1..60})"
	pg_sql src 'do $$ begin for i in 1 .. 60 loop
		execute format($x$drop table o%s$x$, i); end loop; end $$'
}

@test "more sequences than one query takes" {
	pg_sql src 'do $$ begin for i in 1 .. 1100 loop
		execute format($x$create table q%s (id serial)$x$, i); end loop; end $$'
	list q{1..1100} >lines
	exits 0 pg-copyout -d "$SRC" -j 2 <lines
	is "$(field "$OUT" sequences.json '.sequences | length')" 1100
	is "$(field "$OUT" sequences.json '[.sequences[].last_value] | unique | tostring')" '["1"]'
	pg_sql src 'do $$ begin for i in 1 .. 1100 loop
		execute format($x$drop table q%s$x$, i); end loop; end $$'
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
