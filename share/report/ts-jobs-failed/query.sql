-- SPDX-License-Identifier: PostgreSQL
with t as (
	select (g ->> 'intervals')::pg_catalog.float8 as intervals
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: hypertables
failed as (
	select j.*, s.last_successful_finish, s.last_finish,
		greatest(s.consecutive_failures, 1) as failures,
		h.schema, h.name, not pg_catalog.isfinite(s.last_successful_finish)
			or s.last_successful_finish < pg_catalog.clock_timestamp()
			- t.intervals * greatest(j.schedule_interval,
				interval '1 minute') as long
	from _timescaledb_config.bgw_job j
	cross join t
	join _timescaledb_internal.bgw_job_stat s on s.job_id = j.id
	left join hypers h on h.id = j.hypertable_id
	where not s.last_run_success
	-- While a job runs for the first time it has not finished.
	and s.last_finish > s.last_start - interval '1 second'
	and pg_catalog.isfinite(s.last_finish)
	and j.id >= 1000
)
select case when f.long then 'critical' else 'warning' end as severity,
	pg_catalog.format('job %s', f.id) as object,
	f.id as job,
	f.proc_name as name,
	case when f.schema is null then ''
	else pg_catalog.format(' of %s.%s', f.schema, f.name) end as of,
	f.failures,
	case when pg_catalog.isfinite(f.last_successful_finish) then pg_catalog.format(
		'succeeded last %s', pg_catalog.date_trunc('second',
		f.last_successful_finish))
	else 'never succeeded' end as success,
	(
		select pg_catalog.format('%I.run_job', n.nspname)
		from pg_catalog.pg_extension e
		join pg_catalog.pg_namespace n on n.oid = e.extnamespace
		where e.extname = 'timescaledb'
	) as run,
	f.failures as value,
	0 as threshold
from failed f
order by f.id
