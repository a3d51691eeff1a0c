#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# pg-chunks: which tables it lists, how it cuts them, and what it says of those that
# it leaves out.  Whether the lines cover all rows, each once, is asked of psql.

load lib/common
load lib/chunks

setup_file() {
	common_setup_file
	pg_start s
}

setup() {
	common_setup
	# A database for each test, of which the server is "s".
	DB=t$BATS_TEST_NUMBER
	pg_sql s "create database $DB"
	SRC=$(pg_dsn s "$DB")
	export SRC
}

teardown() {
	pg_sql s "drop database $DB with (force)"
}

db() {		# [SQL]: each statement in a transaction of its own
	if [ $# -gt 0 ]; then
		pg_sql "s/$DB" <<<"$1"
	else
		pg_sql "s/$DB"
	fi
}

# The tables of the last listing, one a line, in its order.
tables() { jq -r 'select(.chunk) | "\(.schema).\(.table)"' "$OUT"; }

# Every row that the lines of the last listing name, as SQL.
rows_sql() {
	jq -rs 'def ident: "\"" + gsub("\""; "\"\"") + "\"";
		[.[] | select(.chunk) | "select tableoid, ctid from only " +
		(.schema | ident) + "." + (.table | ident) +
		(if .where then " where " + .where else "" end)] |
		if length == 0 then "select null::oid as tableoid, null::tid as ctid where false"
		else join("\nunion all\n") end' "$OUT"
}

# The lines name each row of a table (or of a query's result) exactly once.
covers() {	# TABLE [WHERE]
	local want got
	want=$(db "select count(*), count(*) from $1 where ${2:-true}") || return
	got=$(db "select count(*), count(distinct (tableoid, ctid))
		from ($(rows_sql)) x") || return
	is "$got" "$want" "rows of $1 that the lines name, and how many of them once"
}

# Largest share of a table's rows that one line names, in per cent.
largest_share() {	# TABLE
	local where max=0 n total
	total=$(db "select count(*) from $1")
	while read -r where; do
		n=$(db "select count(*) from $1 where $where")
		[ "$n" -le "$max" ] || max=$n
	done < <(jq -r 'select(.chunk).where' "$OUT")
	echo $((100 * max / total))
}

# Before PostgreSQL 14 there are no ranges of blocks: what has no key stays whole.
stays_whole() {	# TABLE
	[ "$PG_MAJOR" -lt 14 ] && exits 0 pg-chunks -d "$SRC" --split 512kB "$1" &&
		is "$(of .slice | sort -u)" null && is "$err" '' && covers "$1"
}

# --- patterns -------------------------------------------------------------------

@test "patterns match as psql's do" {
	db <<-'SQL'
		create schema a; create schema ab; create schema "A B"; create schema "x.y";
		create table a.t1(i int); create table a.t2(i int); create table a.t11(i int);
		create table a."T1"(i int); create table a."t.1"(i int);
		create table a."we""ird"(i int); create table a."t$x"(i int);
		create table a."t*"(i int); create table a.t_1(i int); create table a.tx1(i int);
		create table a.c1(i int); create table a."[]"(i int); create table a."a|b"(i int);
		create table a."select"(i int); create table ab.t1(i int);
		create table "A B"."Ü ü"(i int); create table "A B"."ä"(i int);
		create table "x.y"."z"(i int); create table a.p(i int) partition by range (i);
		create table a.p1 partition of a.p default;
	SQL
	local pattern want
	for pattern in 'a.t1' 'a.*' 'a.t?' 'a.T1' 'A.T1' 'a."T1"' 'a."T"1' 'a.t"1"' \
		'a.t$x' 'a.t$' 'a."t*"' 'a.t*' 'a."t.1"' 'a.t?1' 'a.t_1' 'a.[a-c]*' \
		'a.t(1|2)' 'a.t1|t2' 'a."a|b"' 'a.t1+' 'a.t(1|)1' 'a.[]' 'a."[]"' 'a.(R|)t1' \
		'a."we""ird"' 'a.we""ird' '*.t1' 'a*.t1' 'a?.*' '"A B".*' '"A B"."Ü ü"' \
		'"A B".?' '"x.y".z' '"x.y".*' 'a.select' 'a."select"' "$DB.a.t1" \
		"$DB.a*.*" '[a-b]*.t1' 'a.t[0-9]{2}' '*.*1' "$DB.\"A B\".\"ä\""; do
		# What psql calls partitioned is not listed itself.
		want=$(psql -XAt -F $'\t' -d "$SRC" -c "\\dt $pattern" 2>/dev/null |
			awk -F'\t' '$3 == "table" { print $1 "." $2 }' |
			grep -vE '^(pg_catalog|information_schema)\.' | sort)
		pg-chunks -d "$SRC" --if-exists "$pattern" >"$OUT"
		is "$(tables | sort)" "$want" "pattern $pattern"
	done
}

@test "a pattern without a schema means any schema" {
	db 'create schema a; create table a.t(i int); create table public.t(i int)'
	exits 0 pg-chunks -d "$SRC" --order name t
	is "$(tables)" $'a.t\npublic.t'
	ends 2
}

@test "no pattern means every user table, and no other" {
	db <<-'SQL'
		create schema a;
		create table a.t(i int); create table public.u(i text);
		create unlogged table v(i int);
		create view w as select 1; create materialized view m as select 1 as one;
		create sequence q;
		create schema pgpipe; create table pgpipe.chunk(i int);
	SQL
	exits 0 pg-chunks -d "$SRC" --order name
	is "$(tables)" $'a.t\npublic.u\npublic.v'
	is "$(grep -c 'warning: left out: ' <<<"$err")" 2
	ends 3
}

@test "the ledger is listed only where its schema is written out" {
	db 'create schema pgpipe; create table pgpipe.chunk(i int); create table chunk(i int)'
	exits 0 pg-chunks -d "$SRC" chunk
	is "$(tables)" public.chunk
	exits 0 pg-chunks -d "$SRC" '*.*'
	is "$(tables)" public.chunk
	exits 0 pg-chunks -d "$SRC" 'pgpipe.*'
	is "$(tables)" pgpipe.chunk
}

@test "every pattern that matches nothing is named, and nothing is listed" {
	db 'create table t(i int)'
	exits 2 pg-chunks -d "$SRC" t nothere 'nowhere.*' t
	is "$out" ''
	is "$err" 'pg-chunks: error: pattern "nothere" matches no table
pg-chunks: error: pattern "nowhere.*" matches no table'
	exits 0 pg-chunks -d "$SRC" --if-exists t nothere 'nowhere.*'
	is "$(tables)" public.t
	ends 1
	exits 2 pg-chunks -d "$SRC" t -x nothere
	like "$err" 'pattern "nothere" matches no table'
	exits 0 pg-chunks -d "$SRC" --if-exists nothere
	ends 0
}

@test "what is no table is said to be what it is" {
	db <<-'SQL'
		create table t(i int primary key, s serial); create view v as select 1;
		create materialized view m as select 1 as one; create type c as (i int);
	SQL
	local name what
	while IFS='|' read -r name what; do
		exits 2 pg-chunks -d "$SRC" "$name"
		like "$err" "error: pattern \"$name\" matches no table"
		like "$err" "detail: (public|pg_catalog|information_schema)\\..* is $what\\."
		exits 2 pg-chunks -d "$SRC" --if-exists "$name"
	done <<-'LIST'
		v|a view
		m|a materialized view
		t_pkey|an index
		t_s_seq|a sequence
		c|a composite type
		pg_catalog.pg_class|a system table
		information_schema.sql_features|a system table
	LIST
	exits 0 pg-chunks -d "$SRC" 'public.*'
	is "$(tables)" public.t
}

@test "--regex looks in schema and table as SQL writes them" {
	db 'create schema other; create table public.metrics(i int); create table other.metrics(i int);
		create table other.logs(i int); create table "Metrics"(i int); create schema "a.b"; create table "a.b"."c""d"(i int)'
	exits 0 pg-chunks -d "$SRC" --regex '^public\.metrics$'
	is "$(tables)" public.metrics
	exits 0 pg-chunks -d "$SRC" --order name --regex '^(public|other)\.metrics$'
	is "$(tables)" $'other.metrics\npublic.metrics'
	exits 0 pg-chunks -d "$SRC" --order name --regex '^other\.' '"c""d"'
	is "$(tables)" $'a.b.c"d\nother.logs\nother.metrics'
	exits 2 pg-chunks -d "$SRC" --order name --regex METRICS '(?i)"METRICS'
	is "$err" 'pg-chunks: error: pattern "METRICS" matches no table'
	exits 0 pg-chunks -d "$SRC" --order name --regex '(?i)"METRICS'
	is "$(tables)" public.Metrics
	exits 0 pg-chunks -d "$SRC" --order name --regex -x logs -x '\."' .
	is "$(tables)" $'other.metrics\npublic.metrics'
	exits 2 pg-chunks -d "$SRC" --regex logs '^metrics'
	is "$err" 'pg-chunks: error: pattern "^metrics" matches no table'
	exits 2 pg-chunks -d "$SRC" --regex 'a(b'
	like "$err" 'pattern "a\(b" is not valid: invalid regular expression'
	exits 2 pg-chunks -d "$SRC" --regex ''
	is "$err" 'pg-chunks: error: pattern "" is empty'
}

@test "what is about TimescaleDB is refused where there is none" {
	local option
	db 'create table t(i int)'
	for option in --caggs --cascade-up --cascade-down; do
		exits 2 pg-chunks -d "$SRC" "$option" t
		is "$err" "pg-chunks: error: $option is about TimescaleDB, which database \"$DB\" does not have"
		is "$out" ''
	done
	exits 2 pg-chunks -d "$SRC" --caggs --until 2025-01-01
	like "$err" '--caggs takes no bounds'
}

@test "what is no pattern is exit 2 and said" {
	db 'create table t(i int)'
	local pattern
	for pattern in '' '.' 'a.' '.t' '""' 'a."t' 'a.b.c.d' '"'; do
		exits 2 pg-chunks -d "$SRC" "$pattern"
		like "$err" '^pg-chunks: error: pattern ".*" (has|ends)'
		is "$out" ''
	done
	exits 2 pg-chunks -d "$SRC" 't[' 't('
	like "$err" 'error: pattern "t\[" is not valid: '
	like "$err" 'error: pattern "t\(" is not valid: '
	exits 2 pg-chunks -d "$SRC" other.public.t
	like "$err" 'pattern "other.public.t" is of another database than "'"$DB"'"'
}

@test "-x leaves out tables and all that is below them" {
	db <<-'SQL'
		create table a(i int); create table b(i int); create table ab(i int);
		create table p(i int) partition by range (i);
		create table p1 partition of p for values from (0) to (10) partition by range (i);
		create table p11 partition of p1 default;
		create table p2 partition of p for values from (10) to (20);
		create table q(i int); create table q1() inherits (q);
	SQL
	exits 0 pg-chunks -d "$SRC" --order name -x 'a*' -x p1 'public.*'
	is "$(tables)" $'public.b\npublic.p2\npublic.q\npublic.q1'
	exits 0 pg-chunks -d "$SRC" --order name -x p -x q
	is "$(tables)" $'public.a\npublic.ab\npublic.b'
	exits 0 pg-chunks -d "$SRC" -x p p11 b
	is "$(tables)" public.b
	exits 0 pg-chunks -d "$SRC" -x q1 q
	is "$(tables)" public.q
}

@test "thousands of names are as good as a pattern" {
	db "select format('create table t%s()', i) from generate_series(1, 2000) i \\gexec"
	mapfile -t names < <(seq -f 'public.t%.0f' 1 2000)
	exits 0 pg-chunks -d "$SRC" "${names[@]}"
	ends 2000
}

# --- what a line says -----------------------------------------------------------

@test "a line tells all that the next stages need" {
	db 'create table "T"(id int primary key, v text); insert into "T" select i, i from generate_series(1, 1000) i; analyze "T"'
	exits 0 pg-chunks -d "$SRC"
	is "$(of 'keys_unsorted' | jq -r 'join(" ")')" "chunk source schema table parent bound range slice where rows bytes compressed system timeline database"
	is "$(of '[.chunk, .source, .schema, .table, .parent, .bound, .range, .slice, .where, .rows, .compressed, .timeline, .database]')" \
		'["public.\"T\"","table","public","T",null,null,null,null,null,1000,false,1,"'"$DB"'"]'
	is "$(of .bytes)" "$(db "select pg_relation_size('\"T\"')")"
	is "$(of .system | jq -r .)" "$(db 'select system_identifier from pg_control_system()')"
}

@test "sizes are of the files, rows are estimated from statistics" {
	db "create table t(i int, v text); alter table t alter v set storage external;
		insert into t select i, repeat('x', 5000) from generate_series(1, 100) i; analyze t;
		create table never(i int) with (autovacuum_enabled = off); insert into never select 1 from generate_series(1, 10000);
		create table empty(i int)"
	exits 0 pg-chunks -d "$SRC" --order name
	is "$(of '[.table, .rows]')" $'["empty",0]\n["never",null]\n["t",100]'
	is "$(of 'select(.table == "t").bytes')" "$(db "select pg_relation_size('t') + pg_relation_size(reltoastrelid) from pg_class where oid = 't'::regclass")"
	db 'insert into t select i from generate_series(1, 100000) i'
	exits 0 pg-chunks -d "$SRC" t
	[ "$(of .rows)" -gt 10000 ]
}

@test "names of all kinds are listed as they are" {
	db <<-'SQL'
		create table "Mixed Case"(i int); create table "select"(i int);
		create table "quote""d'$$\"(i int); create table "😀"(i int);
		create table "new
		line"(i int); create schema "S""x"; create table "S""x"."a.b"(i int);
		create table plain(i int); create table "0"(i int);
	SQL
	exits 0 pg-chunks -d "$SRC" --order name
	ends 8
	while read -r name; do
		like "$(of .table | jq -r @json)" "$(printf '%s' "$name" | sed 's/[].[\*^$]/\\&/g')"
	done < <(db "select to_json(relname::text) from pg_class where relkind = 'r' and relnamespace not in (11, 'information_schema'::regnamespace) and relpersistence = 'p'")
	like "$(ids)" '^public\."quote""d'
	like "$(ids)" '^"S""x"\."a\.b"$'
	# An id read back as a pattern names the same table.
	while IFS= read -r id; do
		pg-chunks -d "$SRC" "$id" >one
		is "$(jq -r 'select(.chunk).chunk' one)" "$id"
	done < <(ids | grep -v '^line"$' | grep -v 'new$')
}

@test "columns of all kinds are no hindrance" {
	db <<-'SQL'
		create table none();
		create table dropped(a int, b int, c text); alter table dropped drop b, drop a;
		create table generated(a int generated always as identity, b int generated always as (1) stored);
		create unlogged table unlogged(i int primary key);
		create table bound(a int) with (fillfactor = 50);
	SQL
	db "select 'create table wide(' || string_agg('c' || i || ' int', ',') || ')' from generate_series(1, 1600) i \\gexec"
	exits 0 pg-chunks -d "$SRC" --order name
	is "$(tables)" $'public.bound\npublic.dropped\npublic.generated\npublic.none\npublic.unlogged\npublic.wide'
	is "$err" ''
}

# --- partitions and inheritance --------------------------------------------------

make_tree() {
	db <<-'SQL'
		create table m(ts timestamptz not null, region text, v int) partition by range (ts);
		create table m_jan partition of m for values from ('2025-01-01') to ('2025-02-01') partition by list (region);
		create table m_jan_eu partition of m_jan for values in ('eu', 'it''s, (so)');
		create table m_jan_us partition of m_jan for values in ('us', null);
		create table m_feb partition of m for values from ('2025-02-01') to ('2025-03-01');
		create table m_rest partition of m default;
		insert into m select '2024-12-20'::timestamptz + i * interval '1 hour', case i % 2 when 0 then 'eu' else 'us' end, i
		from generate_series(1, 3000) i;
	SQL
}

@test "one line for each leaf partition, of all levels" {
	make_tree
	exits 0 pg-chunks -d "$SRC" --order name m
	is "$(ids)" 'public.m/public.m_feb
public.m/public.m_jan_eu
public.m/public.m_jan_us
public.m/public.m_rest'
	is "$(of '[.source, .parent.table, .bound]')" \
'["partition","m","FOR VALUES FROM ('"'2025-02-01 00:00:00+00'"') TO ('"'2025-03-01 00:00:00+00'"')"]
["partition","m_jan","FOR VALUES IN ('"'eu', 'it''s, (so)'"')"]
["partition","m_jan","FOR VALUES IN ('"'us'"', NULL)"]
["partition","m","DEFAULT"]'
	is "$(of '[.table, .range]')" \
'["m_feb",[{"column":"ts","type":"timestamp with time zone","from":"2025-02-01 00:00:00+00","to":"2025-03-01 00:00:00+00"}]]
["m_jan_eu",[{"column":"ts","type":"timestamp with time zone","from":"2025-01-01 00:00:00+00","to":"2025-02-01 00:00:00+00"}]]
["m_jan_us",[{"column":"ts","type":"timestamp with time zone","from":"2025-01-01 00:00:00+00","to":"2025-02-01 00:00:00+00"}]]
["m_rest",null]'
	covers m
}

@test "a leaf is listed once, under one id, however it is named" {
	make_tree
	exits 0 pg-chunks -d "$SRC" m_jan_eu
	is "$(ids)" public.m/public.m_jan_eu
	exits 0 pg-chunks -d "$SRC" --order name m_jan m_jan_eu 'm*' m 'public.*'
	ends 4
	exits 0 pg-chunks -d "$SRC" --order name m_jan
	is "$(ids)" $'public.m/public.m_jan_eu\npublic.m/public.m_jan_us'
	exits 0 pg-chunks -d "$SRC" --order name m_jan_us m_feb
	is "$(ids)" $'public.m/public.m_feb\npublic.m/public.m_jan_us'
}

@test "a partitioned table without partitions has no lines" {
	db 'create table p(i int) partition by range (i)'
	exits 0 pg-chunks -d "$SRC" p
	ends 0
}

@test "an inheritance tree is listed table by table" {
	db <<-'SQL'
		create table a(i int); create table b() inherits (a); create table c() inherits (b);
		create table other(j int); create table d() inherits (a, other);
		insert into a values (1); insert into b values (2); insert into c values (3), (4); insert into d values (5);
		create table was(i int); create table child() inherits (was); drop table child;
	SQL
	exits 0 pg-chunks -d "$SRC" --order name
	is "$(of '[.chunk, .source, .parent.table]')" \
'["public.a","inheritance",null]
["public.a/public.b","inheritance","a"]
["public.a/public.c","inheritance","b"]
["public.a/public.d","inheritance","a"]
["public.other","inheritance",null]
["public.was","table",null]'
	exits 0 pg-chunks -d "$SRC" --order name a
	is "$(tables)" $'public.a\npublic.b\npublic.c\npublic.d'
	covers a
	exits 0 pg-chunks -d "$SRC" b
	is "$(ids)" $'public.a/public.b\npublic.a/public.c'
	exits 0 pg-chunks -d "$SRC" --order name other b
	is "$(tables)" $'public.b\npublic.c\npublic.d\npublic.other'
}

@test "foreign and temporary tables are left out, and each is said" {
	require_extension postgres_fdw
	db <<-'SQL'
		create extension postgres_fdw; create server o foreign data wrapper postgres_fdw;
		create foreign table f(i int) server o; create table t(i int);
		create table p(i int) partition by range (i);
		create table p1 partition of p for values from (0) to (10);
		create foreign table p2 partition of p for values from (10) to (20) server o;
	SQL
	psql -Xq -d "$SRC" -c 'create temp table gone(i int)' -c 'select pg_sleep(60)' >/dev/null &
	local session=$!
	wait_for pg_sql_true "s/$DB" "select count(*) = 1 from pg_class where relname = 'gone'"
	exits 0 pg-chunks -d "$SRC" --order name
	kill "$session"
	is "$(tables)" $'public.p1\npublic.t'
	ends 2
	is "$(sort <<<"$err" | sed 's/pg_temp_[0-9]*/pg_temp/')" \
'pg-chunks: warning: left out: pg_temp.gone is a temporary table
pg-chunks: warning: left out: public.f is a foreign table
pg-chunks: warning: left out: public.p2 is a foreign table'
	exits 0 pg-chunks -d "$SRC" f
	like "$err" 'public.f is a foreign table'
	ends 0
}

@test "what is no table and holds data is said to stay out" {
	db <<-'SQL'
		create schema "b <c>"; create table a (id serial, n int generated always as identity);
		create sequence lone; create sequence "b <c>"."Two"; create sequence three; create sequence four;
		create temporary sequence passing;
		create materialized view seen as select 1; create materialized view unseen as select 1 with no data;
		select lo_create(0), lo_create(0);
		create table "b <c>".b (i int); create table later (i int);
	SQL
	exits 0 pg-chunks -d "$SRC" --order name
	is "$(tables)" $'b <c>.b\npublic.a\npublic.later'
	is "$(grep -v hint: <<<"$err")" 'pg-chunks: warning: left out: large objects: 2
pg-chunks: warning: left out: materialized views: 1 (public.seen)
pg-chunks: warning: left out: sequences that no column owns: 4 ("b <c>"."Two", public.four, public.lone, ...)'
	exits 0 pg-chunks -d "$SRC" -x 'l*' -x '"b <c>".*'
	is "$(grep -v hint: <<<"$err")" 'pg-chunks: warning: left out: large objects: 2
pg-chunks: warning: left out: materialized views: 1 (public.seen)
pg-chunks: warning: left out: sequences that no column owns: 2 (public.four, public.three)'
	exits 0 pg-chunks -d "$SRC" 'public.*'
	like "$err" 'views: 1 \(public.seen\)'
	like "$err" 'owns: 3 \(public.four, public.lone, public.three\)'
	unlike "$err" 'large objects'
	exits 0 pg-chunks -d "$SRC" --regex '^public\.(a|lone)$'
	is "$(grep -v hint: <<<"$err")" 'pg-chunks: warning: left out: sequences that no column owns: 1 (public.lone)'
	exits 0 pg-chunks -d "$SRC" a
	is "$err" ''
	# What the hints say.
	[ -x "$PG_BINDIR/pg_dump" ] || return 0
	is "$(pg_dump -d "$SRC" --data-only -t lone | grep -c setval)" 1
	is "$(pg_dump -d "$SRC" --data-only --blobs --exclude-table='*.*' | grep -c lo_create)" 2
}

@test "tables of an extension are listed when named, and said when they hold data" {
	require_extension pg_stat_statements
	db <<-'SQL'
		create table mine(i int); create table member(i int); create table setting(i int);
		create extension pg_stat_statements;
		alter extension pg_stat_statements add table member;
		alter extension pg_stat_statements add table setting;
		update pg_extension set extconfig = array['setting'::regclass::oid] where extname = 'pg_stat_statements';
	SQL
	exits 0 pg-chunks -d "$SRC"
	is "$(tables)" public.mine
	like "$err" 'warning: left out: tables of extension "pg_stat_statements": 1'
	exits 0 pg-chunks -d "$SRC" --order name member mine setting
	is "$(tables)" $'public.member\npublic.mine\npublic.setting'
	is "$err" ''
}

# --- cutting by blocks -----------------------------------------------------------

@test "a table larger than --split is cut at fixed multiples of blocks" {
	db 'create table t(i int, v text) with (autovacuum_enabled = off); insert into t select i, repeat(md5(i::text), 4) from generate_series(1, 12000) i'
	! stays_whole t || return 0
	exits 0 pg-chunks -d "$SRC" --split 512kB t
	is "$(ids)" 'public.t#ctid:0-64
public.t#ctid:64-128
public.t#ctid:128-192
public.t#ctid:192-'
	is "$(of '[.where, .slice]' | sed -n '1p;4p')" \
'["ctid >= '"'(0,0)'::tid and ctid < '(64,0)'::tid"'",{"by":"ctid","from":0,"to":64,"within":null}]
["ctid >= '"'(192,0)'::tid"'",{"by":"ctid","from":192,"to":null,"within":null}]'
	covers t
	cp "$OUT" before
	# Growth splits the last one only.
	db 'insert into t select i, repeat(md5(i::text), 4) from generate_series(1, 6000) i'
	exits 0 pg-chunks -d "$SRC" --split 512kB t
	is "$(ids | head -n 3)" "$(jq -r 'select(.chunk).chunk' before | head -n 3)"
	is "$(ids | sed -n 4,5p)" $'public.t#ctid:192-256\npublic.t#ctid:256-320'
	covers t
	# Rows that come after the listing are in the last.
	db 'insert into t select i, repeat(md5(i::text), 4) from generate_series(1, 6000) i'
	covers t
}

@test "the default cuts at 256MB, and 0 never does" {
	db 'create table t(i int); insert into t select i from generate_series(1, 100000) i'
	! stays_whole t || return 0
	exits 0 pg-chunks -d "$SRC" t
	is "$(ids)" public.t
	exits 0 pg-chunks -d "$SRC" --split 0 t
	is "$(ids)" public.t
	exits 0 pg-chunks -d "$SRC" --split 64kB t
	is "$(of '.slice.to' | head -n 1)" 8
	exits 2 pg-chunks -d "$SRC" --split 1 t
	like "$err" 'split must be 0 or at least 8kB'
}

@test "estimates of slices add up to the table's" {
	db 'create table t(i int); insert into t select i from generate_series(1, 100000) i; analyze t'
	! stays_whole t || return 0
	exits 0 pg-chunks -d "$SRC" --split 1MB t
	local n
	n=$(jq -s 'map(.rows // 0) | add' "$OUT")
	[ "$n" -ge 99990 ] && [ "$n" -le 100010 ]
	n=$(jq -s 'map(.bytes // 0) | add' "$OUT")
	[ $((n - $(db "select pg_relation_size('t')"))) -lt 10 ]
}

@test "TOAST counts: a small heap with much of it is cut finely" {
	db "create table t(i int, v text) with (autovacuum_enabled = off); alter table t alter v set storage external;
		insert into t select i, repeat('x', 10000) from generate_series(1, 6000) i"
	! stays_whole t || return 0
	[ "$(db "select pg_relation_size('t')")" -lt 500000 ]
	exits 0 pg-chunks -d "$SRC" --split 4MB t
	[ "$(ids | wc -l)" -ge 10 ]
	covers t
	# A power of two times fewer blocks.
	is "$(of '.slice | if .to then .to - .from else empty end' | sort -u | wc -l)" 1
	local blocks
	blocks=$(of '.slice.to' | head -n 1)
	[ $((blocks & (blocks - 1))) -eq 0 ]
	exits 0 pg-chunks -d "$SRC" --split 1GB t
	is "$(ids)" public.t
}

@test "each partition and each table of an inheritance tree is cut for itself" {
	db <<-'SQL'
		create table p(i int) partition by range (i);
		create table p1 partition of p for values from (0) to (50000);
		create table p2 partition of p for values from (50000) to (50010);
		insert into p select i from generate_series(0, 50009) i;
		create table a(i int); create table b() inherits (a);
		insert into a select generate_series(1, 30000); insert into b select generate_series(1, 30000);
	SQL
	! stays_whole a || return 0
	exits 0 pg-chunks -d "$SRC" --split 512kB p
	like "$(ids)" '^public.p/public.p1#ctid:0-64$'
	like "$(ids)" '^public.p/public.p2$'
	covers p
	exits 0 pg-chunks -d "$SRC" --split 512kB a
	like "$(ids)" '^public.a#ctid:64-'
	like "$(ids)" '^public.a/public.b#ctid:64-'
	covers a
}

@test "ranges of the key take the place of blocks before PostgreSQL 14 only" {
	db 'create table t(i int primary key); insert into t select i from generate_series(1, 100000) i; analyze t;
		create table n(i int); insert into n select i from generate_series(1, 100000) i;
		create table c(v text primary key); insert into c select i from generate_series(1, 100000) i; analyze c'
	local by=ctid
	[ "$PG_MAJOR" -ge 14 ] || by=key
	exits 0 pg-chunks -d "$SRC" --split 512kB t
	is "$(of .slice.by | sort -u)" "\"$by\""
	covers t
	[ "$PG_MAJOR" -lt 14 ] || return 0
	# No index, no ranges.
	exits 0 pg-chunks -d "$SRC" --split 512kB --order name n c
	is "$(ids)" $'public.c\npublic.n'
	is "$err" ''
}

@test "a table whose access method is not heap stays whole, unless it is cut by key" {
	db 'create access method other type table handler heap_tableam_handler;
		create table t(i int primary key) using other; insert into t select generate_series(1, 100000)'
	exits 0 pg-chunks -d "$SRC" --split 512kB t
	is "$(ids)" public.t
	is "$err" ''
	exits 0 pg-chunks -d "$SRC" --split 512kB --by key t
	[ "$(ids | wc -l)" -ge 4 ]
	covers t
}

# --- cutting by key --------------------------------------------------------------

@test "--by key cuts by row share and not by key width" {
	# Nine tenths of the rows lie in a hundredth of the keys' span.
	db 'create table t(id bigint primary key, v text);
		insert into t select case when i <= 90000 then i - 45000 else i * 1000 end, md5(i::text) from generate_series(1, 100000) i;
		analyze t'
	exits 0 pg-chunks -d "$SRC" --by key --split 1MB t
	is "$err" ''
	covers t
	[ "$(ids | wc -l)" -ge 6 ]
	local n
	n=$(ids | wc -l)
	[ "$(largest_share t)" -le $((220 / n)) ]
	like "$(ids | head -n 1)" '^public\.t#key:\.\.-?[0-9]+$'
	like "$(ids | tail -n 1)" '^public\.t#key:[0-9]+\.\.$'
	is "$(of '.slice.columns' | sort -u)" '["id"]'
	is "$(of '.slice.from' | head -n 1)" null
	is "$(of '.slice.to' | tail -n 1)" null
	like "$(of .where | head -n 1)" '^"\(\\"id\\" < '"'-?[0-9]+'::bigint or "'\\"id\\" is null\)"$'
	like "$(of .where | sed -n 2p)" '^"\\"id\\" >= '"'-?[0-9]+'::bigint and .*\"id\\\\\" < '-?[0-9]+'::bigint\"$"
	# What comes later is in the first or the last.
	db 'insert into t values (-9000000000), (9000000000)'
	covers t
}

@test "--by key needs no statistics: a sample of blocks does" {
	db 'create table t(id int primary key, v text) with (autovacuum_enabled = off);
		insert into t select i, repeat(md5(i::text), 3) from generate_series(1, 300000) i'
	is "$(db 'select count(*) from pg_stats where tablename = '"'t'")" 0
	db "select pg_stat_reset()"
	exits 0 pg-chunks -d "$SRC" --by key --split 4MB t
	[ "$(ids | wc -l)" -ge 8 ]
	covers t
	[ "$(largest_share t)" -le 30 ]
}

@test "boundaries never come from a scan of the table" {
	db 'create table t(a int, b int, ts timestamptz, v text, primary key (a, b)) with (autovacuum_enabled = off);
		insert into t select i / 10, i, now() + i * interval '"'1s'"', repeat(md5(i::text), 8) from generate_series(1, 100000) i'
	local by
	for by in 'ctid' 'key' 'time --time-column ts'; do
		db 'select pg_stat_reset()' && db 'select pg_sleep(0.1)'
		# shellcheck disable=SC2086 # a word or three
		exits 0 pg-chunks -d "$SRC" --by $by --split 2MB t
		[ "$(ids | wc -l)" -ge 5 ]
		if [ "$PG_MAJOR" -ge 15 ]; then db 'select pg_stat_force_next_flush()'; else sleep 1; fi
		is "$(db "select seq_scan + idx_scan from pg_stat_user_tables where relname = 't'")" 0
		[ "$(db "select heap_blks_read + heap_blks_hit from pg_statio_user_tables where relname = 't'")" -le 1200 ]
	done
	[ "$(db "select pg_relation_size('t') / 8192")" -gt 3500 ]
}

@test "statistics that are out of date are not relied on" {
	db 'create table t(id int primary key, v text) with (autovacuum_enabled = off);
		insert into t select i, md5(i::text) from generate_series(1, 10000) i; analyze t;
		insert into t select i, md5(i::text) from generate_series(10001, 200000) i'
	exits 0 pg-chunks -d "$SRC" --by key --split 1MB t
	covers t
	[ "$(largest_share t)" -le 30 ]
}

@test "--by key takes keys of any type that has one order everywhere" {
	local type value n=0
	while IFS='|' read -r type value; do
		db "create table t$((++n))(k $type primary key, v text);
			insert into t$n select $value, repeat('x', 50) from generate_series(1, 20000) i; analyze t$n"
		exits 0 pg-chunks -d "$SRC" --by key --split 200kB "t$n"
		is "$err" '' "$type"
		[ "$(ids | wc -l)" -ge 4 ] || { echo "$type is not cut"; false; }
		covers "t$n"
		[ "$(largest_share "t$n")" -le 60 ]
	done <<-'LIST'
		smallint|i - 10000
		int|-i
		bigint|i::bigint * 1000000007
		numeric|(i - 10000) / 7.0
		numeric(20,3)|(i - 10000) * 0.125
		real|i - 10000
		double precision|case i when 1 then 'nan' when 2 then '-infinity' else i::float8 / 3 end
		uuid|md5(i::text)::uuid
		timestamptz|now() + i * interval '1 min'
		timestamp|case i when 1 then 'infinity' else now() - i * interval '1 min' end
		date|case i when 7 then '0044-03-15 BC'::date else '2000-01-01'::date + i end
		time|'00:00'::time + i * interval '1 s'
		interval|i * interval '1 h'
		bytea|decode(md5(i::text), 'hex')
		oid|i::oid
		inet|'10.0.0.0'::inet + i
		macaddr|('08:00:2b:00:' || to_hex(i / 256 + 16) || ':' || to_hex(i % 256))::macaddr
		bit varying|i::bit(32)
		int4range|int4range(i, i + 1)
		int[]|array[i, -i]
		text collate "C"|'it''s \ ' || i
		pg_lsn|('0/' || to_hex(i))::pg_lsn
	LIST
}

@test "domains are keys, too; the order of an enum is each database's own" {
	db <<-'SQL'
		create domain base as int check (value > 0); create domain "Id" as base;
		create table d(k "Id" primary key, v text); insert into d select i, md5(i::text) from generate_series(1, 20000) i; analyze d;
	SQL
	db "select 'create type e as enum (' || string_agg('''l ' || i || '''', ',') || ')' from generate_series(1, 200) i \\gexec"
	db "create table n(k e primary key, v text); alter table n alter v set storage external; insert into n select ('l ' || i)::e, repeat('x', 8000) from generate_series(1, 200) i; analyze n"
	exits 0 pg-chunks -d "$SRC" --by key --split 100kB d
	[ "$(ids | wc -l)" -ge 5 ]
	like "$(of .where)" "::integer"
	covers d
	db <<-'SQL'
		create domain de as e; create type er as range (subtype = e);
		create table n2(k de, i int, v text, primary key (k, i)); alter table n2 alter v set storage external; insert into n2 select k, 1, v from n; analyze n2;
		create table n3(k e[] primary key, v text); alter table n3 alter v set storage external; insert into n3 select array[k], v from n; analyze n3;
		create table n4(k er primary key, v text); alter table n4 alter v set storage external; insert into n4 select er(k, k, '[]'), v from n; analyze n4;
	SQL
	exits 0 pg-chunks -d "$SRC" --by key --split 100kB 'n*'
	is "$(tables | sort | xargs)" 'public.n public.n2 public.n3 public.n4'
	is "$(grep -c 'is not split: the order of its key is not the same on every server' <<<"$err")" 4
	exits 2 pg-chunks -d "$SRC" --time-column k --from 'l 5' n n2
	like "$err" "public.n cannot be listed by --from \"l 5\": column \"k\" is of type public.e"
	like "$err" 'public.n2 cannot be listed'
}

@test "text keys are compared under COLLATE C, and it is said that no index helps" {
	db "create table t(k text primary key, v text); insert into t select chr(65 + i % 60) || 'it''s \\ü' || i, repeat('x', 50) from generate_series(1, 20000) i; analyze t"
	exits 0 pg-chunks -d "$SRC" --by key --split 200kB t
	like "$err" 'warning: each of the [0-9]+ slices of public.t reads all of it'
	like "$(of .where | sed -n 2p)" '\\"k\\" collate \\"C\\" >= .*::text collate \\"C\\" and '
	covers t
	[ "$(largest_share t)" -le 50 ]
	# The same text means the same rows where the collation is another.
	db 'create table u(k text collate "und-x-icu", v text)' || db 'create table u(k text collate "POSIX", v text)'
	db 'insert into u select * from t'
	covers t
	sed -i 's/"table":"t"/"table":"u"/' "$OUT"
	covers u
}

@test "composite keys are cut by comparing rows" {
	db 'create table t(tenant int, "No" int, name text collate "C", v text, primary key (tenant, "No", name));
		insert into t select case when i <= 15000 then 1 else i / 100 end, i, md5(i::text), repeat(md5(i::text), 2) from generate_series(1, 20000) i; analyze t'
	exits 0 pg-chunks -d "$SRC" --by key --split 256kB t
	[ "$(ids | wc -l)" -ge 6 ]
	covers t
	# A tenant that has three quarters of the rows is cut, too.
	[ "$(largest_share t)" -le 40 ]
	like "$(of .where | sed -n 2p)" '^"\(\(\\"tenant\\", \\"No\\", \\"name\\" collate \\"C\\"\) >= \('"'[0-9]+'::integer, '[0-9]+'::integer, '[0-9a-f]+'::text collate"
	is "$(of '.slice | [(.columns | length), (.from | length), .to == null]' | tail -n 1)" '[3,3,true]'
	like "$(ids | tail -n 1)" '#key:[0-9]+,[0-9]+,[0-9a-f]{32}\.\.$'
	# A copy without the key may have rows that the key rules out: each is in one slice.
	db 'create table u as select * from t; insert into u select distinct tenant, null::int, v from t;
		insert into u select tenant, "No", null from t; insert into u select null, "No", name from t'
	sed -i 's/"table":"t"/"table":"u"/' "$OUT"
	covers u
	# Long values are shown by their hash.
	db "create table l(k text collate \"C\" primary key); insert into l select repeat('x', 100) || i from generate_series(1, 5000) i; analyze l"
	exits 0 pg-chunks -d "$SRC" --by key --split 256kB l
	like "$(ids | tail -n 1)" '^public\.l#key:~[0-9a-f]{16}\.\.$'
	covers l
}

@test "the same range has the same id" {
	db 'create table t(id int primary key); insert into t select i from generate_series(1, 200000) i; analyze t'
	exits 0 pg-chunks -d "$SRC" --by key --split 1MB t
	cp "$OUT" one
	exits 0 pg-chunks -d "$SRC" --by key --split 1MB t
	cmp "$OUT" one
}

@test "what has no fitting key stays in one piece, and is said to" {
	db 'create table none(i int); insert into none select generate_series(1, 20000);
		create type pair as (a text, b int); create table row_key(k pair primary key);
		insert into row_key select row(i, i)::pair from generate_series(1, 10000) i;
		create table json_key(k jsonb primary key); insert into json_key select to_jsonb(i) from generate_series(1, 20000) i'
	exits 0 pg-chunks -d "$SRC" --by key --split 64kB --order name
	is "$(ids)" $'public.json_key\npublic."none"\npublic.row_key'
	like "$err" 'warning: public."none" is not split: it has no primary key'
	like "$err" 'warning: public.row_key is not split: the order of its key is not the same on every server'
	like "$err" 'warning: public.json_key is not split: the order of its key'
	ends 3
}

@test "a table that may not be read is still listed, in one piece" {
	db 'revoke execute on function pg_control_system(), pg_control_checkpoint() from public'
	db 'create role reader login; create table t(id int primary key); insert into t select generate_series(1, 20000); create schema hidden; create table hidden.h(i int)'
	exits 0 pg-chunks -d "${SRC/user=postgres/user=reader}" --by key --split 64kB --order name
	is "$(ids)" $'hidden.h\npublic.t'
	like "$err" 'warning: public.t is not split: permission denied for table t'
	is "$(of '[.system, .timeline]' | sort -u)" '[null,null]'
	exits 3 pg-chunks -d "${SRC/user=postgres/user=reader}" --from 1 --time-column i hidden.h
	like "$err" 'could not count the rows of hidden.h: permission denied for schema hidden'
	is "$(tables)" hidden.h
	ends_not
	db 'drop owned by reader; drop role reader'
}

# --- cutting by time -------------------------------------------------------------

@test "--by time puts rows without a time into the first slice" {
	db "create table t(ts timestamptz, v text); insert into t
		select case when i % 10 = 0 then null else '2025-01-01'::timestamptz + i * interval '1 min' end, md5(i::text) from generate_series(1, 30000) i; analyze t"
	exits 0 pg-chunks -d "$SRC" --by time --time-column ts --split 256kB t
	[ "$(ids | wc -l)" -ge 6 ]
	is "$(of .slice.by | sort -u)" '"time"'
	like "$(ids | head -n 1)" '^public\.t#time:\.\.2025-01-'
	like "$(of .where | head -n 1)" 'or \\"ts\\" is null\)"$'
	unlike "$(of .where | sed 1d)" 'is null'
	covers t
	[ "$(largest_share t)" -le 40 ]
}

@test "--by time knows that many rows can have the same time" {
	db "create table t(ts date not null, v text); insert into t
		select '2025-01-01'::date + (i % 7), md5(i::text) from generate_series(1, 30000) i; analyze t;
		create table one(ts date); insert into one select '2025-01-01' from generate_series(1, 30000) i; analyze one"
	exits 0 pg-chunks -d "$SRC" --by time --time-column ts --split 256kB t
	covers t
	[ "$(ids | wc -l)" -ge 4 ] && [ "$(ids | wc -l)" -le 7 ]
	unlike "$(of .where | sed 1d)" 'is null'
	exits 0 pg-chunks -d "$SRC" --by time --time-column ts --split 256kB one
	is "$(ids)" public.one
	like "$err" 'warning: public.one is not split'
}

@test "--by time needs --time-column, and tables that lack it stay whole" {
	db 'create table t(i int); insert into t select generate_series(1, 20000)'
	exits 2 pg-chunks -d "$SRC" --by time t
	like "$err" 'needs --time-column'
	exits 0 pg-chunks -d "$SRC" --by time --time-column ts --split 64kB t
	is "$(ids)" public.t
	like "$err" 'warning: public.t is not split: it does not have the time column'
}

@test "--by time within bounds cuts only what is between them" {
	db "create table t(ts timestamptz, v text); insert into t
		select case when i % 10 = 0 then null else '2025-01-01'::timestamptz + i * interval '1 min' end, md5(i::text) from generate_series(1, 30000) i; analyze t"
	exits 0 pg-chunks -d "$SRC" --by time --time-column ts --from 2025-01-05 --until '2025-01-11' --split 100kB t
	[ "$(ids | wc -l)" -ge 4 ]
	covers t "ts >= '2025-01-05' and ts < '2025-01-11'"
	like "$err" 'left out of public.t: rows without "ts": 3000'
	is "$(of .slice.within | sort -u)" '"\"ts\" >= '"'2025-01-05 00:00:00+00'::timestamp with time zone and"' \"ts\" < '"'2025-01-11 00:00:00+00'::timestamp with time zone"'"'
	like "$(ids | tail -n 1)" '^public\.t#time:2025-01-[0-9: +]+\.\.\[2025-01-05 00:00:00\+00,2025-01-11 00:00:00\+00\)$'
	local n
	n=$(ids | wc -l)
	[ "$(largest_share t)" -le $((70 / n)) ]
}

# --- bounds -----------------------------------------------------------------------

@test "bounds leave out partitions, cut them, or take them whole" {
	make_tree
	exits 0 pg-chunks -d "$SRC" --order name --from 2025-01-10 --until 2025-02-15 m
	is "$(of '[.table, .where]')" \
'["m_feb","\"ts\" < '"'2025-02-15 00:00:00+00'::timestamp with time zone"'"]
["m_jan_eu","\"ts\" >= '"'2025-01-10 00:00:00+00'::timestamp with time zone"'"]
["m_jan_us","\"ts\" >= '"'2025-01-10 00:00:00+00'::timestamp with time zone"'"]
["m_rest","\"ts\" >= '"'2025-01-10 00:00:00+00'::timestamp with time zone and"' \"ts\" < '"'2025-02-15 00:00:00+00'::timestamp with time zone"'"]'
	covers m "ts >= '2025-01-10' and ts < '2025-02-15'"
	is "$(ids | head -n 1)" 'public.m/public.m_feb[,2025-02-15 00:00:00+00)'
	is "$err" ''
	# On the boundary exactly: whole, and the neighbour is out.
	exits 0 pg-chunks -d "$SRC" --order name --from 2025-02-01 --until 2025-03-01 -x m_rest m
	is "$(of '[.chunk, .where]')" '["public.m/public.m_feb",null]'
	exits 0 pg-chunks -d "$SRC" --order name --until 2025-02-01 m
	is "$(tables)" $'public.m_jan_eu\npublic.m_jan_us\npublic.m_rest'
	covers m "ts < '2025-02-01'"
	exits 0 pg-chunks -d "$SRC" --from 2025-02-28T23:59:59Z m
	covers m "ts >= '2025-02-28 23:59:59'"
	exits 0 pg-chunks -d "$SRC" --from infinity -x m_rest m
	ends 0
	exits 0 pg-chunks -d "$SRC" --from=-infinity --until infinity --order name m
	is "$(of '[.table, .where == null]')" $'["m_feb",true]\n["m_jan_eu",true]\n["m_jan_us",true]\n["m_rest",false]'
	covers m
}

@test "bounds are in UTC unless they say otherwise" {
	make_tree
	exits 0 env PGTZ=America/New_York pg-chunks -d "$SRC" --from '2025-02-01' -x m_rest m
	is "$(of '[.table, .where]')" '["m_feb",null]'
	exits 0 pg-chunks -d "$SRC" --from '2025-02-01 00:00+01' --order name -x m_rest m
	is "$(of '[.table, .where]')" \
'["m_feb",null]
["m_jan_eu","\"ts\" >= '"'2025-01-31 23:00:00+00'::timestamp with time zone"'"]
["m_jan_us","\"ts\" >= '"'2025-01-31 23:00:00+00'::timestamp with time zone"'"]'
}

@test "bounds of any type that orders" {
	local type low middle high from until f u n=0
	while IFS='|' read -r type low middle high from until; do
		f=${from//\'/\'\'} u=${until//\'/\'\'}
		db "create table t$((++n))(k $type, v int) partition by range (k);
			create table t${n}_a partition of t$n for values from ($low) to ($middle);
			create table t${n}_b partition of t$n for values from ($middle) to ($high);
			create table t${n}_c partition of t$n for values from ($high) to (maxvalue);
			insert into t$n select k, i from (values ($low::$type), ($middle::$type), ($high::$type), ('$f'::$type), ('$u'::$type)) x(k), generate_series(1, 3) i"
		exits 0 pg-chunks -d "$SRC" --order name --from="$from" --until="$until" "t$n"
		covers "t$n" "k >= '$f'::$type and k < '$u'::$type" || { echo "$type"; false; }
		is "$(of '[.table, (.where | type)]')" \
			"[\"t${n}_a\",\"string\"]"$'\n'"[\"t${n}_b\",\"string\"]" "$type"
		exits 0 pg-chunks -d "$SRC" --order name --from="$(db "select $middle::$type")" --until="$(db "select $high::$type")" "t$n"
		is "$(of '[.table, .where]')" "[\"t${n}_b\",null]" "$type"
	done <<-'LIST'
		timestamptz|'2025-01-01'|'2025-02-01'|'2025-03-01'|2025-01-15|2025-02-15
		timestamp|'2025-01-01'|'2025-02-01'|'2025-03-01'|2025-01-15|2025-02-15
		date|'2025-01-01'|'2025-02-01'|'2025-03-01'|2025-01-15|2025-02-15
		date|'0044-03-15 BC'|'2025-02-01'|'2025-03-01'|2025-01-15|2025-02-15
		int|-100|-10|0|-50|-5
		bigint|-9000000000|0|9000000000|-50|50
		smallint|-100|0|100|-50|50
		numeric|-1.5|0|1.5|-0.25|0.25
		double precision|'-Infinity'|0|1.5|-0.25|0.25
		text collate "C"|'it''s) TO (a'|'it''s) TO (b'|'it''s, (c)'|it's) TO (aa|it's) TO (bb
		text collate "C"|'a'|'b\'|'c'|aa|b\\
		uuid|'00000000-0000-0000-0000-000000000000'|'80000000-0000-0000-0000-000000000000'|'f0000000-0000-0000-0000-000000000000'|10000000-0000-0000-0000-000000000000|90000000-0000-0000-0000-000000000000
		inet|'10.0.0.0'|'10.1.0.0'|'10.2.0.0'|10.0.0.5|10.1.0.5
		bit varying|B'00'|B'01'|B'10'|001|011
		interval|'1 day'|'2 days'|'3 days'|1 day 02:00|2 days 02:00
		bytea|'\x00'|'\x10'|'\x20'|\x01|\x11
	LIST
}

@test "bounds of text mean the same rows whatever the collation is" {
	db "create table t(k text, v int); insert into t select v, 1 from unnest('{A,B,C,a,b,c,Ab,aB,ac,é}'::text[]) v;
		create table u(k text collate \"und-x-icu\", v int); insert into u select * from t"
	exits 0 pg-chunks -d "$SRC" --time-column k --from a --until c t
	covers t "k collate \"C\" >= 'a' and k collate \"C\" < 'c'"
	# What would be cleared in a database where letters have another order.
	sed -i 's/"table":"t"/"table":"u"/' "$OUT"
	covers u "k collate \"C\" >= 'a' and k collate \"C\" < 'c'"
	# The bounds of partitions are in another order than C's: nothing follows.
	db "create table p(k text collate \"und-x-icu\") partition by range (k);
		create table p1 partition of p for values from ('a') to ('b');
		create table p2 partition of p for values from ('b') to ('d');
		create table pd partition of p default;
		insert into p select k from t"
	exits 0 pg-chunks -d "$SRC" --from B --until b p
	covers p "k collate \"C\" >= 'B' and k collate \"C\" < 'b'"
	is "$(tables | sort | xargs)" 'public.p1 public.p2 public.pd'
}

@test "open ends and several columns of a key are understood" {
	db <<-'SQL'
		create table o(k int) partition by range (k);
		create table o_low partition of o for values from (minvalue) to (0);
		create table o_high partition of o for values from (0) to (maxvalue);
		insert into o select generate_series(-20, 20);
		create table c(a int, b int) partition by range (a, b);
		create table c1 partition of c for values from (0, 5) to (10, 5);
		create table c2 partition of c for values from (10, 5) to (20, minvalue);
		create table c3 partition of c for values from (20, minvalue) to (maxvalue, maxvalue);
		insert into c select a, b from generate_series(0, 30) a, generate_series(0, 9) b where (a, b) >= (0, 5);
		create table e(a int) partition by range ((a + 1), a);
		create table e1 partition of e for values from (0, 0) to (10, 10);
	SQL
	exits 0 pg-chunks -d "$SRC" --order name --from 5 o
	is "$(of '[.table, .where]')" '["o_high","\"k\" >= '"'5'::integer"'"]'
	exits 0 pg-chunks -d "$SRC" --order name --from=-5 --until 1 o
	covers o 'k >= -5 and k < 1'
	is "$(of .range)" '[{"column":"k","type":"integer","from":"0","to":null}]
[{"column":"k","type":"integer","from":null,"to":"0"}]'
	local from
	for from in 0 9 10 11 20 21; do
		exits 0 pg-chunks -d "$SRC" --order name --from "$from" c
		covers c "a >= $from"
		exits 0 pg-chunks -d "$SRC" --order name --until "$from" c
		covers c "a < $from"
	done
	# Rows with a = 10 are in both c1 and c2.
	exits 0 pg-chunks -d "$SRC" --order name --from 10 c
	is "$(of '[.table, (.where | type)]')" $'["c1","string"]\n["c2","null"]\n["c3","null"]'
	is "$(of .range | sort -u)" null
	exits 2 pg-chunks -d "$SRC" --from 5 e
	like "$err" 'public.e has no range partition key'
	exits 0 pg-chunks -d "$SRC" --from 5 --time-column a e
	is "$(of '.where')" '"\"a\" >= '"'5'::integer"'"'
}

@test "bounds use what every level of a tree says of the column" {
	db <<-'SQL'
		create table t(r text, ts date) partition by list (r);
		create table t_eu partition of t for values in ('eu') partition by range (ts);
		create table t_eu_1 partition of t_eu for values from ('2025-01-01') to ('2025-02-01');
		create table t_eu_2 partition of t_eu for values from ('2025-02-01') to ('2025-03-01') partition by range (ts);
		create table t_eu_2a partition of t_eu_2 for values from ('2024-01-01') to ('2025-02-11');
		create table t_eu_2b partition of t_eu_2 for values from ('2025-02-11') to (maxvalue);
		create table t_eu_2d partition of t_eu_2 default;
		create table t_us partition of t for values in ('us') partition by hash (ts);
		create table t_us_0 partition of t_us for values with (modulus 2, remainder 0);
		create table t_us_1 partition of t_us for values with (modulus 2, remainder 1);
		insert into t select r, '2025-01-01'::date + i from unnest(array['eu', 'us']) r, generate_series(0, 58) i;
	SQL
	# Without a column to go by, the hash partitions could only be left out.
	exits 2 pg-chunks -d "$SRC" --from 2025-02-01 t
	like "$err" 'error: public.t has no range partition key for --from and --until'
	is "$out" ''
	exits 0 pg-chunks -d "$SRC" --from 2025-02-01 --until 2025-02-11 --time-column ts --order name t
	is "$(of '[.table, (.where | type)]')" \
'["t_eu_2a","null"]
["t_eu_2d","string"]
["t_us_0","string"]
["t_us_1","string"]'
	covers t "ts >= '2025-02-01' and ts < '2025-02-11'"
	exits 0 pg-chunks -d "$SRC" --from 2025-02-05 --order name t_eu
	is "$(of '[.table, (.where | type)]')" \
'["t_eu_2a","string"]
["t_eu_2b","null"]
["t_eu_2d","string"]'
	covers t_eu "ts >= '2025-02-05'"
	exits 0 pg-chunks -d "$SRC" --until 2025-02-20 --order name t_eu
	covers t_eu "ts < '2025-02-20'"
}

@test "bounds are understood whatever the first leaf of a tree is" {
	require_extension file_fdw
	db <<-'SQL'
		create extension file_fdw; create server f foreign data wrapper file_fdw;
		create table m(ts date, v int) partition by range (ts);
		create foreign table m_0 partition of m for values from ('2024-01-01') to ('2025-01-01')
			server f options (filename '/nonexistent');
		create table m_1 partition of m for values from ('2025-01-01') to ('2025-02-01');
		create table m_2 partition of m for values from ('2025-02-01') to ('2025-03-01') partition by list (v);
		create table m_2_1 partition of m_2 for values in (1);
		create table m_2_2 partition of m_2 default;
		create table n(ts bigint) partition by range (ts);
		create table n_1 partition of n for values from (0) to (100);
	SQL
	exits 0 pg-chunks -d "$SRC" --order name --from 2024-12-15 --until 2025-02-15 m
	is "$(of '[.table, .where]')" '["m_1",null]
["m_2_1","\"ts\" < '"'2025-02-15'::date"'"]
["m_2_2","\"ts\" < '"'2025-02-15'::date"'"]'
	like "$err" 'left out: public.m_0 is a foreign table'
	exits 0 pg-chunks -d "$SRC" --order name --from 2025-01-10 -x m_0 -x m_1 m
	is "$(of .table)" $'"m_2_1"\n"m_2_2"'
	is "$err" ''
	exits 2 pg-chunks -d "$SRC" --from 2025-01-10 n m
	is "$err" 'pg-chunks: error: public.n cannot be listed by --from "2025-01-10": column "ts" is of type bigint'
}

@test "a default partition always carries the bounds, and its rows without a key are said" {
	db <<-'SQL'
		create table t(k int) partition by range (k);
		create table t1 partition of t for values from (0) to (10);
		create table td partition of t default;
		insert into t select generate_series(-20, 20); insert into t values (null), (null);
	SQL
	exits 0 pg-chunks -d "$SRC" --from=-5 --until 10 --order name t
	is "$(of '[.table, .where]')" \
'["t1",null]
["td","\"k\" >= '"'-5'::integer and"' \"k\" < '"'10'::integer"'"]'
	covers t 'k >= -5 and k < 10'
	is "$err" 'pg-chunks: warning: left out of public.td: rows without "k": 2'
	ends 2
}

@test "--time-column bounds plain tables, and rows without a time are said" {
	db <<-'SQL'
		create table a(i int, "Time" timestamptz not null); create table b(i int, "Time" date); create table c(i int, "Time" timestamp);
		insert into a select i, '2025-01-01'::date + i from generate_series(1, 100) i;
		insert into b select i, nullif('2025-01-01'::date + i, '2025-01-05') from generate_series(1, 100) i;
		insert into c select i, '2025-01-01'::date + i from generate_series(1, 100) i;
	SQL
	exits 0 pg-chunks -d "$SRC" --order name --from 2025-02-01 --time-column Time
	is "$(of '[.chunk, .where]')" \
'["public.a[2025-02-01 00:00:00+00,)","\"Time\" >= '"'2025-02-01 00:00:00+00'::timestamp with time zone"'"]
["public.b[2025-02-01,)","\"Time\" >= '"'2025-02-01'::date"'"]
["public.c[2025-02-01 00:00:00,)","\"Time\" >= '"'2025-02-01 00:00:00'::timestamp without time zone"'"]'
	is "$err" 'pg-chunks: warning: left out of public.b: rows without "Time": 1'
}

@test "a table that cannot take the bounds is named, and nothing is listed" {
	make_tree
	db 'create table plain(ts text, i int); create table ints(i bigint) partition by range (i);
		create table ints1 partition of ints for values from (0) to (10); create table wrong(ts json)'
	exits 2 pg-chunks -d "$SRC" --from 2025-01-01 m plain
	like "$err" 'error: public.plain has no range partition key for --from and --until'
	like "$err" 'hint: name a column with --time-column'
	is "$out" ''
	exits 2 pg-chunks -d "$SRC" --from 2025-01-01 --until 2025-02-01 m ints
	like "$err" 'error: public.ints cannot be listed by --from "2025-01-01" and --until "2025-02-01": column "i" is of type bigint'
	is "$out" ''
	exits 2 pg-chunks -d "$SRC" --from 2025-01-01 --time-column ts m ints
	like "$err" 'error: public.ints has no column "ts" for --from and --until'
	exits 2 pg-chunks -d "$SRC" --from 2025-01-01 --time-column "$(printf 't%.0s' {1..70})" plain
	like "$err" 'error: public.plain has no column "t+" for'
	exits 2 pg-chunks -d "$SRC" --from 2025-01-01 --time-column ts wrong
	like "$err" 'public.wrong cannot be listed by --from "2025-01-01": column "ts" is of type json'
	exits 2 pg-chunks -d "$SRC" --until "2025-01-01'; drop table m; --" m
	like "$err" 'public.m cannot be listed by --until'
	exits 2 pg-chunks -d "$SRC" --from '' m
	like "$err" 'public.m cannot be listed by --from ""'
	# What would be dropped without a word is no value of the type either.
	db 'create table days(ts date); create table local(ts timestamp)'
	exits 2 pg-chunks -d "$SRC" --from '2025-01-01 12:00' --time-column ts days
	like "$err" 'public.days cannot be listed by --from "2025-01-01 12:00": column "ts" is of type date'
	exits 2 pg-chunks -d "$SRC" --until '2025-01-01 12:00+02' --time-column ts local
	like "$err" 'column "ts" is of type timestamp without time zone'
	exits 0 pg-chunks -d "$SRC" --from yesterday --until '2100-01-01 00:00Z' --time-column ts days local
	exits 2 pg-chunks -d "$SRC" --from 2025-02-02 --until 2025-02-01 m
	like "$err" 'error: --from "2025-02-02" is after --until "2025-02-01"'
	exits 0 pg-chunks -d "$SRC" --from 2025-02-02 --until 2025-02-02 -x m_rest m
	covers m false
}

@test "one text for days and for numbers is said" {
	make_tree
	db 'create table ints(i bigint) partition by range (i); create table ints1 partition of ints for values from (0) to (30000000)'
	exits 0 pg-chunks -d "$SRC" --order name --until 20250110 m ints
	like "$err" 'warning: the bounds are taken as bigint for "i" and as timestamp with time zone for "ts"'
	is "$(tables)" $'public.ints1\npublic.m_jan_eu\npublic.m_jan_us\npublic.m_rest'
}

@test "bounds and slices go together" {
	db "create table t(ts date, v text) partition by range (ts);
		create table t1 partition of t for values from ('2025-01-01') to ('2026-01-01');
		insert into t select '2025-01-01'::date + i % 365, md5(i::text) from generate_series(1, 30000) i"
	if [ "$PG_MAJOR" -ge 14 ]; then
		exits 0 pg-chunks -d "$SRC" --from 2025-03-01 --split 512kB t
		like "$(ids | head -n 1)" '^public\.t/public\.t1#ctid:0-64\[2025-03-01,\)$'
		is "$(of .slice.within | sort -u)" '"\"ts\" >= '"'2025-03-01'::date"'"'
		like "$(of .where)" "^\"ctid >= .*::tid and \\\\\"ts\\\\\" >= '2025-03-01'::date\"$"
		covers t "ts >= '2025-03-01'"
	fi
	db 'create table k(id int primary key, ts date); insert into k select i, '"'2025-01-01'::date"' + i % 365 from generate_series(1, 50000) i; analyze k'
	exits 0 pg-chunks -d "$SRC" --from 2025-03-01 --until 2025-09-01 --time-column ts --by key --split 512kB k
	[ "$(ids | wc -l)" -ge 2 ]
	covers k "ts >= '2025-03-01' and ts < '2025-09-01'"
}

@test "predicates stand alone: they mean the same with other settings" {
	make_tree
	exits 0 pg-chunks -d "$SRC" --order name --from 2025-01-10 --until 2025-02-15 m
	local want
	want=$(db "select count(*) from m where ts >= '2025-01-10' and ts < '2025-02-15'")
	is "$(db "set timezone = 'Asia/Tokyo'; set datestyle = 'sql, dmy'; set standard_conforming_strings = off; select count(*) from ($(rows_sql)) x")" "$want"
}

# --- order and snapshot ---------------------------------------------------------

@test "--order: largest, newest, oldest, name" {
	db <<-'SQL'
		create table t(ts timestamptz, i int) partition by range (ts);
		create table t_b partition of t for values from ('2024-12-01') to ('2025-01-01');
		create table t_c partition of t for values from (minvalue) to ('2024-12-01');
		create table t_a partition of t for values from ('2025-01-01') to ('2025-02-01');
		create table t_d partition of t default;
		create table n(i int) partition by range (i);
		create table n_1 partition of n for values from (-5) to (5);
		create table plain(i int);
		insert into t select '2024-12-10', i from generate_series(1, 5000) i;
		insert into t select '2025-01-10', i from generate_series(1, 9000) i;
		insert into plain select generate_series(1, 20000);
	SQL
	exits 0 pg-chunks -d "$SRC"
	is "$(tables | head -n 3)" $'public.plain\npublic.t_a\npublic.t_b'
	exits 0 pg-chunks -d "$SRC" --order largest t plain
	is "$(tables | head -n 3)" $'public.plain\npublic.t_a\npublic.t_b'
	exits 0 pg-chunks -d "$SRC" --order newest
	is "$(tables)" $'public.t_a\npublic.t_b\npublic.n_1\npublic.t_c\npublic.plain\npublic.t_d'
	exits 0 pg-chunks -d "$SRC" --order oldest
	is "$(tables)" $'public.t_c\npublic.n_1\npublic.t_b\npublic.t_a\npublic.plain\npublic.t_d'
	exits 0 pg-chunks -d "$SRC" --order name
	is "$(tables)" $'public.n_1\npublic.plain\npublic.t_a\npublic.t_b\npublic.t_c\npublic.t_d'
	exits 2 pg-chunks -d "$SRC" --order size
}

@test "slices follow the order, too" {
	db 'create table t(i int); insert into t select generate_series(1, 50000)'
	! stays_whole t || return 0
	exits 0 pg-chunks -d "$SRC" --split 512kB --order newest t
	is "$(of .slice.from)" $'192\n128\n64\n0'
	exits 0 pg-chunks -d "$SRC" --split 512kB --order oldest t
	is "$(of .slice.from)" $'0\n64\n128\n192'
}

@test "--snapshot lists what that snapshot shows" {
	db 'create table t(i int)'
	mkfifo in
	psql -XAtq -d "$SRC" <in >snapshot &
	local session=$!
	exec 8>in
	echo 'begin isolation level repeatable read; select pg_export_snapshot();' >&8
	wait_for test -s snapshot
	db 'create table later(i int)'
	exits 0 pg-chunks -d "$SRC" --snapshot "$(<snapshot)"
	is "$(tables)" public.t
	exits 0 pg-chunks -d "$SRC" --order name
	is "$(tables)" $'public.later\npublic.t'
	exec 8>&-
	wait "$session"
	exits 3 pg-chunks -d "$SRC" --snapshot "$(<snapshot)"
	like "$err" 'could not join the snapshot'
	is "$out" ''
	exits 3 pg-chunks -d "$SRC" --snapshot "x'; drop table t; --"
	is "$(db 'select count(*) from t')" 0
}

# --- chunk sources ---------------------------------------------------------------

make_plugin() {	# NAME: from stdin
	mkdir -p plugins/chunks
	cat >"plugins/chunks/$1.sql"
	export PGPIPE_PLUGIN_PATH=$PWD/plugins
}

@test "a file on the plug-in path adds a chunk source" {
	db "create table events(tenant int, v text); insert into events select i % 3, i from generate_series(1, 99) i;
		create table plain(i int); create table tenants(id int); insert into tenants values (0), (1), (2)"
	make_plugin tenants <<-'SQL'
		-- api: 1
		-- about: one chunk for each tenant
		-- for: c.relname = 'events' and
		--	n.nspname = 'public'
		select s.relid, null, null, null, null, 'tenant=' || t.id,
			format('tenant = %s', t.id), 33, null, null, null
		from selected s cross join public.tenants t;
	SQL
	exits 0 pg-chunks -d "$SRC" --order name -x tenants
	is "$(of '[.chunk, .source, .where, .rows]')" \
'["public.events#tenant=0","tenants","(tenant = 0)",33]
["public.events#tenant=1","tenants","(tenant = 1)",33]
["public.events#tenant=2","tenants","(tenant = 2)",33]
["public.plain","table",null,0]'
	covers events
	ends 4
}

@test "a user's chunk source takes the place of ours of the same name" {
	db 'create table t(i int); create table u(i int)'
	make_plugin table <<-'SQL'
		-- api: 1
		-- for: c.relkind = 'r'
		select relid, null, null, null, null, null, null, 7, 7, null, null from selected
	SQL
	exits 0 pg-chunks -d "$SRC" --order name
	is "$(of '[.table, .rows]')" $'["t",7]\n["u",7]'
}

@test "a chunk source tells ranges, and bounds go by them" {
	db "create table a(day date); create table b(day date); insert into a values ('2025-01-05'); insert into b values ('2025-02-05')"
	make_plugin days <<-'SQL'
		-- api: 1
		-- for: c.relname in ('a', 'b')
		select relid, null, null, null, jsonb_build_array(jsonb_build_object('column', 'day', 'type', 'date',
			'from', case relid::regclass::text when 'public.a' then '2025-01-01' else '2025-02-01' end,
			'to', case relid::regclass::text when 'public.a' then '2025-02-01' else '2025-03-01' end)),
			null, null, null, null, null, null
		from selected
	SQL
	exits 0 pg-chunks -d "$SRC" --from 2025-02-01
	is "$(of '[.table, .where]')" '["b",null]'
	exits 0 pg-chunks -d "$SRC" --from 2025-01-10 --order newest
	is "$(of '[.table, .where]')" $'["b",null]\n["a","\\"day\\" >= '"'2025-01-10'::date"'"]'
}

@test "a chunk source adds fields to its lines, leaves out, and keeps whole" {
	db "create table a(i int, v text); create table b(i int);
		insert into a select i, repeat('x', 500) from generate_series(1, 1000) i"
	make_plugin mine <<-'SQL'
		-- api: 2
		-- whole: yes
		-- for: c.relname in ('a', 'b')
		select relid, null, null, null, null, null, null, null, null, null, null,
			case relid::regclass::text when 'public.b' then 'the "other" one' end,
			'{"shelf": {"no": 7}, "table": "not this", "system": 1}'::jsonb
		from selected
	SQL
	exits 0 pg-chunks -d "$SRC" --split 64kB
	is "$(of '[.chunk, .table, .shelf, .slice, .system != 1]')" '["public.a","a",{"no":7},null,true]'
	is "$err" 'pg-chunks: warning: public.a is not split: such chunks are taken whole
pg-chunks: warning: left out: public.b is the "other" one'
	ends 1
}

@test "a chunk source that is no good fails alone" {
	db 'create table t(i int); create table mine(i int)'
	local name text what
	while IFS='|' read -r name text what; do
		make_plugin "$name" < <(printf '%b' "$text")
		run -"${what%% *}" --separate-stderr pg-chunks -d "$SRC"
		like "$output" '"table":"t"'
		unlike "$output" '"end"'
		like "$stderr" "chunk source \"$name\" ${what#* }"
		like "$stderr" "$PWD/plugins/chunks/$name.sql"
		rm "plugins/chunks/$name.sql"
	done <<-'LIST'
		noapi|-- for: true\nselect 1|2 has no line "-- api: 1"
		newapi|-- api: 3\n-- for: true\nselect 1|2 is for another version
		nofor|-- api: 1\nselect 1|2 has no line "-- for: CONDITION"
		empty||2 has no line
		badfor|-- api: 1\n-- for: nonsense = 1\nselect 1|3 cannot be used: column "nonsense" does not exist
		runfor|-- api: 1\n-- for: 1 / (case c.relname when 'mine' then 0 else 1 end) = 0\nselect 1|3 cannot be used: division by zero
		syntax|-- api: 1\n-- for: c.relname = 'mine'\nselect from from|3 failed: syntax error
		short|-- api: 1\n-- for: c.relname = 'mine'\nselect relid from selected|3 failed: .*source.* has 1 columns? available
		twice|-- api: 1\n-- for: c.relname = 'mine'\nselect 1) select 1; drop table t; select (1|3 failed:
		runtime|-- api: 1\n-- for: c.relname = 'mine'\nselect relid, null, null, null, null, null, null, 1 / 0, null, null, null from selected|3 failed: division by zero
		write|-- api: 1\n-- for: c.relname = 'mine'\nselect relid, null, null, null, null, null, null, nextval('public.q'), null, null, null from selected|3 failed:
	LIST
	is "$(db 'select count(*) from t')" 0
}

# --- servers ----------------------------------------------------------------------

@test "a hot standby is listed like its primary" {
	db 'create table t(id int primary key, v text); insert into t select i, md5(i::text) from generate_series(1, 20000) i; analyze t;
		create table p(i int) partition by range (i); create table p1 partition of p for values from (0) to (10)'
	db 'analyze t'
	pg_standby sb s
	pg_caught_up sb s
	local options
	for options in '--split 512kB --order name' '--by key --split 512kB --order name t' '--order newest --from 0 --until 5 --time-column i p'; do
		# shellcheck disable=SC2086 # several words
		pg-chunks -d "$SRC" $options >primary
		# shellcheck disable=SC2086
		pg-chunks -d "$(pg_dsn sb "$DB")" $options >standby
		cmp primary standby
	done
	pg_stop sb immediate
}

# bats test_tags=soak
@test "thousands of partitions need few locks and little memory" {
	pg_start small 'max_locks_per_transaction = 10' 'max_connections = 10'
	pg_sql small 'create table t(id int, ts date, v text, primary key (id)) partition by range (id)'
	pg_sql small "select format('create table t_%s partition of t for values from (%s) to (%s)', i, i * 10, i * 10 + 10) from generate_series(0, 2999) i \\gexec"
	pg_sql small "do \$\$ begin for p in 0..299 loop
		insert into t select i, '2025-01-01', repeat('x', 3000) from generate_series(p * 100, p * 100 + 99) i;
		commit; end loop; end \$\$"
	exits 0 pg-chunks -d "$(pg_dsn small)" t
	ends 3000
	# Every one of them is looked into.
	exits 0 pg-chunks -d "$(pg_dsn small)" --by key --split 8kB t
	[ "$(jq -r 'select(.chunk).table' "$OUT" | sort -u | wc -l)" -eq 3000 ]
	exits 0 pg-chunks -d "$(pg_dsn small)" --time-column ts --from 2025-01-01 t
	ends 3000
	[ -n "${SAN:-}" ] || (
		ulimit -d 12000
		pg-chunks -d "$(pg_dsn small)" t >whole
		tail -n 1 whole | grep -q '"lines":3000'
	)
	pg_stop small immediate
}

@test "a table that is dropped meanwhile does no harm" {
	db 'create table t(i int); create table u(i int)'
	mkfifo in
	psql -XAtq -d "$SRC" <in >snapshot &
	local session=$!
	exec 8>in
	echo 'begin isolation level repeatable read; select pg_export_snapshot();' >&8
	wait_for test -s snapshot
	db 'drop table u'
	exits 0 pg-chunks -d "$SRC" --order name --snapshot "$(<snapshot)"
	is "$(of '[.table, .bytes]')" $'["t",0]\n["u",0]'
	exec 8>&-
	wait "$session"
}

# --- faults ----------------------------------------------------------------------

@test "connection options are psql's, and a lone operand is a pattern" {
	db 'create table t(i int)'
	exits 0 pg-chunks -h "$PG_ROOT/s/s" -p 5432 -U postgres -d "$DB" t
	is "$(tables)" public.t
	exits 0 env PGHOST="$PG_ROOT/s/s" PGUSER=postgres PGDATABASE="$DB" pg-chunks t
	is "$(tables)" public.t
	exits 0 pg-chunks -d "postgresql:///$DB?host=$PG_ROOT/s/s&user=postgres" t
	is "$(tables)" public.t
	exits 3 pg-chunks -d "$(pg_dsn s nosuchdatabase)"
	like "$err" 'nosuchdatabase'
	is "$out" ''
}

@test "output that is lost is a failure" {
	db 'create table t(i int)'
	exits 3 bash -c "pg-chunks -d '$SRC' >/dev/full"
	like "$err" 'could not write'
	exits 3 bash -c "pg-chunks -d '$SRC' >&-"
	db "select format('create table t%s()', i) from generate_series(1, 2000) i \\gexec"
	pipes '* 0' 'pg-chunks -d "$SRC" | head -n 1'
	is "$err" ''
}

@test "a server that dies in mid-listing is exit 4 and no end line" {
	db 'create table t(i int)'
	psql -Xq -d "$SRC" -c 'begin; lock table t; select pg_sleep(60)' >/dev/null 2>&1 &
	local locker=$! code=0
	wait_for pg_sql_true "s/$DB" "select count(*) = 1 from pg_locks where mode = 'AccessExclusiveLock' and relation = 't'::regclass"
	pg-chunks -d "$SRC" >"$OUT" 2>"$ERR" &
	local lister=$!
	wait_for pg_sql_true "s/$DB" "select count(*) = 1 from pg_stat_activity where application_name = 'pg-chunks' and wait_event_type = 'Lock'"
	db "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pg-chunks'"
	wait "$lister" || code=$?
	kill "$locker"
	is "$code" 4
	ends_not
}

@test "a locked table is waited for, but not for ever" {
	db 'create table t(i int)'
	psql -Xq -d "$SRC" -c 'begin; lock table t; select pg_sleep(60)' >/dev/null 2>&1 &
	local locker=$!
	wait_for pg_sql_true "s/$DB" "select count(*) = 1 from pg_locks where mode = 'AccessExclusiveLock' and relation = 't'::regclass"
	exits 4 pg-chunks -d "$SRC" --lock-timeout 200ms
	like "$err" 'error: could not list tables: .*lock timeout'
	ends_not
	kill "$locker"
}

@test "a signal ends it, the second one also in a statement" {
	db 'create table t(i int)'
	psql -Xq -d "$SRC" -c 'begin; lock table t; select pg_sleep(60)' >/dev/null 2>&1 &
	local locker=$! code=0
	wait_for pg_sql_true "s/$DB" "select count(*) = 1 from pg_locks where mode = 'AccessExclusiveLock' and relation = 't'::regclass"
	pg-chunks -d "$SRC" >"$OUT" 2>"$ERR" &
	local lister=$!
	wait_for pg_sql_true "s/$DB" "select count(*) = 1 from pg_stat_activity where application_name = 'pg-chunks' and wait_event_type = 'Lock'"
	kill -TERM "$lister"
	sleep 0.5
	kill -TERM "$lister"
	wait "$lister" || code=$?
	is "$code" 143
	ends_not
	wait_for pg_sql_true "s/$DB" "select count(*) = 0 from pg_stat_activity where application_name = 'pg-chunks'"
	kill "$locker"
}

@test "the examples of the manual run" {
	db <<-'SQL'
		create table metrics(ts date, v int) partition by range (ts);
		create table metrics_jan partition of metrics for values from ('2025-01-01') to ('2025-02-01');
		create table metrics_feb partition of metrics for values from ('2025-02-01') to ('2025-03-01');
		create table metrics_default partition of metrics default;
		create table orders(id int primary key, created_at timestamptz); create table order_lines(id int, created_at date);
	SQL
	is "$(examples_of pg-chunks.1 | grep -c '^pg-chunks')" 7
	# The first is the whole toolkit; here only its first stage is at hand.  The
	# fourth and the fifth are about TimescaleDB.
	examples_of pg-chunks.1 | awk -v RS= 'NR > 1 { print > "example." NR }'
	exits 0 bash -e example.2
	is "$(tables)" public.metrics_jan
	exits 0 bash -e example.3
	is "$(tables | sort)" $'public.order_lines\npublic.orders'
	exits 0 bash -e example.6
	ends 5
	exits 0 bash -e example.7
	is "$(wc -l <<<"$out")" 5
}

@test "the example of a plug-in runs" {
	db "create table events(tenant int, v text); insert into events select i % 2, i from generate_series(1, 10) i;
		create table tenants(id int); insert into tenants values (0), (1)"
	make_plugin tenants < <(examples_of pgpipe-plugins.7 | sed -n "/^-- api: 1/,/^cross join/p")
	exits 0 pg-chunks -d "$SRC" events
	is "$(ids)" $'public.events#tenant=0\npublic.events#tenant=1'
	covers events
}
