-- SPDX-License-Identifier: PostgreSQL
with
-- part: hypertables
slow as (
	select j.*, h.schema, h.name, s.last_finish - s.last_start as took
	from _timescaledb_config.bgw_job j
	join _timescaledb_internal.bgw_job_stat s on s.job_id = j.id
	left join hypers h on h.id = j.hypertable_id
	where pg_catalog.isfinite(s.last_finish)
	and s.last_finish - s.last_start > j.schedule_interval
	and j.scheduled
	and j.id >= 1000
	and $1::pg_catalog.jsonb is not null
)
select 'notice' as severity,
	pg_catalog.format('job %s', s.id) as object,
	s.id as job,
	s.proc_name as name,
	case when s.schema is null then ''
	else pg_catalog.format(' of %s.%s', s.schema, s.name) end as of,
	pg_catalog.date_trunc('second', s.took)::pg_catalog.text as took,
	s.schedule_interval::pg_catalog.text as every,
	extract(epoch from s.took)::pg_catalog.float8 as value,
	extract(epoch from s.schedule_interval)::pg_catalog.float8 as threshold
from slow s
order by s.id
