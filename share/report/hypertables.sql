-- SPDX-License-Identifier: PostgreSQL
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
