-- SPDX-License-Identifier: PostgreSQL
-- Hypertables, each with the view that stands for it if it holds a continuous
-- aggregate; as text, since the catalog that it names is there or is not.
hyper as materialized (
	select pg_catalog.split_part(w.word, ' ', 1)::pg_catalog.oid as oid,
		nullif(pg_catalog.split_part(w.word, ' ', 2), '')::pg_catalog.oid
			as view
	from pg_catalog.ts_stat(case when pg_catalog.to_regclass(
		'_timescaledb_catalog.continuous_agg') is null
	then 'select null::pg_catalog.tsvector'
	else $ts$
	select pg_catalog.array_to_tsvector(array[
		pg_catalog.concat(r.oid, ' ', v.oid)])
	from _timescaledb_catalog.hypertable h
	join pg_catalog.pg_namespace n on n.nspname = h.schema_name
	join pg_catalog.pg_class r on r.relnamespace = n.oid
		and r.relname = h.table_name
	left join _timescaledb_catalog.continuous_agg a
		on a.mat_hypertable_id = h.id
	left join pg_catalog.pg_namespace m on m.nspname = a.user_view_schema
	left join pg_catalog.pg_class v on v.relnamespace = m.oid
		and v.relname = a.user_view_name
	where h.compression_state <> 2
	$ts$ end) w
),
