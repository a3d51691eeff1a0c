#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# Targets that are unlike their source, and what is said of that.

load lib/common
load lib/timescale
load lib/hypertables

setup_file() { timescale_setup_file; }
setup() {
	timescale_setup
	hyper_setup
}
teardown() { timescale_teardown; }

verdicts() { jq -r 'select(.chunk) | .status' | sort | uniq -c | xargs; }

# The target would hold batches to be in order, and answer sorted queries wrongly.
@test "batches out of order are copied as rows, and sorted queries stay right" {
	[ "$(src "select count(*) from pg_settings where name = 'timescaledb.enable_direct_compress_copy'")" = 1 ] ||
		skip 'this TimescaleDB does not compress as it copies'
	make_metrics
	compress_by_device
	src "set timescaledb.enable_direct_compress_copy = on;
		copy metrics from stdin with csv;
2023-05-02 10:00+00,d1,1
2023-05-02 08:00+00,d1,2
2023-05-02 12:00+00,d1,3
\\.
copy metrics from stdin with csv;
2023-05-02 09:00+00,d1,4
2023-05-02 11:00+00,d1,5
\\."
	[ $(($(statuses src metrics) & 3)) = 3 ]
	chunks public.metrics | ended | copy
	same metrics
	is "$(statuses dst metrics)" 1
	is "$(dst "select string_agg(val::text, ' ') from (select val from metrics
		where device_id = 'd1' order by time desc) x")" '3 5 1 4 2'
	exits 0 pg-checksum -d "$DST" <results
	is "$(verdicts <<<"$out")" '1 match'
}

# The target's compressed table has columns for the index that these batches lack, and
# the other way around.
@test "a sparse index that the batches do not have, or the target does not" {
	make_metrics
	compress_by_device
	may src
	compress_all src "range_start < '2023-05-09'"
	both_own 'create index on metrics (val); create index on metrics (device_id)'
	compress_all src "range_start < '2023-05-16'"
	dst_own 'drop index metrics_device_id_idx'
	chunks public.metrics | ended | copy
	same metrics
	is "$(statuses dst metrics)" "$(statuses src metrics)"
	is "$(dst "select count(*) from metrics where val = 77")" 1
	is "$(dst "select sum(val) from metrics where val between 70 and 90")" 1680
	dst_own 'drop index metrics_val_idx'
	chunks public.metrics | ended | copy --run again
	same metrics
	is "$(dst "select count(*) from metrics where val = 77")" 1
	is "$(statuses dst metrics)" "$(statuses src metrics)"
	exits 0 pg-checksum --source "$SRC" --target "$DST" <results
}

@test "what was compressed otherwise is unproved by its digest, and never said to differ" {
	make_metrics
	compress_by_device
	may src
	compress_all src "range_start < '2023-05-15'"
	# Late rows are in no batch here, and in one there.
	src_own "insert into metrics values ('2023-05-02 00:30', 'device 1', 1)"
	both_own "alter table metrics set (timescaledb.compress_orderby = 'time')"
	chunks public.metrics | ended | copy
	same metrics
	exits 1 pg-checksum -d "$DST" <results
	is "$(verdicts <<<"$out")" '2 match 3 unproved'
	like "$err" 'its batches were not kept as they came; --source and --target compare rows'
	exits 0 pg-checksum --source "$SRC" --target "$DST" <results
	exits 0 pg-checksum --compressed --source "$SRC" --target "$DST" <results
	# Skipped, it is no more proved than loaded.
	chunks public.metrics | ended | OUT_OPTIONS=--partial copy
	exits 1 pg-checksum -d "$DST" <results
	is "$(verdicts <<<"$out")" '2 match 3 unproved'
}

# Inside of arrays and rows types are numbers, which are others on the target.
@test "types whose numbers differ, compressed or not" {
	local state
	dst_own 'create table a (a int); create type b as enum (); create table c (c int)'
	both_own "create type mood as enum ('sad', 'ok', 'happy');
		create type pair as (m mood, n int); create domain positive as int check (value > 0)"
	[ "$(src "select 'mood'::regtype::oid")" != "$(dst "select 'mood'::regtype::oid")" ]
	both_own "create table metrics (time timestamptz not null, k mood, a mood[], p pair, pa pair[],
			d positive[], c text[]);
		select create_hypertable('metrics', 'time', chunk_time_interval => interval '7 days');
		alter table metrics set (timescaledb.compress, timescaledb.compress_segmentby = 'k')"
	src_own "insert into metrics select '2023-05-01'::timestamptz + x * interval '1 hour',
		(array['sad', 'ok', 'happy'])[1 + x % 3]::mood, array['sad', null, 'happy']::mood[],
		row('ok', x)::pair, array[row('sad', x), null]::pair[], array[x, 3]::positive[], array[x::text]
		from generate_series(1, 300) x"
	for state in rows batches; do
		[ $state = rows ] || compress_all src "range_start < '2023-05-12'"
		chunks public.metrics | ended | copy --run $state
		same metrics
		is "$(statuses dst metrics)" "$(statuses src metrics)"
		is "$(dst "select count(*) from metrics where a[1] = 'sad' and (p).m = 'ok' and (pa[1]).m = 'sad' and d[2] = 3")" 300
		exits 0 pg-checksum -d "$DST" <results
		exits 0 pg-checksum --source "$SRC" --target "$DST" <results
		exits 0 pg-checksum --compressed --source "$SRC" --target "$DST" <results
	done
}

# A hash of the device besides the time: as many, fewer, on one side only.
@test "space partitions of another number, and on one side only" {
	local table run
	for table in both_ src dst; do
		both_own "create table $table (time timestamptz not null, dev int not null, v float8)"
		src_own "select create_hypertable('$table', 'time' $([ $table = dst ] || echo ", 'dev', 4"))" >/dev/null
		dst_own "select create_hypertable('$table', 'time' $([ $table = src ] || echo ", 'dev', 3"))" >/dev/null
		both_own "alter table $table set (timescaledb.compress,
			timescaledb.compress_segmentby = 'dev', timescaledb.compress_orderby = 'time')"
		src_own "insert into $table select '2023-05-01'::timestamptz + x * interval '1 hour', x % 17, x
			from generate_series(1, 800) x"
	done
	for run in rows again batches; do
		# Each piece clears just what is its own.
		dst_own "update src set v = -1 where dev < 5; update dst set v = -1 where dev < 5;
			update both_ set v = -1 where dev < 5"
		pg-chunks -q -d "$SRC" both_ src dst | copy -j 3 --run "$run"
		for table in both_ src dst; do
			same "$table"
		done
		exits 0 pg-checksum --source "$SRC" --target "$DST" <results
		# The next time as batches.
		src_own "select compress_chunk(c, true) from (select show_chunks('both_') union all
			select show_chunks('src') union all select show_chunks('dst')) x (c)" >/dev/null
	done
	dst_own 'delete from src where dev = 3'
	exits 1 pg-checksum --source "$SRC" --target "$DST" <results
	like "$(jq -r 'select(.status == "differ") | .parent.table' <<<"$out" | sort -u)" '^src$'
	# What counts in hashes on one side and in values on the other is refused.
	dst_own "drop table src; create table src (time timestamptz, dev int not null, v float8);
		select create_hypertable('src', 'dev', chunk_time_interval => 5);
		insert into src values (null, 2, 1)" >/dev/null
	pg-chunks -q -d "$SRC" src | COPY_CODES='0 3' copy --run other
	like "$(cat in.err)" '"dev" is a dimension of .*public.src. of the source, and .* not partitioned like that'
	is "$(dst 'select count(*) from src')" 1
}

# They count as zero there.
@test "nulls in the column of a space partition are cleared with the slice that has them" {
	local table run
	for table in both_ src dst; do
		both_own "create table $table (time timestamptz not null, dev int, v float8)"
		src_own "select create_hypertable('$table', 'time' $([ $table = dst ] || echo ", 'dev', 4"))" >/dev/null
		dst_own "select create_hypertable('$table', 'time' $([ $table = src ] || echo ", 'dev', 3"))" >/dev/null
		src_own "insert into $table select '2023-05-01'::timestamptz + x * interval '1 hour',
			nullif(x % 17, 0), x from generate_series(1, 300) x"
	done
	pg-chunks -q -d "$SRC" both_ src dst >list
	for run in rows again; do
		copy -j 3 --run $run <list
		for table in both_ src dst; do
			same $table
		done
	done
	exits 0 pg-checksum --source "$SRC" --target "$DST" <results
	dst_own 'delete from both_ where dev is null'
	exits 1 pg-checksum --source "$SRC" --target "$DST" <results
	is "$(jq -r 'select(.status == "differ") | .parent.table' <<<"$out" | sort -u)" both_
}

@test "a target whose TimescaleDB is older gets rows, of which it makes its own batches" {
	make_metrics
	compress_by_device
	may src
	compress_all src "range_start < '2023-05-15'"
	chunks public.metrics | ended >list
	PGPIPE_TIMESCALEDB=2.13.0 copy <list
	is "$(jq -r 'select(.chunk) | .digest_kind' results | sort -u)" send
	same metrics
	is "$(statuses dst metrics)" "$(statuses src metrics)"
	exits 0 pg-checksum -d "$DST" <results
	# A queue says how old it is; batches go where it is not.
	pg-queue put -q -d "$DST" <list
	exits 0 pg-queue work -q -d "$DST" -- 'echo "$PGPIPE_TIMESCALEDB" >>said
		pg-copyout -d "$SRC" | pg-copyin -d "$DST"'
	is "$(sort -u said)" "$(dst "select extversion from pg_extension where extname = 'timescaledb'")"
	is "$(pg-queue results -q -d "$DST" | jq -r 'select(.chunk) | .digest_kind' | sort | uniq -c | xargs)" \
		'3 batches 2 send'
	# Batches that cannot be read say what to do; the queue passes it on.
	pg-queue clear -q -d "$DST"
	pg-queue put -q -d "$DST" <list
	exits 3 pg-queue work -q -d "$DST" --max 1 --retries 0 -- \
		'jq -c "select(.chunk) | .status = \"failed\" | .error = {message: \"it cannot be\", class: 3, hint: \"do this\"}"; exit 3'
	like "$err" 'hint: do this'
}

@test "a chunk that cannot be made: the reason, the chunk, and nothing else" {
	make_metrics
	compress_by_device
	may src
	compress_all src "range_start < '2023-05-05'"
	mkfifo hold
	psql -Xq -d "$(pg_dsn "dst/$DB")" <hold >held 2>&1 &
	exec 7>hold
	echo "begin; lock table metrics in share update exclusive mode; select 'locked';" >&7
	wait_for grep -q locked held
	chunks public.metrics "range_start < '2023-05-05'" | ended | COPY_CODES='0 4' copy --lock-timeout 1s
	exec 7>&-
	wait $!
	like "$(cat in.err)" 'could not make a chunk of public.metrics: canceling statement due to lock timeout'
	like "$(cat in.err)" 'hint: .*--lock-timeout'
	unlike "$(cat in.err)" 'transaction'
	copy < <(chunks public.metrics | ended)
	same metrics
}

# As README has it: TimescaleDB's catalog comes along, so chunks are there, compressed ones
# as empty compressed ones; and then the source goes on.
@test "a target restored from a dump without the chunks' rows, and what became of them since" {
	make_metrics
	compress_by_device
	src_own "create table devices (id text primary key); insert into devices values ('device 1')"
	may src
	compress_all src "range_start < '2023-05-15'"
	dst 'drop table metrics; drop extension timescaledb' 2>/dev/null
	pg_sql "dst/$DB" "create extension timescaledb" 2>/dev/null
	pg_sql "dst/$DB" "select timescaledb_pre_restore()" >/dev/null
	"$PG_BINDIR/pg_dump" -d "$(pg_dsn "src/$DB")" --exclude-table-data='_timescaledb_internal.*' 2>/dev/null |
		psql -Xq -d "$(pg_dsn "dst/$DB")" >/dev/null 2>&1
	pg_sql "dst/$DB" "select timescaledb_post_restore()" >/dev/null
	is "$(dst "select count(*), (select count(*) from metrics) from show_chunks('metrics')")" '5|0'
	is "$(count dst devices)" 1
	is "$(statuses dst metrics)" '1 1 1 0 0'
	# Compressed became partial, and not compressed; not compressed became compressed, and
	# partial; others write to a compressed one of the target.
	src_own "insert into metrics values ('2023-05-02 00:30', 'late', 1);
		select decompress_chunk(c) from show_chunks('metrics', newer_than => '2023-05-03'::timestamptz,
			older_than => '2023-05-12'::timestamptz) c" >/dev/null
	compress_all src "range_start > '2023-05-17'"
	src_own "insert into metrics values ('2023-05-30 00:30', 'late', 1)"
	dst_own "insert into metrics values ('2023-05-12 00:30', 'theirs', 1)"
	chunks public.metrics | ended | copy -j 2
	same metrics
	is "$(statuses src metrics)" '9 0 1 1 9'
	is "$(statuses dst metrics)" '9 0 1 1 9'
	is "$(batches_of dst metrics)" "$(batches_of src metrics)"
	exits 0 pg-checksum -d "$DST" <results
	is "$(verdicts <<<"$out")" '5 match'
	# Up to a bound within a compressed one, which stays so, with newer rows that others wrote.
	dst_own "insert into metrics values ('2023-05-22', 'theirs', 1), ('2023-05-19', 'theirs', 1)"
	chunks public.metrics | bounds '' 2023-05-21 | ended | copy --run bound
	is "$(dst "select count(*) from metrics where device_id = 'theirs'")" 1
	is "$(dst "select count(*) from metrics")" 747
	is "$(statuses dst metrics | cut -d' ' -f4)" 1
}

# A chunk of which TimescaleDB keeps no range is passed over by queries.
@test "columns by whose ranges chunks are skipped" {
	[ "$(src "select count(*) from pg_settings where name = 'timescaledb.enable_chunk_skipping'")" = 1 ] ||
		skip 'this TimescaleDB does not skip chunks'
	both "alter database $DB set timescaledb.enable_chunk_skipping = on"
	both_own "create table metrics (time timestamptz not null, device_id text, val int);
		select create_hypertable('metrics', 'time', chunk_time_interval => interval '7 days');
		alter table metrics set (timescaledb.compress, timescaledb.compress_segmentby = '');
		select enable_chunk_skipping('metrics', 'val')" 2>/dev/null
	may src
	compress_all src "range_start < '2023-05-12'"
	found() {
		dst "set timescaledb.enable_chunk_skipping = on;
			select count(*) from generate_series(1, 744) v
			where (select count(*) from metrics where val = v) <> 1"
		dst "select count(*) from metrics where val = 1"
		dst "select count(*) from metrics where val = 744"
		dst "select count(*) from metrics where val = 400"
	}
	chunks public.metrics | ended >list
	copy <list
	same metrics
	is "$(found)" $'0\n1\n1\n1'
	is "$(statuses dst metrics)" '1 1 1 0 0'
	# Over what is there, also where it is empty; with other values.
	dst_own "delete from metrics where time > '2023-05-20'"
	src_own "select decompress_chunk(c, true) from show_chunks('metrics') c;
		update metrics set val = 745 - val" >/dev/null 2>&1
	compress_all src "range_start < '2023-05-05'"
	copy --run again <list
	same metrics
	is "$(found)" $'0\n1\n1\n1'
	# And where dual writers have the chunk already.
	dst_own "truncate metrics; insert into metrics values ('2023-05-16', 'theirs', 10000)"
	copy --run truncated <list
	same metrics
	is "$(found)" $'0\n1\n1\n1'
}

@test "a time that a function gives, and UUIDs of version 7" {
	both_own "create function at(j jsonb) returns timestamptz immutable language sql as
			\$\$ select pg_catalog.to_timestamp((j ->> 'at')::float8) \$\$;
		create table f (j jsonb not null, v int);
		select create_hypertable('f', 'j', time_partitioning_func => 'at')"
	src_own "insert into f select jsonb_build_object('at', 1746057600 + x * 3600), x from generate_series(1, 600) x"
	dst_own "select set_chunk_time_interval('f', interval '1 day');
		insert into f values ('{\"at\": 1746100000}', 0)" >/dev/null
	pg-chunks -q -d "$SRC" f >list
	copy <list
	same f
	copy --run again <list
	same f
	exits 0 pg-checksum -d "$DST" <results
	is "$(verdicts <<<"$out")" '4 match'
	# Only some versions take those.
	both_own "create table u (u uuid not null, v int); select create_hypertable('u', 'u')" 2>/dev/null || return 0
	src_own "insert into u select to_uuidv7('2025-05-01'::timestamptz + x * interval '1 hour'), x from generate_series(1, 600) x"
	dst_own "select set_chunk_time_interval('u', interval '1 day');
		insert into u select to_uuidv7('2025-05-01 12:00')" >/dev/null
	pg-chunks -q -d "$SRC" u >list
	copy --run u <list
	same u
	copy --run more < <(pg-chunks -q -d "$SRC" --until '2025-05-10 12:00' u)
	same u
	exits 0 pg-checksum -d "$DST" <results
}

@test "a hot standby as the source, and settings of roles that would get in the way" {
	local side setting
	make_metrics
	compress_by_device
	may src
	compress_all src "range_start < '2023-05-15'"
	src_own "insert into metrics values ('2023-05-02 00:30', 'late', 1)"
	for side in src dst; do
		for setting in "statement_timeout = '20ms'" "lock_timeout = '10ms'" \
			"idle_in_transaction_session_timeout = '50ms'" 'default_transaction_read_only = on' \
			"search_path = '_timescaledb_internal'" "timezone = 'Asia/Kolkata'" \
			"datestyle = 'German'" "bytea_output = 'escape'" "default_transaction_isolation = 'serializable'" \
			'timescaledb.enable_transparent_decompression = off'; do
			"$side" "alter role own in database $DB set $setting"
		done
	done
	pg_standby standby src "shared_preload_libraries = 'timescaledb'" "timescaledb.max_background_workers = 0"
	local standby
	standby=$(pg_dsn "standby/$DB")
	standby=${standby/user=postgres/user=own}
	pg-chunks -q -d "$standby" --until '2023-05-30 12:00' metrics >list
	pipes '0 0' 'pg-copyout -j 2 -d "'"$standby"'" <list | pg-copyin -d "$DST"'
	is "$(dst 'select count(*) from metrics')" "$(src "select count(*) from metrics where time < '2023-05-30 12:00'")"
	cp "$OUT" results
	exits 0 pg-checksum -d "$DST" <results
	is "$(verdicts <<<"$out")" '5 match'
	exits 0 pg-checksum --compressed --source "$standby" --target "$DST" <list
	pg_stop standby
}

# Of 2.18 to 2.21; its compressed rows show as the table's own, too, and are not to come twice.
@test "chunks by the access method hypercore come as rows, and are refused as targets" {
	make_metrics
	compress_by_device
	may src
	src_own "select compress_chunk(c, hypercore_use_access_method => true)
		from show_chunks('metrics', older_than => '2023-05-12'::timestamptz) c" >/dev/null 2>&1 ||
		skip 'this TimescaleDB has no such access method'
	src_own "insert into metrics values ('2023-05-02 00:30', 'late', 1)"
	chunks public.metrics | ended >list
	copy <list
	same metrics
	is "$(jq -r 'select(.chunk) | .digest_kind' results | sort -u)" send
	is "$(statuses dst metrics)" '1 1 0 0 0'
	exits 0 pg-checksum -d "$DST" <results
	exits 0 pg-checksum --source "$SRC" --target "$DST" <list
	exits 0 pg-checksum --compressed --source "$SRC" --target "$DST" <list
	# Into one: nothing is cleared, nothing loaded.
	dst_own "select decompress_chunk(c, true) from show_chunks('metrics') c;
		select compress_chunk(c, hypercore_use_access_method => true)
		from show_chunks('metrics', older_than => '2023-05-05'::timestamptz) c" >/dev/null 2>&1
	COPY_CODES='0 3' copy --run again --keep-going <list
	like "$(cat in.err)" 'is compressed by an access method of its own'
	like "$(cat in.err)" 'hint: alter table .* set access method heap'
	is "$(jq -r 'select(.chunk) | .status' results | sort | uniq -c | xargs)" '1 failed 4 loaded'
	same metrics
	exits 0 pg-checksum --source "$SRC" --target "$DST" <list
}

# The values of columns that were added later are the chunk's to know, and no batch has them.
@test "columns that were added with a default after compressing" {
	local run
	make_metrics
	compress_by_device
	may src
	compress_all src "range_start < '2023-05-15'"
	chunks public.metrics | ended >list
	copy <list
	is "$(jq -r 'select(.chunk) | .digest_kind' results | sort | uniq -c | xargs)" '3 batches 2 send'
	src_own "alter table metrics add column late int default 7"
	src_own "alter table metrics add column later text default 'x'"
	src_own "alter table metrics add column never int"
	dst_own "alter table metrics add column late int default 9"
	dst_own "alter table metrics add column later text"
	dst_own "alter table metrics add column never int"
	for run in there new; do
		[ $run = there ] || dst_own 'truncate metrics'
		copy --run $run <list
		same metrics
		is "$(dst "select count(*) from metrics where late = 7 and later = 'x' and never is null")" 744
		is "$(statuses dst metrics)" '1 1 1 0 0'
		exits 0 pg-checksum -d "$DST" <results
		exits 0 pg-checksum --source "$SRC" --target "$DST" --compressed <list
	done
	# Compressed again the batches hold them, and go as they are; not into a chunk that
	# would fill in its own.
	src_own "select decompress_chunk(c, true) from show_chunks('metrics') c" >/dev/null
	compress_all src "range_start < '2023-05-15'"
	src_own "update metrics set late = null where time < '2023-05-02'" 2>/dev/null
	for run in again anew; do
		[ $run = again ] || dst_own 'truncate metrics'
		copy --run $run <list
		same metrics
		exits 0 pg-checksum --source "$SRC" --target "$DST" --compressed <list
	done
}

# Batches are bounded by the least and the greatest of their texts and enums: in another
# order rows would be there, and not be found.
@test "collations and enums that order otherwise" {
	local name
	src "select 'a' collate \"en-x-icu\"" >/dev/null 2>&1 || skip 'this server has no ICU'
	src_own "create type mood as enum ('sad', 'ok', 'happy')" >/dev/null
	dst_own "create type mood as enum ('happy', 'sad', 'ok')" >/dev/null
	src_own "create table texts (time timestamptz not null, name text collate \"C\", v int);
		create table enums (time timestamptz not null, name mood, v int)" >/dev/null
	dst_own "create table texts (time timestamptz not null, name text collate \"en-x-icu\", v int);
		create table enums (time timestamptz not null, name mood, v int)" >/dev/null
	for name in texts enums; do
		both_own "select create_hypertable('$name', 'time');
			alter table $name set (timescaledb.compress, timescaledb.compress_segmentby = '',
				timescaledb.compress_orderby = 'name, time')"
	done
	src_own "insert into texts select '2023-05-04'::timestamptz + x * interval '1 min',
			(array['B', 'a', 'A', 'b', 'Z', 'z'])[1 + x % 6], x from generate_series(1, 6000) x;
		insert into enums select '2023-05-04'::timestamptz + x * interval '1 min',
			(array['sad', 'ok', 'happy'])[1 + x % 3]::mood, x from generate_series(1, 6000) x;
		select compress_chunk(c) from show_chunks('texts') c;
		select compress_chunk(c) from show_chunks('enums') c" >/dev/null 2>&1
	pg-chunks -q -d "$SRC" texts enums >list
	found() {
		dst "select name, count(*) from $1 where name = 'a' group by 1;
			select name, count(*) from $1 where name = 'Z' group by 1"
	}
	copy <list
	same texts
	same enums
	is "$(found texts)" $'a|1000\nZ|1000'
	is "$(dst "select count(*) from enums where name = 'happy'")" 2000
	is "$(dst "select count(*) from enums where name = 'sad'")" 2000
	is "$(statuses dst texts) $(statuses dst enums)" '1 1'
	exits 0 pg-checksum --source "$SRC" --target "$DST" <results
	# The database's own, too; and where all of it is the same, batches stay.
	pg_sql dst "drop database $DB with (force)"
	pg_sql dst "create database $DB template template0 locale_provider icu icu_locale 'en-US' locale 'C.UTF-8'" 2>/dev/null ||
		return 0
	pg_sql "dst/$DB" 'create extension timescaledb' 2>/dev/null
	hyper_setup
	SRC=${SRC/user=postgres/user=own} DST=${DST/user=postgres/user=own}
	dst_own "create type mood as enum ('sad', 'ok', 'happy')" >/dev/null
	dst_own "create table texts (time timestamptz not null, name text, v int);
		create table enums (time timestamptz not null, name mood, v int)"
	for name in texts enums; do
		dst_own "select create_hypertable('$name', 'time');
			alter table $name set (timescaledb.compress, timescaledb.compress_segmentby = '',
				timescaledb.compress_orderby = 'name, time')" >/dev/null 2>&1
	done
	copy <list
	same texts
	same enums
	is "$(found texts)" $'a|1000\nZ|1000'
	is "$(jq -r 'select(.chunk) | [.parent.table, .digest != null] | @tsv' results | sort | xargs)" \
		'enums true texts false'
}
