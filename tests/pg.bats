#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# Connections, statements, COPY and the catalogs, through the helper program
# pgcall, which does what its arguments say with lib/pg alone.

load lib/common

setup_file() {
	common_setup_file
	pg_start a "listen_addresses = '127.0.0.1'"
	pg_sql a "create table numbers as
		select i, i::text as t from generate_series(1, 100000) i"
}

A() { pg_dsn a; }

# A line that misbehaves: relay HOW START STEP; its conninfo is in $LINE.
relay() {
	local dir
	dir=$(mktemp -d "$PG_ROOT/relay.XXXX")
	pgrelay "$dir" "$PG_ROOT/a/s/.s.PGSQL.$(pg_port a)" "$@" \
		>"$dir/ready" 2>/dev/null 3>&- &
	RELAY=$!
	wait_for grep -q ready "$dir/ready"
	LINE="host=$dir port=5432 user=postgres dbname=postgres"
}

teardown() {
	[ -z "${RELAY:-}" ] || kill "$RELAY"
	[ -z "${HELD:-}" ] || kill "$HELD" 2>/dev/null || :
}

hostile='
	statement_timeout 60s
	lock_timeout 60s
	idle_in_transaction_session_timeout 60s
	client_encoding LATIN1
	client_min_messages error
	DateStyle German
	IntervalStyle iso_8601
	TimeZone Asia/Katmandu
	extra_float_digits -10
	bytea_output escape
	xmloption document
	quote_all_identifiers on
	standard_conforming_strings off
	array_nulls off
	transform_null_equals on
	row_security on
	synchronous_commit off
	default_transaction_isolation serializable
	default_transaction_read_only on
	default_transaction_deferrable on'

pinned="select name, setting from pg_catalog.pg_settings where name in (
	'statement_timeout', 'lock_timeout', 'idle_session_timeout',
	'transaction_timeout', 'idle_in_transaction_session_timeout',
	'client_encoding', 'client_min_messages', 'DateStyle', 'IntervalStyle',
	'TimeZone', 'extra_float_digits', 'bytea_output', 'xmloption',
	'lc_monetary', 'quote_all_identifiers', 'standard_conforming_strings',
	'array_nulls', 'transform_null_equals', 'row_security',
	'synchronous_commit', 'default_transaction_isolation', 'search_path',
	'default_transaction_read_only', 'default_transaction_deferrable')
	and (name <> 'idle_session_timeout'
		and name <> 'transaction_timeout' or setting <> '0')
	order by name collate \"C\""

expect_pinned() {	# CONNINFO
	exits 0 pgcall "$1" run "$pinned"
	is "$out" "$(tr ' ' '\t' <<-'END'
		DateStyle ISO,~YMD
		IntervalStyle postgres
		TimeZone UTC
		array_nulls on
		bytea_output hex
		client_encoding UTF8
		client_min_messages notice
		default_transaction_deferrable off
		default_transaction_isolation read~committed
		default_transaction_read_only off
		extra_float_digits 3
		idle_in_transaction_session_timeout 0
		lc_monetary C
		lock_timeout 1234
		quote_all_identifiers off
		row_security off
		search_path ""
		standard_conforming_strings on
		statement_timeout 0
		synchronous_commit on
		transform_null_equals off
		xmloption content
	END
	)" | tr '~' ' '
}

@test "what a session depends on is set, whatever role and database say" {
	local name value options='' sql=
	pg_sql a 'create role odd superuser login; create database odd'
	while read -r name value; do
		[ -n "$name" ] || continue
		sql+="alter role odd set $name = '$value';"
		sql+="alter database odd set $name = '$value';"
		options+=" -c $name=$value"
	done <<<"$hostile"
	sql+="alter role odd set search_path = public, pg_catalog;"
	[ "$PG_MAJOR" -lt 14 ] || sql+="alter role odd set idle_session_timeout = '60s';"
	[ "$PG_MAJOR" -lt 17 ] || sql+="alter role odd set transaction_timeout = '60s';"
	pg_sql a "$sql"
	export PGPIPE_TEST_LOCK=1234
	expect_pinned "$(pg_dsn a) user=odd dbname=odd"
	PGOPTIONS=$options PGCLIENTENCODING=LATIN1 PGTZ=Asia/Tokyo \
		PGDATESTYLE=German expect_pinned "$(pg_dsn a)"
	pg_standby standby a
	expect_pinned "$(pg_dsn standby) user=odd dbname=odd"
	exits 0 pgcall "$(pg_dsn standby) user=odd dbname=odd" server \
		out 'copy (select 7) to stdout' 100
	like "$out" 'standby 1'
	pg_stop standby
}

@test "a statement timeout of a millisecond does not keep us out" {
	pg_sql a "create role hasty login; alter role hasty set statement_timeout = 1"
	exits 0 pgcall "$(A) user=hasty" run 'show statement_timeout'
	is "$out" 0
}

@test "the application is the program, unless the user names one" {
	exits 0 pgcall "$(A)" run 'show application_name'
	is "$out" pgcall
	exits 0 pgcall "$(A) application_name=mine" run 'show application_name'
	is "$out" mine
	PGAPPNAME=theirs exits 0 pgcall "$(A)" run 'show application_name'
	is "$out" theirs
}

@test "keepalives are 60/10/6, unless the user sets them" {
	pgcall "$(pg_dsn_tcp a)" run 'select pg_catalog.pg_sleep(30)' 3>&- &
	HELD=$!
	wait_for pg_sql_true a "select count(*) = 1 from pg_stat_activity
		where query like '%pg_sleep(30)%' and pid <> pg_backend_pid()"
	command -v ss >/dev/null || skip 'no ss'
	wait_for keepalive_runs
	kill "$HELD"
}

keepalive_runs() {
	ss -tno state established "( dport = :$(pg_port a) )" |
		grep -qE 'timer:\(keepalive,([1-5]?[0-9]sec|1min)'
}

@test "a wrong password fails at once, and is never shown" {
	pg_sql a "create role bob login password 'right'"
	pg_hba a 'local all bob scram-sha-256' 'local all all trust' \
		'host all all all trust'
	local dsn
	dsn="$(A) user=bob"
	for secret in hush 'h u=s@h/'; do
		exits 3 pgcall "$dsn password='$secret'" run 'select 1'
		like "$err" 'could not connect to the source: .*password authentication failed for user "bob"'
		unlike "$err" "$secret|28P01|auth\.c"
		is "$(wc -l <<<"$err")" 1
	done
	exits 3 pgcall "$dsn" run 'select 1'
	like "$err" 'no password supplied'
	exits 0 pgcall "$dsn password=right" run 'select 1'
}

@test "a connection string that cannot be read is not shown" {
	local text
	for text in "host=x hush" "host=x password='hush" "hush=1" \
		"postgres://u:hush@[::1/d" "postgres://u:%zzhush@h/d" \
		"postgre://u:hush@h/d" "postgre://u:hush@h/d?sslmode=disable" \
		"postgres://u:p@hush@h/d" "postgres://u:5/hush@h/d" \
		"postgres://u:hush/x@h/d"; do
		exits 2 pgcall "$text" run 'select 1'
		like "$err" 'error: cannot read the connection (string|URI) of the source'
		unlike "$err" hush
	done
	exits 2 pgcall "$(A) sslmode=bogus" run 'select 1'
	like "$err" 'invalid sslmode value: "bogus"'
	exits 2 pgcall "$(A) port=x" run 'select 1'
	like "$err" 'invalid integer value "x"'
	exits 2 pgcall 'service=nowhere' run 'select 1'
	like "$err" 'could not connect to the source: .*(service|not found)'
}

@test "what cannot pass is not tried again" {
	local start=$SECONDS
	exits 3 pgcall "$(A) dbname=nix" run 'select 1'
	like "$err" 'could not connect to the source: .*database "nix" does not exist$'
	exits 3 pgcall "$(A) user=nix" run 'select 1'
	like "$err" 'role "nix" does not exist$'
	exits 3 pgcall 'host=nix.invalid' run 'select 1'
	like "$err" 'could not translate host name "nix.invalid"'
	[ $((SECONDS - start)) -le 5 ]
}

@test "a server that is down is waited for, so long" {
	export PGPIPE_TEST_PATIENCE=1500
	local start=$SECONDS
	exits 4 pgcall "host=$PG_ROOT port=1" run 'select 1'
	[ $((SECONDS - start)) -ge 1 ] && [ $((SECONDS - start)) -le 4 ]
	like "$err" 'pgcall: waiting for the source: '
	like "$err" 'error: could not connect to the source: .*No such file'
	exits 4 pgcall "host=127.0.0.1 port=1" run 'select 1'
	like "$err" 'Connection refused'
}

@test "a server that is shutting down, then comes back, is waited for" {
	pg_start b
	psql -Xq -d "$(pg_dsn b)" -c 'select pg_sleep(1000)' 3>&- &
	HELD=$!
	wait_for pg_sql_true b "select count(*) > 0 from pg_stat_activity
		where query = 'select pg_sleep(1000)'"
	local backend
	backend=$(pg_sql b "select pid from pg_stat_activity
		where query = 'select pg_sleep(1000)'")
	kill -TERM "$(pg_pid b)"
	wait_for grep -q 'received smart shutdown' "$(pg_log b)"
	pgcall "$(pg_dsn b)" run "select 'there'" >got 2>said 3>&- &
	local pid=$!
	wait_for test -e said
	wait_for grep -q 'shutting down' said
	kill "$backend"
	wait_for sh -c "! test -e $(pg_data b)/postmaster.pid"
	pg_start b
	wait "$pid"
	is "$(<got)" there
	unlike "$(<said)" 57P03
	pg_stop b
}

@test "too many connections are waited for" {
	pg_sql a 'create role few login connection limit 1'
	psql -Xq -d "$(A) user=few" -c 'select pg_sleep(2)' 3>&- &
	wait_for pg_sql_true a "select count(*) = 1 from pg_stat_activity
		where usename = 'few'"
	exits 0 pgcall "$(A) user=few" run "select 'in'"
	is "$out" in
	like "$err" 'waiting for the source: .*too many connections for role'
	pg_sql a "alter role few connection limit 0"
	PGPIPE_TEST_PATIENCE=500 exits 4 pgcall "$(A) user=few" run "select 1"
}

@test "of several hosts one that is silent is passed over" {
	# Nobody accepts here: the connection stays half open in the queue.
	cat >listen.pl <<-'PL'
		use Socket;
		socket(S, PF_INET, SOCK_STREAM, 0);
		bind(S, sockaddr_in(0, INADDR_LOOPBACK));
		listen(S, 16);
		my ($port) = sockaddr_in(getsockname(S));
		$| = 1; print "$port\n"; sleep 60;
	PL
	command -v perl >/dev/null || skip 'no perl'
	perl listen.pl >port 3>&- &
	HELD=$!
	wait_for test -s port
	exits 0 pgcall "host=127.0.0.1,127.0.0.1 port=$(<port),$(pg_port a)
		user=postgres connect_timeout=1" run "select 'second'"
	is "$out" second
	like "$err" 'waiting for the source: no answer in time'
}

@test "waiting for a server ends with the first signal" {
	timeout -s TERM 1 pgcall "host=$PG_ROOT port=1" run 'select 1' \
		2>said || status=$?
	[ "$status" = 124 ] || [ "$status" = 143 ]
	like "$(<said)" 'could not connect'
}

@test "values, parameters and names are quoted" {
	local text
	for text in "it's" 'a"b' 'c\d' "\\'; drop table x; --" '%s $1' 'ü€🐘' ' E'; do
		exits 0 pgcall "$(A)" quote "$text"
		is "$out" "$(printf '%s\t%s\t\\N\t\\N\t%s\n%s' "$text" "$text" \
			9223372036854775807 "$text")"
	done
}

@test "a failure says what, why, and what the class of it is" {
	exits 3 pgcall "$(A)" run 'create table uniq (id int primary key)' \
		run 'insert into public.uniq values (1), (1)' error \
		run "select 'alive'"
	like "$err" 'error: could not run it: no schema has been selected'
	pg_sql a 'create table uniq (id int primary key)'
	exits 3 pgcall "$(A)" run 'insert into public.uniq values (1), (1)' \
		error run "select 'alive'"
	like "$err" '^pgcall: error: could not run it: duplicate key value violates unique constraint "uniq_pkey"$'
	like "$err" '^pgcall: detail: Key \(id\)=\(1\) already exists.$'
	like "$out" '^state 23505 class 3 broken 0$'
	like "$out" 'constraint uniq_pkey schema public table uniq column -'
	like "$out" '^alive$'
}

@test "a message of the server is one line, and harmless" {
	exits 3 pgcall "$(A)" run $'do $$ begin raise exception e\'one\\ntwo\\x1b[31m\'; end $$'
	like "$err" 'could not run it: one; two\\x1[bB]\[31m$'
}

@test "notices are for -v, warnings for all" {
	local block="do \$\$ begin raise notice 'soft'; raise warning 'loud'; end \$\$"
	exits 0 pgcall "$(A)" run "$block"
	like "$err" 'warning: loud'
	unlike "$err" soft
	PGPIPE_TEST_VERBOSE=1 exits 0 pgcall "$(A)" run "$block"
	like "$err" soft
}

@test "lock timeouts, serialization failures and deadlocks may be tried again" {
	local code
	for code in 40001 40P01 55P03 53300 57P01 57P03 08006; do
		exits 4 pgcall "$(A)" run "do \$\$ begin
			raise exception using errcode = '$code'; end \$\$" error
		like "$out" "state $code class 4"
	done
	for code in 53100 57014 42P01 22012 XX000 25P02; do
		exits 3 pgcall "$(A)" run "do \$\$ begin
			raise exception using errcode = '$code'; end \$\$" error
		like "$out" "state $code class 3"
	done
	psql -Xq -d "$(A)" -c 'begin; lock table numbers; select pg_sleep(60)' 3>&- &
	HELD=$!
	wait_for pg_sql_true a "select count(*) = 1 from pg_locks
		where relation = 'numbers'::regclass and mode = 'AccessExclusiveLock'"
	PGPIPE_TEST_LOCK=100 exits 4 pgcall "$(A)" run 'select count(*) from public.numbers'
	like "$err" 'lock timeout'
	pg_sql a "select pg_terminate_backend(pid) from pg_stat_activity
		where query like '%pg_sleep(60)%' and pid <> pg_backend_pid()"
}

@test "a lost connection is class 4, and stays lost" {
	exits 4 pgcall "$(A)" run 'select pg_terminate_backend(pg_backend_pid())' \
		error run 'select 1' error
	like "$out" 'state 57P01 class 4 broken 1'
	like "$out" 'state  class 4 broken 1'
	like "$err" 'could not run it: terminating connection'
	like "$err" 'could not run it: the connection to the source was lost'
}

@test "one text is one statement" {
	exits 3 pgcall "$(A)" run 'select 1; select 2'
	like "$err" 'cannot insert multiple commands'
	exits 3 pgcall "$(A)" out 'copy (select 1) to stdout; drop table numbers' 100
	like "$err" 'cannot insert multiple commands'
}

@test "rows one at a time, as many as wanted" {
	exits 0 pgcall "$(A)" each 'select i from public.numbers' 1000000
	is "$(wc -l <<<"$out")" 100000
	exits 1 pgcall "$(A)" each 'select i from public.numbers' 3 run "select 'alive'"
	is "$out" "$(printf '1\n2\n3\nalive')"
	exits 3 pgcall "$(A)" each 'select 1/(4-i) from generate_series(1, 9) i' 9
	is "$(wc -l <<<"$out")" 3
}

@test "the second signal cancels a running statement" {
	pgcall "$(A)" run 'select pg_sleep(600)' 2>said 3>&- &
	local pid=$! status=0
	wait_for pg_sql_true a "select count(*) = 1 from pg_stat_activity
		where query like '%pg_sleep(600)%' and pid <> pg_backend_pid()"
	kill -TERM "$pid"
	sleep 0.5
	kill -0 "$pid"
	kill -TERM "$pid"
	wait "$pid" || status=$?
	is "$status" 143
	like "$(<said)" 'canceling statement due to user request'
	wait_for pg_sql_true a "select count(*) = 0 from pg_stat_activity
		where query like '%pg_sleep(600)%' and pid <> pg_backend_pid()"
}

@test "who the server is, also when it may not be asked" {
	exits 0 pgcall "$(A)" server
	like "$out" "^system $(pg_sql a 'select system_identifier from pg_control_system()') timeline 1 standby 0 version ${PG_MAJOR}0[0-9]+ host=.* dbname=postgres postgres postgres$"
	pg_sql a 'revoke execute on function pg_control_system() from public;
		create role nosy login'
	exits 0 pgcall "$(A) user=nosy" run 'begin' server run "select 'alive'"
	like "$out" '^system \? timeline 0 standby 0'
	like "$out" '^alive$'
}

# --- COPY out -------------------------------------------------------------------

@test "copy out gives what psql gives, in batches of any size" {
	local format max
	for format in binary text csv; do
		local sql="copy public.numbers to stdout (format $format)"
		psql -Xqd "$(A)" -c "$sql" >want
		for max in 1 20 1000 65536 4000000; do
			exits 0 pgcall "$(A)" out "$sql" $max
			cmp "$OUT" want
			like "$err" '^tag 100000 '
			[ "$max" -le 20 ] ||
				[ "$(sed -nE 's/.*largest ([0-9]+).*/\1/p' "$ERR")" -le $max ]
		done
	done
}

@test "copy out of nothing, and of no columns" {
	pg_sql a 'create table nothing (i int); create table bare ();
		insert into bare select from generate_series(1, 100)'
	exits 0 pgcall "$(A)" out 'copy public.nothing to stdout' 100
	like "$err" '^tag 0 rows 0 batches 0'
	exits 0 pgcall "$(A)" out 'copy public.nothing to stdout binary' 100
	is "$(wc -c <"$OUT")" 21
	exits 0 pgcall "$(A)" out 'copy public.bare to stdout' 100
	like "$err" '^tag 100 rows 100'
	exits 0 pgcall "$(A)" out 'copy public.bare to stdout binary' 100
	psql -Xqd "$(A)" -c 'copy bare to stdout binary' | cmp - "$OUT"
}

@test "a batch is full before it is given out, even if rows come slowly" {
	exits 0 pgcall "$(A)" out "copy (select i, pg_sleep(0.005) from
		generate_series(1, 100) i) to stdout" 100000
	like "$err" '^tag 100 rows 100 batches 1 '
}

@test "an error in mid-stream, and the connection goes on" {
	exits 3 pgcall "$(A)" out 'copy (select 1/(50000-i) from
		generate_series(1, 100000) i) to stdout' 1000 error \
		out 'copy (select 7) to stdout' 1000 run 'select 8'
	like "$err" '^pgcall: error: could not copy it: division by zero$'
	like "$out" '^state 22012 class 3 broken 0$'
	like "$out" '^7$'
	like "$out" '^8$'
	exits 3 pgcall "$(A)" out 'copy public.nix to stdout' 1000 run 'select 8'
	like "$err" 'could not copy it: relation "public.nix" does not exist'
	is "$out" 8
}

@test "notices amid the rows" {
	pg_sql a "create function loud(i int) returns int language plpgsql as \$\$
		begin raise warning 'row %', i; return i; end \$\$"
	exits 0 pgcall "$(A)" out 'copy (select public.loud(i) from
		generate_series(1, 20) i) to stdout' 1000
	is "$(wc -l <<<"$out")" 20
	is "$(grep -c 'warning: row' "$ERR")" 20
}

@test "a copy that nobody reads to its end leaves a usable connection" {
	exits 0 pgcall "$(A)" some 'copy public.numbers to stdout' 1000 run 'select 8' \
		some "copy (select repeat('x', 3000000) from generate_series(1, 10)) to stdout" 10 \
		run 'select 9'
	like "$(tail -c 100 "$OUT")" '9$|8$'
	is "$(grep -c 'run: status 0' "$ERR")" 2
}

@test "rows arrive whole however the bytes are cut" {
	local n sql='copy (select i, repeat(i::text, i) from
		generate_series(1, 60) i) to stdout binary'
	psql -Xqd "$(A)" -c "$sql" >want
	for n in 1 2 3 5 7 64 1000; do
		relay piece $n
		exits 0 pgcall "$LINE" out "$sql" 300 run 'select 8'
		head -c "$(stat -c %s want)" "$OUT" | cmp - want ||
			tail -c "$(stat -c %s want)" "$OUT" | cmp - want
		kill "$RELAY"
		RELAY=
	done
}

@test "a line that is cut at any byte is a lost connection, never a short copy" {
	local sql='copy (select i, repeat(i::text, i) from
		generate_series(1, 20) i) to stdout binary' at total code
	psql -Xqd "$(A)" -c "$sql" >want
	relay cut 0 7
	for ((at = 0; at < 4000; at += 7)); do
		code=0
		PGPIPE_TEST_PATIENCE=45 pgcall "$LINE" out "$sql" 300 >got 2>said ||
			code=$?
		if [ "$code" = 0 ]; then
			total=${total:-$at}
			cmp got want
			like "$(<said)" '^tag 20 rows 21 '
			[ "$at" -lt $((total + 100)) ] || break
		else
			is "$code" 4 "cut at $at: $(<said)"
			like "$(<said)" 'lost|could not connect'
		fi
	done
	[ -n "$total" ]
}

# bats test_tags=soak
@test "a garbled line never crashes us" {
	local sql='copy (select i, repeat(i::text, i) from
		generate_series(1, 20) i) to stdout' at code
	relay garble 0 11
	for ((at = 0; at < 3000; at += 11)); do
		code=0
		PGPIPE_TEST_PATIENCE=45 timeout -k 1 0.3 pgcall "$LINE" out "$sql" 300 \
			>/dev/null 2>said || code=$?
		# 124: a length has become a large one, and we wait for the rest
		[[ $code == [034] || $code == 124 || $code == 137 ]] || {
			echo "$code at $at: $(<said)"
			return 1
		}
	done
}

@test "a server that dies in mid-copy" {
	pg_start c
	mkfifo slow
	exec 8<>slow
	pgcall "$(pg_dsn c)" out "copy (select i, repeat('x', 100) from
		generate_series(1, 10000000) i) to stdout" 100000 \
		>slow 2>said 3>&- &
	local pid=$! code=0
	head -c 1000000 <&8 >/dev/null
	pg_kill c
	cat <&8 >/dev/null 3>&- &
	local drain=$!
	wait "$pid" || code=$?
	kill "$drain"
	exec 8>&-
	is "$code" 4
	like "$(<said)" 'could not copy it: (the connection to the source was lost|terminating connection)'
}

@test "a backend that is terminated in mid-copy says so" {
	exits 4 pgcall "$(A)" out 'copy (select case when i = 50000 then
		pg_terminate_backend(pg_backend_pid()) end from
		generate_series(1, 100000) i) to stdout' 1000 error
	like "$err" 'could not copy it: terminating connection due to administrator command'
	like "$out" 'state 57P01 class 4 broken 1'
}

@test "the second signal ends a copy" {
	local code=0
	pgcall "$(A)" out "copy (select i from generate_series(1, 2000000000) i) to stdout" \
		100000 >/dev/null 2>said 3>&- &
	local pid=$!
	wait_for pg_sql_true a "select count(*) = 1 from pg_stat_activity
		where query like 'copy%2000000000%'"
	kill -TERM "$pid"
	sleep 0.4
	kill -TERM "$pid"
	wait "$pid" || code=$?
	is "$code" 143
	like "$(<said)" 'could not copy it: canceling statement'
	wait_for pg_sql_true a "select count(*) = 0 from pg_stat_activity
		where query like 'copy%2000000000%' and state = 'active'"
}

@test "a row of 300 MB passes in little more memory, and small ones in none" {
	no_sanitizer 'memory is measured'
	pg_sql a "create table big (i int, t text);
		alter table big alter t set storage external;
		insert into big values (1, 'a'), (2, repeat('0123456789', 30000000)), (3, 'b')"
	exits 0 pgcall "$(A)" out 'copy public.big to stdout binary' 4194304
	is "$(wc -c <"$OUT")" $((19 + 3 * 2 + 3 * 8 + 2 + 300000002 + 3 * 4 + 2 - 2))
	local peak
	peak=$(sed -nE 's/.*peak ([0-9]+) kB.*/\1/p' "$ERR")
	[ "$peak" -lt $(((300000000 + 4194304) / 1024 + 16000)) ]
	like "$err" 'tag 3 rows 4 batches 3 '
	exits 0 pgcall "$(A)" out 'copy (select repeat(i::text, 200) from
		generate_series(1, 200000) i) to stdout binary' 4194304
	peak=$(sed -nE 's/.*peak ([0-9]+) kB.*/\1/p' "$ERR")
	[ "$peak" -lt 24000 ]
	exits 0 pgcall "$(A)" out 'copy public.big to stdout binary' 4194304
	pg_sql a 'create table big2 (like big)'
	mv "$OUT" rows
	exits 0 pgcall "$(A)" in 'copy public.big2 from stdin binary' 1000000 <rows
	is "$(pg_sql a 'select count(*), sum(length(t)) from big2')" '3|300000002'
}

# --- COPY in --------------------------------------------------------------------

@test "copy in, in pieces of any size" {
	psql -Xqd "$(A)" -c 'copy numbers to stdout' >rows
	pg_sql a 'create table copied (like numbers)'
	local piece
	for piece in 100 5000 70000 10000000; do
		pg_sql a 'truncate copied'
		exits 0 pgcall "$(A)" in 'copy public.copied from stdin' $piece <rows
		like "$err" "^put $(stat -c %s rows) rows 100000$"
		same_table a a numbers
		is "$(pg_sql a 'select count(*), sum(i) from copied')" \
			"$(pg_sql a 'select count(*), sum(i) from numbers')"
	done
	exits 0 pgcall "$(A)" in 'copy public.copied from stdin' 100 </dev/null
	like "$err" '^put 0 rows 0$'
}

@test "an error of the server ends a copy in soon, with its reason" {
	pg_sql a 'create table picky (i int check (i <> 5000), t text)'
	yes "$(printf '5000\tx')" | head -c 200000000 >rows
	local piece
	for piece in 300 100000; do
		exits 3 pgcall "$(A)" in 'copy public.picky from stdin' $piece \
			error run "select 'alive'" <rows
		like "$err" 'error: could not load it: new row for relation "picky" violates check constraint "picky_i_check"'
		like "$err" 'detail: COPY picky, line 1: '
		like "$out" 'state 23514 class 3 broken 0'
		like "$out" 'constraint picky_i_check schema public table picky'
		like "$out" '^alive$'
		[ "$(sed -nE 's/^put ([0-9]+) .*/\1/p' "$ERR")" -lt 20000000 ]
	done
	exits 3 pgcall "$(A)" in 'copy public.nix from stdin' 1000 run 'select 8' <rows
	like "$err" 'could not load it: relation "public.nix" does not exist'
	is "$out" 8
}

@test "an error before the first row" {
	pg_sql a "create table closed (i int);
		create function no() returns trigger language plpgsql as
			\$\$ begin raise exception 'closed today'; end \$\$;
		create trigger no before insert on closed for each statement
			execute function no()"
	local piece
	for piece in 1 1000; do
		yes 1 | head -c 100000 >rows
		exits 3 pgcall "$(A)" in 'copy public.closed from stdin' $piece \
			run 'select 1' run 'select 2' <rows
		like "$err" 'could not load it: closed today'
		is "$out" "$(printf '1\n2')"
	done
}

@test "a server that talks during a copy in does not stop it" {
	pg_sql a "create table chatty (i int, t text);
		create function talk() returns trigger language plpgsql as
			\$\$ begin raise notice '%', repeat('x', 500); return new; end \$\$;
		create trigger talk before insert on chatty for each row
			execute function talk()"
	psql -Xqd "$(A)" -c 'copy (select * from numbers limit 20000) to stdout' >rows
	exits 0 timeout 60 pgcall "$(A)" in 'copy public.chatty from stdin' 100000 <rows
	like "$err" 'rows 20000$'
}

@test "a copy in that is failed on purpose" {
	psql -Xqd "$(A)" -c 'copy numbers to stdout' >rows
	pg_sql a 'create table unwanted (like numbers)'
	exits 0 pgcall "$(A)" infail 'copy public.unwanted from stdin' 10000 \
		run 'select count(*) from public.unwanted' <rows
	is "$out" 0
	unlike "$err" error
}

@test "a server that dies during a copy in" {
	pg_start d
	pg_sql d 'create table t (a text)'
	mkfifo feed
	pgcall "$(pg_dsn d)" in 'copy public.t from stdin' 100000 <feed 2>said 3>&- &
	local pid=$! code=0
	exec 8>feed
	yes | head -c 1000000 >&8
	pg_kill d
	yes 2>/dev/null | head -c 10000000 >&8 2>/dev/null || :
	exec 8>&-
	wait "$pid" || code=$?
	is "$code" 4
	like "$(<said)" 'could not load it: (the connection to the source was lost|terminating connection)'
}

@test "the second signal ends a copy in that waits for a lock" {
	pg_sql a 'create table locked (a text)'
	psql -Xq -d "$(A)" -c 'begin; lock table locked in exclusive mode; select pg_sleep(61)' 3>&- &
	HELD=$!
	wait_for pg_sql_true a "select count(*) = 1 from pg_locks
		where relation = 'locked'::regclass and granted"
	pgcall "$(A)" in 'copy public.locked from stdin' 1000 </dev/null 2>said 3>&- &
	local pid=$! code=0
	wait_for pg_sql_true a "select count(*) = 1 from pg_locks
		where relation = 'locked'::regclass and not granted"
	kill -TERM "$pid"
	sleep 0.4
	kill -TERM "$pid"
	wait "$pid" || code=$?
	is "$code" 143
	pg_sql a "select pg_terminate_backend(pid) from pg_stat_activity
		where query like '%pg_sleep(61)%' and pid <> pg_backend_pid()"
}

# --- TLS ------------------------------------------------------------------------

@test "through TLS everything is the same" {
	pg_start tls "listen_addresses = '127.0.0.1'"
	openssl req -new -x509 -days 2 -nodes -subj /CN=localhost -keyout key \
		-out cert 2>/dev/null
	local data
	data=$(pg_data tls)
	cp key "$data/server.key" && cp cert "$data/server.crt"
	chmod 600 "$data/server.key"
	[ "$(id -u)" -ne 0 ] || chown "$(pg_user)" "$data"/server.{key,crt}
	pg_restart tls 'ssl = on'
	TLS="$(pg_dsn_tcp tls) sslmode=require"
	exits 0 pgcall "$TLS" run 'select ssl from pg_catalog.pg_stat_ssl
		where pid = pg_catalog.pg_backend_pid()'
	is "$out" t

	pg_sql tls "create table numbers as select i, i::text as t from
		generate_series(1, 100000) i; create table copied (like numbers);
		create table picky (i int check (i <> 99999), t text)"
	psql -Xqd "$(A)" -c 'copy numbers to stdout binary' >want
	local max
	for max in 1 1000 4000000; do
		exits 0 pgcall "$TLS" out 'copy public.numbers to stdout binary' $max
		cmp "$OUT" want
		like "$err" '^tag 100000 rows 100001 '
	done
	exits 0 pgcall "$TLS" out "copy (select repeat('x', n) from unnest(array[1, 30000000, 2, 99, 100, 101]) n) to stdout" 100
	like "$err" '^tag 6 rows 6 batches 6 largest 30000001 '
	exits 3 pgcall "$TLS" out 'copy (select 1/(50000-i) from
		generate_series(1, 100000) i) to stdout' 1000 run 'select 8'
	like "$err" 'could not copy it: division by zero'
	exits 0 pgcall "$TLS" some 'copy public.numbers to stdout' 1000 run 'select 8'

	exits 0 pgcall "$TLS" in 'copy public.copied from stdin binary' 3000 <want
	like "$err" 'rows 100000$'
	same_table a tls numbers
	yes "$(printf '99999\tx')" | head -c 300000000 >rows
	exits 3 pgcall "$TLS" in 'copy public.picky from stdin' 100000 error \
		run "select 'alive'" <rows
	like "$err" 'violates check constraint "picky_i_check"'
	like "$out" 'state 23514 class 3 broken 0'
	like "$out" '^alive$'
	[ "$(sed -nE 's/^put ([0-9]+) .*/\1/p' "$ERR")" -lt 50000000 ]
	exits 0 pgcall "$TLS" infail 'copy public.copied from stdin binary' 3000 \
		run "select 'alive'" <want
	exits 0 pgcall "$TLS" table public numbers

	# What TLS itself refuses is not tried for long.
	local start=$SECONDS
	exits 4 pgcall "$(pg_dsn_tcp a) sslmode=require" run 'select 1'
	like "$err" 'does not support SSL'
	[ $((SECONDS - start)) -le 6 ]
	pg_stop tls
}

# --- catalogs -------------------------------------------------------------------

@test "which types may travel in binary, one by one" {
	pg_sql a "create schema types; do \$\$ begin execute (
		select 'create table types.builtin (' || string_agg(
			format('%I %s', 'c_' || typname, format_type(oid, null)), ', '
			order by typname) || ')'
		from pg_type where oid < 16384 and typtype in ('b', 'r', 'm', 'd')
		and typnamespace = 'pg_catalog'::regnamespace
		and typname !~ '^_'); end \$\$"
	exits 0 pgcall "$(A)" table types builtin
	is "$(awk -F'\t' '$4 == "text" { print $1 }' "$OUT" | tr '\n' ' ')" \
		"$(pg_sql a "select string_agg('c_' || n, ' ' order by n collate \"C\")
		|| ' ' from unnest(array['aclitem', 'gtsvector', 'oid', 'oidvector',
		'pg_brin_bloom_summary', 'pg_brin_minmax_multi_summary',
		'pg_dependencies', 'pg_mcv_list', 'pg_ndistinct', 'pg_node_tree',
		'regclass', 'regcollation', 'regconfig', 'regdictionary',
		'regnamespace', 'regoper', 'regoperator', 'regproc',
		'regprocedure', 'regrole', 'regtype']::name[]) n
		where exists (select from pg_type where typname = n)")"
	is "$(awk -F'\t' 'NF == 5 && $5 !~ /^-/' "$OUT")" ''

	pg_sql a "
		create type types.mood as enum ('sad', 'ok');
		create domain types.positive as int check (value > 0);
		create domain types.small as types.positive;
		create domain types.dmood as types.mood;
		create domain types.list as int[];
		create domain types.short as varchar(10);
		create domain types.who as regrole;
		create type types.pair as (a int, b int);
		create domain types.dpair as types.pair;
		create type types.floats as range (subtype = float8);
		create table types.own (
			a int[], b oid[], c types.mood, d types.mood[], e types.small,
			f types.small[], g types.dmood, h types.dmood[], i types.list,
			j types.list[], k types.short, l types.short[], m types.who,
			n types.pair, o types.pair[], p types.dpair, q types.floats,
			r int4range, s information_schema.sql_identifier,
			t information_schema.cardinal_number[], u \"char\"[],
			v numeric(7,2)[], w types.who[])"
	exits 0 pgcall "$(A)" table types own
	is "$(cut -f 1,2,4,5 "$OUT" | tail -n +2 | tr '\t' ' ' | sed 's/ *$//')" "$(cat <<-'END'
		a pg_catalog.int4[] binary -
		b pg_catalog.oid[] text -
		c types.mood binary pg_catalog.text
		d types.mood[] binary pg_catalog.text[]
		e types.small binary pg_catalog.int4
		f types.small[] binary pg_catalog.int4[]
		g types.dmood binary pg_catalog.text
		h types.dmood[] binary pg_catalog.text[]
		i types.list binary pg_catalog.int4[]
		j types.list[] text -
		k types.short binary pg_catalog."varchar"
		l types.short[] binary pg_catalog."varchar"[]
		m types.who text -
		n types.pair text -
		o types.pair[] text -
		p types.dpair text -
		q types.floats text -
		r pg_catalog.int4range binary -
		s information_schema.sql_identifier binary pg_catalog.name
		t information_schema.cardinal_number[] binary pg_catalog.int4[]
		u pg_catalog."char"[] binary -
		v pg_catalog."numeric"[] binary -
		w types.who[] text -
	END
	)"
}

@test "columns: dropped, generated, identity, 1,600, none, odd names" {
	pg_sql a "create table \"Odd \"\"T\" (gone int, \"a b\" int not null default 3,
		id int generated always as identity, id2 bigint generated by default as identity,
		twice int generated always as (3 * 2) stored, n numeric(12,4));
		alter table \"Odd \"\"T\" drop column gone;
		create table wide_t (); do \$\$ begin execute 'alter table wide_t ' || (
		select string_agg('add c' || i || ' int', ', ') from generate_series(1, 1600) i);
		end \$\$"
	[ "$PG_MAJOR" -lt 18 ] ||
		pg_sql a 'alter table "Odd ""T" add v int generated always as (4) virtual'
	exits 0 pgcall "$(A)" table public 'Odd "T'
	is "$(head -n 6 "$OUT" | sed 's/[[:space:]]*$//')" "$(printf '%s\n' \
		'Odd "T kind r stored binary' \
		$'a b\tpg_catalog.int4\tinteger\tbinary\t- notnull default' \
		$'id\tpg_catalog.int4\tinteger\tbinary\t- notnull identity a' \
		$'id2\tpg_catalog.int8\tbigint\tbinary\t- notnull identity d' \
		$'twice\tpg_catalog.int4\tinteger\tbinary\t- generated default' \
		$'n\tpg_catalog."numeric"\tnumeric(12,4)\tbinary\t-')"
	[ "$PG_MAJOR" -lt 18 ] || like "$out" '^v.*generated'
	exits 0 pgcall "$(A)" table public wide_t
	is "$(wc -l <<<"$out")" 1601
	exits 0 pgcall "$(A)" table public nix
	like "$out" '^nix kind -'
	# The statement is prepared, and serves many relations.
	local -a many=()
	for _ in 1 2 3 4 5 6 7 8; do
		many+=(table public numbers table public bare_of_all)
	done
	pg_sql a 'create table bare_of_all ()'
	exits 0 pgcall "$(A)" "${many[@]}"
	is "$(grep -c 'kind r' <<<"$out")" 16
	is "$(grep -c '^i' <<<"$out")" 8
}

@test "partitions, views, policies" {
	pg_sql a "create table parent (i int) partition by list (i);
		create table child partition of parent for values in (1);
		create view seen as select 1 as x;
		create role outsider login; create table guarded (i int);
		alter table guarded enable row level security;
		grant select on guarded to outsider"
	exits 0 pgcall "$(A)" table public parent table public child table public seen
	like "$out" '^parent kind p subclass binary'
	like "$out" '^child kind r partition stored binary'
	like "$out" '^seen kind v'
	exits 0 pgcall "$(A)" table public guarded
	like "$out" '^guarded kind r stored'
	exits 0 pgcall "$(A) user=outsider" table public guarded
	like "$out" '^guarded kind r policy'
	pg_sql a 'alter table guarded force row level security; alter table guarded owner to outsider'
	exits 0 pgcall "$(A) user=outsider" table public guarded
	like "$out" '^guarded kind r policy'
	# row_security is off: a policy is an error, never a filter.
	exits 3 pgcall "$(A) user=outsider" run 'select * from public.guarded'
	like "$err" 'row-level security'
}

@test "hypertables and what belongs to them are known" {
	require_extension timescaledb
	pg_start ts "shared_preload_libraries = 'timescaledb'" 'timescaledb.telemetry_level = off'
	pg_sql ts "create extension timescaledb; create table ht (t timestamptz not null, v int);
		select create_hypertable('ht', 't') \\g /dev/null
		insert into ht values ('2025-01-01', 1); create table plain (i int);
		create table kid () inherits (plain)" >/dev/null
	local chunk
	chunk=$(pg_sql ts "select chunk_name from timescaledb_information.chunks")
	exits 0 pgcall "$(pg_dsn ts)" table public ht table public plain \
		table _timescaledb_internal "$chunk" table public kid
	like "$out" '^ht kind r subclass hypertable'
	like "$out" '^plain kind r subclass stored'
	like "$out" "^$chunk kind r chunk"
	like "$out" '^kid kind r stored'
	pg_stop ts
}

@test "the server's digest is the stream's, type by type" {
	local D
	D=$(pg_dsn a digest)
	pg_sql a 'create database digest'
	pg_sql a/digest <"$BATS_TEST_DIRNAME/digest.sql"
	exits 0 pgcall "$D" probe
	is "$out" same
	local t
	for t in $(pg_sql a/digest "select relname from pg_class
		where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace"); do
		exits 0 pgcall "$D" digest public "$t"
	done
	exits 0 pgcall "$(A)" digest public numbers
	is "$(wc -l <<<"$out")" 2
}

@test "a digest needs functions: said when they may not be called" {
	pg_sql a "create role deaf login; revoke execute on function
		hash_array_extended(anyarray, bigint) from public"
	PGPIPE_TEST_VERBOSE=1 exits 0 pgcall "$(A) user=deaf" probe
	is "$out" other
	like "$err" 'no hash functions for a digest: permission denied'
	pg_sql a "grant execute on function hash_array_extended(anyarray, bigint) to public"
}

@test "no name is shown bare that this server would quote" {
	local word
	pg_sql a "select word from pg_get_keywords() where catcode <> 'U'" >words
	while read -r word; do
		grep -q "\"$word\"" "$TREE/lib/pg/sql.c" || {
			echo "\"$word\" is missing in lib/pg/sql.c"
			return 1
		}
	done <words
	[ -s words ]
	tr -d '\n\t ' <"$TREE/lib/pg/sql.c" | grep -oE 'keywords\[\]={[^}]*}' |
		grep -oE '"[a-z_]+"' | tr -d '"' >ours
	LC_ALL=C sort -c ours
}
