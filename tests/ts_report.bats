#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# pg-report's checks of TimescaleDB, and its other checks on hypertables, with a
# real TimescaleDB.

load lib/common
load lib/timescale
load lib/checks

setup_file() { timescale_setup_file src; }

setup() {
	export TIMESCALE_SERVERS=src
	timescale_setup
}

teardown() {
	export TIMESCALE_SERVERS=src
	timescale_teardown
}

report() { judge "src/$DB" "$@"; }

# Hours of rows until now, in chunks of a day.
metrics() {	# NAME DAYS [ROWS AN HOUR]
	src "create table $1 (time timestamptz not null, device int, val float8, note text);
		select create_hypertable('$1', 'time', chunk_time_interval => interval '1 day');
		insert into $1 select t, d, d, 'note ' || d from generate_series(now() - interval '$2 days',
			now(), '1 hour') t, generate_series(1, ${3:-1}) d" >/dev/null
}

# What the scheduler would have written: when the job ran, and how it ended.
ran() {	# JOB SUCCESS STARTED FINISHED LAST_SUCCESS NEXT
	src "insert into _timescaledb_internal.bgw_job_stat (job_id, last_run_success, last_start, last_finish,
			last_successful_finish, next_start, total_runs, total_duration, total_duration_failures,
			total_successes, total_failures, total_crashes, consecutive_failures, consecutive_crashes)
		values ($1, $2, now() + '$3', now() + '$4', case when '$5' = 'never' then '-infinity'
			else now() + nullif('$5', 'never')::interval end, now() + '$6', 5, '1 s', '0 s', 3, 2, 0,
			case when $2 then 0 else 2 end, 0)
		on conflict (job_id) do update set last_run_success = excluded.last_run_success,
			last_start = excluded.last_start, last_finish = excluded.last_finish,
			last_successful_finish = excluded.last_successful_finish,
			next_start = excluded.next_start, consecutive_failures = excluded.consecutive_failures"
}

@test "chunks: many, small, with indexes that memory does not hold" {
	metrics m 5 50
	local ids=ts-chunk-index-fit,ts-chunk-count,ts-chunk-size
	report $ids
	for id in ${ids//,/ }; do silent "$id"; done
	report $ids '{"ts-chunk-index-fit": {"warning": 0.0001}, "ts-chunk-count": {"chunks": 4},
		"ts-chunk-size": {"chunks": 4}}'
	fires ts-chunk-index-fit 'newest chunks' warning 'most of it: public.m '
	fires ts-chunk-count public.m notice 'has 6 chunks'
	fires ts-chunk-size public.m notice 'the 6 chunks of public.m have'
	report ts-chunk-size '{"ts-chunk-size": {"chunks": 4, "bytes": 1000}}'
	silent ts-chunk-size
}

@test "compression: late, partial, of little use, absent" {
	metrics "\"m; x\"" 5 30
	metrics fresh 1
	local ids=ts-uncompressed-old,ts-partial,ts-ratio,ts-no-compression
	report $ids
	for id in ${ids//,/ }; do silent "$id"; done
	report ts-no-compression '{"ts-no-compression": {"days": 3}}'
	fires ts-no-compression 'public.m; x' notice 'is not compressed'
	silent ts-no-compression public.fresh
	src "alter table \"m; x\" set (timescaledb.compress, timescaledb.compress_segmentby = 'device')" 2>/dev/null
	report ts-no-compression
	fires ts-no-compression 'public.m; x' warning 'has compression enabled'
	src "select add_compression_policy('\"m; x\"', interval '2 days', schedule_interval => interval '1 hour')" >/dev/null
	report $ids
	silent ts-no-compression
	fires ts-uncompressed-old 'public.m; x' warning 'should have been compressed after 2 days'
	report ts-uncompressed-old '{"ts-uncompressed-old": {"critical_bytes": 0}}'
	fires ts-uncompressed-old 'public.m; x' critical
	mend ts-uncompressed-old 'public.m; x'
	report $ids '{"ts-ratio": {"notice": 1000, "warning": 1, "min_bytes": 0}}'
	silent ts-uncompressed-old
	silent ts-partial
	fires ts-ratio 'public.m; x' notice 'segmentby device, orderby ("?time|as TimescaleDB chooses)'
	report ts-ratio '{"ts-ratio": {"notice": 1000, "warning": 1000, "min_bytes": 0}}'
	fires ts-ratio 'public.m; x' warning
	# Rows that come late lie beside, until the policy comes by.
	src "insert into \"m; x\" select now() - interval '4 days', 1, 1, 'late'"
	report ts-partial
	fires ts-partial 'public.m; x' warning '1 compressed chunks .* the policy has not come by'
	ran "$(src "select id from _timescaledb_config.bgw_job where proc_name = 'policy_compression'")" \
		true '-2 hours' '-1 hours' '-1 hours' '1 hour'
	report ts-partial
	silent ts-partial
	src "select remove_compression_policy('\"m; x\"')" >/dev/null
	report ts-partial
	fires ts-partial 'public.m; x' warning 'no policy'
	mend ts-partial 'public.m; x'
	report ts-partial,ts-ratio
	silent ts-partial
	silent ts-ratio
}

@test "retention: none, late" {
	metrics m 5
	report ts-no-retention,ts-retention-late
	silent ts-no-retention
	silent ts-retention-late
	report ts-no-retention '{"ts-no-retention": {"days": 3}}'
	fires ts-no-retention public.m notice 'keeps its rows for ever'
	src "select add_retention_policy('m', interval '2 days', schedule_interval => interval '1 hour')" >/dev/null
	report ts-no-retention,ts-retention-late '{"ts-no-retention": {"days": 3}}'
	silent ts-no-retention
	fires ts-retention-late public.m warning 'older than the 2 days'
	mend ts-retention-late public.m
	report ts-retention-late
	silent ts-retention-late
}

@test "jobs: failed, late, paused, slow, waiting, and their errors" {
	local job ids=ts-jobs-failed,ts-jobs-late,ts-jobs-paused,ts-jobs-slow,ts-workers,ts-job-errors
	src "create procedure works(job_id int, config jsonb) language sql as 'select 1';
		create role jobber login; grant all on schema public to jobber" 2>/dev/null
	job=$(src "select add_job('works', interval '1 hour')")
	ran "$job" true '-30 min' '-29 min' '-29 min' '30 min'
	report $ids
	for id in ${ids//,/ }; do silent "$id"; done
	ran "$job" false '-30 min' '-29 min' '-90 min' '30 min'
	report $ids
	fires ts-jobs-failed "job $job" warning "job $job \(works\) failed 2 time"
	silent ts-jobs-late
	mend ts-jobs-failed "job $job"
	ran "$job" false '-30 min' '-29 min' never '30 min'
	report $ids
	fires ts-jobs-failed "job $job" critical 'never succeeded'
	ran "$job" true '-5 hours' '-4 hours' '-4 hours' '-3 hours'
	report $ids
	silent ts-jobs-failed
	fires ts-jobs-late "job $job" warning 'runs every 01:00:00'
	mend ts-jobs-late "job $job"
	fires ts-workers jobs warning '1 of 1 jobs wait'
	ran "$job" true '-130 min' '-2 min' '-2 min' '30 min'
	report $ids
	fires ts-jobs-slow "job $job" notice 'took 02:08:00'
	silent ts-workers
	silent ts-jobs-late
	src "select alter_job($job, scheduled => false)" >/dev/null
	both_ways "src/$DB" '{}' ts-jobs-paused "job $job" notice
	src "insert into _timescaledb_internal.bgw_job_stat_history (job_id, pid, execution_start, execution_finish,
			succeeded, data) values ($job, 1, now() - interval '1 h', now(), false,
			'{\"job\": {\"proc_schema\": \"public\", \"proc_name\": \"works\"},
			\"error_data\": {\"message\": \"no <rows>\", \"sqlerrcode\": \"P0001\"}}')"
	report ts-job-errors
	fires ts-job-errors "job $job" warning '1 error.* in 24 hours, the last one: no <rows>'
	DSN="$SRC user=jobber" report ts-job-errors '{"ts-job-errors": {"hours": 0}}'
	skips ts-job-errors 'the errors of 1 jobs'
	report ts-job-errors '{"ts-job-errors": {"hours": 0}}'
	silent ts-job-errors
}

@test "continuous aggregates that lag" {
	metrics m 5
	src "create materialized view \"by; hour\" with (timescaledb.continuous) as
		select time_bucket('1 hour', time) as hour, sum(val) from m group by 1 with no data" 2>/dev/null
	report ts-cagg-lag
	silent ts-cagg-lag
	local job
	job=$(src "select add_continuous_aggregate_policy('\"by; hour\"', null, interval '1 hour', interval '1 hour')")
	report ts-cagg-lag
	fires ts-cagg-lag 'public.by; hour' critical 'materialised up to nothing, .* never succeeded'
	mend ts-cagg-lag 'public.by; hour'
	report ts-cagg-lag
	silent ts-cagg-lag
	src "insert into m values (now() + interval '5 hours', 1, 1, '');
		delete from _timescaledb_catalog.continuous_aggs_watermark;
		insert into _timescaledb_catalog.continuous_aggs_watermark select id,
			_timescaledb_functions.to_unix_microseconds(now() - interval '5 hours') from
			_timescaledb_catalog.hypertable where table_name like '\_mat%'"
	report ts-cagg-lag
	fires ts-cagg-lag 'public.by; hour' warning
	# The policy was there: there was nothing to do.
	ran "$job" true '-30 min' '-29 min' '-29 min' '30 min'
	report ts-cagg-lag
	silent ts-cagg-lag
}

@test "integer time without a now" {
	src "create table n (t bigint not null, v int);
		select create_hypertable('n', 't', chunk_time_interval => 100);
		create function now_is() returns bigint language sql stable as 'select 1000::bigint';
		select set_integer_now_func('n', 'now_is');
		insert into n select g, g from generate_series(1, 1000, 10) g;
		select add_retention_policy('n', 5000::bigint)" >/dev/null
	report ts-integer-time,ts-retention-late,ts-no-retention
	silent ts-integer-time
	silent ts-retention-late
	silent ts-no-retention
	src 'drop function now_is()'
	report ts-integer-time
	fires ts-integer-time public.n warning 'its function public.now_is, .* is gone'
	src "update _timescaledb_catalog.dimension set integer_now_func = null, integer_now_func_schema = null"
	report ts-integer-time
	fires ts-integer-time public.n warning 'no function that says'
}

@test "chunks raise no alarm of their own, and hypertables are one table" {
	src "create table device (id int primary key); insert into device select generate_series(1, 5)"
	metrics m 5 5
	src "alter table m add foreign key (device) references device;
		create index by_device on m (device, time); create index twice on m (device, time);
		create index unread on m (val);
		alter table m set (timescaledb.compress, timescaledb.compress_segmentby = 'device')" 2>/dev/null
	src "select compress_chunk(c) from show_chunks('m', older_than => interval '3 days') c" >/dev/null
	src "create materialized view hourly with (timescaledb.continuous) as
		select time_bucket('1 hour', time) as hour, sum(val) from m group by 1" 2>/dev/null
	src 'analyze'
	# An index of one chunk is read: that is use of the hypertable's.
	src "set enable_seqscan = off; select count(*) from m where device = 2 and time > now() - interval '1 hour'" >/dev/null
	local ids
	ids=$(grep -L '^scope: server' "$TREE"/share/report/*/about.yaml | xargs grep -l '^kind: check' |
		xargs grep -LE '^extension:|id: x' | xargs -n1 dirname | xargs -n1 basename | paste -sd,)
	report "$ids" '{"idx-unused": {"min_bytes": 0}, "seq-scan": {"rows": 1}, "undocumented": {"tables": 99}}'
	is "$(jq -c 'select(.severity == "error")' lines)" ''
	is "$(jq -r 'select(.check) | .object | select(. != null) | select(test("_timescaledb|_hyper_"))' lines)" ''
	fires idx-duplicate public.twice warning 'is the same as by_device'
	fires idx-unused public.unread notice
	silent no-pk
	silent fk-noindex
	mend idx-duplicate public.twice
	mend idx-unused public.unread
	report idx-duplicate,idx-unused '{"idx-unused": {"min_bytes": 0}}'
	silent idx-duplicate
	silent idx-unused public.unread
	unmend idx-duplicate public.twice
	unmend idx-unused public.unread
	report idx-duplicate
	fires idx-duplicate public.twice warning
}

@test "hypertables are what the catalog says, with or without a trigger of theirs" {
	src "create table device (id int primary key); insert into device select generate_series(1, 5)"
	metrics m 5 5
	src "alter table m add foreign key (device) references device; drop index m_time_idx;
		create index first on m (val); create index second on m (val); create table bare (id int)"
	# Later versions of the extension have none, and need none.
	src "set allow_system_table_mods = on;
		with gone as (delete from pg_trigger where tgname = 'ts_insert_blocker' returning oid)
		delete from pg_depend where classid = 'pg_trigger'::regclass and objid in (select oid from gone)"
	src 'update m set val = val + 1; analyze'
	report no-pk,fk-noindex,idx-duplicate,dead-tuples '{"dead-tuples": {"rows": 1}}'
	is "$(jq -r 'select(.check) | .object' lines | sort | paste -sd' ')" \
		'public.bare public.m public.m.m_device_fkey public.second'
	fires dead-tuples public.m "$(lines_of dead-tuples | jq -r .severity)"
	fires fk-noindex public.m.m_device_fkey notice
	fires idx-duplicate public.second warning
	mend fk-noindex public.m.m_device_fkey
	mend idx-duplicate public.second
	report fk-noindex,idx-duplicate
	silent fk-noindex
	silent idx-duplicate
	unmend fk-noindex public.m.m_device_fkey
	unmend idx-duplicate public.second
}

@test "a role that can only connect; a database without the extension" {
	metrics m 3
	src 'create role stranger login' 2>/dev/null || :
	local ids
	ids=$(check_ids | paste -sd,)
	DSN="$SRC user=stranger" report "$ids"
	is "$(jq -c 'select(.severity == "error")' lines)" ''
	judge src/postgres "$(check_ids | grep '^ts-' | paste -sd,)"
	is "$(jq -r 'select(.check) | .severity' lines | sort -u)" skipped
}

@test "each check of TimescaleDB has fired and has been silent above" {
	[ -z "${BATS_TEST_FILTER:-}" ] || skip 'only some of the tests ran'
	all_seen '^ts-'
}
