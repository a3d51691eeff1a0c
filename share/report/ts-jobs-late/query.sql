-- SPDX-License-Identifier: PostgreSQL
-- A job that fails has a check of its own, as has one that is paused.

with t as (
	select (g ->> 'intervals')::pg_catalog.float8 as intervals
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: hypertables
late as (
	select j.*, s.last_successful_finish, h.schema, h.name
	from _timescaledb_config.bgw_job j
	cross join t
	join _timescaledb_internal.bgw_job_stat s on s.job_id = j.id
	left join hypers h on h.id = j.hypertable_id
	where j.scheduled
	and j.id >= 1000
	and s.last_run_success
	and pg_catalog.isfinite(s.last_successful_finish)
	and s.last_successful_finish < pg_catalog.clock_timestamp()
		- t.intervals * greatest(j.schedule_interval, interval '1 minute')
)
select 'warning' as severity,
	pg_catalog.format('job %s', l.id) as object,
	l.id as job,
	l.proc_name as name,
	case when l.schema is null then ''
	else pg_catalog.format(' of %s.%s', l.schema, l.name) end as of,
	l.schedule_interval::pg_catalog.text as every,
	pg_catalog.date_trunc('second', l.last_successful_finish)::pg_catalog.text as success,
	(
		select pg_catalog.format('%I.run_job', n.nspname)
		from pg_catalog.pg_extension e
		join pg_catalog.pg_namespace n on n.oid = e.extnamespace
		where e.extname = 'timescaledb'
	) as run,
	pg_catalog.round(extract(epoch from pg_catalog.clock_timestamp() - l.last_successful_finish)
		::pg_catalog.numeric) as value,
	pg_catalog.round((t.intervals * extract(epoch from l.schedule_interval))::pg_catalog.numeric)
		as threshold
from late l, t
order by l.id
