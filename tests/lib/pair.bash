# shellcheck shell=bash
# SPDX-License-Identifier: PostgreSQL
# For tests that copy: two servers, src and dst, with a fresh database of the same
# name on both for each test.  `load lib/pair` after lib/common; a file with a
# set-up of its own calls these from it.
#
#   pair_setup_file           start both
#   pair_setup                $DB, and $SRC and $DST to connect to it
#   pair_teardown
#   src SQL, dst SQL, both SQL    run SQL in the databases
#   same TABLE...             the same rows in both

pair_setup_file() {
	common_setup_file
	pg_start src
	pg_start dst
}

pair_setup() {
	common_setup
	DB=t$BATS_TEST_NUMBER
	pg_sql src "create database $DB"
	pg_sql dst "create database $DB"
	SRC=$(pg_dsn "src/$DB") DST=$(pg_dsn "dst/$DB")
	export SRC DST DB
}

pair_teardown() {
	pg_sql src "drop database if exists $DB with (force)"
	pg_sql dst "drop database if exists $DB with (force)"
}

setup_file() { pair_setup_file; }
setup() { pair_setup; }
teardown() { pair_teardown; }

src() { pg_sql "src/$DB" "$@"; }
dst() { pg_sql "dst/$DB" "$@"; }
both() { src "$1" >/dev/null && dst "$1" >/dev/null; }

same() {	# TABLE...
	local table
	for table; do
		same_table "src/$DB" "dst/$DB" "$table" || return
	done
}
