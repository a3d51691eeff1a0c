#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# examples/db: every verb, on an empty database, and what the manual page shows.

load lib/common
load lib/wal

setup_file() {
	common_setup_file
	pg_directory "$PG_ROOT/bin"
	cp "$BUILD"/bin/pg-* "$PG_ROOT/bin/"
	mkdir -p "$PG_ROOT/share"
	cp -r "$TREE/share" "$PG_ROOT/share/pgpipe"
	pg_directory "$PG_ROOT/dbs"
	cp "$TREE/examples/db/Makefile" "$PG_ROOT/dbs/"
	chmod -R a+rX "$PG_ROOT/bin" "$PG_ROOT/dbs" "$PG_ROOT/share"
}

teardown_file() {
	verb stop || :
	common_teardown_file
}

verb() {
	pg_as_server env PATH="$PG_ROOT/bin:$PATH" make -s --no-print-directory \
		-C "$PG_ROOT/dbs" PGBIN="$PG_BINDIR" "$@" </dev/null
}

ask() { psql -XAtq -d "host=$PG_ROOT/dbs/main/run user=postgres dbname=postgres" -c "$1"; }

@test "make says what there is" {
	exits 0 verb
	local name
	for name in start status backup restore explore stop; do
		like "$out" "make $name "
	done
	exits 0 verb status
	is "$out" ''
	exits 2 verb restore
	like "$err" 'there is no backup of main'
}

@test "start, status, backup, restore, stop, on an empty database" {
	exits 0 verb start
	like "$out" '^psql "host='
	exits 0 verb start
	exits 0 verb status
	like "$out" '^main: running'
	exits 0 verb backup
	like "$out" '/main/backups/20'
	exits 0 verb status
	like "$out" 'backup  20.* good '
	like "$out" 'wal  timeline 1 '
	exits 0 verb restore
	is "$(ask 'select not pg_is_in_recovery()')" t
	exits 0 verb stop
	exits 0 verb stop
	exits 0 verb status
	like "$out" '^main: stopped'
}

@test "explore: a report on an empty database, and on one with tables" {
	verb start
	exits 0 verb explore
	is "$out" "$PG_ROOT/dbs/main/report.html"
	grep -q '</html>' "$out"
	ask 'create table "<explored>" (id int primary key)'
	exits 0 verb explore
	grep -q '&lt;explored&gt;' "$PG_ROOT/dbs/main/report.html"
	ask 'drop table "<explored>"'
	verb stop
}

@test "explore: a report on a database with all that can be in one" {
	local file=$PG_ROOT/dbs/full/report.html
	verb DB=full start
	psql -Xq -d "host=$PG_ROOT/dbs/full/run user=postgres dbname=postgres" \
		-f "$TREE/tests/golden/schema.sql" 2>/dev/null
	exits 0 verb DB=full explore
	is "$out" "$file"
	grep -q 'shop\.orders' "$file"
	# A table of this name is only a table.
	grep -q '&lt;script&gt;alert(1)&lt;/script&gt;' "$file"
	is "$(grep -c '<script>alert' "$file")" 0
	verb DB=full stop
	rm -rf "$PG_ROOT/dbs/full"
}

@test "restore: everything since the backup, or what was before a time" {
	local t
	verb start
	verb backup
	ask 'create table t as select 1 a'
	sleep 0.1
	t=$(ask 'select clock_timestamp()')
	sleep 0.1
	ask 'insert into t values (2)'
	exits 0 verb restore
	is "$(ask 'select count(*) from t')" 2
	# And again from the same backup, to a time between the two.
	exits 0 verb restore TARGET="$t"
	is "$(ask 'select count(*) from t')" 1
	ask 'insert into t values (3)'
	exits 0 verb backup KEEP=1
	is "$(find "$PG_ROOT/dbs/main/backups" -mindepth 1 -maxdepth 1 | wc -l)" 1
	exits 0 verb restore
	is "$(ask 'select string_agg(a::text, $$,$$ order by a) from t')" 1,3
	exits 0 pg-wal verify "$PG_ROOT/dbs/main/wal"
	verb stop
}

@test "explore asks pg-report" {
	exits 0 verb -n explore
	like "$out" 'pg-report -q -d'
}
