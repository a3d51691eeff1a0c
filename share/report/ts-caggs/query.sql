-- Continuous aggregates and how far they are behind: the watermark is up to where
-- rows are materialized; a lag is known where time is a time and not a number.
with agg as materialized (
	select a.mat_hypertable_id, a.user_view_schema, a.user_view_name,
		a.materialized_only, v.oid, v.relowner, w.watermark,
		coalesce(s.user_view_schema, h.schema_name) as source_schema,
		coalesce(s.user_view_name, h.table_name) as source_name,
		m.compression_state, m.schema_name, m.table_name,
		d.column_type, d.column_type in (
			'pg_catalog.timestamptz'::pg_catalog.regtype,
			'pg_catalog.timestamp'::pg_catalog.regtype,
			'pg_catalog.date'::pg_catalog.regtype) as timed
	from _timescaledb_catalog.continuous_agg a
	join pg_catalog.pg_namespace n on n.nspname = a.user_view_schema
	join pg_catalog.pg_class v on v.relnamespace = n.oid
		and v.relname = a.user_view_name
	left join _timescaledb_catalog.hypertable h on h.id = a.raw_hypertable_id
	left join _timescaledb_catalog.hypertable m on m.id = a.mat_hypertable_id
	left join _timescaledb_catalog.continuous_agg s
		on s.mat_hypertable_id = a.parent_mat_hypertable_id
	left join _timescaledb_catalog.dimension d
		on d.hypertable_id = a.mat_hypertable_id and d.num_slices is null
	left join _timescaledb_catalog.continuous_aggs_watermark w
		on w.mat_hypertable_id = a.mat_hypertable_id
),
-- Nothing materialized yet: the watermark is the least value of the type.
mark as materialized (
	select a.*, case when a.timed and a.watermark > -62135596800000000
		and a.watermark < 250000000000000000
		then pg_catalog.to_timestamp(a.watermark / 1000000.0) end as at
	from agg a
),
job as materialized (
	select (j.config->>'mat_hypertable_id')::pg_catalog.int4 as id,
		j.job_id, j.config, j.schedule_interval, j.scheduled, j.next_start,
		s.last_run_started_at, s.last_run_status
	from timescaledb_information.jobs j
	left join timescaledb_information.job_stats s on s.job_id = j.job_id
	where j.proc_name = 'policy_refresh_continuous_aggregate'
)
select a.user_view_schema as schema, a.user_view_name as view,
	pg_catalog.concat(a.source_schema, '.', a.source_name) as source,
	pg_catalog.pg_get_userbyid(a.relowner) as owner,
	not a.materialized_only as real_time,
	case when not a.timed then a.watermark::pg_catalog.text
	when a.at is null then 'nothing yet'
	else pg_catalog.to_char(a.at at time zone 'UTC',
		'YYYY-MM-DD HH24:MI:SS"Z"') end as watermark,
	case when a.at is not null then pg_catalog.date_part('epoch',
		pg_catalog.now() - a.at) end as lag,
	j.config->>'start_offset' as start_offset,
	j.config->>'end_offset' as end_offset,
	j.schedule_interval::pg_catalog.text as every,
	j.last_run_started_at as last_run, j.last_run_status as last_status,
	case when j.job_id is null then null
	when not j.scheduled then null
	when pg_catalog.isfinite(j.next_start) then j.next_start end as next_run,
	(
		select pg_catalog.count(*)
		from _timescaledb_catalog.continuous_aggs_materialization_invalidation_log i
		where i.materialization_id = a.mat_hypertable_id
		-- What lies before and after all that was ever refreshed has no end.
		and i.lowest_modified_value > -9223372036854775807
		and i.greatest_modified_value < 9223372036854775806) as invalidations,
	(
		select (pg_catalog.sum(r.relpages)
			* pg_catalog.current_setting('block_size')::pg_catalog.int8
			)::pg_catalog.int8
		from _timescaledb_catalog.chunk c
		join pg_catalog.pg_namespace n on n.nspname = c.schema_name
		join pg_catalog.pg_class r on r.relnamespace = n.oid
			and r.relname = c.table_name
		where c.hypertable_id = a.mat_hypertable_id) as bytes,
	a.compression_state = 1 as columnstore,
	pg_catalog.obj_description(a.oid, 'pg_class') as comment
from mark a
left join job j on j.id = a.mat_hypertable_id
order by 1, 2, j.job_id
