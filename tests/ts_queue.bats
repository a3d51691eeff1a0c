#!/usr/bin/env bats
# SPDX-License-Identifier: PostgreSQL
# pg-queue beside TimescaleDB: its background jobs, and who writes to hypertables.

load lib/common
load lib/timescale

setup_file() { timescale_setup_file; }
setup() { timescale_setup; }
teardown() {
	[ ! -s pids ] || xargs kill -KILL <pids 2>/dev/null || :
	timescale_teardown
}

hypertable() {	# NAME
	both "create table $1 (time timestamptz not null, device int, v float);
		select create_hypertable('$1', 'time', chunk_time_interval => interval '1 day')"
}
scheduled() { dst 'select job_id from timescaledb_information.jobs where job_id >= 1000 and scheduled order by 1' | xargs; }
jobs() { dst "select count(*) from pgpipe.queue_job where queue = '${1:-default}'"; }

policies() {	# three jobs on the target, as $A, $B, $C; $B is paused by its owner
	hypertable m
	dst "alter table m set (timescaledb.compress)"
	A=$(dst "select add_compression_policy('m', interval '7 days')")
	B=$(dst "select add_retention_policy('m', interval '1 year')")
	C=$(dst "create procedure own(job_id int, config jsonb) language plpgsql as 'begin end';
		select add_job('own', '1 hour')" | tail -n 1)
	dst "select alter_job($B, scheduled => false)" >/dev/null
}

@test "jobs are paused, and just those are resumed" {
	policies
	is "$(scheduled)" "$A $C"
	exits 0 pg-queue pause-jobs -d "$DST"
	like "$err" 'queue "default": 2 background jobs are paused'
	is "$(scheduled)" ''
	# Again changes nothing of what is remembered.
	exits 0 pg-queue pause-jobs -d "$DST"
	is "$(jobs)" 2
	is "$(pg-queue status -d "$DST" | jq .jobs_paused)" 2
	# TimescaleDB's own go on.
	is "$(dst 'select count(*) > 0 from timescaledb_information.jobs where job_id < 1000 and scheduled')" t
	exits 0 pg-queue resume-jobs -d "$DST"
	like "$err" '2 background jobs are resumed'
	is "$(scheduled)" "$A $C"
	is "$(jobs)" 0
	exits 0 pg-queue resume-jobs -d "$DST"
	like "$err" '0 background jobs are resumed'
}

@test "clear does not forget jobs that are paused" {
	policies
	pg-queue pause-jobs -q -d "$DST"
	exits 3 pg-queue clear -d "$DST"
	like "$err" 'remembers 2 background jobs that are still paused'
	like "$err" 'hint: pg-queue resume-jobs'
	is "$(jobs)" 2
	pg-queue resume-jobs -q -d "$DST"
	exits 0 pg-queue clear -d "$DST"
}

@test "a job that is gone is said, a new one is left alone" {
	policies
	pg-queue pause-jobs -q -d "$DST"
	dst "select delete_job($A)"
	D=$(dst "select add_job('own', '1 day')")
	exits 0 pg-queue resume-jobs -d "$DST"
	like "$err" "job $A, .* is not there any more"
	is "$(scheduled)" "$C $D"
}

@test "what two queues have paused is resumed by the last of them" {
	policies
	pg-queue pause-jobs -q -d "$DST"
	pg-queue pause-jobs -q -d "$DST" --queue two
	is "$(jobs two)" 2
	exits 0 pg-queue resume-jobs -d "$DST"
	like "$err" "job $A, .* stays paused for another queue"
	is "$(scheduled)" ''
	pg-queue resume-jobs -q -d "$DST" --queue two
	is "$(scheduled)" "$A $C"
}

@test "killed at any moment, no job is lost" {
	policies
	dst "select add_job('own', '1 hour') from generate_series(1, 6)" >/dev/null
	local all
	all=$(scheduled)
	# The third job's change waits, for the test holds its row.
	psql -Xq -d "$DST" -c begin -c "select from _timescaledb_config.bgw_job where id = $C for update" \
		-c 'select pg_sleep(300)' >/dev/null 3>&- &
	echo $! >pids
	wait_for pg_sql_true "dst/$DB" "select exists (select from pg_stat_activity where query like '%pg_sleep(300)%' and state = 'active' and pid <> pg_backend_pid())"
	pg-queue pause-jobs -q -d "$DST" 3>&- &
	echo $! >>pids
	wait_for pg_sql_true "dst/$DB" "select exists (select from pg_stat_activity
		where application_name = 'pg-queue' and wait_event_type = 'Lock')"
	kill -KILL $!
	wait $! || :
	dst "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pg-queue'
		or query like '%pg_sleep(300)%' and pid <> pg_backend_pid()" >/dev/null
	is "$(dst "select count(*) from timescaledb_information.jobs j where job_id >= 1000
		and not scheduled and job_id <> $B and not exists
		(select from pgpipe.queue_job k where k.job = j.job_id)")" 0
	is "$(jobs)" 1
	pg-queue pause-jobs -q -d "$DST"
	is "$(scheduled)" ''
	pg-queue resume-jobs -q -d "$DST"
	is "$(scheduled)" "$all"
}

@test "who is no superuser pauses his own jobs, and is told of the others" {
	policies
	dst "create role owner_$DB login; grant create on database $DB to owner_$DB;
		grant create, usage on schema public to owner_$DB"
	local own
	own=$(dst_as "owner_$DB" "create procedure mine(job_id int, config jsonb) language plpgsql as 'begin end';
		select add_job('mine', '1 hour')" | tail -n 1)
	exits 0 pg-queue pause-jobs -d "$DST user=owner_$DB"
	like "$err" '1 background job is paused'
	like "$err" "job $A, .* belongs to another role"
	is "$(scheduled)" "$A $C"
	exits 0 pg-queue resume-jobs -d "$DST user=owner_$DB"
	is "$(scheduled)" "$A $C $own"
	dst "select delete_job($own); drop schema pgpipe cascade"
	dst "drop owned by owner_$DB cascade; drop role owner_$DB"
}

@test "dual writers get their new chunks while chunks are put and worked on" {
	hypertable m
	mkfifo lines
	pg-queue put -q -d "$DST" <lines 3>&- &
	local put=$!
	echo "$put" >pids
	exec 9>lines
	local day
	for day in $(seq 1 12); do
		seq 700 | jq -c --arg d "$day" '{chunk: "public.m/\($d)-\(.)", schema: "public",
			table: "m\($d)_\(.)", where: null}' >&9
		# Each insert needs a chunk that is not there.
		PGOPTIONS='-c lock_timeout=2s' psql -Xq -v ON_ERROR_STOP=1 -d "$DST" \
			-c "insert into m values ('2025-01-01'::timestamptz + $day * interval '1 day', 1, 1)"
	done
	echo '{"end":"x","lines":8400}' >&9
	exec 9>&-
	wait "$put"
	is "$(dst 'select count(*) from pgpipe.queued')" 8400
	# And while the queue is worked on, its rows locked.
	pg-queue work -q -d "$DST" -j 4 --max 8 -- 'sleep 1; jq -c "select(.chunk) + {status: \"loaded\"}"' 3>&- &
	put=$!
	echo "$put" >>pids
	for day in $(seq 13 20); do
		PGOPTIONS='-c lock_timeout=2s' psql -Xq -v ON_ERROR_STOP=1 -d "$DST" \
			-c "insert into m values ('2025-01-01'::timestamptz + $day * interval '1 day', 1, 1)"
	done
	wait "$put"
	is "$(dst 'select count(*) from m')" 20
	is "$(pg-queue status -d "$DST" | jq .done)" 8
}

@test "a chunk that was merged with another since is done anew" {
	[ "$(src "select count(*) from pg_proc where proname = 'merge_chunks'")" -gt 0 ] ||
		skip 'this TimescaleDB does not merge chunks'
	hypertable m
	src "insert into m select '2025-01-01'::timestamptz + x * interval '1 hour', x, x
		from generate_series(0, 71) x"
	local pipeline='pg-copyout -q -d "$SRC" | pg-copyin -q -d "$DST"'
	pg-chunks -q -d "$SRC" m >list
	head -n 1 list | pg-queue put -q --partial -d "$DST"
	pg-queue work -q -d "$DST" -- "$pipeline"
	src "call merge_chunks($(head -n 2 list | jq -r '"\u0027\(.schema).\(.table)\u0027"' | paste -sd,))"
	# From the old list a chunk comes that is not there.
	exits 0 pg-queue put -d "$DST" <list
	like "$err" '2 new, 1 as they were'
	exits 4 pg-queue work -d "$DST" --retries 0 -- "$pipeline"
	is "$(pg-queue list -d "$DST" | jq -r 'select(.chunk) | .state' | sort | uniq -c | xargs)" \
		'2 done 1 failed'
	like "$(pg-queue list -d "$DST" | jq -r 'select(.state == "failed") | .error.message')" \
		'others have its place'
	pg-chunks -q -d "$SRC" m >new
	exits 0 pg-queue put -d "$DST" <new
	like "$err" '0 new, 1 to be done anew, 1 as they were'
	pg-queue drop -q -d "$DST" "$(sed -n 2p list | jq -r .chunk)"
	exits 0 pg-queue work -q -d "$DST" -- "$pipeline"
	is "$(dst 'select count(*), sum(v) from m')" "$(src 'select count(*), sum(v) from m')"
	exits 0 pg-queue put -d "$DST" <new
	like "$err" '0 new, 2 as they were'
}
