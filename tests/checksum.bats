#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# pg-checksum: verdicts over chunk lines, with one server and with two, and over
# saved archives.  Lines are made here with jq, so that each says only what its
# test is about.

load lib/common
load lib/pair

# A chunk line of schema public: line TABLE [FIELDS-AS-JSON]
line() {
	jq -cn --arg t "$1" --argjson more "${2:-null}" '{chunk: "public.\($t)", source: "table",
		schema: "public", table: $t, parent: null, bound: null, slice: null,
		where: null, rows: 1, bytes: 1, system: null, database: env.DB} + $more'
}

# Lines from stdin with their end line behind them.
ended() { tee lines.$$ && printf '{"end":"test","lines":%d}\n' "$(wc -l <lines.$$)"; }

lines_of() {	# TABLE...
	local t
	for t; do
		line "$t"
	done | ended
}

# The lines of a file with the digests of the source.
digests() { pg-checksum -q -d "$SRC" <"$1"; }

# One field of each answered line, in the order of the chunks' ids.
answers() { jq -r 'select(.chunk and (.row | not)) | [.chunk, ('"$1"' | tostring)] | join(" ")' "$OUT" | sort; }
verdicts() { answers .status; }
found() { jq -cS 'select(.row) | [.row, .key, .columns, .count]' "$OUT" | sort; }

ends_whole() { like "$(tail -n 1 "$OUT")" '^\{"end":"pg-checksum","lines":'"$1"'\}$'; }

# Tables with the same rows on both servers.
same() {	# TABLE ROWS
	both "create table $1 (id int primary key, v text, n numeric, d date)"
	both "insert into $1 select i, md5(i::text), i / 8.0, date '2025-01-01' + i
		from generate_series(1, $2) i"
}

# 32 hex digits of a two's complement as a number.
decimal() {
	src "select case when n < 2^127::numeric then n else n - 2::numeric^128 end::numeric(40) from (
		select sum(('x' || substr('$1', i, 1))::bit(4)::int * 16::numeric^(32 - i)) n
		from generate_series(1, 32) i) s"
}

# --- one server -----------------------------------------------------------------

@test "a line without a digest gets it, with the rows and the columns, and that is exit 0" {
	same t 1000
	lines_of t >list
	exits 0 pg-checksum -d "$SRC" <list
	ends_whole 1
	is "$(answers .status)" 'public.t null'
	is "$(answers .rows)" 'public.t 1000'
	is "$(answers '.columns | map(.name) | join(",")')" 'public.t id,v,n,d'
	# It is what the manual says, so that anybody can take it with psql.
	is "$(src 'select sum(hash_array_extended(array[record_send(row(d, id, n, v))], 0)) from t')" \
		"$(decimal "$(answers .digest | cut -d: -f3)")"
	like "$(answers .digest)" ' send:1000:[0-9a-f]{32}$'
	like "$(answers .pg_snapshot)" ':'
}

@test "digests from one server are a question to another" {
	same a 10
	same b 20
	lines_of a b >list
	pipes '0 0' 'pg-checksum -d "$SRC" <list | pg-checksum -d "$DST"'
	is "$(verdicts)" $'public.a match\npublic.b match'
	ends_whole 2
	like "$err" '2 chunks, 30 rows, 2 match'
	dst "update b set v = 'x' where id = 3"
	pipes '0 1' 'pg-checksum -d "$SRC" <list | pg-checksum -d "$DST"'
	is "$(verdicts)" $'public.a match\npublic.b differ'
	like "$err" 'differ: "public.b": 20 rows on both sides, not the same'
	like "$err" '1 match, 1 differ'
	ends_whole 2
	dst 'delete from b where id = 3; drop table a'
	pipes '0 1' 'pg-checksum -d "$SRC" <list | pg-checksum -d "$DST"'
	is "$(verdicts)" $'public.a missing\npublic.b differ'
	like "$err" 'missing: "public.a"'
	like "$err" '"public.b": 20 rows expected, 19 found'
	# The other way round there is nothing to give a digest of.
	pipes '1 1' 'pg-checksum -d "$DST" <list | pg-checksum -d "$SRC"'
	is "$(verdicts)" $'public.a unproved\npublic.b differ'
}

@test "every line is answered once, whatever the jobs" {
	local i
	for i in $(seq 40); do
		echo "create table t$i as select i, md5(i::text) v from generate_series(1, $i) i;"
	done >make.sql
	both "$(<make.sql)"
	lines_of t{1..40} >list
	digests list >want
	dst 'insert into t7 values (0, null); drop table t8'
	for i in 1 2 7 64; do
		exits 1 pg-checksum -d "$DST" -j $i <want
		ends_whole 40
		is "$(verdicts | wc -l)" 40
		is "$(verdicts | grep -v match)" $'public.t7 differ\npublic.t8 missing'
	done
	exits 0 pg-checksum -d "$SRC" -j 5 <want
	exits 0 pg-checksum -d "$SRC" -j 5 <list
	is "$(answers .digest)" "$(jq -r 'select(.chunk) | .chunk + " " + .digest' want | sort)"
}

@test "all digests of a run are of one snapshot" {
	same a 10
	same b 10
	{ line a '{"where":"pg_catalog.pg_sleep(0.05) is not null"}'; line b; } | ended >list
	( sleep 0.25; src 'delete from b' ) &
	exits 0 pg-checksum -d "$SRC" <list
	wait
	is "$(answers .rows)" $'public.a 10\npublic.b 10'
	is "$(answers .pg_snapshot | cut -d' ' -f2 | uniq | wc -l)" 1
	( sleep 0.25; src 'delete from b' ) &
	exits 0 pg-checksum -d "$SRC" -j 2 <list
	wait
}

@test "a table that is truncated after the snapshot was taken is not taken for empty" {
	same a 10
	same b 10
	same c 10
	{ line a '{"where":"pg_catalog.pg_sleep(0.06) is not null"}'; line b; line c; } | ended >list
	( sleep 0.3; src 'truncate b; alter table c alter v type varchar(99), alter n type text' ) &
	exits 4 pg-checksum -d "$SRC" <list
	wait
	is "$(answers .digest | cut -c 1-16)" $'public.a send:10\npublic.b null\npublic.c null'
	like "$(answers .reason)" 'public.b it was truncated or rewritten after the snapshot'
	exits 0 pg-checksum -d "$SRC" <list
}

@test "columns that took others' names after the snapshot was taken are not read for them" {
	same a 10
	same b 10
	src 'create table p (x int, y int) partition by list (x); create table p1 partition of p for values in (1); insert into p values (1, 2)'
	{ line a '{"where":"pg_catalog.pg_sleep(0.06) is not null"}'; line b; line p; } | ended >list
	( sleep 0.3; src 'alter table b drop n, add n numeric; alter table p drop y, add y int default 2' ) &
	exits 4 pg-checksum -d "$SRC" <list
	wait
	is "$(answers .digest | cut -c 1-16)" $'public.a send:10\npublic.b null\npublic.p null'
	is "$(grep -c 'columns of it were renamed, dropped or replaced' <<<"$(answers .reason)")" 2
	exits 0 pg-checksum -d "$SRC" <list
}

@test "a standby gives digests, too" {
	same t 3000
	pg_standby standby src
	pg_caught_up standby src
	lines_of t >list
	exits 0 pg-checksum -d "$(pg_dsn "standby/$DB")" <list
	cp "$OUT" want
	exits 0 pg-checksum -d "$DST" <want
	exits 0 pg-checksum --source "$(pg_dsn "standby/$DB")" --target "$DST" --rows <list
	pg_stop standby
}

@test "less than 1 kB is received for a chunk" {
	# Types of all sorts, so that all of them have to be agreed on.
	local i n first all
	both "create type mood as enum ('sad', 'ok'); create domain positive as int check (value > 0)"
	for i in $(seq 30); do
		echo "create table t$i (id int primary key, a text, b numeric(12,2), c timestamptz,
			d mood, e varchar(10), f char(3), g positive, h mood[], i positive[], j bit(3),
			k \"char\", l interval, \"a \"\"strange\"\" name\" jsonb);
			insert into t$i select g, repeat(md5(g::text), 10), g, now(), 'ok', 'x', 'y', g,
			'{sad,ok}', array[g], '101', 'z', '1 day', '{\"a\": 1}' from generate_series(1, 200) g;"
	done >make.sql
	src "$(<make.sql)"
	same wide 1
	dst "$(<make.sql)"
	for i in $(seq 100 1500); do echo "alter table wide add c$i int;"; done >make.sql
	both "$(<make.sql)"
	lines_of t1 >one
	lines_of t{1..30} >list
	digests one >one.want
	digests list >list.want
	lines_of wide >wide.list
	digests wide.list >wide.want

	received() {	# FILE
		rm -f via/.s.PGSQL.5432 && mkdir -p via
		relay via/.s.PGSQL.5432 "$PG_ROOT/src/s/.s.PGSQL.5432" >count &
		wait_for test -S via/.s.PGSQL.5432
		exits 0 pg-checksum -q -d "host=$PWD/via port=5432 user=postgres dbname=$DB" <"$1" || return
		kill %relay 2>/dev/null || kill $!
		wait
		cat count
	}
	first=$(received one.want)
	all=$(received list.want)
	[ $(((all - first) / 29)) -lt 1000 ] || echo "$(((all - first) / 29)) for a verdict"
	[ $(((all - first) / 29)) -lt 1000 ]
	all=$(received wide.want)
	[ $((all - first)) -lt 1000 ]
	first=$(received one)
	all=$(received list)
	[ $(((all - first) / 29)) -lt 1000 ] || echo "$(((all - first) / 29)) for a digest"
	[ $(((all - first) / 29)) -lt 1000 ]
}

@test "failed lines are unproved, and so is what carries no digest it could be held to" {
	same t 10
	{
		line t '{"chunk":"failed","status":"failed","error":{"message":"no","class":4}}'
		line t '{"chunk":"loaded","status":"loaded","digest":null}'
		line t '{"chunk":"unknown","status":"loaded","digest":"md7:1:2"}'
		line t '{"chunk":"unproved","status":"unproved"}'
	} | ended >list
	exits 1 pg-checksum -d "$DST" <list
	ends_whole 4
	is "$(verdicts | cut -d' ' -f2 | uniq -c | xargs)" '4 unproved'
	is "$(jq -r 'select(.chunk == "failed").error.message' "$OUT")" no
	like "$(answers .reason | grep loaded)" 'no digest; --source and --target'
	like "$err" '0 match, 4 unproved'
	exits 1 pg-checksum --source "$SRC" --target "$DST" <list
	is "$(verdicts)" $'failed unproved\nloaded match\nunknown match\nunproved match'
}

@test "what could not be told is looked at again, and its old error is not kept" {
	same t 10
	lines_of t >list
	dst "create role nobody_reads login"
	exits 3 pg-checksum --source "$SRC" --target "${DST/user=postgres/user=nobody_reads}" <list
	is "$(answers '[.status, (.error | type)]')" 'public.t ["unproved","object"]'
	cp "$OUT" again
	# One server has nothing to hold it to, and says so with what was wrong.
	exits 1 pg-checksum -d "$DST" <again
	is "$(answers '[.status, (.error | type)]')" 'public.t ["unproved","object"]'
	exits 0 pg-checksum --source "$SRC" --target "$DST" <again
	is "$(answers '[.status, .error, .reason]')" 'public.t ["match",null,null]'
	dst 'drop role nobody_reads'
}

@test "skipped and loaded lines are judged, on the table that they were loaded into" {
	same t 10
	dst 'create schema other; alter table t set schema other; alter table other.t rename to "T 2"'
	lines_of t >list
	digests list | jq -c 'if .chunk then .status = "loaded" | .kept = {"un": ["known"]} |
		.target = {"schema": "other", "table": "T 2"} else . end' >want
	sed 's/loaded/skipped/' want >skipped
	exits 0 pg-checksum -d "$DST" <want
	is "$(verdicts)" 'public.t match'
	is "$(answers .kept.un[0])" 'public.t known'
	is "$(answers .target.table)" 'public.t T 2'
	exits 0 pg-checksum -d "$DST" <skipped
	exits 0 pg-checksum --source "$SRC" --target "$DST" <skipped
	# Answers are lines again.
	cp "$OUT" again
	exits 0 pg-checksum -d "$DST" <again
}

@test "columns are those of the line, by name" {
	src 'create table t (a int, gone int, b text, c numeric, g int generated always as (a + 1) stored)'
	src 'alter table t drop column gone'
	dst 'create table t (extra text default $$x$$, c numeric, g int, b text, a int)'
	both "insert into t (a, b, c) select i, 'v' || i, i from generate_series(1, 100) i"
	lines_of t >list
	digests list >want
	exits 0 pg-checksum -d "$DST" <want
	exits 0 pg-checksum --source "$SRC" --target "$DST" <list
	# What is not there cannot be equal.
	dst 'alter table t drop column c'
	exits 1 pg-checksum -d "$DST" <want
	is "$(verdicts)" 'public.t differ'
	like "$(answers .reason)" 'column "c" is not there on the target'
	exits 1 pg-checksum --source "$SRC" --target "$DST" --rows <list
	is "$(verdicts)" 'public.t differ'
	# Where another type stands in its place the digests of bytes say nothing.
	dst 'alter table t add c numeric; update t set c = a; alter table t alter a type bigint'
	exits 1 pg-checksum -d "$DST" <want
	is "$(verdicts)" 'public.t unproved'
	like "$(answers .reason)" 'column "a" is integer in the line and bigint on the target.*--source and --target'
	exits 0 pg-checksum --source "$SRC" --target "$DST" <want
	is "$(verdicts)" 'public.t match'
	like "$(answers .target_digest)" ' text:'
	dst "update t set b = 'other' where a = 5"
	exits 1 pg-checksum --source "$SRC" --target "$DST" <want
	is "$(verdicts)" 'public.t differ'
	is "$(answers .moved)" 'public.t null'
	like "$(answers .reason)" 'compared as text.*"a" is integer on the source and bigint on the target'
}

@test "domains and enums are what they are made of" {
	src "create type mood as enum ('sad', 'ok'); create domain posint as int; create domain pp as posint;
		create table t (a posint, b mood, c mood[], d posint[], e pp, f varchar(5), g numeric(8,2))"
	dst "create domain label as text;
		create table t (a int, b label, c text[], d int[], e int, f varchar, g numeric)"
	both "insert into t values (1, 'sad', '{sad,ok,null}', '{1,2}', 4, 'x', 1.50), (null, null, null, null, null, null, null)"
	lines_of t >list
	exits 0 pg-checksum -d "$SRC" <list
	cp "$OUT" want
	exits 0 pg-checksum -d "$DST" <want
	exits 0 pg-checksum --source "$SRC" --target "$DST" <list
	like "$(answers .source_digest)" ' send:'
	exits 0 pg-checksum -d "$DST" <list
	cp "$OUT" want
	exits 0 pg-checksum -d "$SRC" <want
	src "update t set b = 'ok' where a = 1"
	exits 1 pg-checksum -d "$SRC" <want
}

@test "composites with other fields prove nothing" {
	dst 'create type first as (a int)'
	both 'create type q as (x int, y int)'
	src 'create type p as (x int, y int)'
	dst 'create type p as (y int, x int)'
	both "create table t (id int primary key, v p); insert into t values (1, '(1,2)');
		create table a (id int primary key, v p[]); insert into a values (1, '{\"(1,2)\"}');
		create table u (id int primary key, v q); insert into u values (1, '(1,2)')"
	lines_of a t u >list
	digests list >want
	exits 1 pg-checksum -d "$DST" <want
	is "$(verdicts)" $'public.a unproved\npublic.t unproved\npublic.u match'
	like "$(answers .reason | grep public.t)" 'column "v" holds p.x.* at the source and p.y'
	# Whether the line says columns or not, and whatever it says of fields.
	exits 1 pg-checksum --source "$SRC" --target "$DST" <list
	is "$(verdicts)" $'public.a unproved\npublic.t unproved\npublic.u match'
	jq -c 'del(.columns[]?.fields)' want >unsaid
	exits 1 pg-checksum --source "$SRC" --target "$DST" <unsaid
	is "$(verdicts)" $'public.a unproved\npublic.t unproved\npublic.u match'
	# The name of a type says nothing when both sides have it.
	dst "update u set v = '(1,3)'"
	exits 1 pg-checksum --source "$SRC" --target "$DST" <list
	is "$(answers .reason | grep public.u)" 'public.u null'
}

@test "tables whose types have no send form, or none that is the same everywhere" {
	both "create type pair as (a int, b text);
		create table regs (r regclass, o oid, p pair, ps pair[]);
		insert into regs values ('pg_class', 12, '(1,\"a b\")', '{\"(1,x)\",\"(2,)\"}'), (null, null, null, null);
		create table acl (a aclitem); insert into acl values ('postgres=r/postgres')"
	lines_of regs acl >list
	digests list >want
	is "$(jq -r 'select(.chunk) | .digest[:5]' want | uniq)" 'text:'
	exits 0 pg-checksum -d "$DST" <want
	exits 0 pg-checksum --source "$SRC" --target "$DST" --rows <list
	dst "update regs set p = '(1,\"a  b\")' where o = 12"
	exits 1 pg-checksum -d "$DST" <want
	exits 1 pg-checksum --source "$SRC" --target "$DST" --rows <list
	is "$(verdicts)" $'public.acl match\npublic.regs differ'
	is "$(jq -c 'select(.row == "missing").source_row.p' "$OUT")" '"(1,\"a b\")"'
}

@test "a parent table is judged without its children, a partitioned one with its partitions" {
	both "create table parent (a int); create table child () inherits (parent);
		insert into parent values (1), (2); insert into child values (3)"
	src 'create table m (a int)'
	dst 'create table m (a int) partition by range (a);
		create table m1 partition of m for values from (0) to (5);
		create table m2 partition of m default'
	both 'insert into m select generate_series(0, 9)'
	lines_of parent child m >list
	exits 0 pg-checksum -d "$SRC" <list
	is "$(answers .rows)" $'public.child 1\npublic.m 10\npublic.parent 2'
	cp "$OUT" want
	dst 'insert into child values (4)'
	exits 1 pg-checksum -d "$DST" <want
	is "$(verdicts)" $'public.child differ\npublic.m match\npublic.parent match'
}

# --- slices -----------------------------------------------------------------------

blocks=20
# Lines of a table in slices of so many blocks.
slices() {	# TABLE BLOCKS-OF-THE-TABLE [WITHIN]
	local from=0 to where
	while [ "$from" -lt "$2" ]; do
		to=$((from + blocks))
		where="ctid >= '($from,0)'::tid"
		[ "$to" -ge "$2" ] && to=null || where+=" and ctid < '($to,0)'::tid"
		[ -z "${3:-}" ] || where+=" and $3"
		line "$1" "$(jq -cn --arg w "$where" --arg in "${3:-}" --arg t "$1" "{
			chunk: \"public.\(\$t)#ctid:$from-$to\", where: \$w, slice: {by: \"ctid\", from: $from, to: $to,
			within: (if \$in == \"\" then null else \$in end)}}")"
		from=$((from + blocks))
	done
}

@test "ctid slices are judged together, wherever their rows lie on the target" {
	same t 10000
	local n
	slices t "$(src "select pg_relation_size('t') / 8192")" | ended >list
	n=$(($(wc -l <list) - 1))
	[ "$n" -ge 4 ]
	digests list >want
	is "$(jq -s 'map(select(.chunk).rows) | add' want)" 10000
	dst 'create index by_v on t (v); cluster t using by_v'
	exits 0 pg-checksum -d "$DST" -j 2 <want
	is "$(verdicts | grep -c ' match$')" "$n"
	ends_whole "$n"
	like "$err" "$n chunks, 10000 rows, $n match"
	# In any order, and beside others.
	{ shuf <(grep '"chunk"' want); grep '"end"' want; } >shuffled
	exits 0 pg-checksum -d "$DST" <shuffled
	# A line that comes twice is answered twice, and counts once.
	{ head -n 2 want; head -n 1 want; tail -n +3 want; } | sed '/"end"/d' | ended >twice
	exits 0 pg-checksum -d "$DST" <twice
	ends_whole $((n + 1))
	{ grep '"chunk"' want; head -n 1 want; } | ended >twice
	exits 0 pg-checksum -d "$DST" <twice
	is "$(verdicts | grep -c ' match$')" $((n + 1))
	dst 'update t set v = v || $$x$$ where id = 9999'
	exits 1 pg-checksum -d "$DST" <want
	is "$(verdicts | grep -c ' differ$')" "$n"
}

@test "slices that do not add up are unproved, and the reason is said" {
	same t 10000
	local n
	slices t "$(src "select pg_relation_size('t') / 8192")" | ended >list
	n=$(($(wc -l <list) - 1))
	digests list | grep '"chunk"' >want
	sed 2d want | ended >less
	exits 1 pg-checksum -d "$DST" <less
	is "$(verdicts | grep -c ' unproved$')" $((n - 1))
	like "$(answers .reason)" "not all of its slices have come: none of its snapshot begins at block $blocks"
	sed '$d' want | ended >less
	exits 1 pg-checksum -d "$DST" <less
	like "$(answers .reason)" 'not all of its slices have come'
	sed '3s/"pg_snapshot":"[^"]*"/"pg_snapshot":"1:2:"/' want | ended >other
	exits 1 pg-checksum -d "$DST" <other
	is "$(verdicts | grep -c ' unproved$')" "$n"
	like "$(answers .reason)" "of its snapshot begins at block $((2 * blocks))"
	# Two whole lists of one table are two answers.
	{ cat want; sed 's/"pg_snapshot":"[^"]*"/"pg_snapshot":"1:2:"/' want; } | ended >twice
	exits 0 pg-checksum -d "$DST" <twice
	is "$(verdicts | grep -c ' match$')" $((2 * n))
	{ cat want; sed '1d;s/"pg_snapshot":"[^"]*"/"pg_snapshot":"1:2:"/' want; } | ended >half
	exits 1 pg-checksum -d "$DST" <half
	is "$(answers .status | cut -d' ' -f2 | sort | uniq -c | xargs)" "$n match $((n - 1)) unproved"
	jq -c 'del(.snapshot)' want | ended >none
	exits 1 pg-checksum -d "$DST" <none
	like "$(answers .reason)" 'which snapshot'
	{ sed 1d want; head -n 1 want | jq -c '.status = "failed"'; } | ended >failed
	exits 1 pg-checksum -d "$DST" <failed
	is "$(verdicts | grep -c ' unproved$')" "$n"
	like "$(answers .reason)" 'not all of its slices were loaded'
	{ cat want; sed -n 2p want | sed "s/\"to\":$((2 * blocks))/\"to\":$((3 * blocks))/"; } | ended >overlap
	exits 1 pg-checksum -d "$DST" <overlap
	# Slices of one database name no rows in another.
	sed 's/"database":"[^"]*"/"database":"elsewhere"/' list >elsewhere
	exits 1 pg-checksum -d "$SRC" <elsewhere
	like "$(answers .reason)" 'database "elsewhere"'
}

@test "slices within bounds are held to the target's rows within the same bounds" {
	same t 10000
	slices t "$(src "select pg_relation_size('t') / 8192")" "id between 100 and 9000" | ended >list
	digests list >want
	dst 'delete from t where id < 100'
	exits 0 pg-checksum -d "$DST" <want
	exits 0 pg-checksum --source "$SRC" --target "$DST" <list
	dst 'delete from t where id = 100'
	exits 1 pg-checksum -d "$DST" <want
	exits 1 pg-checksum --source "$SRC" --target "$DST" --rows <list
	is "$(found)" '["missing",{"id":"100"},null,null]'
	is "$(jq -r 'select(.row).chunk' "$OUT")" public.t
	# All slices are one answer: its rows are said once, and counted once.
	is "$(jq -c 'select(.found).found.missing' "$OUT")" 1
	ends_whole $(($(wc -l <"$OUT") - 1))
	cp "$OUT" again
	exits 1 pg-checksum --source "$SRC" --target "$DST" <again
}

@test "key and time slices are each judged by their own predicate" {
	same t 1000
	{
		line t '{"chunk":"k1","where":"(id) < (400)","slice":{"by":"key","columns":["id"],"from":null,"to":["400"]}}'
		line t '{"chunk":"k2","where":"(id) >= (400) -- to the end","slice":{"by":"key","columns":["id"],"from":["400"],"to":null}}'
		line t '{"chunk":"t1","where":"d >= '"'2026-01-01'"' or d is null","slice":{"by":"time","columns":["d"],"from":["2026-01-01"],"to":null}}'
	} | ended >list
	digests list >want
	is "$(jq -c 'select(.chunk).rows' want | xargs)" '399 601 636'
	dst 'delete from t where id = 30'
	exits 1 pg-checksum -d "$DST" <want
	is "$(verdicts)" $'k1 differ\nk2 match\nt1 match'
	exits 1 pg-checksum --source "$SRC" --target "$DST" <list
	is "$(verdicts)" $'k1 differ\nk2 match\nt1 match'
}

@test "rows without a key that only the target has are in a slice of the source's" {
	src "create table t (id int primary key, v text); insert into t select i, repeat('x', 50) from generate_series(1, 20000) i; analyze t"
	dst "create table t (id int, v text); insert into t select i, repeat('x', 50) from generate_series(1, 20000) i"
	pg-chunks -q -d "$SRC" --by key --split 500kB t >list
	exits 0 pg-checksum --source "$SRC" --target "$DST" <list
	dst 'insert into t values (null, null)'
	exits 1 pg-checksum --source "$SRC" --target "$DST" <list
	is "$(jq -r 'select(.chunk) | .status' "$OUT" | sort | uniq -c | xargs)" '1 differ 3 match'
}

# --- two servers ------------------------------------------------------------------

@test "two servers are asked at once" {
	same a 100
	same b 100
	same c 100
	dst 'update b set n = n + 1 where id = 50; drop table c'
	lines_of a b c >list
	exits 1 pg-checksum --source "$SRC" --target "$DST" -j 3 <list
	is "$(verdicts)" $'public.a match\npublic.b differ\npublic.c missing'
	is "$(jq -r 'select(.chunk == "public.a") | .source_digest == .target_digest' "$OUT")" true
	ends_whole 3
	PGPIPE_SOURCE=$SRC PGPIPE_TARGET=$DST exits 1 pg-checksum --rows <list
	PGPIPE_TARGET=$DST exits 1 pg-checksum --source "$SRC" <list
	exits 2 pg-checksum --source "$SRC" <list
	exits 2 pg-checksum -d "$SRC" --target "$DST" <list
	exits 2 pg-checksum -d "$SRC" --rows <list
	src 'drop table a'
	exits 1 pg-checksum --source "$SRC" --target "$DST" <list
	like "$(answers .reason)" 'public.a it is not there on the source'
	# Both at once: two that sleep take as long as one.
	line b '{"where":"(select pg_catalog.pg_sleep(3)) is not null"}' | ended >slow
	SECONDS=0
	exits 1 pg-checksum --source "$SRC" --target "$DST" <slow
	[ "$SECONDS" -lt 6 ]
}

@test "a difference whose source no longer gives the line's digest has moved" {
	same a 100
	same b 100
	same c 100
	lines_of a b c >list
	digests list >want
	src 'update a set v = $$later$$ where id = 1; update c set v = $$both$$ where id = 1'
	dst 'update b set v = $$wrong$$ where id = 1; update c set v = $$both$$ where id = 1'
	exits 1 pg-checksum --source "$SRC" --target "$DST" <want
	is "$(verdicts)" $'public.a differ\npublic.b differ\npublic.c match'
	is "$(answers .moved)" $'public.a true\npublic.b null\npublic.c null'
	like "$err" 'the source has moved since'
	# Held to the line alone, the target is right about a.
	exits 1 pg-checksum -d "$DST" <want
	is "$(verdicts)" $'public.a match\npublic.b differ\npublic.c differ'
	# Slices are judged together here, too.
	slices a "$(src "select pg_relation_size('a') / 8192")" | ended >list
	digests list >want
	src 'update a set v = $$later still$$ where id = 1'
	exits 1 pg-checksum --source "$SRC" --target "$DST" <want
	is "$(answers .moved | cut -d' ' -f2)" true
}

# --- servers that cannot ----------------------------------------------------------

@test "where a server's hashes cannot be used, that is said once, and rows are read" {
	same t 5000
	same u 50
	both 'create type pair as (a int, b text); create table x (p pair);
		insert into x values ($$(1,"a b")$$), (null)'
	pg_sql src 'create role plain login' 2>/dev/null || true
	src 'grant select on all tables in schema public to plain;
		revoke execute on function pg_catalog.hash_array_extended(anyarray, bigint) from public'
	local plain=${SRC/user=postgres/user=plain}
	lines_of t u x >list
	digests list >want
	exits 0 pg-checksum -d "$plain" -j 2 <want
	is "$(verdicts | grep -c match)" 3
	is "$(grep -c 'cannot give hashes' <<<"$err")" 1
	like "$err" 'rows are read instead'
	exits 0 pg-checksum -d "$plain" <list
	is "$(answers .digest)" "$(jq -r 'select(.chunk) | .chunk + " " + .digest' want | sort)"
	exits 0 pg-checksum --source "$plain" --target "$DST" <list
	dst 'delete from u where id = 7'
	exits 1 pg-checksum --source "$plain" --target "$DST" --rows <list
	is "$(verdicts)" $'public.t match\npublic.u differ\npublic.x match'
	like "$err" 'cannot list the rows'
	is "$(jq -c 'select(.chunk == "public.u").found.complete' "$OUT")" false
	src 'grant execute on function pg_catalog.hash_array_extended(anyarray, bigint) to public'
}

@test "rows that may not be read are unproved, and the error is in the line" {
	same t 10
	same hidden 10
	pg_sql src 'create role reader login' 2>/dev/null || true
	src 'grant select on hidden to reader; alter table hidden enable row level security'
	lines_of t hidden >list
	exits 3 pg-checksum -d "${SRC/user=postgres/user=reader}" <list
	ends_whole 2
	is "$(verdicts | cut -d' ' -f2 | uniq)" unproved
	like "$(answers .error.sqlstate)" 'public.t 42501'
	like "$err" 'permission denied for table t'
	like "$err" 'row-level security'
}

@test "a lock on the target is waited for, but not for ever" {
	same t 10
	same u 10
	lines_of t u >list
	digests list >want
	{ echo 'begin; lock table t;'; sleep 4; } | psql -Xq -d "$DST" &
	sleep 0.5
	exits 4 pg-checksum -d "$DST" --lock-timeout 300ms <want
	is "$(verdicts)" $'public.t unproved\npublic.u match'
	is "$(answers .error.class | grep t\ )" 'public.t 4'
	exits 0 pg-checksum -d "$DST" <want
	wait
}

# --- connections -------------------------------------------------------------------

@test "a server that cannot be reached leaves every line answered" {
	same t 10
	lines_of t t t >list
	digests list >want
	exits 3 pg-checksum -d "$DST dbname=nowhere" -j 3 <want
	is "$(verdicts | grep -c unproved)" 3
	ends_whole 3
	is "$(grep -c 'error:' <<<"$err")" 1
	is "$(answers .error.class | uniq)" 'public.t 3'
	exits 3 pg-checksum --source "$SRC" --target "$DST dbname=nowhere" <want
	like "$(answers .error.message | uniq)" 'target'
}

@test "a connection that is lost is made again" {
	same t 10
	same u 10
	{ line t '{"where":"(select pg_catalog.pg_sleep(1.5)) is not null"}'; line u; } | ended >list
	digests list >want
	( sleep 0.7; dst "select pg_terminate_backend(pid) from pg_stat_activity
		where application_name = 'pg-checksum'" >/dev/null ) &
	exits 0 pg-checksum -d "$DST" <want
	wait
	is "$(verdicts)" $'public.t match\npublic.u match'
	like "$err" 'terminating connection|was lost'
}

@test "a server that goes away is exit 4, and every line is answered" {
	pg_start away
	local i
	for i in $(seq 5); do
		line t "{\"chunk\":\"c$i\",\"where\":\"(select pg_catalog.pg_sleep(1)) is not null\"}"
	done | ended >list
	pg_sql away 'create table t (a int)'
	( sleep 1.5; pg_kill away ) &
	exits 4 pg-checksum -d "$(pg_dsn away)" <list
	wait
	is "$(verdicts | cut -d' ' -f2 | sort | uniq -c | awk '{ s += $1 } END { print s }')" 5
	is "$(jq -s 'map(select(.status == "unproved" and .error.class == 4)) | length > 2' "$OUT")" true
}

@test "fewer connections than jobs are enough" {
	pg_start few 'max_connections = 7' 'superuser_reserved_connections = 3' 'max_wal_senders = 0'
	pg_sql few 'create role u login; create table t as select generate_series(1, 100) a; grant select on t to u'
	local i
	for i in $(seq 12); do
		line t "{\"chunk\":\"c$i\",\"where\":\"(select pg_catalog.pg_sleep(0.1)) is not null\"}"
	done | ended >list
	exits 0 pg-checksum -d "$(pg_dsn few | sed 's/user=postgres/user=u/')" <list
	cp "$OUT" want
	exits 0 pg-checksum -d "$(pg_dsn few | sed 's/user=postgres/user=u/') connect_timeout=2" -j 12 <want
	is "$(verdicts | grep -c match)" 12
	pg_stop few
}

# --- which rows --------------------------------------------------------------------

rows() { exits "${EXIT:-1}" pg-checksum --source "$SRC" --target "$DST" --rows "$@"; }

@test "--rows names each row that is missing, extra or different, and the columns" {
	same t 1000
	same fine 10
	dst "update t set v = 'x', d = null where id = 5; update t set n = n + 0.5 where id = 900;
		delete from t where id in (7, 1000); insert into t values (-1, 'new', 1, null)"
	lines_of t fine >list
	rows <list
	is "$(found)" '["differ",{"id":"5"},["v","d"],null]
["differ",{"id":"900"},["n"],null]
["extra",{"id":"-1"},null,null]
["missing",{"id":"1000"},null,null]
["missing",{"id":"7"},null,null]'
	is "$(jq -c 'select(.found).found' "$OUT")" '{"missing":2,"extra":1,"differ":2,"complete":true}'
	is "$(jq -c 'select(.row) | [.chunk, .schema, .table]' "$OUT" | uniq)" '["public.t","public","t"]'
	# A chunk's rows come before its verdict.
	is "$(jq -r 'select(.chunk == "public.t") | .row // .status' "$OUT" | tail -n 1)" differ
	ends_whole 7
	rows --values <list
	is "$(jq -c 'select(.key.id == "5") | [.source_row, .target_row]' "$OUT")" \
		"$(jq -cn --arg v "$(src 'select v from t where id = 5')" '[{v: $v, d: "2025-01-06"}, {v: "x", d: null}]')"
	is "$(jq -c 'select(.key.id == "-1") | [.source_row, .target_row.v]' "$OUT")" '[null,"new"]'
	# Rows are no chunks when the answer is read again.
	cp "$OUT" again
	exits 1 pg-checksum --source "$SRC" --target "$DST" <again
	ends_whole 2
}

@test "only leaves that differ are read again, by ranges of the key" {
	both "create table t (a int, b bigint, v text, primary key (b, a))"
	both "insert into t select i % 7, i, 'v' || i from generate_series(1, 200000) i"
	both 'vacuum analyze t'
	dst "update t set v = 'changed' where b = 150000; delete from t where b > 199999;
		insert into t values (0, -5, 'new')"
	dst 'create table big (like t); alter system set log_statement = $$all$$; select pg_reload_conf()' >/dev/null
	: >"$(pg_log dst)"
	lines_of t >list
	sleep 0.5
	rows <list
	dst 'alter system reset log_statement; select pg_reload_conf()' >/dev/null
	is "$(found)" '["differ",{"a":"4","b":"150000"},["v"],null]
["extra",{"a":"0","b":"-5"},null,null]
["missing",{"a":"3","b":"200000"},null,null]'
	# Of 13 leaves three were listed, and no query read the whole table twice.
	is "$(grep -c 'declare pgpipe_rows' "$(pg_log dst)")" 3
	is "$(grep 'declare pgpipe_rows' "$(pg_log dst)" | grep -vc '>= (\|< (')" 0
}

@test "keys of every type that can be one" {
	local t
	for t in 'int2 g' 'numeric g/10.0' "uuid md5(g::text)::uuid" "text md5(g::text)" \
		"timestamptz timestamptz'2025-01-01Z'+g*interval'1s'" "date date'2025-01-01'+g" \
		"bytea decode(md5(g::text),'hex')" "inet '10.0.0.0'::inet+g" 'float8 g/7.0' "varchar(9) 'ä'||g" \
		'char(7) g::text' "jsonb to_jsonb(g)" "\"char\" chr(33+g)::\"char\"" 'bool g%2=1' "name 'n'||g" "int4range int4range(g,g+2)"; do
		local type=${t%% *} value=${t#* } n=30000
		[ "$type" != '"char"' ] || n=60
		[ "$type" != bool ] || n=1
		both "drop table if exists t; create table t (k $type primary key, v int);
			insert into t select $value, g from generate_series(1, $n) g"
		dst "update t set v = -1 where v = $n"
		lines_of t >list
		rows <list
		is "$(jq -c 'select(.row) | [.row, .columns]' "$OUT")" '["differ",["v"]]' "key of type $type"
		is "$(jq -r 'select(.row).key.k' "$OUT")" "$(src "select k::text from t where v = $n")"
	done
}

@test "rows without a key are told apart by what they hold, and copies counted" {
	both "create table t (a int, b text);
		insert into t select i % 20000, null from generate_series(1, 60000) i"
	dst "delete from t where ctid in (select ctid from t where a = 77 limit 2);
		insert into t select 5, null from generate_series(1, 3);
		update t set b = '' where ctid = (select ctid from t where a = 9 limit 1)"
	lines_of t >list
	rows <list
	is "$(jq -cS 'select(.row) | [.row, .key, .count, .source_row // .target_row]' "$OUT" | sort)" \
		'["extra",null,1,{"a":"9","b":""}]
["extra",null,3,{"a":"5","b":null}]
["missing",null,1,{"a":"9","b":null}]
["missing",null,2,{"a":"77","b":null}]'
	is "$(jq -c 'select(.found).found' "$OUT")" '{"missing":3,"extra":4,"differ":0,"complete":true}'
}

@test "--key tells rows apart where there is no primary key" {
	both "create table t (a int, b text, v int);
		insert into t select i, nullif(i % 3, 0), i from generate_series(1, 40000) i"
	dst "update t set v = 0 where a in (4, 6); delete from t where a = 40000;
		insert into t values (10, '1', 10)"
	lines_of t >list
	rows --key a,b <list
	is "$(found)" '["differ",{"a":"4","b":"1"},["v"],null]
["differ",{"a":"6","b":null},null,null]
["extra",{"a":"10","b":"1"},null,null]
["missing",{"a":"40000","b":"1"},null,null]'
	rows --key a <list
	is "$(found | head -n 2)" '["differ",{"a":"4"},["v"],null]
["differ",{"a":"6"},["v"],null]'
	rows --key nowhere <list
	like "$err" 'lacks a column of --key'
	exits 2 pg-checksum --source "$SRC" --target "$DST" --key a <list
}

@test "--max-rows ends a list that would be long" {
	same t 30000
	dst 'update t set v = $$x$$ where id % 2 = 0'
	lines_of t >list
	rows --max-rows 10 <list
	is "$(jq -c 'select(.row)' "$OUT" | wc -l)" 10
	is "$(jq -c 'select(.found).found' "$OUT")" '{"missing":0,"extra":0,"differ":10,"complete":false}'
	like "$err" '\-\-max-rows'
	rows <list
	is "$(jq -c 'select(.row)' "$OUT" | wc -l)" 1000
	rows --max-rows 0 <list
	is "$(jq -c 'select(.row)' "$OUT" | wc -l)" 15000
	is "$(jq -c 'select(.found).found.complete' "$OUT")" true
}

@test "rows of every chunk that differs, whatever the jobs" {
	local i
	for i in 1 2 3 4 5 6; do same t$i 500; done
	dst 'update t2 set v = $$x$$ where id = 2; delete from t4 where id = 4; truncate t6'
	lines_of t{1..6} >list
	rows -j 4 <list
	is "$(jq -r 'select(.row) | "\(.table) \(.row)"' "$OUT" | sort | uniq -c | xargs)" \
		'1 t2 differ 1 t4 missing 500 t6 missing'
	for i in 2 4 6; do
		is "$(jq -r 'select(.chunk == "public.t'$i'") | .status // "row"' "$OUT" | tail -n 1)" differ
	done
}

@test "an array that held a null once is told from one with another value by two servers" {
	both "create table t (id int primary key, a int[])"
	src "insert into t select i, array[i, null, 3] from generate_series(1, 100) i; update t set a[2] = 2"
	dst "insert into t select i, array[i, 2, 3] from generate_series(1, 100) i"
	# A domain over an array is one.
	both 'create domain held as int[]; create table d (a held)'
	src "insert into d values ('{1,null}'); update d set a = array_replace(a, null, 2); insert into d values ('{1,null}'); update d set a[2] = 2"
	dst "insert into d values ('{1,2}'), ('{1,2}')"
	lines_of d >list
	exits 0 pg-checksum --source "$SRC" --target "$DST" <list
	is "$(answers '[.status, .target_digest[:4]]')" 'public.d ["match","text"]'
	lines_of t >list
	digests list >want
	exits 1 pg-checksum -d "$DST" <want
	like "$(answers .reason)" 'arrays that held nulls once, --source and --target tell'
	EXIT=0 rows <list
	is "$(answers '[.status, .target_digest[:4]]')" 'public.t ["match","text"]'
	dst 'update t set a[3] = null where id = 7'
	rows <want
	is "$(found)" '["differ",{"id":"7"},["a"],null]'
	is "$(answers '[.status, .moved]')" 'public.t ["differ",null]'
}

@test "rows of tables whose columns differ in type" {
	src 'create table t (id int primary key, a int, b varchar(20))'
	dst 'create table t (id bigint primary key, a numeric, b text)'
	both "insert into t select i, i, 'x' || i from generate_series(1, 40000) i"
	lines_of t >list
	EXIT=0 rows <list
	dst 'update t set a = a + 1 where id = 33333'
	rows <list
	is "$(found)" '["differ",{"id":"33333"},["a"],null]'
}

@test "1,600 columns" {
	local columns values
	columns=$(seq -s, -f 'c%g int' 1599)
	values=$(seq -s, 1599)
	both "create table t (id int primary key, $columns);
		insert into t select i, $values from generate_series(1, 20) i"
	dst 'update t set c7 = null, c1599 = 0 where id = 11; delete from t where id = 3'
	lines_of t >list
	digests list >want
	exits 1 pg-checksum -d "$DST" <want
	exits 0 pg-checksum -d "$SRC" <want
	rows --values <list
	is "$(found | cut -c 1-60)" "$(cut -c 1-60 <<<'["differ",{"id":"11"},["c7","c1599"],null]
["missing",{"id":"3"},null,null]')"
	src 'alter table t drop constraint t_pkey'
	rows <list
	is "$(jq -r 'select(.row).row' "$OUT" | sort | uniq -c | xargs)" '1 extra 2 missing'
}

@test "hostile names and values" {
	local schema='s "q" '"'x'"' \ ä' table='T;--{},$1' key='k"\{a,b}' column="c'\"::int	x"
	q() { printf '"%s"' "${1//\"/\"\"}"; }
	both "create schema $(q "$schema"); create table $(q "$schema").$(q "$table")
		($(q "$key") text primary key, $(q "$column") text, \"t\" text)"
	both "insert into $(q "$schema").$(q "$table") select
		v || '\"''\\(),{}' || chr(9) || i, v, v from generate_series(1, 300) i,
		unnest(array['', ' ', 'NULL', '\\N', '\\', e'\\\\n', e'\\x01', 'ü', '''', '\"', '((', '{\"a\"}']) v"
	dst "update $(q "$schema").$(q "$table") set $(q "$column") = e'x\\\\y''\\n' where ctid = '(1,1)';
		delete from $(q "$schema").$(q "$table") where ctid = '(1,2)'"
	line x "$(jq -cn --arg s "$schema" --arg t "$table" '{chunk: "hostile", schema: $s, table: $t}')" | ended >list
	digests list >want
	exits 0 pg-checksum -d "$SRC" <want
	exits 1 pg-checksum -d "$DST" <want
	rows --values <list
	is "$(jq -r 'select(.row).row' "$OUT" | sort | xargs)" 'differ missing'
	is "$(jq -r 'select(.row == "differ").columns[0]' "$OUT")" "$column"
	is "$(jq -c 'select(.row == "differ").target_row[]' "$OUT")" '"x\\y'"'"'\n"'
	is "$(jq -r 'select(.row == "missing").key[]' "$OUT")" \
		"$(src "select $(q "$key") from $(q "$schema").$(q "$table") where ctid = '(1,2)'")"
	src "alter table $(q "$schema").$(q "$table") drop constraint $(q "${table}_pkey")"
	rows <list
	is "$(jq -r 'select(.row).row' "$OUT" | sort | uniq -c | xargs)" '1 extra 2 missing'
}

@test "values that are long are cut, and rows of any size pass" {
	both "create table t (id int primary key, v text, w text);
		insert into t values (1, repeat('ä', 999), repeat('x', 30000000)), (2, repeat('y', 1001), null)"
	dst "update t set v = v || 'z', w = w || 'x'"
	lines_of t >list
	rows --values <list
	is "$(jq -c 'select(.key.id == "1") | [.source_row.v, .target_row.v, .source_row.w | length]' "$OUT")" '[999,1000,1000]'
	is "$(jq -c 'select(.row) | [.key.id, .cut]' "$OUT")" '["1",["w","w"]]
["2",["v","v"]]'
}

# --- archives ----------------------------------------------------------------------

archive() {	# FILE TABLE...
	local file=$1
	shift
	pg-copyout -q -d "$SRC" "${@/#/public.}" >"$file"
}

@test "a saved archive is checked whole, and its chunks' digests are printed" {
	same a 1000
	same b 10
	both 'create table empty (a int)'
	archive saved a b empty
	exits 0 pg-checksum <saved
	is "$(verdicts)" $'public.a match\npublic.b match\npublic.empty match'
	is "$(answers .rows)" $'public.a 1000\npublic.b 10\npublic.empty 0'
	ends_whole 3
	lines_of a b empty >list
	is "$(answers .digest)" "$(digests list | jq -r 'select(.chunk) | .chunk + " " + .digest' | sort)"
	zstd -q saved -o saved.zst
	pipes '0 0' 'zstd -dc saved.zst | pg-checksum'
	exits 2 pg-checksum <saved.zst
	like "$err" 'zstd -dc'
	# Two archives, one after the other.
	pipes '0 0' 'cat saved saved | pg-checksum'
	ends_whole 6
	# What it holds is a question to a server.
	pipes '0 0' 'pg-checksum <saved | pg-checksum -d "$DST"'
	exits 0 pg-checksum -d "$DST" <saved
	is "$(verdicts | grep -c match)" 3
	dst 'delete from a where id = 1'
	exits 1 pg-checksum -d "$DST" <saved
	is "$(verdicts)" $'public.a differ\npublic.b match\npublic.empty match'
	exits 1 pg-checksum --source "$SRC" --target "$DST" --rows <saved
	is "$(found)" '["missing",{"id":"1"},null,null]'
}

@test "an archive of text, of csv, and one that carries no digests" {
	same t 500
	local format
	for format in text csv binary; do
		pg-copyout -q -d "$SRC" --format $format public.t >saved
		exits 0 pg-checksum <saved
		is "$(verdicts)" 'public.t match'
		pipes '0 0' 'pg-checksum <saved | pg-checksum -d "$DST"'
		pg-copyout -q -d "$SRC" --format $format --no-digest public.t >saved
		exits 0 pg-checksum <saved
		pipes '0 0' 'pg-checksum <saved | pg-checksum -d "$DST"'
	done
}

@test "an archive with a chunk that failed, and one that is damaged" {
	same a 1000
	same b 10
	pipes '0 3' 'lines_of a nowhere b | pg-copyout -d "$SRC" >saved'
	exits 1 pg-checksum <saved
	is "$(verdicts)" $'public.a match\npublic.b match\npublic.nowhere unproved'
	like "$(answers .error.class | grep nowhere)" '3|4'
	pipes '1 1' 'pg-checksum <saved | pg-checksum -d "$DST"'
	is "$(verdicts)" $'public.a match\npublic.b match\npublic.nowhere unproved'
	archive saved a b
	local size cut
	size=$(stat -c %s saved)
	for cut in 1 100 512 5000 $((size / 2)) $((size - 1024)) $((size - 1)); do
		dd if=saved of=part bs="$cut" count=1 iflag=fullblock status=none
		exits 2 pg-checksum <part
		unlike "$out" '"end":"pg-checksum"'
		like "$err" 'pg-checksum: error:'
	done
	{ cat saved; echo x; } >longer
	exits 2 pg-checksum <longer
	exits 2 pg-checksum -d "$DST" <longer
	is "$(verdicts)" $'public.a match\npublic.b match'
}

# --- input and output ----------------------------------------------------------------

@test "what is no list, and a list that was cut" {
	same t 10
	lines_of t >list
	digests list >want
	exits 2 pg-checksum -d "$DST" </dev/null
	like "$err" 'holds no lines'
	exits 2 pg-checksum -d "$DST" <<<'hello'
	like "$err" 'neither chunk lines nor a copy archive'
	exits 2 pg-checksum -d "$DST" <<<'{"a":1}'
	exits 2 pg-checksum -d "$DST" <<<'[]'
	exits 2 pg-checksum -d "$DST" < <(printf '{"chunk":"public.t","sch')
	exits 2 pg-checksum -d "$DST" -j 0 <want
	exits 2 pg-checksum -d "$DST" -j 1000 <want
	exits 2 pg-checksum operand <want
	{ head -n 1 want; echo garbage; head -n 1 want; } >bad
	exits 2 pg-checksum -d "$DST" <bad
	is "$(verdicts)" 'public.t match'
	unlike "$out" '"end"'
	head -n 1 want >part
	exits 4 pg-checksum -d "$DST" <part
	is "$(verdicts)" 'public.t match'
	unlike "$out" '"end"'
	like "$err" 'may have been cut'
	exits 0 pg-checksum -d "$DST" --partial <part
	ends_whole 1
	printf '{"end":"pg-chunks","lines":0}\n' >none
	exits 0 pg-checksum -d "$DST" <none
	ends_whole 0
	# A killed stage before it must not make a half proof look whole.
	dst 'delete from t'
	exits 4 pg-checksum -d "$DST" <part
}

@test "output that is lost is a failure" {
	same t 10
	lines_of t t t >list
	pipes 3 'pg-checksum -d "$SRC" <list >/dev/full'
	like "$err" 'No space left on device'
	pipes 3 'pg-checksum -d "$SRC" <list >&-'
	like "$err" 'error:'
}

@test "the first signal ends work at a safe point, the second at once" {
	same t 10
	local i pid
	for i in 1 2 3 4; do
		line t "{\"chunk\":\"c$i\",\"where\":\"(select pg_catalog.pg_sleep(1)) is not null\"}"
	done | ended >list
	pg-checksum -d "$SRC" <list >out 2>err &
	pid=$!
	sleep 0.6
	kill -TERM $pid
	i=0
	wait $pid || i=$?
	is "$i" 143
	is "$(jq -r .status out | sort | uniq -c | xargs)" '1 null 3 unproved'
	is "$(jq -r 'select(.status).reason' out | uniq)" interrupted
	unlike "$(<out)" '"end"'
	SECONDS=0
	line t '{"where":"(select pg_catalog.pg_sleep(30)) is not null"}' | ended >list
	pg-checksum -d "$SRC" <list >out 2>err &
	pid=$!
	sleep 0.5
	kill -TERM $pid
	sleep 0.5
	kill -TERM $pid
	wait $pid || i=$?
	is "$i" 143
	[ "$SECONDS" -lt 10 ]
}

@test "what the manual shows as examples works" {
	same t 1000
	pg-copyout -q -d "$SRC" public.t | zstd -q >backup.tar.zst
	dst 'truncate t'
	sed -e '1,/^\.Sh EXAMPLES/d' "$TREE/man/pg-checksum.1" |
		awk '/^\.Ed/ { show = 0 } show; /^\.Bd/ { show = 1; print ":;" }' |
		sed 's/\\(dq/"/g' >examples.sh
	is "$(grep -c '^:;' examples.sh)" 5
	exits 0 bash -eo pipefail examples.sh
	is "$(jq -r 'select(.chunk and .status) | .status' "$OUT" | sort | uniq -c | xargs)" '5 match'
	# The last one names what does not match.
	dst 'delete from t'
	exits 0 bash -c 'pg-checksum -d "$DST" < digests | jq -r "select(.status and .status != \"match\") | .chunk"'
	is "$out" public.t
}
