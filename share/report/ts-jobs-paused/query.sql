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
paused as (
	select j.*, h.schema, h.name
	from _timescaledb_config.bgw_job j
	left join hypers h on h.id = j.hypertable_id
	where not j.scheduled
	and j.id >= 1000
	and $1::pg_catalog.jsonb is not null
)
select 'notice' as severity,
	pg_catalog.format('job %s', p.id) as object,
	p.id as job,
	p.proc_name as name,
	case when p.schema is null then ''
	else pg_catalog.format(' of %s.%s', p.schema, p.name) end as of,
	(
		select pg_catalog.format('%I.alter_job', n.nspname)
		from pg_catalog.pg_extension e
		join pg_catalog.pg_namespace n on n.oid = e.extnamespace
		where e.extname = 'timescaledb'
	) as alter
from paused p
order by p.id
