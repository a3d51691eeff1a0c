-- SPDX-License-Identifier: PostgreSQL
-- In place of chunks-shown.sql where TimescaleDB's licence does not have
-- show_chunk: the same from its catalog, as it is since 2.28.

, shown (relid, chunk_id, hypertable_id, status, slices) as (
	select e.relid, e.chunk_id, d.hypertable_id, e.status,
		pg_catalog.jsonb_object_agg(d.column_name,
			pg_catalog.jsonb_build_array(i.range_start, i.range_end))
	from (
		select t.relid,
			_timescaledb_functions.chunk_id_from_relid(t.relid),
			_timescaledb_functions.chunk_status(t.relid)
		from (
			select t.relid
			from taken t
			join pg_catalog.pg_class c on c.oid = t.relid
			where c.relkind = 'r'
			and pg_catalog.pg_relation_size(t.relid) is not null
			offset 0
		) t
		offset 0
	) e (relid, chunk_id, status)
	join _timescaledb_catalog.dimension_slice i on i.chunk_id = e.chunk_id
	join _timescaledb_catalog.dimension d on d.id = i.dimension_id
	group by e.relid, e.chunk_id, d.hypertable_id, e.status
)
