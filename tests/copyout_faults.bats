#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# pg-copyout: under which snapshot it reads, what becomes of chunks that cannot be
# read, of bad input and bad days, and how much memory that takes.

load lib/common
load lib/copyout

setup_file() { copyout_setup_file; }
setup() { copyout_setup; }

# --- the snapshot ---------------------------------------------------------------------

@test "all chunks show one snapshot, whenever they are read" {
	pg_sql src 'create table s1 (a int); insert into s1 values (1), (2)'
	begin_list -j 2
	pg_sql src 'insert into s1 values (3); update s1 set a = 0; create table s2 (a int)'
	give line s1
	give line s2
	give end_line 3
	end_list 3
	is "$(stream_of archive 2 | wc -c)" "$(field archive c/2/done.json .bytes)"
	is "$(field archive c/2/done.json .rows)" 2
	# What the snapshot does not know does not exist.
	like "$err" 'table public.s2 does not exist'
	is "$(field archive c/3/failed.json .error.class)" 3
	pg_sql src 'drop table s1, s2'
}

@test "somebody else's snapshot can be joined, and is needed only for a moment" {
	coproc OTHER { psql -XAtq -d "$SRC"; }
	echo "begin isolation level repeatable read; select pg_export_snapshot();" >&"${OTHER[1]}"
	read -r id <&"${OTHER[0]}"
	pg_sql src 'create table later (a int); insert into small values (99)'
	begin_list --snapshot "$id"
	echo 'commit; \q' >&"${OTHER[1]}"
	wait "$OTHER_PID" || true
	give line plain
	give end_line 2
	end_list 0
	is "$(field archive c/1/done.json .rows)" 3
	is "$(field archive c/2/done.json .rows)" 5000
	is "$(field archive pgpipe.json .snapshot)" "$id"
	pg_sql src 'drop table later; delete from small where a = 99'
	exits 3 pg-copyout -d "$SRC" --snapshot "$id" small
	like "$err" "could not join snapshot \"$id\""
	is "$out" ''
	exits 3 pg-copyout -d "$SRC" --snapshot "x'; drop table small; --" small
}

@test "locks end with the chunk: thousands of tables with few locks" {
	pg_start few 'max_locks_per_transaction = 10' 'max_connections = 8' \
		'max_wal_senders = 0' 'autovacuum = off'
	for i in $(seq 1 30); do
		echo "begin;"
		seq -f "create table t%.0f (a int);" "$((i * 50))" "$((i * 50 + 49))"
		echo "commit;"
	done | pg_sql few
	run pg_sql few "do \$\$ declare t text; begin for t in select relname from pg_class
		where relname ~ '^t\\d' loop execute 'lock table ' || t || ' in access share mode';
		end loop; end \$\$"
	like "$output" 'out of shared memory'
	list t{50..1549} >lines
	exits 0 pg-copyout -d "$(pg_dsn few)" -j 2 <lines
	is "$(field "$OUT" pgpipe-end.json '[.chunks, .failed] | tostring')" '[1500,0]'
	pg_stop few
}

@test "a hot standby is a source; its unlogged tables are named" {
	pg_sql src 'create unlogged table nolog (a int); insert into nolog values (1)'
	pg_standby stb src
	pg_caught_up stb src
	list plain nolog small >lines
	exits 3 pg-copyout -d "$(pg_dsn stb)" -j 2 <lines
	like "$err" 'public.nolog is unlogged'
	is "$(field "$OUT" pgpipe.json .source.standby)" true
	like "$(field "$OUT" pgpipe.json .lsn)" '^[0-9A-F]+/[0-9A-F]+$'
	is "$(field "$OUT" pgpipe-end.json '[.rows, .failed_chunks] | tostring')" '[5003,["public.nolog"]]'
	loads_as "$OUT" public.plain plain
	is "$(field "$OUT" "c/$(number_of "$OUT" public.small)/done.json" .rows)" 3
	exits 3 pg-copyout -d "$(pg_dsn stb)" nolog
	like "$err" 'public.nolog is unlogged'
	exits 0 pg-copyout -d "$SRC" nolog
	is "$(field "$OUT" c/1/done.json .rows)" 1
	pg_sql src 'drop table nolog'
	pg_stop stb
}

@test "the position in the WAL is one before the snapshot" {
	local before
	before=$(pg_sql src 'select pg_current_wal_lsn()')
	exits 0 pg-copyout -d "$SRC" small
	pg_sql src 'create table x (); drop table x'
	is "$(pg_sql src "select '$(field "$OUT" pgpipe.json .lsn)'::pg_lsn
		between '$before' and pg_current_wal_lsn()")" t
}

@test "if the holder dies no later chunk is read, and the stream ends with 4" {
	begin_list -j 2
	pg_sql src "select pg_terminate_backend(pid) from pg_stat_activity
		where application_name = 'pg-copyout' and query ~ 'pg_export_snapshot'" >/dev/null
	# It may be gone before the last of these is given.
	give line plain
	( give line empty; give end_line 3 ) 2>/dev/null || true
	end_list 4
	like "$err" 'the snapshot is gone'
	ends_whole archive
	is "$(field archive pgpipe-end.json '[.interrupted, .complete, .rows] | tostring')" \
		'[true,false,3]'
	is "$(members archive | grep -c 'done.json')" 1
	is "$(members archive | grep 'copy$')" c/1/000001.copy
}

@test "a table that was truncated or rewritten after the snapshot is no empty success" {
	local act
	for act in 'truncate t1' 'vacuum full t1' 'cluster t1 using t1_i' \
		'alter table t1 alter a type bigint' 'begin; truncate t1; insert into t1 values (7); commit'; do
		pg_sql src 'drop table if exists t1; create table t1 (a int);
			create index t1_i on t1 (a); insert into t1 values (1), (2)'
		begin_list
		pg_sql src "$act"
		give line t1
		give line empty
		give end_line 3
		end_list 4
		like "$err" 'public.t1 was truncated or rewritten after the snapshot was taken'
		is "$(field archive c/2/failed.json .error.class)" 4 "$act"
		is "$(field archive c/3/done.json .rows)" 0
		is "$(field archive pgpipe-end.json '[.complete, .interrupted, .failed] | tostring')" '[true,false,1]'
	done
	pg_sql src 'drop table t1'
}

@test "a column that was dropped and added again after the snapshot is not read for the old one" {
	local act columns
	columns=$(seq -s ' int, c' 1 1000)
	for act in 'alter table t1 drop b, add b bool default false' 'alter table t1 drop b' \
		'alter table t1 rename b to x; alter table t1 rename c to b; alter table t1 rename x to c' \
		'alter table t2 drop c1000, add c1000 int default 7'; do
		pg_sql src "drop table if exists t1, t2; create table t1 (a int, b bool, c bool);
			insert into t1 values (1, true, false); create table t2 (c$columns int); insert into t2 (c1000) values (5)"
		begin_list
		pg_sql src "$act"
		give line t1
		give line t2
		give end_line 3
		end_list 4
		like "$err" 'columns of public.t[12] were renamed, dropped or replaced after the snapshot was taken'
		like "$err" 'hint: copy it again under a new snapshot'
		is "$(members archive | grep -c 'failed.json')" 1 "$act"
		is "$(field archive pgpipe-end.json '[.complete, .failed] | tostring')" '[true,1]'
	done
	# What is only there in addition, or longer, is no reason.
	pg_sql src 'drop table t1, t2; create table t1 (a int, b varchar(5), "C d" int); alter table t1 drop a; insert into t1 values (7, 1)'
	begin_list
	pg_sql src 'alter table t1 add e int default 5, alter b type varchar(10)'
	give line t1
	give end_line 2
	end_list 0
	is "$(field archive c/2/done.json .rows)" 1
	pg_sql src 'drop table t1'
}

@test "a table that vanished, or has another's name, is a failed chunk" {
	pg_sql src 'create table t1 (a int); create table t2 (a int); insert into t1 values (1)'
	begin_list
	pg_sql src 'drop table t2; alter table t1 rename to t3; create table t1 (a int)'
	give line t1
	give line t2
	give line nowhere
	give line empty
	give end_line 5
	end_list 3
	like "$err" 'public.t1 was renamed or replaced'
	is "$(field archive c/2/failed.json .error.class)" 4
	like "$err" 'could not lock public.t2: relation "public.t2" does not exist'
	is "$(field archive c/3/failed.json .error.class)" 3
	like "$err" 'table public.nowhere does not exist'
	is "$(field archive c/4/failed.json .error.class)" 3
	is "$(field archive c/4/chunk.json .chunk)" public.nowhere
	is "$(field archive c/5/done.json .rows)" 0
	is "$(field archive pgpipe-end.json '[.complete, .failed] | tostring')" '[true,3]'
	pg_sql src 'drop table t1, t3'
}

# --- input that is not what it should be --------------------------------------------------

@test "chunk lines of another database or server are refused, and nothing is read" {
	pg_sql src 'create database other'
	{
		line small '"database": "other"'
		line plain '"database": "postgres", "system": "1234567890123456789"'
		line empty '"database": "postgres", "system": null'
		end_line 3
	} >lines
	exits 2 pg-copyout -d "$SRC" <lines
	like "$err" 'of database "other", and this is "postgres"'
	like "$err" 'of server 1234567890123456789'
	is "$(members "$OUT" | grep -c 'copy$')" 1
	is "$(field "$OUT" pgpipe-end.json '[.failed, .failed_chunks] | tostring')" \
		'[2,["public.small","public.plain"]]'
	pg_sql src 'drop database other'
}

@test "the same chunk twice is reported, and read once" {
	{ line small; line plain; line small; end_line 3; } >lines
	exits 2 pg-copyout -d "$SRC" -j 2 <lines
	like "$err" 'chunk "public.small" comes twice'
	is "$(members "$OUT" | grep -c chunk.json)" 2
	ends_whole "$OUT"
	exits 2 pg-copyout -d "$SRC" small public.small
	like "$err" 'named twice'
	is "$(members "$OUT" | grep -c chunk.json)" 1
}

@test "a list that may be cut: the work is done, exit 4, unless it is meant so" {
	list plain small >lines
	head -n 2 lines >short
	exits 4 pg-copyout -d "$SRC" <short
	like "$err" 'no end line'
	is "$(field "$OUT" pgpipe-end.json '[.complete, .chunks, .failed] | tostring')" '[false,2,0]'
	loads_as "$OUT" public.plain plain
	exits 0 pg-copyout -d "$SRC" --partial <short
	is "$(field "$OUT" pgpipe-end.json '[.complete, .partial] | tostring')" '[false,true]'
	# Cut within a line, or with fewer lines than it says.
	head -c -40 short >half
	exits 2 pg-copyout -d "$SRC" <half
	sed 1d lines >fewer
	exits 4 pg-copyout -d "$SRC" <fewer
}

@test "no lines, lines that are no chunk lines, and an empty list that says so" {
	local text
	exits 2 pg-copyout -d "$SRC" </dev/null
	is "$out" ''
	like "$err" 'holds no lines'
	for text in 'hello' '[]' '{"a":1}' '{"chunk":"x","schema":1,"table":"t"}' \
		'{"chunk":"public.t","sch' 'pgpipe.json'; do
		exits 2 pg-copyout -d "$SRC" <<<"$text"
		is "$out" '' "$text"
	done
	head -c 100000 /dev/urandom >noise
	exits 2 pg-copyout -d "$SRC" <noise
	exits 2 pg-copyout -d "$SRC" <&-
	end_line 0 >lines
	exits 0 pg-copyout -d "$SRC" <lines
	is "$(field "$OUT" pgpipe-end.json '[.chunks, .complete] | tostring')" '[0,true]'
	# One bad line among good ones: those are read, and the list is not whole.
	{ line small; echo '{"b":1}'; line plain; end_line 3; } >lines
	exits 2 pg-copyout -d "$SRC" <lines
	is "$(field "$OUT" pgpipe-end.json '[.chunks, .complete] | tostring')" '[2,false]'
}

@test "a failed list is no reason to connect" {
	pipes '* 2' 'false | pg-copyout -d "host=/nowhere"'
	unlike "$err" 'connect'
}

# 30 MB, more than all buffers between a server and a reader.
big_table() {	# SERVER
	pg_sql "$1" "drop table if exists big; create table big (id int, v text);
		insert into big select i, repeat('x', 1000) from generate_series(1, 30000) i"
}

# --- bad days ------------------------------------------------------------------------------

slow='"where": "pg_sleep(case when id = 1 then 0 else 60 end) is not null"'

@test "a lost connection before the first row is made anew, and the chunk tried again" {
	exec 8> >(psql -Xq -d "$SRC")
	echo 'begin; lock table plain;' >&8
	wait_for pg_sql_true src "select count(*) = 1 from pg_locks
		where relation = 'plain'::regclass and mode = 'AccessExclusiveLock'"
	( code=0; pg-copyout -d "$SRC" plain small >archive 2>stderr || code=$?; echo $code >code ) 3>&- &
	wait_for pg_sql_true src "select count(*) = 1 from pg_locks
		where relation = 'plain'::regclass and not granted"
	pg_sql src "select pg_terminate_backend(pid) from pg_locks
		where relation = 'plain'::regclass and not granted" >/dev/null
	wait_for grep -q 'trying again' stderr
	echo 'rollback;' >&8
	exec 8>&-
	wait_for test -s code
	is "$(<code)" 0 "$(<stderr)"
	is "$(members archive | grep -c 'done.json')" 2
	loads_as archive public.plain plain
}

@test "a lock that is held is waited for, then the chunk fails, and can be retried" {
	exec 8> >(psql -Xq -d "$SRC")
	echo 'begin; lock table small;' >&8
	wait_for pg_sql_true src "select count(*) > 0 from pg_locks where relation = 'small'::regclass"
	list small plain >lines
	exits 4 pg-copyout -d "$SRC" --lock-timeout 200ms <lines
	exec 8>&-
	like "$err" 'could not lock public.small'
	like "$err" 'hint: .*--lock-timeout'
	is "$(field "$OUT" c/1/failed.json '[.error.class, .error.sqlstate] | tostring')" '[4,"55P03"]'
	is "$(field "$OUT" c/2/done.json .rows)" 5000
}

@test "a chunk that fails after its first rows is marked, and the others go on" {
	# The 4,000th row is no number.
	list small >lines
	line plain '"where": "case when id < 4000 then true else (1 / (id - 4000)) is null end"' >>lines
	end_line 1 >>lines
	exits 3 pg-copyout -d "$SRC" --segment 1kB -j 1 <lines
	like "$err" 'division by zero'
	is "$(field "$OUT" c/2/failed.json '[.error.class, .error.sqlstate] | tostring')" '[3,"22012"]'
	[ "$(field "$OUT" c/2/failed.json .segments)" -gt 1 ]
	is "$(field "$OUT" pgpipe-end.json '[.chunks, .failed, .rows, .complete] | tostring')" '[2,1,3,true]'
}

@test "a connection that is lost in the middle of a chunk: class 4, and the rest is read" {
	big_table src
	list big small >lines
	( code=0; pg-copyout -d "$SRC" <lines 2>stderr || code=$?; echo $code >code ) 3>&- |
		{ sleep 1.5; cat; } >archive &
	wait_for pg_sql_true src "select count(*) = 1 from pg_stat_activity
		where application_name = 'pg-copyout' and wait_event = 'ClientWrite'"
	pg_sql src "select pg_terminate_backend(pid) from pg_stat_activity
		where application_name = 'pg-copyout' and query ~ '^copy'" >/dev/null
	wait
	is "$(<code)" 4
	is "$(field archive c/1/failed.json .error.class)" 4
	is "$(field archive c/2/done.json .rows)" 3
	ends_whole archive
	pg_sql src 'drop table big'
}

@test "backpressure: a reader that waits makes the server wait" {
	big_table src
	( pg-copyout -d "$SRC" big | { sleep 2; cat; } >archive ) 3>&- &
	wait_for pg_sql_true src "select count(*) = 1 from pg_stat_activity
		where application_name = 'pg-copyout' and wait_event = 'ClientWrite'"
	sleep 0.5
	is "$(sessions "wait_event = 'ClientWrite'")" 1
	wait
	is "$(field archive pgpipe-end.json .rows)" 30000
	pg_sql src 'drop table big'
}

@test "the pipe is made as large as the system allows" {
	[ -r /proc/sys/fs/pipe-max-size ] || skip 'no such thing here'
	big_table src
	( pg-copyout -d "$SRC" big & echo $! >pid; wait ) 3>&- 2>/dev/null | {
		wait_for pg_sql_true src "select count(*) = 1 from pg_stat_activity
			where application_name = 'pg-copyout' and wait_event = 'ClientWrite'"
		sleep 0.5
		kill -KILL "$(<pid)"
		wc -c >held
	}
	[ "$(<held)" -ge "$(($(</proc/sys/fs/pipe-max-size) * 9 / 10))" ]
	pg_sql src 'drop table big'
}

@test "one signal: open chunks end, the archive says interrupted, no further chunk" {
	local signal
	for signal in INT TERM HUP; do
		rm -f code
		{
			line plain '"where": "id <> 7 or pg_sleep(1.5) is not null"'
			line small
			end_line 2
		} >lines
		(
			env --default-signal=INT pg-copyout -d "$SRC" <lines >archive 2>stderr &
			echo $! >pid
			code=0
			wait $! || code=$?
			echo $code >code
		) 3>&- &
		wait_for pg_sql_true src "select count(*) = 1 from pg_stat_activity
			where application_name = 'pg-copyout' and wait_event = 'PgSleep'"
		kill -$signal "$(<pid)"
		wait_for test -s code
		wait
		is "$(<code)" $((128 + $(kill -l $signal)))
		like "$(<stderr)" 'stopping'
		ends_whole archive
		is "$(field archive pgpipe-end.json '[.interrupted, .complete, .chunks, .failed] | tostring')" \
			'[true,false,1,0]'
		is "$(field archive c/1/done.json .rows)" 5000
	done
}

@test "a second signal ends at once, and leaves the archive cut" {
	line plain "$slow" >lines
	(
		pg-copyout -d "$SRC" -o kept --partial <lines 2>stderr &
		echo $! >pid
		code=0
		wait $! || code=$?
		echo $code >code
	) 3>&- &
	wait_for pg_sql_true src "select count(*) = 1 from pg_stat_activity
		where application_name = 'pg-copyout' and wait_event = 'PgSleep'"
	kill -TERM "$(<pid)"
	sleep 0.5
	kill -TERM "$(<pid)"
	wait_for -t 8 test -s code
	is "$(<code)" 143
	is "$(ls kept* 2>/dev/null)" ''
	like "$(<stderr)" 'stopping'
	wait_for -t 8 pg_sql_true src "select count(*) = 0 from pg_stat_activity
		where application_name = 'pg-copyout'"
}

@test "a signal while it waits for chunk lines ends it" {
	begin_list
	kill -TERM "$(<pid)"
	wait_for -t 8 test -s code
	is "$(<code)" 143
	exec 9>&-
	ends_whole archive
	is "$(field archive pgpipe-end.json '[.interrupted, .chunks] | tostring')" '[true,1]'
}

@test "a reader that goes away ends all work soon, also what the server still ponders" {
	{ line plain; line empty '"where": "pg_sleep(60) is not null"'; line small "$slow"; end_line 3; } |
		sed 's/case when id/case when a/' >lines
	pg_sql src 'insert into empty values (1)'
	SECONDS=0
	pipes '3 0' 'pg-copyout -d "$SRC" -j 3 --segment 1kB <lines | head -c 10 >/dev/null'
	like "$err" 'could not write to "standard output": Broken pipe'
	[ $SECONDS -lt 20 ]
	wait_for -t 10 pg_sql_true src "select count(*) = 0 from pg_stat_activity
		where application_name = 'pg-copyout'"
	pg_sql src 'truncate empty'
}

@test "output that is full or closed is a failure" {
	pipes 3 'pg-copyout -d "$SRC" plain >/dev/full'
	like "$err" 'No space left on device'
	is "$(grep -c 'error:' <<<"$err")" 1
	pipes 3 'pg-copyout -d "$SRC" plain >&-'
	like "$err" 'error:'
}

@test "too many connections: fewer do the work, and that is said" {
	pg_start tight 'max_connections = 6' 'superuser_reserved_connections = 0' 'max_wal_senders = 0'
	pg_sql tight 'create role u login; create table t1 (a int); create table t2 (a int);
		create table t3 (a int); create table t4 (a int); create table t5 (a int);
		create table t6 (a int); grant select on all tables in schema public to u'
	local dsn
	dsn="$(pg_dsn tight) connect_timeout=2"
	SECONDS=0
	exits 0 pg-copyout -d "$dsn" -j 6 t1 t2 t3 t4 t5 t6
	like "$err" 'going on with 5 connections to read with, not 6'
	is "$(field "$OUT" pgpipe.json .most_open)" 5
	is "$(field "$OUT" pgpipe-end.json .chunks)" 6
	pg_sql tight 'alter role u connection limit 1'
	exits 4 timeout 90 pg-copyout -d "${dsn/user=postgres/user=u}" t1
	like "$err" 'too many connections'
	is "$out" ''
	pg_stop tight
}

@test "a server that is down, stopped or killed" {
	exits 4 pg-copyout -d "host=$PG_ROOT/src/s port=1 dbname=postgres connect_timeout=1" plain
	like "$err" 'could not connect'
	is "$out" ''
	pg_start victim
	big_table victim
	pg_sql victim 'create table t (a int)'
	list big t >lines
	( code=0; pg-copyout -d "$(pg_dsn victim)" <lines 2>stderr || code=$?; echo $code >code ) 3>&- |
		{ sleep 1.5; cat; } >archive &
	wait_for pg_sql_true victim "select count(*) = 1 from pg_stat_activity
		where application_name = 'pg-copyout' and wait_event = 'ClientWrite'"
	pg_kill victim
	wait
	is "$(<code)" 4 "$(<stderr)"
	ends_whole archive
	is "$(field archive pgpipe-end.json '[.interrupted, .complete] | tostring')" '[true,false]'
	is "$(field archive c/1/failed.json .error.class)" 4
	is "$(members archive | grep -c done.json)" 0
}

# --- memory ---------------------------------------------------------------------------------------

limited() {	# MEGABYTES COMMAND...
	(
		ulimit -v $(($1 * 1024))
		shift
		exec "$@"
	)
}

@test "memory stays bounded for ten million rows as for a hundred thousand" {
	no_sanitizer 'its shadow memory has no bounds'
	pg_sql src 'create unlogged table rows (t timestamptz, d int, v float8)'
	local n j
	for n in 100000 9900000; do
		pg_sql src "insert into rows select '2025-01-01'::timestamptz + i * interval '1 s',
			i % 100, i from generate_series(1, $n) i"
		for j in 1 4; do
			seq 0 3 | while read -r i; do
				line rows "\"chunk\": \"r$i\", \"where\": \"d % 4 = $i\""
			done >lines
			end_line 4 >>lines
			pipes '0 0' "limited $((64 + 16 * j)) pg-copyout -d \"\$SRC\" -j $j <lines | tail -c 10240 >end"
		done
	done
	is "$(tar xOf end pgpipe-end.json | jq .rows)" 10000000
	pg_sql src 'drop table rows'
}

@test "a row of hundreds of MB passes, within bounds" {
	no_sanitizer 'its shadow memory has no bounds'
	pg_sql src "create table huge (a int, b bytea); alter table huge alter b set storage external;
		insert into huge values (1, 'x'), (2, convert_to(repeat('0123456789abcdef', 16 * 1024 * 1024), 'UTF8')),
			(3, 'y')"
	pipes '0 0' "limited $((64 + 16 + 256 * 22 / 10)) pg-copyout -d \"\$SRC\" huge | tail -c 20480 >end"
	is "$(tar xOf end c/1/done.json | jq -c '[.rows, .segments > 1, .bytes > 268435456]')" '[3,true,true]'
	is "$(tar xOf end c/1/done.json | jq -r .digest | cut -d: -f2)" 3
	pg_sql src 'drop table huge'
}

@test "a list of chunks that is larger than the memory for it" {
	no_sanitizer 'its shadow memory has no bounds'
	line empty "\"where\": \"a = 1\", \"more\": \"$(printf 'x%.0s' {1..30000})\"" >one
	{
		for i in $(seq 1 2000); do sed "s/\"public.empty\"/\"$i\"/" one; done
		end_line 2000
	} >lines
	[ "$(stat -c %s lines)" -gt 60000000 ]
	pipes '0 0' "limited 80 pg-copyout -d \"\$SRC\" <lines | tail -c 10240 >end"
	is "$(tar xOf end pgpipe-end.json | jq -c '[.chunks, .failed, .complete]')" '[2000,0,true]'
}
