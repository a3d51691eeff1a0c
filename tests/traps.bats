#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# What a digest of rows must not be blind to: the traps that other tools fell into,
# one by one, and random mutations of random rows by the thousand.  Each test asks
# pg-checksum for the digests of parts of a table, by `where`, in one run.

load lib/common

setup_file() {
	common_setup_file
	pg_start a
	pg_sql a <"$BATS_TEST_DIRNAME/traps.sql"
}

setup() {
	common_setup
	A=$(pg_dsn a)
}

sql() { pg_sql a "$1"; }

# What tells parts of a table apart is not part of what is digested.
part_lines() {	# TABLE "COLUMN..." WHERE...
	jq -cn --arg t "$1" --arg names "$2" '$ARGS.positional[2:][] | {chunk: .,
		schema: "public", table: $t, where: .,
		columns: ($names | split(" ") | map({name: .}))}' --args "$@"
}

# "WHERE DIGEST" of each part, in order.
digests() {	# TABLE "COLUMN..." WHERE...
	part_lines "$@" >parts
	shift 2
	pg-checksum -q --partial -d "$A" <parts | jq -r 'select(.chunk) | "\(.chunk)\t\(.digest)"' >got
	is "$(wc -l <got)" $#
	cut -f 2 got
}

# All parts of a table, told apart by its column p, have digests of their own.
all_differ() {	# TABLE COLUMN...
	local table=$1 p
	shift
	mapfile -t p < <(sql "select distinct 'p = ' || p from $table order by 1")
	digests "$table" "$*" "${p[@]}" >all
	is "$(sort all | uniq -d)" '' "$table: equal digests of: $(sql "select string_agg(t::text, ' ') from $table t")"
	is "$(grep -vc '^\(send\|text\):' all)" 0
}

@test "1: values of a column that move between rows" {
	sql "create table moved (p int, a int, b text, c float8)"
	sql "insert into moved select 0, i, 'v' || i, random() from generate_series(1, 20) i;
		insert into moved select t, x.a, y.b, x.c from generate_series(1, 300) t,
			lateral (select *, row_number() over (order by a) n from moved where p = 0 and t > 0) x,
			lateral (select *, row_number() over (order by random() * t) n from moved where p = 0) y
		where x.n = y.n"
	is "$(sql 'select count(*), count(distinct p) from moved')" '6020|301'
	all_differ moved a b c
	# The trap itself: a sum of hash_record_extended sees none of them.
	[ "$PG_MAJOR" -lt 14 ] || is "$(sql 'select count(distinct s::numeric % (2::numeric ^ 64)) from (
		select sum(hash_record_extended(row(a, b, c), 0)) s from moved group by p) x' | awk '{ print ($1 < 30) }')" 1
}

@test "2: rows that come twice, and twice more" {
	sql "create table twice (p int, a int, b text);
		insert into twice select p, i, 'v' || i from generate_series(0, 5) p, generate_series(1, 5) i;
		insert into twice select 1, 1, 'v1';
		insert into twice select 2, 1, 'v1' from generate_series(1, 2);
		insert into twice select 3, 2, 'v2' from generate_series(1, 2);
		insert into twice select 4, i, 'v' || i from generate_series(1, 5) i;
		delete from twice where p = 5 and a = 5"
	all_differ twice a b
	# Parts add up: half-open ranges, of which the first and the last are open.
	digests twice 'a b' 'p = 0' 'p = 0 and a < 3' 'p = 0 and a >= 3' 'p = 0 and a > 100' >sums
	is "$(sed -n 4p sums)" send:0:00000000000000000000000000000000
}

@test "3: integers and times that fold into fewer bits" {
	sql "create table folds (p int, a int8, t timestamptz, d timestamp);
		insert into folds values (1, 1, '2000-01-01Z', '2000-01-01'), (2, 1::int8 << 32, '2000-01-01Z', '2000-01-01'),
			(3, (1::int8 << 32) + 1, '2000-01-01Z', '2000-01-01'), (4, -1, '2000-01-01Z', '2000-01-01'),
			(5, 0, '2000-01-01Z', '2000-01-01'), (6, -(1::int8 << 32), '2000-01-01Z', '2000-01-01'),
			(7, 1, '2000-01-01Z'::timestamptz + interval '1 us', '2000-01-01'),
			(8, 1, '2000-01-01Z'::timestamptz + interval '4294.967296 s', '2000-01-01'),
			(9, 1, '2000-01-01Z', '2000-01-01'::timestamp + interval '1 us'),
			(10, 1, '2000-01-01Z', '2000-01-01'::timestamp + interval '4294.967296 s')"
	all_differ folds a t d
}

@test "4: types without a hash, and values that are equal and not the same" {
	sql "create table hashless (p int, j json, x text, pt point, bi bit(4), m money, v tsvector);
		insert into hashless values (1, '{\"a\":1,\"b\":2}', '<a/>', '(0,0)', '1010', 1, 'a b'),
			(2, '{\"b\":2,\"a\":1}', '<a/>', '(0,0)', '1010', 1, 'a b'), (3, '{\"a\": 1,\"b\":2}', '<a/>', '(0,0)', '1010', 1, 'a b'),
			(4, '{\"a\":1,\"b\":2}', '<a></a>', '(0,0)', '1010', 1, 'a b'), (5, '{\"a\":1,\"b\":2}', '<a/>', '(0,-0)', '1010', 1, 'a b'),
			(6, '{\"a\":1,\"b\":2}', '<a/>', '(0,0)', '1011', 1, 'a b'), (7, '{\"a\":1,\"b\":2}', '<a/>', '(0,0)', '1010', 2, 'a b'),
			(8, '{\"a\":1,\"b\":2}', '<a/>', '(0,0)', '1010', 1, 'a c');
		create table equal (p int, n numeric, f float8, g float4, c bpchar, i interval, v varchar);
		insert into equal values (1, 1.0, 0, 0, 'a', '24:00', 'a'), (2, 1.00, 0, 0, 'a', '24:00', 'a'), (3, 1, 0, 0, 'a', '24:00', 'a'),
			(4, 1.0, '-0', 0, 'a', '24:00', 'a'), (5, 1.0, 0, '-0', 'a', '24:00', 'a'), (6, 1.0, 0, 0, 'a  ', '24:00', 'a'),
			(7, 1.0, 0, 0, 'a', '1 day', 'a'), (8, 1.0, 0, 0, 'a', '24:00', 'a ')"
	all_differ hashless j x pt bi m v
	all_differ equal n f g c i v
	# As they are in text: a type of this database makes the digest one of text.
	sql "create type pair as (a int); alter table hashless add p2 pair; alter table equal add p2 pair"
	all_differ hashless j x pt bi m v p2
	all_differ equal n f g c i v p2
	like "$(<all)" '^text:'
}

@test "5: separators, nulls, and what looks like them" {
	sql "create table seps (p serial, a text, b text, c text);
		insert into seps (a, b, c) select x, y, z from unnest(array[null, '', 'NULL', ' ', 'x', 'x0', '0y', ',', '\"', '\\N', e'\\t',
			'x,', '()', '\\']) x, unnest(array[null, '', 'NULL', 'y', '0y', ',', e'\\t', 'x,y']) y, unnest(array[null, '', ',']) z;
		create table nulls (p serial, a int, b int, c int);
		insert into nulls (a, b, c) select x, y, z from unnest(array[null, 0, 1, 2, 5]) x, unnest(array[null, 0, 1, 2, 5]) y,
			unnest(array[null, 0, 1, 2, 5]) z"
	all_differ seps a b c
	all_differ nulls a b c
	sql 'create type pair5 as (a int); alter table seps add d pair5; alter table nulls add d pair5'
	all_differ seps a b c d
	like "$(<all)" '^text:'
	all_differ nulls a b c d
}

@test "6: columns that change places, and values that change columns" {
	sql "create table places (p int, a text, b text); insert into places values (1, 'x', 'y'), (2, 'y', 'x');
		create table turned (p int, b text, a text); insert into turned values (1, 'y', 'x')"
	all_differ places a b
	# The order of columns is no difference, their names are what counts.
	is "$(digests turned 'b a' 'p = 1')" "$(digests places 'a b' 'p = 1')"
	is "$(digests places 'b a' 'p = 1')" "$(digests places 'a b' 'p = 1')"
}

@test "7, 8: settings of the role, the database and the session change nothing" {
	sql "create type pair7 as (a int, b timestamptz);
		create table settings (p int, t timestamptz, d date, i interval, f float8, g float4, b bytea, m money, r regclass, c pair7);
		insert into settings values (1, '2025-03-30 01:30Z', '2025-02-03', '-1 day 02:03', 0.1 + 0.2, 1.1, '\\x00ff', 12.5, 'settings', (1, '2025-03-30 01:30Z'));
		create role odd superuser login; alter role odd set timezone to 'Asia/Tokyo'; alter role odd set datestyle to 'SQL, DMY';
		alter role odd set intervalstyle to 'sql_standard'; alter role odd set extra_float_digits to -15;
		alter role odd set bytea_output to 'escape'; alter role odd set search_path to public; alter role odd set client_encoding to latin1;
		alter role odd set jit to on; alter role odd set statement_timeout to '1ms'"
	local columns want
	for columns in 't d i f g b m' 't d i f g b m r c'; do
		want=$(digests settings "$columns" 'p = 1')
		is "$(A="${A/user=postgres/user=odd}" digests settings "$columns" 'p = 1')" "$want"
		is "$(PGOPTIONS='-c timezone=Asia/Tokyo -c extra_float_digits=0' PGTZ=Asia/Tokyo PGDATESTYLE='SQL, DMY' \
			digests settings "$columns" 'p = 1')" "$want"
	done
}

@test "9: what is read is all of a table and nothing else" {
	sql "create table parent9 (p int, a int, gone int, g int generated always as (a * 2) stored);
		alter table parent9 drop column gone; create table child9 () inherits (parent9);
		insert into parent9 (p, a) values (1, 1); insert into child9 (p, a) values (1, 1), (1, 2)"
	pg-checksum -q --partial -d "$A" >got <<<'{"chunk":"x","schema":"public","table":"parent9"}'
	is "$(jq -c 'select(.chunk) | [.rows, [.columns[].name]]' got)" '[1,["p","a"]]'
}

@test "10: databases of other encodings hold the same text" {
	sql "create database latin encoding latin1 locale 'C' template template0"
	sql "create database win encoding win1252 locale 'C' template template0"
	local db
	for db in postgres latin win; do
		pg_sql "a/$db" "set client_encoding to utf8; create table t (id text primary key, v text);
			insert into t select 'k' || chr(64 + i) || i, 'ä ö ü é ß ' || i from generate_series(1, 50) i;
			insert into t values ('é', 'x'), ('ÿ', 'y'), ('z', 'z')"
	done
	printf '{"chunk":"t","schema":"public","table":"t"}\n' >line
	for db in latin win; do
		exits 0 pg-checksum --partial --source "$A" --target "$(pg_dsn a/$db)" --rows <line
		pg_sql "a/$db" "set client_encoding to utf8; update t set v = 'ß' where id = 'é'; delete from t where id = 'ÿ'"
		exits 1 pg-checksum --partial --source "$A" --target "$(pg_dsn a/$db)" --rows --values <line
		is "$(jq -c 'select(.row) | [.row, .key.id, .target_row.v]' "$OUT")" '["differ","é","ß"]
["missing","ÿ",null]'
	done
}

@test "13: json is its text, jsonb its value" {
	sql "create table js (p int, j json); insert into js values (1, '{\"a\":1,\"b\":2}'), (2, '{\"b\":2,\"a\":1}');
		create table jb (p int, j jsonb); insert into jb values (1, '{\"a\":1,\"b\":2}'), (2, '{\"b\":2,\"a\":1}')"
	all_differ js j
	is "$(digests jb j 'p = 1')" "$(digests jb j 'p = 2')"
}

@test "14: collations, and those that take different strings for equal" {
	sql "create collation blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false)" ||
		skip 'this server has no ICU'
	sql "create table coll (p int, a text collate blind, b text collate \"C\", c text collate \"POSIX\");
		insert into coll values (1, 'Abc', 'x', 'y'), (2, 'abc', 'x', 'y'), (3, 'ABC', 'x', 'y')"
	all_differ coll a b c
	# Keys that are equal in the eyes of their collation are not the same keys.
	sql "create database other"
	pg_sql a/other "create collation blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
	sql "create table ck (id text collate blind primary key, v int); insert into ck values ('Abc', 1), ('b', 2)"
	pg_sql a/other "create table ck (id text collate blind primary key, v int); insert into ck values ('abc', 1), ('b', 3)"
	printf '{"chunk":"ck","schema":"public","table":"ck"}\n' >line
	exits 1 pg-checksum --partial --source "$A" --target "$(pg_dsn a/other)" --rows <line
	is "$(jq -c 'select(.row) | [.row, .key.id, .columns]' "$OUT" | sort)" '["differ","b",["v"]]
["extra","abc",null]
["missing","Abc",null]'
}

# --- by the thousand ----------------------------------------------------------------

# All mutants of a table have digests other than the original's; the last one, which
# is only in another order, has the same.
mutants_differ() {	# TABLE KIND MUTANTS
	local columns bad
	columns=$(sql "select jsonb_agg(jsonb_build_object('name', attname) order by attnum) from pg_attribute
		where attrelid = '$1'::regclass and attnum > 2")
	sql "select jsonb_build_object('chunk', i, 'schema', 'public', 'table', '$1', 'where', 'trial = ' || i,
		'columns', '$columns'::jsonb) from (select i::text from generate_series(0, $3 + 1) i) x" | jq -c . >parts
	pg-checksum -q -j 2 --partial -d "$A" <parts | jq -r 'select(.chunk) | "\(.chunk) \(.digest)"' | sort -n >got
	is "$(wc -l <got)" $(($3 + 2))
	is "$(cut -d' ' -f2 got | cut -d: -f1 | uniq)" "$2"
	bad=$(awk 'NR == 1 { want = $2; next } $2 == want { print $1 }' got | grep -vx $(($3 + 1)) || true)
	is "$bad" '' "blind to: $(sql "select string_agg(trial || ': ' || what, ', ') from log
		where rel = '$1' and trial in (0${bad:+,}${bad//$'\n'/,})")"
	is "$(tail -n 1 got | cut -d' ' -f2)" "$(head -n 1 got | cut -d' ' -f2)" 'another order'
}

@test "random mutations of random rows of random types change the digest, and their order does not" {
	local i n=300
	for i in 1 2 3 4 5 6; do
		sql "select mutants('m$i', (select array_agg('c_' || t) from (
			select t from types order by random() limit 6 * $i) x), $n)"
		mutants_differ m$i send $n
	done
}

@test "and so they do where the digest is one of text" {
	local i n=300
	for i in 1 2 3 4; do
		sql "select mutants('t$i', (select array_agg('c_' || t) || '{c_regtype}'::text[] from (
			select t from types order by random() limit 8 * $i) x), $n)"
		mutants_differ t$i text $n
	done
}

@test "the digest of a stream of random rows is the server's" {
	local i
	for i in 1 2 3 4 5; do
		sql "drop table if exists s; select mutants('s', (select array_agg('c_' || t) from (
			select t from types order by random() limit 7 * $i) x), 20)"
		for format in binary text csv; do
			pg-copyout -q -d "$A" --format $format public.s >archive
			pipes '0 0' 'pg-checksum <archive | pg-checksum -d "$A"'
		done
	done
}
