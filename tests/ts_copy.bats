#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# Chunks of hypertables from one TimescaleDB into another, as a role that owns them
# and is no superuser.

load lib/common
load lib/timescale
load lib/hypertables

setup_file() { timescale_setup_file; }
setup() {
	timescale_setup
	hyper_setup
}
teardown() { timescale_teardown; }

# --- uncompressed -----------------------------------------------------------------------

@test "chunks arrive in their places, with their indexes, frozen" {
	make_metrics
	both_own 'create index on metrics (device_id, time desc)'
	may src
	chunks public.metrics | ended | copy
	is "$(count dst metrics)" 744
	same metrics
	is "$(dst "select count(*) from show_chunks('metrics')")" 5
	is "$(jq -r 'select(.chunk) | .status' results | sort | uniq -c | xargs)" '5 loaded'
	is "$(jq -c 'select(.chunk) | .target' results | sort -u)" \
		'{"schema":"public","table":"metrics"}'
	# Each chunk has each of the hypertable's indexes once, and its constraint.
	is "$(dst "select count(*), count(distinct indrelid) from pg_index
		where indrelid in (select show_chunks('metrics'))")" '10|5'
	is "$(dst "select count(*) from pg_constraint where contype = 'c'
		and conrelid in (select show_chunks('metrics'))")" 5
	like "$(dst "set enable_seqscan = off; explain select * from metrics where time = '2023-05-10'")" \
		'Index'
	is "$(dst "select bool_and(relname ~ '^_hyper_[0-9]+_[0-9]+_chunk$')
		from pg_class where oid in (select show_chunks('metrics'))")" t
	is "$(dst 'select count(*) from pgpipe.chunk where loaded is not null')" 5
	dst_own 'vacuum metrics'
	# New rows find the chunks.
	dst_own "insert into metrics values ('2023-05-10', 'new', 1)"
	is "$(dst "select count(*) from show_chunks('metrics')")" 5
}

@test "a run that is done is not done again, and one begun anew replaces" {
	make_metrics
	may src
	chunks public.metrics | ended >list
	pg-copyout -d "$SRC" <list 2>/dev/null >archive
	exits 0 pg-copyin -d "$DST" --run one <archive
	is "$(jq -r 'select(.chunk) | .status' <<<"$out" | sort -u)" loaded
	exits 0 pg-copyin -d "$DST" --run one --restart <archive
	is "$(count dst metrics)" 744
	exits 0 pg-copyin -d "$DST" --run two <archive
	is "$(count dst metrics)" 744
	same metrics
	# Within one run what is loaded is skipped.
	head -n 3 list | ended | copy --run three
	dst_own "delete from metrics where time = '2023-05-02'"
	head -c 30000 archive >short
	exits 2 pg-copyin -d "$DST" --run four <short
	like "$err" 'no whole copy archive'
	exits 0 pg-copyin -d "$DST" --run four <archive
	like "$(jq -r 'select(.chunk) | .status' <<<"$out" | sort | uniq -c | xargs)" \
		'loaded.*skipped'
}

@test "columns in another order, dropped ones, generated ones" {
	both_own "create table metrics (time timestamptz not null, a int, b text)"
	src_own "alter table metrics drop a; alter table metrics add c numeric(10,2);
		alter table metrics add g text generated always as (b || '!') stored"
	dst_own "alter table metrics drop b; alter table metrics add g text;
		alter table metrics drop a; alter table metrics drop g;
		alter table metrics add b text, add c numeric(10,2);
		alter table metrics add g text generated always as (b || '!') stored"
	both_own "select create_hypertable('metrics', 'time')"
	src_own "alter table metrics add late int default 7;
		insert into metrics (time, b, c)
		select '2023-05-01'::timestamptz + i * interval '1 hour', 'b' || i, i / 7.0
		from generate_series(1, 300) i"
	dst_own "alter table metrics add late int default 8"
	chunks public.metrics | ended | copy
	local query="select count(*), sum(hashtext((time, b, c, g, late)::text)) from metrics"
	is "$(dst "$query")" "$(src "$query")"
	# And compressed.
	both_own "alter table metrics set (timescaledb.compress,
		timescaledb.compress_orderby = 'time')"
	compress_all src
	chunks public.metrics | ended | copy
	is "$(dst "$query")" "$(src "$query")"
	is "$(statuses dst metrics)" "$(statuses src metrics)"
}

@test "bounds: rows outside of them stay" {
	make_metrics
	both_own "insert into metrics select t, 'early', 0 from generate_series(
		'2023-05-01'::timestamptz, '2023-05-31 23:00', interval '1 hour') t"
	src_own "insert into metrics select t, 'june', 1 from generate_series(
		'2023-06-01'::timestamptz, '2023-06-30 23:00', interval '1 hour') t"
	chunks public.metrics | bounds 2023-06-01 '' | ended | copy
	is "$(count dst metrics)" 1464
	same metrics
	# Exactly one chunk.
	dst_own 'truncate metrics'
	chunks public.metrics | bounds 2023-05-04 2023-05-11 | ended >list
	is "$(wc -l <list)" 2
	is "$(head -n 1 list | jq .where)" null
	copy <list
	is "$(count dst metrics)" 168
}

@test "a boundary chunk that others write to keeps their rows" {
	make_metrics
	may src
	src_own "insert into metrics select t, 'dual', 1 from generate_series(
		'2023-05-25 00:30'::timestamptz, '2023-06-09 23:30', interval '1 hour') t"
	dst_own "insert into metrics select t, 'dual', 1 from generate_series(
		'2023-05-25 00:30'::timestamptz, '2023-06-09 23:30', interval '1 hour') t"
	src_own "delete from metrics where time >= '2023-05-26' and device_id <> 'dual';
		delete from metrics where time >= '2023-05-25' and time < '2023-05-26'
			and device_id = 'dual'"
	chunks public.metrics | bounds '' 2023-05-26 | ended | copy
	is "$(dst "select count(*) from metrics where time < '2023-05-26'")" 600
	is "$(dst "select count(*) from metrics where time >= '2023-05-26'")" 360
}

@test "integers, negative ones, space partitions" {
	both_own "create table small (t smallint not null, v int);
		create table big (t bigint not null, device int not null, v text);
		select create_hypertable('small', 't', chunk_time_interval => 100);
		select create_hypertable('big', 't', chunk_time_interval => 10000);
		select add_dimension('big', 'device', number_partitions => 4)"
	src_own "insert into small select i, i from generate_series(-1000, 999) i;
		insert into big select i * 7, i % 31, 'v' || i
		from generate_series(-4000, 4000) i"
	{
		chunks public.small
		chunks public.big
	} | ended | copy -j 3
	same small
	same big
	is "$(dst "select count(*) from show_chunks('big')")" \
		"$(src "select count(*) from show_chunks('big')")"
	is "$(dst "select count(*) from show_chunks('small')")" 20
	both_own "alter table big set (timescaledb.compress,
		timescaledb.compress_segmentby = 'device')"
	src_own "select compress_chunk(c) from show_chunks('big') c" >/dev/null
	chunks public.big | ended | copy
	same big
	is "$(statuses dst big)" "$(statuses src big)"
}

@test "dates, timestamps, and what has no end" {
	both_own "create table d (t date not null, v int);
		create table s (t timestamp not null, v int);
		create table z (t timestamptz not null, v int);
		select create_hypertable('d', 't');
		select create_hypertable('s', 't');
		select create_hypertable('z', 't')"
	src_own "insert into d select '2023-05-01'::date + i, i from generate_series(0, 40) i;
		insert into s select '2023-05-01'::timestamp + i * interval '1 day', i from generate_series(0, 40) i;
		insert into z select '2023-05-01'::timestamptz + i * interval '1 day', i from generate_series(0, 40) i;
		insert into d values ('infinity', 1);
		insert into s values ('infinity', 1);
		insert into z values ('infinity', 1), ('1750-01-01', 3)"
	for t in d s z; do
		chunks public.$t
	done | ended >list
	copy <list
	for t in d s z; do
		same $t
	done
	# Again, into chunks that are there.
	copy <list
	for t in d s z; do
		same $t
	done
}

@test "a name that must be quoted, everywhere" {
	both_own "create schema \"My Schema\";
		create table \"My Schema\".\"Metrics \"\"x\" (\"Ti me\" timestamptz not null,
			\"De'vice\" text, \"column< needs+quotes\" int);
		select create_hypertable('\"My Schema\".\"Metrics \"\"x\"', 'Ti me');
		create index \"An Index\" on \"My Schema\".\"Metrics \"\"x\" (\"De'vice\");
		alter table \"My Schema\".\"Metrics \"\"x\" set (timescaledb.compress,
			timescaledb.compress_segmentby = '\"De''vice\"',
			timescaledb.compress_orderby = '\"column< needs+quotes\", \"Ti me\" desc')"
	src_own "insert into \"My Schema\".\"Metrics \"\"x\"
		select '2023-05-01'::timestamptz + i * interval '1 hour', 'd' || i % 3, i
		from generate_series(1, 600) i"
	local name='"My Schema"."Metrics ""x"'
	chunks "$name" | ended | copy
	same "$name"
	src_own "select compress_chunk(c) from show_chunks('$name') c limit 2" >/dev/null
	src_own "insert into $name values ('2023-05-02', 'late', 1)"
	chunks "$name" | ended | copy
	same "$name"
	is "$(statuses dst "$name")" "$(statuses src "$name")"
	is "$(batches_of dst "$name")" "$(batches_of src "$name")"
	chunks "$name" | ended | copy --map '"My Schema"."Metrics ""x"=public.plain' && return 1
	dst_own "create table public.plain (\"Ti me\" timestamptz not null,
			\"De'vice\" text, \"column< needs+quotes\" int);
		select create_hypertable('plain', 'Ti me')" >/dev/null
	chunks "$name" | ended | copy --run map --map '"My Schema"."Metrics ""x"=public.plain'
	is "$(count dst plain)" "$(count src "$name")"
}

@test "a table that the target lacks, a column that either lacks" {
	make_metrics
	may src
	dst_own 'drop table metrics'
	chunks public.metrics | ended >list
	COPY_CODES='0 3' copy <list
	like "$(cat in.err)" 'the target has no hypertable or continuous aggregate public.metrics'
	dst_own 'create table metrics (time timestamptz not null, device_id text, val float8)'
	COPY_CODES='0 3' copy --restart <list
	like "$(cat in.err)" 'no hypertable'
	dst_own "alter table metrics add extra int not null;
		select create_hypertable('metrics', 'time')" >/dev/null
	COPY_CODES='0 3' copy --restart <list
	like "$(cat in.err)" 'column "extra" of .* of the target is not null'
	dst_own 'alter table metrics drop extra, drop val'
	COPY_CODES='0 3' copy --restart <list
	like "$(cat in.err)" 'column "val" .* is missing in'
	is "$(dst "select count(*) from show_chunks('metrics')")" 0
	is "$(dst "select count(*) from pg_class where relname ~ '^pgpipe_'")" 0
}

@test "bounds of chunks that differ: rows find their places" {
	make_metrics
	may src
	dst_own "select set_chunk_time_interval('metrics', interval '1 day');
		insert into metrics values ('2023-05-10 12:00', 'theirs', 1), ('2023-06-10', 'kept', 1)" >/dev/null
	chunks public.metrics | ended >list
	copy <list
	is "$(dst 'select count(*) from metrics where time < '"'2023-06-01'")" 744
	is "$(count dst metrics)" 745
	copy --run again <list
	is "$(count dst metrics)" 745
	# Compressed at the source, too.
	compress_by_device
	compress_all src
	copy --run compressed < <(chunks public.metrics | ended)
	is "$(count dst metrics)" 745
	dst_own "delete from metrics where device_id = 'kept'"
	same metrics
}

# --- compressed -------------------------------------------------------------------------

@test "compressed chunks arrive as they are" {
	make_metrics
	compress_by_device
	both_own 'create index on metrics (device_id)'
	may src
	compress_all src "range_start < '2023-05-20'"
	chunks public.metrics | ended >list
	pg-copyout -d "$SRC" -o archive <list
	is "$(tar tf archive | grep -c '^c/./batches/000001.copy$')" 4
	is "$(tar tf archive | grep -c '^c/./000001.copy$')" 1
	exits 0 pg-copyin -d "$DST" <archive
	same metrics
	is "$(statuses dst metrics)" '1 1 1 1 0'
	is "$(batches_of dst metrics)" "$(batches_of src metrics)"
	# Before 2.21 they are those of an empty chunk.
	[ "$(dst "select count(*) from pg_proc where proname = 'attach_chunk'")" = 0 ] ||
		is "$(sizes_of dst metrics)" "$(sizes_of src metrics)"
	# Reading uses the batches' order and segments.
	is "$(dst "select count(*) from metrics where device_id = 'device 1'")" \
		"$(src "select count(*) from metrics where device_id = 'device 1'")"
	# They can be written to, compressed again, and decompressed.
	both_own "insert into metrics values ('2023-05-02', 'x', 1);
		select compress_chunk(c) from show_chunks('metrics', older_than => '2023-05-05'::timestamptz) c;
		select decompress_chunk(c) from show_chunks('metrics', older_than => '2023-05-12'::timestamptz) c"
	same metrics
	is "$(statuses dst metrics)" "$(statuses src metrics)"
}

@test "copying a compressed chunk twice replaces its rows" {
	make_metrics
	compress_by_device
	may src
	compress_all src
	chunks public.metrics | ended >list
	copy --run one <list
	copy --run two <list
	is "$(count dst metrics)" 744
	# Also when the ledger is gone, and rows came besides.
	dst_own "drop schema pgpipe cascade; insert into metrics values
		('2023-05-02 00:30', 'theirs', 1)" >/dev/null
	copy <list
	is "$(count dst metrics)" 744
	same metrics
	is "$(statuses dst metrics)" '1 1 1 1 1'
	is "$(batches_of dst metrics)" "$(batches_of src metrics)"
	dst_own "insert into metrics values ('2023-05-02 00:30', 'theirs', 1)"
	copy --no-ledger <list
	same metrics
}

@test "partially compressed: late rows stay late" {
	make_metrics
	compress_by_device
	may src
	compress_all src
	src_own "insert into metrics values ('2023-05-02 00:30', 'late', 1), ('2023-05-10 00:30', 'late', 2)"
	chunks public.metrics | ended >list
	copy <list
	same metrics
	is "$(statuses dst metrics)" '9 9 1 1 1'
	is "$(batches_of dst metrics)" "$(batches_of src metrics)"
	is "$(dst "select count(*) from only $(dst "select c from show_chunks('metrics') c order by c limit 1")")" \
		"$(src "select count(*) from only $(src "select c from show_chunks('metrics') c order by c limit 1")")"
	copy --run again <list
	same metrics
	is "$(statuses dst metrics)" '9 9 1 1 1'
}

@test "what became of a chunk since it was listed" {
	make_metrics
	compress_by_device
	may src
	compress_all src "range_start < '2023-05-15'"
	chunks public.metrics | ended >list
	# uncompressed, then compressed; compressed, then decompressed, and partial;
	# uncompressed, then partial
	compress_all src "range_start > '2023-05-24'"
	src_own "select decompress_chunk(c) from show_chunks('metrics', older_than => '2023-05-05'::timestamptz) c;
		insert into metrics values ('2023-05-08 00:30', 'late', 1), ('2023-05-30 00:30', 'late', 1)" >/dev/null
	copy <list
	same metrics
	is "$(statuses dst metrics)" "$(statuses src metrics)"
	is "$(jq -c 'select(.chunk) | [.compressed, .partial]' results | xargs)" \
		'[false,false] [true,true] [true,false] [false,false] [true,true]'
}

@test "a target that was like the source once" {
	make_metrics
	compress_by_device
	may src
	may dst
	compress_all src "range_start < '2023-05-15'"
	compress_all dst "range_start < '2023-05-09' or range_start > '2023-05-24'"
	dst_own "update metrics set val = -1 where time < '2023-05-10';
		insert into metrics values ('2023-05-02 00:30', 'theirs', 1)"
	chunks public.metrics | ended | copy
	same metrics
	is "$(statuses dst metrics)" '1 1 1 0 0'
	is "$(batches_of dst metrics)" "$(batches_of src metrics)"
}

@test "an end within a compressed chunk: rows, compressed again" {
	make_metrics
	compress_by_device
	may src
	compress_all src
	chunks public.metrics | bounds '' 2023-05-09 | ended >list
	is "$(wc -l <list)" 3
	copy <list
	is "$(count dst metrics)" "$(src "select count(*) from metrics where time < '2023-05-09'")"
	is "$(statuses dst metrics)" '1 1'
	# With newer rows of others in that chunk, compressed or not.
	for state in 0 1; do
		dst_own "truncate metrics; insert into metrics select t, 'dual', 0 from generate_series(
			'2023-05-08'::timestamptz, '2023-05-10 23:00', interval '1 hour') t"
		[ $state = 0 ] || compress_all dst
		copy --restart <list
		is "$(dst "select count(*) from metrics where time >= '2023-05-09'")" 48
		is "$(dst "select count(*), sum(val) from metrics where time < '2023-05-09'")" \
			"$(src "select count(*), sum(val) from metrics where time < '2023-05-09'")"
		is "$(statuses dst metrics)" '1 1'
	done
	# More than the server would decompress for a delete.
	both_own 'drop table metrics'
	make_metrics
	compress_by_device
	both_own "insert into metrics select '2023-05-04'::timestamptz + i * interval '4 s', 'one', i
		from generate_series(0, 120000) i"
	compress_all src
	compress_all dst
	chunks public.metrics | bounds '' 2023-05-10 | ended | copy --restart
	same metrics
}

@test "other compression settings: rows, compressed as the target has it" {
	make_metrics
	compress_by_device
	dst_own "alter table metrics set (timescaledb.compress_segmentby = '', timescaledb.compress_orderby = 'time')"
	may src
	compress_all src
	src_own "insert into metrics values ('2023-05-02 00:30', 'late', 1)"
	chunks public.metrics | ended >list
	copy <list
	same metrics
	is "$(statuses dst metrics)" '1 1 1 1 1'
	is "$(compressed_tables dst metrics | while read -r table; do
		dst "select count(*) from pg_attribute where attrelid = '$table'::regclass
			and attname = 'device_id' and atttypid = 'text'::regtype" </dev/null
	done | sort -u)" 0
	copy --run again <list
	same metrics
	dst_own "alter table metrics rename to old; create table metrics (like old including defaults);
		select create_hypertable('metrics', 'time')" >/dev/null
	copy --run uncompressed <list
	same metrics
	is "$(statuses dst metrics)" '0 0 0 0 0'
	is "$(dst "select count(*) from pg_class where relname ~ 'pgpipe_'
		and relkind = 'r' or relname ~ 'pgpipe_unpack'")" 0
	is "$(dst "select count(*) from timescaledb_information.hypertables")" 2
}

@test "filters among the batches' columns do not make text of the rest" {
	both_own "create table metrics (time timestamptz not null, tag text, u uuid, v float8);
		select create_hypertable('metrics', 'time');
		create index on metrics (tag); create index on metrics (u)"
	both_own "alter table metrics set (timescaledb.compress, timescaledb.compress_orderby = 'time')"
	src_own "insert into metrics select '2023-05-01'::timestamptz + i * interval '1 min', 'tag ' || i,
		md5(i::text)::uuid, i from generate_series(1, 20000) i"
	compress_all src
	if ! src "select '_timescaledb_internal.bloom1'::regtype" >/dev/null 2>&1; then
		skip 'this TimescaleDB has no filters'
	fi
	like "$(src "select attname from pg_attribute where atttypid = '_timescaledb_internal.bloom1'::regtype and attnum > 0")" \
		_bloom
	chunks public.metrics | ended >list
	pg-copyout -d "$SRC" -o archive <list 2>/dev/null
	is "$(tar xOf archive c/1/chunk.json | jq -r '.batches.format')" binary
	exits 0 pg-copyin -d "$DST" <archive
	same metrics
	is "$(batches_of dst metrics)" "$(batches_of src metrics)"
	like "$(dst "explain (costs off) select * from metrics where tag = 'tag 77'")" bloom1_contains
	is "$(dst "select v from metrics where tag = 'tag 77'")" 77
	exits 0 pg-checksum -d "$DST" <<<"$out"
	# As text, when asked for.
	pg-copyout -d "$SRC" --format text <list 2>/dev/null >archive
	exits 0 pg-copyin -d "$DST" --restart <archive
	is "$(batches_of dst metrics)" "$(batches_of src metrics)"
	exits 0 pg-checksum -d "$DST" <<<"$out"
	OUT_OPTIONS=--decompress copy --run rows <list
	same metrics
}

@test "types, nulls, and more columns than functions take arguments" {
	local columns
	columns=$(for i in {1..60}; do printf ', c%d int' "$i"; done)
	both_own "create type mood as enum ('sad', 'ok', 'happy');
		create domain positive as int check (value > 0);
		create table metrics (time timestamptz not null, m mood, a int[], ma mood[],
			n numeric, j jsonb, b bytea, p positive, i interval, f float4,
			r int4range, t varchar(20), u uuid $columns);
		select create_hypertable('metrics', 'time')"
	both_own "alter table metrics set (timescaledb.compress, timescaledb.compress_segmentby = 'm',
		timescaledb.compress_orderby = 'time')"
	src_own "insert into metrics (time, m, a, ma, n, j, b, p, i, f, r, t, u, c1, c60)
		select '2023-05-01'::timestamptz + x * interval '1 hour',
		(array['sad', 'ok', 'happy', null])[1 + x % 4]::mood,
		case when x % 3 > 0 then array[x, null, -x] end, array['sad', null]::mood[],
		case x % 5 when 0 then 'NaN' when 1 then '-0.001' else x / 7.0 end,
		jsonb_build_object('x', x), decode(md5(x::text), 'hex'), x,
		x * interval '1 day', case x % 4 when 0 then 'NaN' when 1 then '-infinity' else x::float4 end,
		int4range(x, x + 3), 'text ' || x, md5(x::text)::uuid, x,
		case when x % 50 = 0 then x end
		from generate_series(1, 500) x"
	chunks public.metrics | ended >list
	copy <list
	same metrics
	pg-checksum -d "$DST" <results >/dev/null
	pg-checksum --source "$SRC" --target "$DST" <results >/dev/null
	compress_all src
	copy --run compressed <list
	same metrics
	is "$(statuses dst metrics)" "$(statuses src metrics)"
	is "$(batches_of dst metrics)" "$(batches_of src metrics)"
	pg-checksum -d "$DST" <results >/dev/null
	pg-checksum --source "$SRC" --target "$DST" <results >/dev/null
	pg-checksum --compressed --source "$SRC" --target "$DST" <results >/dev/null
}

@test "keys and foreign keys" {
	both_own "create table devices (id int primary key); insert into devices values (1), (2);
		create table metrics (time timestamptz not null, device int references devices, v int check (v >= 0),
			primary key (time, device));
		create unique index on metrics (device, time);
		select create_hypertable('metrics', 'time');
		alter table metrics set (timescaledb.compress, timescaledb.compress_segmentby = 'device',
			timescaledb.compress_orderby = 'time')"
	src_own "insert into metrics select '2023-05-01'::timestamptz + x * interval '1 hour', 1 + x % 2, x
		from generate_series(1, 500) x"
	chunks public.metrics | ended >list
	copy <list
	same metrics
	is "$(dst "select count(*), count(distinct indrelid) from pg_index where indrelid in (select show_chunks('metrics'))")" \
		"$(src "select count(*), count(distinct indrelid) from pg_index where indrelid in (select show_chunks('metrics'))")"
	is "$(dst "select contype, count(*) from pg_constraint where conrelid in (select show_chunks('metrics')) and contype <> 'n' group by 1 order by 1")" \
		"$(src "select contype, count(*) from pg_constraint where conrelid in (select show_chunks('metrics')) and contype <> 'n' group by 1 order by 1")"
	compress_all src
	src_own "insert into metrics values ('2023-05-02 00:30', 1, 1)"
	copy --run compressed <list
	same metrics
	is "$(statuses dst metrics)" "$(statuses src metrics)"
	is "$(batches_of dst metrics)" "$(batches_of src metrics)"
	# Merged into what is there.
	dst_own "delete from metrics where time < '2023-05-03'; update metrics set v = 0"
	copy --run merged --mode upsert <list
	same metrics
	# Appended to what is empty.
	dst_own 'truncate metrics'
	copy --run appended --mode append <list
	same metrics
	COPY_CODES='0 3' copy --run twice --mode append <list
	like "$(cat in.err)" 'duplicate key'
}

# --- continuous aggregates --------------------------------------------------------------

@test "continuous aggregates: their chunks by their view, and no invalidations" {
	make_metrics
	compress_by_device
	# Another internal name on the target.
	dst_own "create table other (t timestamptz not null); select create_hypertable('other', 't')" >/dev/null
	both_own "create materialized view daily with (timescaledb.continuous) as
			select time_bucket('1 day', time) as day, device_id, count(*), sum(val)
			from metrics group by 1, 2 with no data;
		create materialized view weekly with (timescaledb.continuous) as
			select time_bucket('7 days', day) as week, sum(sum) from daily group by 1 with no data"
	may src
	src_own "call refresh_continuous_aggregate('daily', null, '2023-07-01')" >/dev/null
	src_own "call refresh_continuous_aggregate('weekly', null, '2023-07-01')" >/dev/null
	# Whatever is refreshed up to a time takes note of changes before it.
	dst_own "call refresh_continuous_aggregate('daily', null, '2023-07-01')" >/dev/null
	dst_own "call refresh_continuous_aggregate('weekly', null, '2023-07-01')" >/dev/null
	is "$(invalidations dst)" 0
	{
		chunks public.metrics
		chunks public.daily
		chunks public.weekly
	} | ended >list
	is "$(jq -r 'select(.view) | .view.table' list | sort -u | xargs)" 'daily weekly'
	copy <list
	is "$(invalidations dst)" 0
	same metrics
	same daily
	same weekly
	# Again, over rows; compressed; partially; into a chunk that others write to.
	copy --run again <list
	is "$(invalidations dst)" 0
	compress_all src "range_start < '2023-05-20'"
	src_own "insert into metrics values ('2023-05-02 00:30', 'late', 1)"
	for run in compressed replaced; do
		{
			chunks public.metrics
			chunks public.daily
		} | ended | copy --run $run
		is "$(invalidations dst)" 0 "$run"
	done
	same metrics
	dst_own "insert into metrics values ('2023-05-27', 'dual', 1)"
	is "$(invalidations dst)" 1
	chunks public.metrics | bounds '' 2023-05-26 | ended | copy --run cut
	is "$(invalidations dst)" 1
	is "$(dst "select count(distinct tgrelid) from pg_trigger where tgname = 'ts_cagg_invalidation_trigger'
		and tgrelid in (select show_chunks('metrics'))")" \
		"$(dst "select case when exists (select from pg_trigger where tgrelid = 'metrics'::regclass
			and tgname = 'ts_cagg_invalidation_trigger')
			then (select count(*) from show_chunks('metrics')) else 0 end")"
	# As superuser, who need not lock the chunk for it.
	DST=${DST/user=own/user=postgres}
	dst 'drop schema pgpipe cascade' 2>/dev/null
	chunks public.metrics | ended | copy
	is "$(invalidations dst)" 1
	is "$(dst "select distinct tableowner from pg_tables where schemaname = '_timescaledb_internal'
		and tablename ~ '_chunk$'")" own
}

# --- others at work ---------------------------------------------------------------------

@test "who writes meanwhile is not kept waiting, and what they make is used" {
	local bytes
	make_metrics
	both_own 'create index on metrics (device_id)'
	may src
	chunks public.metrics | ended | pg-copyout -d "$SRC" 2>/dev/null >archive
	# The archive stops within a chunk that is being loaded.
	mkfifo pipe
	pg-copyin -d "$DST" <pipe >results 2>in.err &
	exec 7>pipe
	bytes=$(grep -abo c/2/000001.copy archive | head -n 1 | cut -d: -f1)
	head -c $((bytes + 1500)) archive >&7
	wait_for loading
	# A chunk of the same range, and one of another.
	dst_own "set lock_timeout = '2s';
		insert into metrics values ('2023-05-05', 'theirs', 1), ('2024-01-01', 'kept', 1)"
	tail -c +$((bytes + 1501)) archive >&7
	exec 7>&-
	wait $!
	dst_own "delete from metrics where device_id = 'kept'"
	same metrics
	is "$(dst "select count(*) from pg_class where relname ~ '^pgpipe_' and relkind = 'r'")" 0
}

@test "two runs do not replace the same chunk at once" {
	local bytes
	make_metrics
	may src
	chunks public.metrics | ended | pg-copyout -d "$SRC" 2>/dev/null >archive
	exits 0 pg-copyin -d "$DST" <archive
	mkfifo pipe
	pg-copyin -d "$DST" --run one <pipe >results 2>in.err &
	local first=$!
	exec 7>pipe
	bytes=$(grep -abo c/2/000001.copy archive | head -n 1 | cut -d: -f1)
	head -c $((bytes + 1500)) archive >&7
	wait_for loading
	# The second would clear what the first has not committed yet.
	pg-copyin -d "$DST" --run two <archive >second 7>&- &
	wait_for test -s second
	wait_for pg_sql_true "dst/$DB" "select count(*) = 2 from pg_stat_activity where
		xact_start is not null and application_name = 'pg-copyin' and datname = '$DB'"
	tail -c +$((bytes + 1501)) archive >&7
	exec 7>&-
	wait $first
	wait $!
	is "$(jq -r 'select(.chunk).status' second | sort | uniq -c | xargs)" '5 loaded'
	same metrics
}

@test "empty chunks of a restored schema are replaced, unless somebody fills them" {
	local bytes
	make_metrics
	both_own 'create index on metrics (device_id)'
	may src
	dst_own "select _timescaledb_functions.create_chunk('metrics', slices)
		from (values $(chunks public.metrics | jq -r '"(\u0027{\"time\":[\(.slices.time | join(","))]}\u0027::jsonb)"' |
			paste -sd,)) as v (slices)" >/dev/null
	is "$(dst "select count(*) from show_chunks('metrics')")" 5
	dst_own "insert into metrics values ('2023-05-12', 'replaced', 1)"
	chunks public.metrics | ended | pg-copyout -d "$SRC" 2>/dev/null >archive
	bytes=$(grep -abo c/2/000001.copy archive | head -n 1 | cut -d: -f1)
	mkfifo pipe
	pg-copyin -d "$DST" <pipe >results 2>in.err &
	exec 7>pipe
	head -c $((bytes + 1500)) archive >&7
	wait_for loading
	dst_own "set lock_timeout = '2s'; insert into metrics values ('2023-05-05', 'theirs', 1)"
	tail -c +$((bytes + 1501)) archive >&7
	exec 7>&-
	wait $!
	same metrics
	is "$(dst "select count(*) from show_chunks('metrics')")" 5
	# Frozen: nothing is left for vacuum to do.
	is "$(dst "select count(*) from pg_index where indrelid in (select show_chunks('metrics'))")" 10
	is "$(dst "select count(*) from pg_class where relname ~ '^pgpipe_' and relkind = 'r'")" 0
}

loading() {
	[ "$(dst "select count(*) from pg_stat_activity where query ~ '^copy .*from stdin'
		and datname = '$DB'")" -gt 0 ]
}

@test "killed at any moment, and run again" {
	make_metrics
	compress_by_device
	may src
	compress_all src "range_start < '2023-05-20'"
	src_own "insert into metrics values ('2023-05-02 00:30', 'late', 1)"
	chunks public.metrics | ended | pg-copyout -d "$SRC" 2>/dev/null >archive
	local bytes size
	size=$(stat -c %s archive)
	for ((bytes = 2500; bytes < size; bytes += size / 14)); do
		mkfifo pipe
		pg-copyin -d "$DST" --run killed <pipe >/dev/null 2>&1 &
		exec 7>pipe
		head -c "$bytes" archive >&7 || :
		sleep 0.2
		kill -KILL $! || :
		wait $! || :
		exec 7>&-
		rm pipe
		[ "$(dst "select count(*) from (select time, device_id from metrics
			group by 1, 2 having count(*) > 1) d")" = 0 ]
	done
	exits 0 pg-copyin -d "$DST" --run killed <archive
	same metrics
	is "$(statuses dst metrics)" '9 1 1 1 0'
	is "$(batches_of dst metrics)" "$(batches_of src metrics)"
	is "$(dst "select count(*) from show_chunks('metrics')")" 5
	is "$(dst "select count(*) from pg_class where relname ~ '^pgpipe_' and relkind = 'r'")" 0
}

@test "a chunk that is compressed or dropped behind the snapshot" {
	make_metrics
	compress_by_device
	may src
	compress_all src "range_start < '2023-05-15'"
	chunks public.metrics >lines
	mkfifo list
	pg-copyout -d "$SRC" <list >archive 2>out.err &
	exec 7>list
	head -n 1 lines >&7
	wait_for grep -q done.json archive
	compress_all src "range_start > '2023-05-24'"
	src_own "select decompress_chunk(c) from show_chunks('metrics', newer_than => '2023-05-10'::timestamptz,
			older_than => '2023-05-20'::timestamptz) c" >/dev/null
	src_own "drop table $(sed -n 2p lines | jq -r '.schema + "." + .table')"
	tail -n +2 lines >&7
	echo '{"end":"pg-chunks","lines":5}' >&7
	exec 7>&-
	wait $! || is $? 4 "$(cat out.err)"
	like "$(cat out.err)" 'after the snapshot was taken'
	like "$(cat out.err)" 'was dropped since it was listed'
	exits 4 pg-copyin -d "$DST" --keep-going <archive
	is "$(jq -r 'select(.chunk) | .status' <<<"$out" | sort | uniq -c | xargs)" \
		'2 failed 2 loaded 1 skipped'
	chunks public.metrics | ended | copy
	same metrics
	is "$(statuses dst metrics)" "$(statuses src metrics)"
}

@test "a chunk that retention dropped is passed over, and the run finishes" {
	make_metrics
	may src
	chunks public.metrics | ended >list
	src_own "select drop_chunks('metrics', '2023-05-05'::timestamptz)" >/dev/null
	dst_own "insert into metrics values ('2023-05-01', 'kept', 1)"
	copy <list
	like "$(cat out.err)" 'was dropped since it was listed'
	is "$(jq -c 'select(.vanished) | [.status, .table]' results)" '["skipped","_hyper_1_1_chunk"]'
	is "$(dst 'select finished is not null from pgpipe.run')" t
	dst_own "delete from metrics where device_id = 'kept'"
	same metrics
	exits 1 pg-checksum -d "$DST" <results
	like "$err" 'dropped at the source'
}

# What its rows have gone into may not be in the list, or has gone with its old bounds.
@test "chunks that were merged or split since they were listed are failures, and listed anew arrive" {
	local a b c d
	[ "$(src "select count(distinct proname) from pg_proc
		where proname in ('merge_chunks', 'split_chunk')")" = 2 ] ||
		skip 'this TimescaleDB does not merge and split chunks'
	make_metrics
	compress_by_device
	may src
	chunks public.metrics >lines
	ended <lines >list
	{ read -r a && read -r b && read -r c && read -r d; } < <(jq -r '.schema + "." + .table' lines)
	# One was read, and then its neighbour is put into it.
	mkfifo pipe
	pg-copyout -d "$SRC" <pipe >archive 2>out.err &
	exec 7>pipe
	head -n 1 lines >&7
	wait_for grep -q done.json archive
	src_own "call merge_chunks('$a', '$b')"
	sed -n 2p lines >&7
	echo '{"end":"pg-chunks","lines":2}' >&7
	exec 7>&-
	wait $! || is $? 4 "$(cat out.err)"
	like "$(cat out.err)" 'is not there any more, and others have its place'
	exits 4 pg-copyin -d "$DST" --keep-going --run one <archive
	is "$(jq -r 'select(.chunk) | .status' <<<"$out" | sort | xargs)" 'failed loaded'
	# One is split, one takes up another by being compressed.
	src_own "call split_chunk('$(tail -n 1 lines | jq -r '.schema + "." + .table')', '2023-05-27 12:00')"
	src_own "alter table metrics set (timescaledb.compress_chunk_time_interval = '14 days')"
	src_own "select compress_chunk('$c')" >/dev/null
	src_own "select compress_chunk('$d')" >/dev/null
	is "$(src "select count(*) from show_chunks('metrics')")" 4
	COPY_CODES='4 4' copy --run two --keep-going <list
	is "$(grep -c 'bounds of .* have changed since it was listed' out.err)" 3
	is "$(grep -c 'is not there any more, and others have its place' out.err)" 2
	is "$(jq -r 'select(.chunk) | .status' results | sort -u)" failed
	is "$(count dst metrics)" "$(src "select count(*) from metrics where time < '2023-05-04'")"
	# The run that had the first one with its old bounds goes on with the new ones.
	chunks public.metrics | ended | copy --run one
	like "$(cat in.err)" 'was loaded in this run but with other bounds'
	same metrics
	is "$(dst "select finished is not null from pgpipe.run where name = 'one'")" t
	exits 0 pg-checksum --source "$SRC" --target "$DST" <results
}

# A transaction of the target that stays open until `done_with`.
begun() {	# NAME SQL
	local fd
	declare -gA BEGUN PIDS
	mkfifo "$1"
	psql -XAtq -d "$DST" <"$1" >"$1.out" 2>&1 3>&- &
	PIDS[$1]=$!
	exec {fd}>"$1"
	BEGUN[$1]=$fd
	printf 'begin; %s;\nselect 42;\n' "$2" >&"$fd"
	wait_for grep -q 42 "$1.out"
}

done_with() {	# NAME
	local fd=${BEGUN[$1]}
	printf 'commit;\n\\q\n' >&"$fd"
	exec {fd}>&-
	wait "${PIDS[$1]}"
	rm "$1"
}

waits() {
	[ "$(dst "select count(*) from pg_stat_activity where datname = '$DB'
		and wait_event_type = 'Lock'")" -gt 0 ]
}

# The target's chunk, compressed, with late rows that are in no batch.
late() {	# INTERVAL DEVICE
	dst_own "truncate metrics; select set_chunk_time_interval('metrics', interval '$1')" >/dev/null
	may dst
	dst_own "delete from metrics where time >= '2023-05-04'"
	compress_all dst
	dst_own "insert into metrics select '2023-05-02'::timestamptz + x * interval '1 min', '$2', x
		from generate_series(1, 20) x"
	chunk=$(dst "select c from show_chunks('metrics') c order by c limit 1")
	is "$(dst "select count(*) from only $chunk")" 20
}

@test "rows that others move while their range is cleared do not come back" {
	local chunk run
	[ "$(dst "select count(*) from pg_settings
		where name = 'timescaledb.enable_exclusive_locking_recompression'")" = 1 ] ||
		skip 'this TimescaleDB keeps writers out itself'
	make_metrics
	compress_by_device
	may src
	compress_all src
	src_own "delete from metrics where time >= '2023-05-04'"
	chunks public.metrics "range_start < '2023-05-04'" | ended >list
	# Into batches, in a chunk of the same slices; no batch of it is touched.
	late '7 days' theirs
	begun writer "lock table only $chunk in row exclusive mode;
		select 1 from $(compressed_tables dst metrics | head -n 1) for update"
	begun again "select _timescaledb_functions.recompress_chunk_segmentwise('$chunk')"
	copy --run batches <list &
	wait_for waits
	done_with again
	done_with writer
	wait $! || return
	same metrics
	# Through the hypertable, whose chunk is another: into batches, out of them.
	for run in in out; do
		late '14 days' 'device 1'
		begun writer "lock table only $chunk in row exclusive mode"
		case $run in
		in) begun again "select _timescaledb_functions.recompress_chunk_segmentwise('$chunk')" ;;
		out) begun again "update metrics set val = -1 where time = '2023-05-02 06:00'" ;;
		esac
		copy --run "$run" <list &
		wait_for waits
		done_with again
		done_with writer
		wait $! || return
		same metrics
	done
}
