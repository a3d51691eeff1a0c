#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# The whole procedure, as examples/backfill.sh has it, while rows come in on both sides.

load lib/common
load lib/timescale
load lib/caggs

setup_file() { timescale_setup_file src dst; }

setup() {
	timescale_setup
	schema
}

teardown() {
	stop_writing
	timescale_teardown
}

# Months of rows at the source, compressed for the most part, and days and weeks of them;
# the target has the schema, and neither rows nor chunks.
schema() {
	both "create table metrics (time timestamptz not null, device int not null, val float8, note text);
		select create_hypertable('metrics', 'time', chunk_time_interval => interval '7 days');
		create index on metrics (device, time);
		alter table metrics set (timescaledb.compress, timescaledb.compress_segmentby = 'device',
			timescaledb.compress_orderby = 'time');
		create materialized view hourly with (timescaledb.continuous) as
		select time_bucket('1 hour', time) as bucket, device, sum(val) as s, count(*) as n
		from metrics group by 1, 2 with no data;
		create materialized view daily with (timescaledb.continuous) as
		select time_bucket('1 day', bucket) as bucket, sum(s) as s, sum(n) as n
		from hourly group by 1 with no data;
		select add_continuous_aggregate_policy('hourly', null, interval '1 hour', interval '1 hour')"
	src "insert into metrics select t, d, d + extract(epoch from t)::bigint % 100, 'r' || d
		from generate_series('2025-03-01'::timestamptz, '2025-05-31 23:50', '10 minutes') t,
			generate_series(1, 3) d;
		call refresh_continuous_aggregate('hourly', null, '2025-06-01');
		call refresh_continuous_aggregate('daily', null, '2025-06-01');
		select compress_chunk(c) from show_chunks('metrics', older_than => timestamptz '2025-05-10') c" >/dev/null 2>&1
}

# The application: every row goes to both, from the bound on, so into the chunk that it
# cuts, too.
write() {
	local i=0
	while [ ! -e "$BATS_TEST_TMPDIR/stop" ]; do
		i=$((i + 1))
		both "insert into metrics select '2025-06-01'::timestamptz + $i * interval '7 min', 9, $i, 'dual'" || return
		sleep 0.02
	done
	echo "$i" >"$BATS_TEST_TMPDIR/written"
}

start_writing() {
	write 3>&- >write.log 2>&1 &
	WRITER=$!
}

stop_writing() {
	[ -n "${WRITER:-}" ] || return 0
	: >"$BATS_TEST_TMPDIR/stop"
	wait "$WRITER" || return
	unset WRITER
}

same_all() {
	local view
	same_table "src/$DB" "dst/$DB" metrics
	for view in hourly daily; do
		same_table "src/$DB" "dst/$DB" "(select * from $view where bucket < '2025-06-01')" || return
		is "$(watermark "$DST" "$view")" "$(watermark "$SRC" "$view")" "watermarks of $view" || return
	done
}

backfill() { "$TREE/examples/backfill.sh" "$@"; }

@test "rows are copied, aggregates refreshed, and both sides the same" {
	start_writing
	exits 0 backfill 2025-06-01 metrics
	stop_writing
	[ "$(<written)" -gt 5 ]
	same_all
	like "$err" 'done$'
	is "$(dst "select count(*) filter (where is_compressed) > 5 from timescaledb_information.chunks
		where hypertable_name = 'metrics'")" t
	is "$(dst "select scheduled from timescaledb_information.jobs where proc_name like 'policy_refresh%'")" t
	is "$(pg-queue list -d "$DST" | jq -c 'select(.chunk)')" ''
}

# Digests of batches prove nothing then; the comparison of both sides does.
@test "where the target compresses otherwise, and the source drops chunks meanwhile" {
	dst "alter table metrics set (timescaledb.compress_segmentby = '', timescaledb.compress_orderby = 'time desc')" 2>/dev/null
	pg-chunks -q -d "$SRC" --until 2025-06-01 --cascade-up metrics | pg-queue put -q -d "$DST"
	src "select drop_chunks('metrics', timestamptz '2025-03-10')" >/dev/null
	exits 0 backfill 2025-06-01 --cascade-up metrics
	like "$err" 'was dropped at the source before it was copied'
	like "$err" 'its batches were not kept as they came'
	like "$err" 'done$'
	same_table "src/$DB" "dst/$DB" "(select * from metrics where time >= '2025-03-13')"
}

@test "with the materialised chunks" {
	start_writing
	exits 0 backfill 2025-06-01 --cascade-up metrics
	stop_writing
	same_all
}

@test "stopped in the middle, and run again" {
	start_writing
	JOBS=1 timeout -s TERM 4 "$TREE/examples/backfill.sh" 2025-06-01 metrics 2>first || :
	exits 0 backfill 2025-06-01 metrics
	stop_writing
	same_all
}

# The examples of a page are what stands between .Bd -literal and .Ed.
@test "the examples of pg-refresh's manual run" {
	sed -n '/^\.Sh EXAMPLES/,/^\.Sh SEE/p' "$TREE/man/pg-refresh.1" |
		awk '/^\.Bd -literal/ { on = 1; print "#"; next } /^\.Ed/ { on = 0 } on' |
		sed 's/\\(dq/"/g' | awk -v RS='#\n' 'NR > 1 { print > "example." NR - 1 }'
	is "$(ls example.*)" $'example.1\nexample.2\nexample.3'
	src "select decompress_chunk(c, true) from show_chunks('metrics') c" >/dev/null 2>&1
	pipes '0 0 0' 'pg-chunks -d "$SRC" metrics | pg-copyout -d "$SRC" | pg-copyin -d "$DST" >/dev/null'
	exits 0 bash -eo pipefail example.2
	like "$out" $'^public.hourly\t2025-03-01 00:00:00\\+00\t2025-06-01 00:00:00\\+00\t'
	exits 0 bash -eo pipefail example.1
	same_all
	exits 0 bash -eo pipefail example.3
	same_all
}
