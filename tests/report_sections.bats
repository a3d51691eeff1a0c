#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# The sections that come with pg-report, on a real server: all of them on every
# version that the suite is run with, on a schema with all that can be in one, on an
# empty database, on a standby, for a role that may only connect, beside locks.

load lib/common

setup_file() {
	common_setup_file
	pg_start a 'wal_level = logical' 'track_io_timing = on' \
		'track_functions = all' "archive_mode = on" "archive_command = 'true'"
	pg_sql a "create role poor login; create database golden;
		create database nothing; create database huge;
		alter role poor set app.secret_key = 'swordfish';
		alter database golden set app.token = 'swordfish'"
	pg_sql a/golden "$(cat "$TREE/tests/golden/schema.sql")" >/dev/null
	pg_sql a "select pg_create_physical_replication_slot('for_b', true)" >/dev/null
	pg_standby b a "primary_slot_name = 'for_b'" "$(standby_password)"
	pg_caught_up b a
}

# The connection string of the standby, with what must not be told.
standby_password() {
	echo "primary_conninfo = '$(pg_dsn a | sed 's/ dbname=.*//')" \
		"password=swordfish'"
}

setup() {
	common_setup
	GOLDEN=$(pg_dsn a/golden)
	POOR=${GOLDEN/user=postgres/user=poor}
	export GOLDEN POOR
}

teardown() {
	local pid
	while read -r pid; do kill "$pid" 2>/dev/null || :; done < <(cat pids 2>/dev/null)
}

# The checks have tests of their own.
collect() {	# FILE CONNECTION [ARGUMENT...]
	exits 0 pg-report collect -q -o "$1" -d "$2" --ignore="$(checks)" \
		"${@:3}" || return
	is "$(failed "$1")" '' 'sections that failed'
}
sections() { jq -c '[.server.sections[], .databases[].sections[]][]' "$1"; }
failed() { sections "$1" | jq -r 'select(.status == "error") | "\(.id): \(.reason)"'; }
section_of() { sections "$1" | jq -c --arg id "$2" 'select(.id == $id)'; }	# FILE ID
rows_of() { section_of "$1" "$2" | jq -c '.rows[]'; }	# FILE ID
outcome() { section_of "$1" "$2" | jq -r '.status + ": " + (.reason // "")'; }
table_of() {	# FILE TABLE [FILTER]
	rows_of "$1" tables | jq -c --arg t "$2" "select(.table == \$t) | ${3:-.}"
}
checks() {
	grep -l '^kind: check' "$TREE"/share/report/*/about.yaml |
		sed 's,/about.yaml$,,; s,.*/,,' | paste -sd,
}
ours() {	# the ids of all of our sections
	grep -l '^kind: section' "$TREE"/share/report/*/about.yaml |
		sed 's,.*/\([^/]*\)/about.yaml,\1,' | sort
}

@test "every section of ours is collected on this version" {
	collect c.json "$GOLDEN" --with-heavy
	# What an absent extension needs is left out, all else is there.
	is "$(sections c.json | jq -r .id | sort)" \
		"$(ours | grep -v -e '^ts-' -e '^statements$')"
	is "$(sections c.json | jq -r 'select(.status != "ok") | .id' | sort)" \
		"$([ "$PG_MAJOR" -ge 16 ] || echo io)"
	# Each says what it is about, and shows only what it has found.
	is "$(sections c.json | jq -r 'select((.about // "") == "") | .id')" ''
	is "$(sections c.json | jq -r 'select(.status == "ok") | . as $s |
		[.columns[].name] as $have | (.show // [])[] |
		select((.column as $c | $have | index([$c]) | not) and
			.column != "purpose") | "\($s.id) has no \(.column)"')" ''
	is "$(sections c.json | jq -r 'select(.status == "ok") | . as $s |
		[.columns[].name] as $have | (.key // []) + (.volatile // []) | .[] |
		select(. as $c | $have | index([$c]) | not) |
		"\($s.id) has no \(.)"')" ''
	# A key names one row.
	is "$(sections c.json | jq -r 'select(.key) | . as $s | .rows |
		group_by([.[$s.key[]]])[] | select(length > 1) |
		"\($s.id): \(.[0][$s.key[0]])"')" ''
}

@test "the golden schema is the same every time" {
	collect c.json "$GOLDEN"
	collect d.json "$GOLDEN"
	jq -f "$TREE/tests/golden/schema.jq" c.json >first
	jq -f "$TREE/tests/golden/schema.jq" d.json >second
	cmp first second
	# To make it anew: PGPIPE_TEST_GOLDEN=1, and read the difference.
	[ -z "${PGPIPE_TEST_GOLDEN:-}" ] || cp first "$TREE/tests/golden/schema.json"
	diff -u "$TREE/tests/golden/schema.json" first | head -n 60 >difference
	is "$(cat difference)" ''
}

@test "all formats take the golden schema" {
	local format
	collect c.json "$GOLDEN"
	for format in html md jsonl json dbml mermaid dot; do
		exits 0 pg-report render --format "$format" c.json
		[ -s "$OUT" ]
	done
}

@test "an empty database has a report without a row" {
	collect c.json "$(pg_dsn a/nothing)" --with-heavy
	is "$(jq -r '.databases[].sections[] | select(.total > 0) | .id' c.json | sort |
		paste -sd' ')" 'extensions grants schemas'
	exits 0 pg-report -q -d "$(pg_dsn a/nothing)" -o r.html
	exits 0 pg-report -q -d "$(pg_dsn a/nothing)" -o r.md
}

@test "partitions are one table with their children counted" {
	collect c.json "$GOLDEN"
	is "$(rows_of c.json tables | jq -r 'select(.schema == "shop") | .table' |
		paste -sd' ')" \
		'animal counted customer dog item orders product recent recent_eu scratch tally'
	is "$(table_of c.json orders '[.kind, .partitions, .rows, .partitioning]')" \
		'["partitioned",5,400,"RANGE (at)"]'
	# Sizes and indexes are those of all levels.
	local bytes
	bytes=$(pg_sql a/golden "select sum(pg_relation_size(relid))
		from pg_partition_tree('shop.orders') where isleaf")
	is "$(table_of c.json orders .heap_bytes)" "$bytes"
	bytes=$(pg_sql a/golden "select sum(pg_relation_size(relid))
		from pg_partition_tree('shop.orders_pkey') where isleaf")
	is "$(table_of c.json orders '.indexes[] | select(.primary) | .bytes')" "$bytes"
	is "$(table_of c.json orders '.bytes == .heap_bytes + .index_bytes + .toast_bytes')" \
		true
	is "$(table_of c.json dog '[.inherits[].table]')" '["animal"]'
	# In the sections about use, too.
	like "$(rows_of c.json sizes)" '"table":"orders".*"parts":5'
	unlike "$(rows_of c.json sizes; rows_of c.json vacuum; rows_of c.json index-usage)" \
		'orders_(2024|2025|else)'
}

@test "names and comments come as they are" {
	collect c.json "$GOLDEN"
	local s="<script>alert('s')</script>"
	is "$(rows_of c.json tables | jq -r --arg s "$s" 'select(.schema == $s) | .table' |
		jq -Rs .)" \
		"$(printf '%s\n' '<script>alert(1)</script>' 'a.b' 'two' 'lines' \
			'v;drop table x--' 'ünï "code" | 表 😀 שלום' | jq -Rs .)"
	# shellcheck disable=SC1003 # a backslash at the end
	is "$(table_of c.json '<script>alert(1)</script>' '[.columns[].name] | join(",")' |
		jq -r .)" \
		"$(printf '%s' '<b>,a"quote,pipe|pipe,new
line,tab	tab,😀,עברית,back`tick,[x](javascript:alert(1)),$1{x}%s\')"
	like "$(table_of c.json '<script>alert(1)</script>' .comment)" 'line \| two'
	is "$(table_of c.json '<script>alert(1)</script>' '[.referenced_by[].table]')" \
		'["two\nlines"]'
}

@test "a locked table is told as locked, and holds up nobody" {
	local seconds
	mkfifo hold
	psql -XAtq -d "$GOLDEN" <hold >/dev/null &
	echo $! >pids
	exec 7>hold
	echo 'begin; lock table shop.orders, shop.customer in access exclusive mode;
		lock table shop.orders_2024; alter sequence shop.spare cache 2;' >&7
	wait_for pg_sql_true a "select count(*) = 1 from pg_locks l
		where l.mode = 'ShareRowExclusiveLock' and l.granted
		and l.relation is not null and l.database = (select oid from pg_database
			where datname = 'golden')"
	seconds=$SECONDS
	collect c.json "$GOLDEN" --with-heavy
	exec 7>&-
	[ $((SECONDS - seconds)) -lt 10 ]
	is "$(sections c.json | jq -r 'select(.status != "ok" and .id != "io") | .id')" ''
	is "$(rows_of c.json tables | jq -r 'select(.locked) | .table' | paste -sd' ')" \
		'customer orders recent recent_eu'
	is "$(table_of c.json customer '[.columns[0].name, .indexes[0].name,
		.indexes[0].definition, (.indexes | length)]')" \
		'["id","customer_pkey",null,4]'
	is "$(table_of c.json recent .definition)" null
	like "$(table_of c.json tally .definition)" SELECT
	like "$(rows_of c.json sequences)" '"sequence":"spare".*"value_note":"locked"'
}

@test "a role that may only connect is told what it does not see" {
	collect c.json "$POOR"
	collect d.json "$GOLDEN"
	is "$(sections c.json | jq -r 'select(.status != "ok" and .id != "io") |
		"\(.id) \(.status)"' | sort)" \
		"$(printf '%s skipped\n' activity bloat connections index-bloat replication |
			grep -v bloat)"
	like "$(outcome c.json activity)" '^skipped: needs .*pg_read_all_stats'
	# The schema is everybody's to see.
	is "$(rows_of c.json tables | jq -c 'del(.indexes[].scans)')" \
		"$(rows_of d.json tables | jq -c 'del(.indexes[].scans)')"
	like "$(rows_of c.json wal)" '"files":null.*"files_note":"needs pg_monitor"'
	like "$(rows_of c.json archiving)" '"waiting_note":"needs pg_monitor"'
	like "$(rows_of c.json server)" '"preload":"\(needs pg_read_all_settings\)"'
	like "$(rows_of c.json sequences)" '"value_note":"needs select or usage on it"'
	unlike "$(rows_of d.json sequences)" 'needs'
	pg_sql a 'revoke connect on database huge from public'
	collect c.json "$POOR"
	like "$(rows_of c.json databases | grep huge)" \
		'"bytes":null,"size_note":"needs connect on it or pg_read_all_stats"'
	exits 0 pg-report collect -q -o c.json -d "$POOR" --with-heavy
	is "$(failed c.json)" ''
}

@test "a standby has the same schema, and says whose standby it is" {
	collect a.json "$GOLDEN"
	collect b.json "$(pg_dsn b/golden)" --with-heavy
	is "$(sections b.json | jq -r 'select(.status != "ok" and .id != "io") |
		"\(.id) \(.reason)"')" ''
	is "$(jq -f "$TREE/tests/golden/schema.jq" b.json)" \
		"$(jq -f "$TREE/tests/golden/schema.jq" a.json)"
	is "$(rows_of b.json server | jq .standby)" true
	like "$(rows_of b.json replication)" '"direction":"from".*"slot":"for_b"'
	like "$(rows_of a.json replication)" '"direction":"to".*"slot":"for_b"'
	like "$(rows_of a.json slots)" '"slot":"for_b","kind":"physical".*"active":true'
	like "$(rows_of b.json sequences)" 'unlogged, not on a standby|"sequence"'
}

@test "passwords and secrets are not told" {
	exits 0 pg-report collect -q -d "$GOLDEN"
	unlike "$out" swordfish
	like "$out" 'app.secret_key=\(hidden\)'
	like "$out" 'app.token=\(hidden\)'
	exits 0 pg-report collect -q -d "$(pg_dsn b/golden)"
	unlike "$out" swordfish
	like "$out" '"name":"primary_conninfo","value":"\(set, hidden\)"'
	psql -Xq -d "$GOLDEN" -c "begin; create role r password 'swordfish'" \
		-c 'select pg_sleep(60)' &
	echo $! >pids
	wait_for pg_sql_true a "select exists (select from pg_stat_activity
		where query ~ 'pg_sleep\(60\)' and pid <> pg_backend_pid())"
	collect c.json "$GOLDEN" --only=activity
	unlike "$(cat c.json)" swordfish
	like "$(rows_of c.json activity)" pg_sleep
}

@test "what a version has not is left empty or skipped with the reason" {
	collect c.json "$GOLDEN"
	if [ "$PG_MAJOR" -ge 17 ]; then
		is "$(rows_of c.json checkpoints | jq '.restartpoints')" 0
	else
		is "$(rows_of c.json checkpoints | jq '.restartpoints')" null
	fi
	is "$(rows_of c.json checkpoints | jq '.timed >= 0 and .by_backends >= 0')" true
	is "$(rows_of c.json wal | jq '.records != null')" \
		"$([ "$PG_MAJOR" -ge 14 ] && echo true || echo false)"
	if [ "$PG_MAJOR" -ge 16 ]; then
		like "$(rows_of c.json io)" '"process":"client backend"'
	else
		is "$(outcome c.json io)" \
			"skipped: needs PostgreSQL 16 or later, this is $PG_MAJOR"
	fi
}

@test "waits for locks name both sides" {
	mkfifo hold
	psql -XAtq -d "$GOLDEN" <hold >/dev/null &
	echo $! >pids
	exec 7>hold
	echo 'begin; lock table shop.item in access exclusive mode; select 1;' >&7
	wait_for pg_sql_true a/golden "select exists (select from pg_locks
		where relation = 'shop.item'::regclass)"
	psql -XAtq -d "$GOLDEN" -c 'select from shop.item' >/dev/null &
	echo $! >>pids
	wait_for pg_sql_true a 'select exists (select from pg_locks where not granted)'
	collect c.json "$GOLDEN"
	exec 7>&-
	is "$(rows_of c.json locks | jq -c '[.object, .mode, (.blocked_by | length),
		.query, .blocker_state]')" \
		'["shop.item","AccessShareLock",1,"select from shop.item","idle in transaction"]'
	is "$(rows_of c.json locks | jq '.waited >= 0')" true
}

@test "sequences are measured by what their column can hold" {
	pg_sql a/nothing 'create table t (id int);
		create sequence s owned by t.id; select setval('"'s', 1073741824"');
		create sequence r increment -1; select nextval('"'r'"');
		create sequence c as smallint maxvalue 100 cycle; select setval('"'c'"', 100)' \
		>/dev/null
	collect c.json "$(pg_dsn a/nothing)"
	pg_sql a/nothing 'drop table t; drop sequence r, c'
	is "$(rows_of c.json sequences | jq -c '[.sequence, .used_by, .last_value,
		((.used // -1) * 1000 | floor)]')" \
		"$(printf '%s\n' '["c",null,100,-1000]' '["r",null,-1,0]' \
			'["s","public.t.id",1073741824,500]')"
}

@test "statements need their library, and come without passwords" {
	require_extension pg_stat_statements
	pg_sql a 'create database stated'
	pg_sql a/stated 'create schema "odd <one>";
		create extension pg_stat_statements schema "odd <one>"'
	collect c.json "$(pg_dsn a/stated)"
	is "$(outcome c.json statements)" \
		'skipped: pg_stat_statements is not in shared_preload_libraries'
	# An extension's own are not the schema's.
	is "$(rows_of c.json functions; rows_of c.json tables)" ''
	pg_restart a "shared_preload_libraries = 'pg_stat_statements'"
	pg_sql a/stated "create role spoken password 'swordfish';
		select /* $(printf 'ü%.0s' {1..1500}) */ 1; select 2 as two, 'x' as three"
	collect c.json "$(pg_dsn a/stated)"
	is "$(outcome c.json statements)" 'ok: '
	like "$(rows_of c.json statements)" 'as three'
	like "$(rows_of c.json statements)" "password '\(hidden\)'"
	unlike "$(cat c.json)" swordfish
	like "$(rows_of c.json statements)" 'üüü.*\.\.\."'
	pg_sql a 'drop role spoken'
}

@test "bloat is estimated where there are statistics, and said where not" {
	pg_sql a/huge 'create table thin (id int, v text) with (autovacuum_enabled = off);
		create table raw (id int, v text) with (autovacuum_enabled = off);
		insert into thin select i, md5(i::text) from generate_series(1, 60000) i;
		insert into raw select i, md5(i::text) from generate_series(1, 60000) i;
		create index thin_id on thin (id);
		delete from thin where id % 3 > 0'
	# What a session has counted is told when it ends.
	pg_sql a/huge 'vacuum analyze thin; vacuum raw'
	collect c.json "$(pg_dsn a/huge)" --with-heavy
	is "$(rows_of c.json bloat | jq -r '"\(.table) \((.ratio // -1) * 10 | floor)"')" \
		"$(printf '%s\n' 'thin 6' 'raw -10')"
	like "$(rows_of c.json bloat)" '"table":"raw".*"note":"not analyzed'
	is "$(rows_of c.json index-bloat | jq -r '.ratio > 0.4')" true
	is "$(rows_of c.json vacuum | jq -r 'select(.table == "thin") |
		"\(.rows) \(.dead) \(.vacuumed != null)"')" '20000 0 true'
}
