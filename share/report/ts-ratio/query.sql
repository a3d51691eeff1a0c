-- SPDX-License-Identifier: PostgreSQL
with t as (
	select (g ->> 'notice')::pg_catalog.float8 as notice,
		(g ->> 'warning')::pg_catalog.float8 as warning,
		(g ->> 'min_bytes')::pg_catalog.float8 as min_bytes
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: hypertables
sizes as (
	select h.id, h.schema, h.name, h.schema_name, h.table_name,
		pg_catalog.sum(z.uncompressed_heap_size + z.uncompressed_toast_size
			+ z.uncompressed_index_size)::pg_catalog.float8 as before,
		pg_catalog.sum(z.compressed_heap_size + z.compressed_toast_size
			+ z.compressed_index_size)::pg_catalog.float8 as after
	from hypers h
	join _timescaledb_catalog.chunk c on c.hypertable_id = h.id
	join _timescaledb_catalog.compression_chunk_size z on z.chunk_id = c.id
	group by 1, 2, 3, 4, 5
)
select case when s.before / s.after < t.warning then 'warning'
	else 'notice' end as severity,
	pg_catalog.format('%s.%s', s.schema, s.name) as object,
	s.schema,
	s.name,
	pg_catalog.round((s.before / s.after)::pg_catalog.numeric, 2)::pg_catalog.float8 as ratio,
	pg_catalog.pg_size_pretty(s.before::pg_catalog.int8) as before,
	pg_catalog.pg_size_pretty(s.after::pg_catalog.int8) as after,
	coalesce(pg_catalog.array_to_string(c.segmentby, ', '), 'none') as segmentby,
	coalesce(pg_catalog.array_to_string(c.orderby, ', '),
		'as TimescaleDB chooses') as orderby,
	pg_catalog.round((s.before / s.after)::pg_catalog.numeric, 3)::pg_catalog.float8 as value,
	case when s.before / s.after < t.warning then t.warning
	else t.notice end as threshold
from sizes s
cross join t
left join _timescaledb_catalog.compression_settings c on c.relid = pg_catalog.to_regclass(
	pg_catalog.format('%I.%I', s.schema_name, s.table_name))
where s.before >= t.min_bytes
and s.after > 0
and s.before / s.after < greatest(t.notice, t.warning)
order by s.after desc, 2
