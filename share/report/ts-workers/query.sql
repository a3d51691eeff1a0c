-- SPDX-License-Identifier: PostgreSQL
with t as (
	select (g ->> 'minutes')::pg_catalog.float8 * interval '1 minute' as grace
	from (select $1::pg_catalog.jsonb) p (g)
),
jobs as (
	select j.id, pg_catalog.clock_timestamp() - s.next_start as late,
		s.next_start < pg_catalog.clock_timestamp() - greatest(t.grace,
			j.schedule_interval)
		-- One that has started is not waiting.
		and (s.last_finish >= s.last_start
			or not pg_catalog.isfinite(s.last_finish)) as waits
	from _timescaledb_config.bgw_job j
	cross join t
	left join _timescaledb_internal.bgw_job_stat s on s.job_id = j.id
		and pg_catalog.isfinite(s.next_start)
	where j.scheduled
	and j.id >= 1000
)
select 'warning' as severity,
	'jobs' as object,
	pg_catalog.count(*) filter (where j.waits) as jobs,
	pg_catalog.count(*) as all,
	pg_catalog.date_trunc('second', pg_catalog.max(j.late) filter (where j.waits))::pg_catalog.text
		as duration,
	coalesce(pg_catalog.current_setting('timescaledb.max_background_workers', true), '?')
		as workers,
	pg_catalog.current_setting('max_worker_processes') as processes,
	pg_catalog.count(*) filter (where j.waits) as value,
	0 as threshold
from jobs j
having pg_catalog.count(*) filter (where j.waits) > 0
