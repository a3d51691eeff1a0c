#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# What a user meets on a bad day.  Each fault has a clear message and the right
# exit status, loses nothing, and the same pipeline run again finishes the job.

load lib/common

ROWS=30000

setup_file() {
	common_setup_file
	pg_start src
	pg_start dst
}

setup() {
	common_setup
	DB=f$BATS_TEST_NUMBER
	for server in src dst; do
		pg_sql $server "create database $DB"
		pg_sql "$server/$DB" 'create table t (id int primary key, v text not null);
			create table small (a int)'
	done
	pg_sql "src/$DB" "insert into t select i, repeat(md5(i::text), 10)
		from generate_series(1, $ROWS) i;
		insert into small values (1), (2)"
	SRC=$(pg_dsn "src/$DB") DST=$(pg_dsn "dst/$DB")
	export SRC DST DB
	# Small slices, so that a copy can be met in the middle.
	chunks='pg-chunks --split 1MB -d "$SRC"'
	copy="$chunks"' | pg-copyout -d "$SRC" -j 2 | pg-copyin -d "$DST" -j 2'
}

teardown() {
	kill -0 "$(pg_pid src)" 2>/dev/null || pg_start src
	kill -0 "$(pg_pid dst)" 2>/dev/null || pg_start dst
	pg_sql src "drop database if exists $DB with (force)"
	pg_sql dst "drop database if exists $DB with (force)"
}

# The promise behind every test here.
finishes() {
	pipes '0 0 0 0' "$copy"' | pg-checksum -d "$DST"'
	unlike "$out" '"status":"(differ|missing|unproved|failed)"'
	# What a test does to the tools is not done to its own look at the tables.
	local -x PGOPTIONS='-c statement_timeout=0'
	same_table "src/$DB" "dst/$DB" t
	same_table "src/$DB" "dst/$DB" small
	is "$(pg_sql "dst/$DB" "select count(*) from pg_constraint
		where conrelid = 't'::regclass and contype = 'p'")" 1 'the primary key'
}

saved() {	# an archive of everything, in ./archive
	pipes '0 0' "$chunks"' | pg-copyout -d "$SRC" -o archive'
}

@test "a server that is down" {
	pg_stop src
	pipes '4 2' 'pg-chunks -d "$SRC connect_timeout=1" | pg-copyout -d "$SRC connect_timeout=1"' ||
		pipes '4 4' 'pg-chunks -d "$SRC connect_timeout=1" | pg-copyout -d "$SRC connect_timeout=1"'
	like "$err" 'pg-chunks: error: could not connect'
	pg_start src
	saved
	pg_stop dst
	exits 4 pg-copyin -d "$DST connect_timeout=1" <archive
	like "$err" 'pg-copyin: error: could not connect'
	pg_start dst
	finishes
	# What a person reads in the end is why.
	exits 4 pg-chunks -q -d 'host=127.0.0.1 port=1 connect_timeout=1'
	like "$err" 'could not connect to the server: .*Connection refused'
}

@test "a target that dies in the middle" {
	(
		wait_for pg_sql_true "dst/$DB" "select count(*) > 0 from pgpipe.chunk"
		pg_kill dst
	) 2>/dev/null &
	pipes '* * *' "$chunks"' | pg-copyout -d "$SRC" | { head -c 4000000; sleep 3; cat; } | pg-copyin -d "$DST"'
	wait
	like "$err" 'pg-copyin: error:'
	pg_start dst
	finishes
}

@test "a source that dies in the middle" {
	( sleep 0.6; pg_kill src ) &
	pipes '* * * *' "$chunks"' | pg-copyout -d "$SRC" | { sleep 1.5; cat; } | pg-copyin -d "$DST"'
	wait
	unlike "$out" '"end":"pg-copyin"'
	pg_start src
	finishes
}

@test "a wrong password is a clear fault, at once, and never printed" {
	pg_start auth "listen_addresses = '127.0.0.1'"
	pg_sql auth "create role u login password 'right-7391'"
	pg_hba auth 'local all postgres trust' 'host all u 127.0.0.1/32 scram-sha-256'
	local where tool
	where="host=127.0.0.1 port=$(pg_port auth) dbname=postgres user=u"
	saved
	for tool in pg-chunks pg-copyin pg-checksum; do
		SECONDS=0
		exits 3 $tool -d "$where password=secret-5150" <archive
		like "$err" 'password authentication failed'
		unlike "$out$err" 'secret-5150'
		[ $SECONDS -lt 5 ]
		exits 3 $tool -d "postgres://u:secret-5150@127.0.0.1:$(pg_port auth)/postgres" <archive
		unlike "$out$err" 'secret-5150'
	done
	exits 3 pg-copyout -d "$where password=secret-5150" -o x public.t
	unlike "$out$err" 'secret-5150'
	[ ! -e x ]
	finishes
}

@test "a table that is missing" {
	pg_sql "dst/$DB" 'drop table t'
	pipes '0 * 3' "$copy --keep-going"
	like "$err$out" 'public.t'
	is "$(pg_sql "dst/$DB" 'select count(*) from small')" 2
	pg_sql "dst/$DB" 'create table t (id int primary key, v text not null)'
	finishes
	exits 2 pg-chunks -d "$SRC" public.nowhere
	like "$err" 'nowhere'
	exits 3 pg-copyout -d "$SRC" -o x public.nowhere
	like "$err" 'nowhere'
}

@test "a column that is missing, or of another type" {
	pg_sql "dst/$DB" 'alter table t drop column v'
	pipes '0 * 3' "$copy"
	like "$err" '"v"'
	pg_sql "dst/$DB" 'alter table t add v int'
	pipes '0 * 3' "$copy"
	like "$err" 'text.*integer|integer.*text'
	is "$(pg_sql "dst/$DB" 'select count(*) from t')" 0
	pg_sql "dst/$DB" 'alter table t drop v; alter table t add v text not null'
	finishes
}

@test "a permission that is missing" {
	pg_sql "src/$DB" "create role reader login; grant select on small to reader"
	pg_sql "dst/$DB" "create role writer login; grant all on small to writer;
		grant create on database $DB to writer"
	local reader writer
	reader=${SRC/user=postgres/user=reader} writer=${DST/user=postgres/user=writer}
	pipes '0 3 *' "$chunks"' | pg-copyout -d "'"$reader"'" | pg-copyin -d "$DST" --keep-going'
	like "$err" 'permission denied for table t'
	pipes '0 * 3' "$chunks"' | pg-copyout -d "$SRC" | pg-copyin -d "'"$writer"'" --keep-going --run other --ledger-schema w'
	like "$err" 't'
	pg_sql "dst/$DB" 'drop schema if exists w cascade; drop owned by writer; drop role writer'
	pg_sql "src/$DB" 'drop owned by reader; drop role reader'
	finishes
}

@test "a target's disk that is full" {
	tmpfs "$PG_ROOT/disk" 6M
	pg_sql dst "create tablespace small_disk location '$PG_ROOT/disk'"
	pg_sql "dst/$DB" 'alter table t set tablespace small_disk'
	pipes '0 * 3' "$copy"
	like "$err" 'No space left on device'
	unlike "$out" '"end":"pg-checksum"'
	pg_sql "dst/$DB" 'drop table t; create table t (id int primary key, v text not null)'
	pg_sql dst 'drop tablespace small_disk'
	finishes
}

@test "a target whose write-ahead log has no room, and then has" {
	tmpfs "$PG_ROOT/wal" 40M
	pg_start tight 'wal_keep_size = 0' 'min_wal_size = 32MB'
	pg_stop tight
	mv "$(pg_data tight)/pg_wal" "$PG_ROOT/wal/pg_wal"
	ln -s "$PG_ROOT/wal/pg_wal" "$(pg_data tight)/pg_wal"
	pg_start tight
	pg_sql tight "create database $DB"
	pg_sql "tight/$DB" 'create table t (id int primary key, v text not null);
		create table small (a int)'
	pg_sql "src/$DB" "insert into t select i, repeat(md5(i::text), 10)
		from generate_series($ROWS + 1, 5 * $ROWS) i"
	DST="$(pg_dsn "tight/$DB") connect_timeout=2"
	# The server gives up, and comes back once there is room.
	pipes '0 * [34]' "$copy"
	like "$err" 'error: .*(the connection to the target was lost|No space left on device|could not connect)'
	unlike "$out" '"end":"pg-copyin"'
	mount -o remount,size=1G "$PG_ROOT/wal"
	[ -n "$(pg_pid tight)" ] && kill -0 "$(pg_pid tight)" 2>/dev/null || pg_start tight
	pipes '0 0 0 0' "$copy"' | pg-checksum -d "$DST"'
	unlike "$out" '"status":"(differ|missing|unproved|failed)"'
	same_table "src/$DB" "tight/$DB" t
	same_table "src/$DB" "tight/$DB" small
	pg_stop tight immediate
}

@test "an archive that was cut anywhere loads nothing that it did not hold whole" {
	pg_sql "src/$DB" 'delete from t where id > 300'
	saved
	local size cut
	size=$(stat -c %s archive)
	for cut in 0 1 511 512 513 1023 1024 $((size / 5)) $((size / 3)) $((size / 2)) \
		$((size - 10240)) $((size - 10239)) $(seq $((size - 1024)) 93 $((size - 1))) $((size - 1)); do
		[ "$cut" -ge 0 ] && [ "$cut" -lt "$size" ] || continue
		head -c "$cut" archive >short
		exits 2 pg-copyin -d "$DST" --run "cut $cut" <short
		unlike "$out" '"end"'
		exits 2 pg-checksum <short
	done
	finishes
}

@test "an archive with a flipped bit, garbage behind it, or of a newer format" {
	pg_sql "src/$DB" 'delete from t where id > 300'
	saved
	local size at
	size=$(stat -c %s archive)
	for at in $(seq 3 $((size / 17)) $((size - 1))); do
		cp archive bad
		flip bad "$at"
		exits 2 pg-checksum <bad
		exits 2 pg-copyin -d "$DST" --run "flip $at" <bad
	done
	{ cat archive; echo garbage; } >bad
	exits 2 pg-copyin -d "$DST" --run g <bad
	{ cat archive; head -c 10240 /dev/urandom; } >bad
	exits 2 pg-copyin -d "$DST" --run g <bad
	echo 'no archive at all' >bad
	exits 2 pg-copyin -d "$DST" --run g <bad
	: >bad
	exits 2 pg-copyin -d "$DST" --run g <bad
	zstd -q archive -o packed
	exits 2 pg-copyin -d "$DST" --run g <packed
	like "$err" 'zstd'
	mkdir new && tar -C new -xf archive && cd new || return
	jq -c '.format = 99' pgpipe.json >p && mv p pgpipe.json
	tar tf ../archive | tar --format=pax -cf ../bad -T -
	cd ..
	exits 2 pg-copyin -d "$DST" --run g <bad
	like "$err" 'newer'
	# More open at once than connections were made for.
	pg-copyout -d "$SRC" public.small public.t >two
	mkdir two.d && tar -C two.d -xf two && cd two.d || return
	jq -c '.most_open = 1' pgpipe.json >p && mv p pgpipe.json
	{ printf '%s\n' pgpipe.json c/1/chunk.json c/2/chunk.json; tar tf ../two; } |
		awk '!seen[$0]++' | tar --format=pax -cf ../bad -T -
	cd ..
	exits 2 pg-copyin -d "$DST" --run g <bad
	like "$err" 'more chunks are open at once than it says'
	# Two whole archives one after the other are an archive.
	pg-copyout -d "$SRC" public.small >one
	pg-copyout -d "$SRC" public.t >two
	pipes '0 0' 'cat one two | pg-copyin -d "$DST" --run both'
	same_table "src/$DB" "dst/$DB" t
	finishes
}

@test "lines that are no chunk lines, cut lists, other databases, repeated chunks" {
	local tool
	for tool in pg-copyout pg-checksum; do
		exits 2 $tool -d "$SRC" </dev/null
		exits 2 $tool -d "$SRC" <<<'hello'
		exits 2 $tool -d "$SRC" <<<'{"a":1}'
		exits 2 $tool -d "$SRC" <<<'[]'
		exits 2 $tool -d "$SRC" < <(head -c 100000 /dev/urandom)
		exits 2 $tool -d "$SRC" < <(printf '{"chunk":"public.t","sch')
	done
	eval "$chunks" >list
	# Without its end line a list may have been cut: the work is done, exit 4.
	pipes '0 4 4' 'grep -v \"end\" list | pg-copyout -d "$SRC" | pg-copyin -d "$DST"' ||
		pipes '0 4 4' 'grep -v "\"end\"" list | pg-copyout -d "$SRC" | pg-copyin -d "$DST"'
	like "$err" 'cut'
	pipes '0 0 0' 'grep -v "\"end\"" list | pg-copyout --partial -d "$SRC" | pg-copyin -d "$DST" --run p'
	pg_sql src "create database other_$DB"
	pg_sql "src/other_$DB" 'create table t (id int primary key, v text not null)'
	exits 2 pg-copyout -d "$(pg_dsn "src/other_$DB")" <list
	like "$err" 'other|database'
	pg_sql src "drop database other_$DB"
	pipes '0 2 *' '{ head -n 1 list; cat list; } | pg-copyout -d "$SRC" | pg-copyin -d "$DST" --run twice'
	like "$err" 'twice|already|repeated|same chunk'
	finishes
}

@test "stdout that is closed or full" {
	saved
	local tool
	exits 3 pg-chunks -d "$SRC" >/dev/full || true
	for tool in 'pg-chunks -d "$SRC"' 'pg-copyout -d "$SRC" public.t' \
		'pg-copyin -d "$DST" --run "$RANDOM" <archive' 'pg-checksum <archive'; do
		pipes '3' "$tool >/dev/full"
		like "$err" 'No space left on device'
		pipes '3' "$tool >&-"
		like "$err" 'error:'
	done
	pipes '* 0' 'pg-copyout -d "$SRC" public.t | head -c 100 >/dev/null'
	finishes
}

# A command whose process id is in COMMAND.pid, so that no other is signalled.
noted() {	# COMMAND...
	echo "$BASHPID" >"$1.pid"
	exec "$@"
}

@test "signals to either end, and Ctrl-C to the whole pipe" {
	local signal victim
	for signal in INT TERM KILL; do
		for victim in pg-copyout pg-copyin; do
			(
				sleep 0.5
				kill -$signal "$(<$victim.pid)"
			) &
			rm -f ./*.pid
			pipes '* * * *' "$chunks"' | noted pg-copyout -d "$SRC" | { head -c 3000000; sleep 1; cat; } | noted pg-copyin -d "$DST" --run '"$signal$victim"
			wait
			unlike "$out" '"status":"failed","rows":[1-9]'
		done
	done
	# A terminal's Ctrl-C reaches a whole process group.
	set -m
	bash -c "$chunks"' | pg-copyout -d "$SRC" | { trap "" INT; head -c 3000000; sleep 1; cat; } | pg-copyin -d "$DST" --run ctrl; echo "${PIPESTATUS[*]}" >codes' >lines 2>errors &
	sleep 0.6
	kill -INT -- -$!
	wait || true
	set +m
	unlike "$(<lines)" '"end":"pg-copyin"'
	finishes
}

@test "statement_timeout on either server does not matter" {
	pg_sql src "alter database $DB set statement_timeout = '5ms'"
	pg_sql dst "alter database $DB set statement_timeout = '5ms'"
	finishes
}

@test "a lock that is held on the target" {
	{ echo 'begin; lock table t;'; sleep 6; } | psql -Xq -d "$DST" &
	sleep 0.3
	pipes '0 * 4' "$copy --lock-timeout 500ms"
	like "$err" 'lock'
	wait
	finishes
}

@test "too many connections" {
	pg_start few 'max_connections = 6' 'superuser_reserved_connections = 3' 'max_wal_senders = 0'
	pg_sql few "create role u login superuser; create database $DB"
	pg_sql "few/$DB" 'create table t (id int primary key, v text not null); create table small (a int)'
	pg_sql few 'alter role u nosuperuser'
	pg_sql "few/$DB" "alter table t owner to u; alter table small owner to u; alter database $DB owner to u"
	local few
	few=$(pg_dsn "few/$DB")
	few=${few/user=postgres/user=u}
	pipes '0 * 4' "$chunks"' | pg-copyout -d "$SRC" -j 8 | pg-copyin -d "'"$few"' connect_timeout=2"'
	like "$err" 'connection'
	is "$(pg_sql "few/$DB" 'select count(*) from t')" 0
	pipes '0 0 0' "$chunks"' | pg-copyout -d "$SRC" -j 1 | pg-copyin -d "'"$few"'"'
	same_table "src/$DB" "few/$DB" t
	pg_stop few
}

@test "absurd numbers" {
	local tool
	saved
	for tool in pg-copyout pg-copyin pg-checksum; do
		exits 2 $tool -d "$SRC" -j 0 <archive
		exits 2 $tool -d "$SRC" -j -1 <archive
		exits 2 $tool -d "$SRC" -j x <archive
		exits 2 $tool -d "$SRC" -j 99999999999999999999 <archive
		exits 2 $tool -d "$SRC" -j 1000 <archive
		like "$err" 'jobs|-j'
	done
	exits 2 pg-chunks -d "$SRC" --split 1XB
	exits 2 pg-chunks -d "$SRC" --split 99999999999999999999TB
	exits 2 pg-chunks -d "$SRC" --split -1
	exits 2 pg-copyout -d "$SRC" --segment 0 public.t
	exits 2 pg-copyout -d "$SRC" --segment 100TB public.t
	finishes
}
