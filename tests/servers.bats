#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# The throw-away servers themselves: what every other test stands on.

load lib/common

setup_file() {
	common_setup_file
	pg_start a
}

@test "two servers are two systems" {
	pg_start b "work_mem = '5MB'"
	local query='select system_identifier from pg_control_system()'
	[ "$(pg_sql a "$query")" != "$(pg_sql b "$query")" ]
	is "$(pg_sql b 'show work_mem')" 5MB
	is "$(pg_sql a 'show server_version_num' | sed -E 's/.{4}$//')" "$PG_MAJOR"
	pg_stop b
}

@test "a server that is killed comes back with what was committed" {
	pg_sql a 'create table kept as select generate_series(1, 1000) as i'
	pg_kill a
	run ! pg_sql a 'select 1'
	pg_start a
	is "$(pg_sql a 'select count(*) from kept')" 1000
}

@test "a standby follows" {
	pg_standby s a
	is "$(pg_sql s 'select pg_is_in_recovery()')" t
	pg_sql a 'create table followed as select generate_series(1, 10) as i'
	pg_caught_up s a
	is "$(pg_sql s 'select count(*) from followed')" 10
	pg_stop s
}

refused_without_password() {
	! psql -wXAtc 'select 1' -d "$(pg_dsn_tcp t) user=bob" 2>/dev/null
}

@test "TCP and passwords work where asked for" {
	pg_start t "listen_addresses = '127.0.0.1'"
	is "$(psql -XAtc 'select 1' -d "$(pg_dsn_tcp t)")" 1
	pg_sql t "create role bob login password 'secret'"
	pg_hba t 'local all postgres trust' 'host all all all scram-sha-256'
	wait_for -t 10 refused_without_password
	is "$(PGPASSWORD=secret psql -XAtc 'select 1' -d "$(pg_dsn_tcp t) user=bob")" 1
	pg_stop t immediate
}
