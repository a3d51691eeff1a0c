-- SPDX-License-Identifier: PostgreSQL
-- The view of errors hides those of other people's jobs.

with t as (
	select (g ->> 'hours')::pg_catalog.float8 as hours,
		pg_catalog.pg_has_role(d.datdba, 'member') as owner
	from (select $1::pg_catalog.jsonb) p (g)
	cross join pg_catalog.pg_database d
	where d.datname = pg_catalog.current_database()
),
errors as (
	select e.job_id, e.proc_name, pg_catalog.count(*) as errors,
		pg_catalog.max(e.finish_time) as finished
	from timescaledb_information.job_errors e, t
	where e.finish_time > pg_catalog.clock_timestamp() - t.hours * interval '1 hour'
	and e.job_id >= 1000
	group by 1, 2
)
select 'warning' as severity,
	pg_catalog.format('job %s', e.job_id) as object,
	e.job_id as job,
	e.proc_name as name,
	e.errors,
	t.hours,
	(
		select coalesce(pg_catalog.left(r.err_message, 300), 'without a message')
		from timescaledb_information.job_errors r
		where r.job_id = e.job_id
		and r.finish_time = e.finished
		limit 1
	) as error,
	e.errors as value,
	0 as threshold,
	null as reason
from errors e, t
union all
select 'skipped', 'jobs', null, null, null, null, null, null, null,
	pg_catalog.format('the errors of %s jobs are shown to their owners and the database''s',
		pg_catalog.count(*))
from t
join _timescaledb_config.bgw_job j on not pg_catalog.pg_has_role(j.owner, 'member')
	and j.id >= 1000
where not t.owner
having pg_catalog.count(*) > 0
order by 2
