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
