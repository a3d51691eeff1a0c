-- SPDX-License-Identifier: PostgreSQL
with t as (
	select (g ->> 'intervals')::pg_catalog.float8 as intervals
	from (select $1::pg_catalog.jsonb) p (g)
),
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
policies as (
	select j.id, j.hypertable_id, j.schedule_interval,
		(j.config ->> 'drop_after')::pg_catalog.interval as after
	from _timescaledb_config.bgw_job j
	join hypers h on h.id = j.hypertable_id
	where j.proc_name = 'policy_retention'
	and h.by_time
	and j.config ->> 'drop_after' is not null
)
select 'warning' as severity,
	pg_catalog.format('%s.%s', h.schema, h.name) as object,
	h.schema,
	h.name,
	pg_catalog.count(*) as chunks,
	p.after::pg_catalog.text as after,
	p.id as job,
	(
		select pg_catalog.format('%I.run_job', n.nspname)
		from pg_catalog.pg_extension e
		join pg_catalog.pg_namespace n on n.oid = e.extnamespace
		where e.extname = 'timescaledb'
	) as run,
	pg_catalog.count(*) as value,
	0 as threshold
from policies p
cross join t
join hypers h on h.id = p.hypertable_id
join timescaledb_information.chunks c
	on c.hypertable_schema = h.schema_name
	and c.hypertable_name = h.table_name
where c.range_end < pg_catalog.clock_timestamp() - p.after
	- t.intervals * p.schedule_interval
group by h.schema, h.name, p.after, p.id
order by 2
