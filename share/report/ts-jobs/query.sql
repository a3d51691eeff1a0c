-- All background jobs and how they fare.  Times that mean "never" or "at once" are
-- infinite in the catalog.
select j.job_id as job, j.application_name as name,
	pg_catalog.concat(j.proc_schema, '.', j.proc_name) as procedure,
	j.owner::pg_catalog.text as owner,
	case when j.hypertable_name is not null
	then pg_catalog.concat(j.hypertable_schema, '.', j.hypertable_name)
	end as hypertable,
	j.schedule_interval::pg_catalog.text as every,
	case when j.max_runtime > '0'::pg_catalog.interval
	then j.max_runtime::pg_catalog.text end as limit,
	case when j.max_retries >= 0 then j.max_retries end as retries,
	j.scheduled, s.job_status as status, s.last_run_status as last_status,
	case when pg_catalog.isfinite(s.last_run_started_at)
	then s.last_run_started_at end as last_run,
	case when pg_catalog.isfinite(s.last_successful_finish)
	then s.last_successful_finish end as last_success,
	pg_catalog.date_part('epoch', s.last_run_duration) as took,
	s.total_runs as runs, s.total_successes as successes,
	s.total_failures as failures,
	case when j.scheduled and pg_catalog.isfinite(j.next_start)
	then j.next_start end as next_run
from timescaledb_information.jobs j
left join timescaledb_information.job_stats s on s.job_id = j.job_id
order by 1
