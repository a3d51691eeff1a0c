#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# pg-chart on hypertables and continuous aggregates.

load lib/common
load lib/timescale

export TIMESCALE_SERVERS=src

setup_file() { timescale_setup_file src; }
setup() { timescale_setup; }
teardown() { timescale_teardown; }

metrics() {
	src "create table health (ts timestamptz not null, service text, category text, health float8);
		select create_hypertable('health', 'ts', chunk_time_interval => interval '1 day');
		insert into health select '2026-01-01'::timestamptz + i * interval '1 min', s, c, 50 + i % 50
			from generate_series(0, 4320) i, unnest(array['web', 'db']) s, unnest(array['cpu', 'disk']) c;" >/dev/null
}

# The lines of the plot; those of the legend are drawn with "h".
paths() { grep -o 'class="pgd-line[^>]*L[^>]*' "$1"; }

@test "a hypertable by time_bucket says what arithmetics say" {
	metrics
	exits 0 pg-chart -v -d "$SRC" --table health --value health --by service --window 24h --title T -o a.svg
	like "$err" '"time_bucket"\('
	xmllint --noout a.svg
	exits 0 pg-chart -v -d "$SRC" --query 'select * from health' --value health --by service --window 24h \
		--bucket 5min --title T -o b.svg
	cmp a.svg b.svg
	# Other buckets than its own, in another database without the extension.
	src 'copy (select * from health) to stdout csv header' >h.csv
	pipes '0 0' 'cat h.csv | pg-chart --value health --by service --window 24h --title T --format svg'
	cmp a.svg "$OUT"
	for bucket in 7d 3h 90s; do
		exits 0 pg-chart -d "$SRC" --table health --value health --by service --bucket $bucket --title T -o a.svg
		pipes '0 0' "cat h.csv | pg-chart --value health --by service --bucket $bucket --title T --format svg"
		cmp a.svg "$OUT"
	done
}

@test "compressed chunks, a continuous aggregate, the health metric" {
	metrics
	exits 0 pg-chart -d "$SRC" --table health --value health --by category -o a.svg
	src "alter table health set (timescaledb.compress, timescaledb.compress_segmentby = 'service, category');
		select compress_chunk(c) from show_chunks('health') c" >/dev/null
	exits 0 pg-chart -d "$SRC" --table health --value health --by category -o b.svg
	cmp a.svg b.svg
	src "create materialized view health_metrics_1min_cagg with (timescaledb.continuous) as
		select time_bucket('1 min', ts) as bucket, service, category, avg(health) as health
		from health group by 1, 2, 3 with no data" >/dev/null 2>&1
	src "call refresh_continuous_aggregate('health_metrics_1min_cagg', null, null)" >/dev/null 2>&1
	exits 0 pg-chart -d "$SRC" --metric health -o h.svg
	xmllint --noout h.svg
	is "$(paths h.svg | wc -l)" 4
	like "$(<h.svg)" '>db / disk</text>'
	like "$(<h.svg)" '>100</text>'
}

@test "integer time, and time_bucket in a schema of its own" {
	src "create table ints (n bigint not null, v int);
		select create_hypertable('ints', 'n', chunk_time_interval => 1000);
		insert into ints select i, i from generate_series(-3000, 3000) i" >/dev/null
	exits 0 pg-chart -d "$SRC" --table ints --time n --bucket 500 --agg min --title T --format svg
	like "$out" 'smallest value -3,000'
	src 'drop extension timescaledb cascade' >/dev/null 2>&1
	src 'create schema "A b"; create extension timescaledb schema "A b"' >/dev/null 2>&1
	src "create table t (time timestamptz not null, v int); select \"A b\".create_hypertable('t', 'time');
		insert into t select '2026-01-01'::timestamptz + i * interval '1 h', i from generate_series(0, 99) i" >/dev/null
	exits 0 pg-chart -v -d "$SRC" --table t --format svg
	like "$err" '"A b"."time_bucket"'
}
