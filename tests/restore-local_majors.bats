#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# Backups of servers of other major versions, taken and restored by one program:
# what `make check PG=14` does with all tests, in short.

load lib/common
load lib/restore

setup_file() { common_setup_file; }

# The programs of a major version, where the servers' user may run them.
programs() {	# MAJOR
	PG_BINDIR=$("$TREE/tests/pg" "$1" 2>err) ||
		skip "no PostgreSQL $1: $(tail -n 1 err)"
	pg_as_server test -x "$PG_BINDIR/postgres" || {
		cp -a "${PG_BINDIR%/bin}" "$PG_ROOT/server.$1"
		PG_BINDIR=$PG_ROOT/server.$1/bin
	}
	export PG_MAJOR=$1
	unset PG_TEMPLATE
}

# Taken in each form, restored from each, to a point in time, too.
there_and_back() {	# MAJOR
	local form
	programs "$1"
	pg_create_archive src
	# shellcheck disable=SC2059 # the format is ours
	pg_start src 'max_wal_senders = 8' 'archive_mode = on' \
		"$(printf "$ARCHIVE_LIVES" "$PG_ROOT/src/archive" "$PG_ROOT/src/archive")"
	pg_directory "$PG_ROOT/src/space"
	pg_sql src "create tablespace space location '$PG_ROOT/src/space'"
	pg_sql src <<-SQL
		create table t as select i, md5(i::text) m from generate_series(1, 5000) i;
		create table spaced tablespace space as select * from t;
		create table marks (n int);
	SQL
	ours -o b
	ours --tar >stream.tar
	ours --plain plain -T "$PG_ROOT/src/space=$PWD/space"
	exits 0 pg-basebackup-wrap verify b/* stream.tar plain
	pg_sql src 'insert into marks values (1)'
	pg_sql src "select pg_create_restore_point('here')" >/dev/null
	pg_sql src 'insert into marks values (2)'
	switch_wal
	for form in b/* stream.tar plain; do
		exits 0 restore "r$1" --replace --yes --start --drop-old \
			--target-name here --wal "$PG_ROOT/src/archive" "$form"
		is "$(pg_sql "r$1" 'select max(n) from marks')" 1
		is "$(pg_sql "r$1" 'select count(*), sum(hashtext(m)) from spaced')" \
			"$(pg_sql src 'select count(*), sum(hashtext(m)) from t')"
		is "$(pg_sql "r$1" 'show server_version_num' | sed 's/....$//')" "$1"
		halt "r$1"
		rm -rf "$PG_ROOT/r$1"
	done
	pg_stop src
	rm -rf "$PG_ROOT/src"
}

@test "backups of PostgreSQL 14" { there_and_back 14; }
@test "backups of PostgreSQL 16" { there_and_back 16; }
@test "backups of PostgreSQL 18" { there_and_back 18; }
