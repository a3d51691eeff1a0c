-- SPDX-License-Identifier: PostgreSQL
with
-- Hypertables, and continuous aggregates under the name of their view, with
-- their first dimension.
hypers as materialized (
	select h.id, h.schema_name, h.table_name, h.compression_state,
		coalesce(a.user_view_schema, h.schema_name) as schema,
		coalesce(a.user_view_name, h.table_name) as name,
		a.mat_hypertable_id is not null as is_view,
		d.column_type in ('timestamptz'::pg_catalog.regtype,
			'timestamp'::pg_catalog.regtype, 'date'::pg_catalog.regtype) as by_time
	from _timescaledb_catalog.hypertable h
	join (
		select distinct on (d.hypertable_id) d.hypertable_id,
			d.column_type
		from _timescaledb_catalog.dimension d
		where d.interval_length is not null
		order by d.hypertable_id, d.id
	) d on d.hypertable_id = h.id
	left join _timescaledb_catalog.continuous_agg a
		on a.mat_hypertable_id = h.id
	where h.compression_state <> 2
),
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
