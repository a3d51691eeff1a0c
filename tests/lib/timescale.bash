# shellcheck shell=bash
# SPDX-License-Identifier: PostgreSQL
# For the tests that need a real TimescaleDB: they run where the server has the
# extension, and are skipped, with one line in the summary, where it has not.
#
#   timescale_setup_file [SERVER...]  start servers that load it ("src" and "dst")
#   timescale_setup                   a database of the test's own in each, as $SRC
#                                     and $DST, with the extension
#   timescale_teardown
#   src SQL, dst SQL, both SQL        run SQL there as superuser
#   src_as ROLE SQL, dst_as ROLE SQL  run SQL there as that role

timescale_missing() {
	local control
	for control in "$PG_BINDIR/../share/postgresql/extension/timescaledb.control" \
		"/usr/share/postgresql/$PG_MAJOR/extension/timescaledb.control"; do
		[ ! -e "$control" ] || return 1
		[ "$PG_BINDIR" = "/usr/lib/postgresql/$PG_MAJOR/bin" ] || break
	done
}

timescale_start() {	# NAME [CONF...]
	local name=$1
	shift
	pg_start "$name" "shared_preload_libraries = 'timescaledb'" \
		"timescaledb.telemetry_level = off" \
		"timescaledb.max_background_workers = 0" "$@"
}

timescale_setup_file() {
	local name
	common_setup_file
	! timescale_missing || return 0
	[ $# -gt 0 ] || set -- src dst
	for name; do
		timescale_start "$name" || return
	done
}

timescale_setup() {
	common_setup
	! timescale_missing ||
		skip "needs TimescaleDB, which this PostgreSQL $PG_MAJOR lacks"
	DB=t$BATS_TEST_NUMBER
	local name
	for name in ${TIMESCALE_SERVERS:-src dst}; do
		pg_sql "$name" "create database $DB"
		pg_sql "$name/$DB" 'create extension timescaledb' 2>/dev/null
	done >/dev/null
	SRC=$(pg_dsn "src/$DB") DST=$(pg_dsn "dst/$DB")
	export SRC DST DB
}

timescale_teardown() {
	local name
	[ -n "${DB:-}" ] || return 0
	for name in ${TIMESCALE_SERVERS:-src dst}; do
		pg_sql "$name" "drop database if exists $DB with (force)"
	done >/dev/null 2>&1
}

src() { pg_sql "src/$DB" "$@"; }
dst() { pg_sql "dst/$DB" "$@"; }
both() { src "$1" >/dev/null && dst "$1" >/dev/null; }
src_as() { pg_sql "src/$DB" "set session authorization $1; $2"; }
dst_as() { pg_sql "dst/$DB" "set session authorization $1; $2"; }
