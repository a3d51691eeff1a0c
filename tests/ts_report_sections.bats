#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# The sections of pg-report with a real TimescaleDB: hypertables are tables, chunks
# are counted, what is compressed is weighed, and jobs tell how they fare.

load lib/common
load lib/timescale

# Of timescale_setup.
# shellcheck disable=SC2034
TIMESCALE_SERVERS=src

setup_file() {
	common_setup_file
	# Jobs run here.
	! timescale_missing || return 0
	timescale_start src 'timescaledb.max_background_workers = 8' \
		'max_worker_processes = 24' && pg_sql src 'create role poor login'
}

setup() {
	timescale_setup
	POOR=${SRC/user=postgres/user=poor}
	export POOR
}

teardown() {
	local pid
	while read -r pid; do kill "$pid" 2>/dev/null || :; done < <(cat pids 2>/dev/null)
	timescale_teardown
}

# The checks have tests of their own.
collect() {	# FILE CONNECTION [ARGUMENT...]
	exits 0 pg-report collect -q -o "$1" -d "$2" --ignore="$(checks)" \
		"${@:3}" || return
	is "$(sections "$1" | jq -r 'select(.status == "error") |
		"\(.id): \(.reason)"')" '' 'sections that failed'
}
checks() {
	grep -l '^kind: check' "$TREE"/share/report/*/about.yaml |
		sed 's,/about.yaml$,,; s,.*/,,' | paste -sd,
}
sections() { jq -c '[.server.sections[], .databases[].sections[]][]' "$1"; }
rows_of() {	# FILE ID [FILTER]
	sections "$1" | jq -c --arg id "$2" "select(.id == \$id).rows[] | ${3:-.}"
}

# Five days of a metric, two of them compressed, and what is made of it.
metrics() {
	src "create table metrics (time timestamptz not null, device int, v float8);
		select create_hypertable('metrics', 'time',
			chunk_time_interval => interval '1 day');
		create index by_device on metrics (device);
		insert into metrics select t, d, d from generate_series(
			'2025-01-01'::timestamptz, '2025-01-05 23:59', '1 minute') t,
			generate_series(1, 2) d;
		alter table metrics set (timescaledb.compress,
			timescaledb.compress_segmentby = 'device',
			timescaledb.compress_orderby = 'time desc nulls last');
		select count(compress_chunk(c)) from show_chunks('metrics',
			older_than => '2025-01-03'::timestamptz) c;
		analyze metrics" >/dev/null
}

hourly() {
	src "create materialized view hourly with (timescaledb.continuous) as
		select time_bucket('1 hour', time) as hour, device, avg(v)
		from metrics group by 1, 2 with no data;
		create materialized view daily with (timescaledb.continuous,
			timescaledb.materialized_only = false) as
		select time_bucket('1 day', hour) as day, device, avg(avg)
		from hourly group by 1, 2 with no data;
		call refresh_continuous_aggregate('hourly', null, '2025-01-04');
		comment on view hourly is 'Every <hour>'; analyze" >/dev/null 2>&1
}

@test "chunks are counted into their hypertable everywhere" {
	metrics
	hourly
	collect c.json "$SRC" --with-heavy
	is "$(rows_of c.json tables '[.table, .kind, .partitions, .rows, .partitioning]')" \
		'["daily","continuous aggregate",0,null,"day"]
["hourly","continuous aggregate",2,144,"hour"]
["metrics","hypertable",5,14400,"\"time\""]'
	is "$(rows_of c.json tables 'select(.table != "metrics") |
		[.table, .rests_on[0].name, .rests_on[0].kind]')" \
		'["daily","hourly","continuous aggregate"]
["hourly","metrics","hypertable"]'
	like "$(rows_of c.json tables 'select(.table == "hourly").definition')" \
		'time_bucket.*GROUP BY'
	# Nothing of TimescaleDB's own: no chunk, trigger, function, type, schema.
	unlike "$(sections c.json | jq -c 'select(.group == "schema" and .id != "extensions") |
		.rows')" '_hyper_|_timescaledb|ts_insert_blocker|_materialized'
	is "$(rows_of c.json schemas .schema)" '"public"'
	# As in TimescaleDB's own words.
	local bytes
	bytes=$(src "select hypertable_size('metrics')")
	is "$(rows_of c.json ts-hypertables 'select(.table == "metrics") |
		.bytes / '"$bytes"' | . > 0.95 and . <= 1')" true
	is "$(rows_of c.json tables 'select(.table == "metrics") |
		.bytes / '"$bytes"' | . > 0.8 and . < 1.2')" true
	is "$(rows_of c.json index-usage 'select(.index == "by_device") |
		[.table, .parts]')" '["metrics",6]'
	unlike "$(rows_of c.json vacuum; rows_of c.json cache; rows_of c.json sizes)" _hyper
	is "$(rows_of c.json vacuum 'select(.table == "metrics") | .parts')" 5
}

@test "hypertables tell their dimensions, chunks, compression and policies" {
	metrics
	src "create table counted (id bigint not null, \"a <b>\" text);
		select create_hypertable('counted', 'id', chunk_time_interval => 1000);
		select add_dimension('counted', 'a <b>', 3);
		insert into counted values (1, 'x'), (2500, 'y'); analyze counted;
		select add_retention_policy('metrics', interval '10 years',
			initial_start => '2100-01-01');
		select add_compression_policy('metrics', interval '30 days',
			initial_start => '2100-01-01')" >/dev/null
	# A compressed chunk takes a row: it is then partly compressed.
	src "insert into metrics values ('2025-01-01 00:00:30', 9, 9)"
	collect c.json "$SRC"
	is "$(rows_of c.json ts-hypertables 'select(.table == "counted") |
		[.chunks, .rows, .oldest, .newest, (.dimensions[] |
		[.column, .type, .kind, .interval, .partitions])]')" \
		'[2,2,"0","3000",["id","bigint","range","1000",null],["a <b>","text","hash",null,3]]'
	is "$(rows_of c.json ts-hypertables 'select(.table == "metrics") |
		[.chunks, .compressed, .oldest, .newest, .columnstore, .dimensions[0].interval,
		.policies]')" \
		'[5,2,"2025-01-01 00:00Z","2025-01-06 00:00Z",true,"1 day",["compression","retention"]]'
	is "$(rows_of c.json ts-chunks 'select(.table == "metrics") |
		[.chunks, .compressed, .partial, .ahead]')" '[5,2,1,0]'
	is "$(rows_of c.json ts-compression '[.table, .segment_by, .order_by, .after_age,
		.compressed, .rows, .ratio > 1, .before > .after]')" \
		'["metrics",["device"],["time desc nulls last"],"30 days",2,5760,true,true]'
	is "$(rows_of c.json ts-chunk-sizes '[.hypertable, .bucket, .chunks, .compressed,
		.saved > 0, .bytes > 0]')" \
		"$(for day in 1 2 3 4 5; do
			printf '["public.metrics","2025-01-0%sT00:00:00Z",1,%s,true]\n' $day \
				"$([ $day -lt 3 ] && echo 1,true || echo 0,false)"
		done)"
	is "$(rows_of c.json ts-policies '[.table, .policy, .settings, .scheduled]')" \
		'["metrics","compression",["compress_after: 30 days"],true]
["metrics","retention",["drop_after: 10 years"],true]'
}

@test "continuous aggregates tell how far behind they are" {
	metrics
	hourly
	src "select add_continuous_aggregate_policy('hourly', '1 month', '1 hour', '1 day',
		initial_start => '2100-01-01')" >/dev/null
	src "update metrics set v = 3 where time = '2025-01-03 12:00'"
	collect c.json "$SRC"
	is "$(rows_of c.json ts-caggs '[.view, .source, .real_time, .watermark, .lag != null,
		.start_offset, .end_offset, .every, .comment]')" \
		'["daily","public.hourly",true,"nothing yet",false,null,null,null,null]
["hourly","public.metrics",false,"2025-01-04 00:00:00Z",true,"1 mon","01:00:00","1 day","Every <hour>"]'
	is "$(rows_of c.json ts-caggs 'select(.view == "hourly") | .lag /
		('"$(date +%s)"' - ("2025-01-04T00:00:00Z" | fromdate)) | . > 0.99 and . < 1.01')" \
		true
}

@test "jobs tell their failures, to whom it may concern" {
	src "create procedure bad(job_id int, config jsonb) language plpgsql as
			\$\$ begin raise exception 'out of <tea>'; end \$\$;
		select add_job('bad', '1 hour', initial_start => now())" >/dev/null
	wait_for pg_sql_true "src/$DB" "select exists (
		select from timescaledb_information.job_errors where err_message ~ 'tea')"
	collect c.json "$SRC"
	like "$(rows_of c.json ts-failures '[.procedure, .message, .code]')" \
		'"public.bad","out of <tea>.*"P0001"'
	is "$(rows_of c.json ts-jobs 'select(.procedure == "public.bad") |
		[.failures >= 1, .last_status, .scheduled]')" '[true,"Failed",true]'
	collect c.json "$POOR"
	is "$(sections c.json | jq -r 'select(.id == "ts-failures") |
		"\(.status): \(.reason)"')" \
		'skipped: only the owner of the database sees the failures of all jobs'
	is "$(sections c.json | jq -r 'select(.group == "timescaledb" and .status != "ok") |
		.id')" ts-failures
}

@test "a locked chunk is estimated, not waited for" {
	metrics
	mkfifo hold
	psql -XAtq -d "$SRC" <hold >/dev/null &
	echo $! >pids
	exec 7>hold
	echo "begin; select format('lock table %s in access exclusive mode', c)
		from show_chunks('metrics') c order by c limit 1 \\gexec" >&7
	wait_for pg_sql_true "src/$DB" "select exists (select from pg_locks where mode =
		'AccessExclusiveLock' and granted and relation::regclass::text ~ '_chunk$')"
	collect c.json "$SRC"
	exec 7>&-
	is "$(sections c.json | jq -r 'select(.status != "ok" and .id != "io") | .id')" ''
	is "$(rows_of c.json ts-hypertables '[.table, .size]')" '["metrics","estimated"]'
	is "$(rows_of c.json tables '[.table, .locked]')" '["metrics",true]'
}

@test "a database without TimescaleDB has none of its sections" {
	collect c.json "$(pg_dsn src)"
	is "$(sections c.json | jq -r 'select(.group == "timescaledb") | .id')" ''
}
