-- SPDX-License-Identifier: PostgreSQL
-- What is compressed counts as large as it was before.

with t as (
	select (g ->> 'chunks')::pg_catalog.int8 as chunks,
		(g ->> 'bytes')::pg_catalog.float8 as bytes
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: hypertables
many as (
	select c.hypertable_id, pg_catalog.count(*) as chunks
	from _timescaledb_catalog.chunk c, t
	where not coalesce((pg_catalog.to_jsonb(c) ->> 'dropped')::pg_catalog.bool, false)
	and not coalesce((pg_catalog.to_jsonb(c) ->> 'osm_chunk')::pg_catalog.bool, false)
	group by 1
	having pg_catalog.count(*) > pg_catalog.max(t.chunks)
),
sized as (
	select m.hypertable_id, m.chunks, pg_catalog.avg(coalesce(
			z.uncompressed_heap_size + z.uncompressed_toast_size, 0)
			+ coalesce(pg_catalog.pg_relation_size(k.oid), 0)
			+ coalesce(pg_catalog.pg_relation_size(nullif(k.reltoastrelid, 0)), 0))
			as bytes
	from many m
	join _timescaledb_catalog.chunk c on c.hypertable_id = m.hypertable_id
	join pg_catalog.pg_namespace n on n.nspname = c.schema_name
	join pg_catalog.pg_class k on k.relnamespace = n.oid and k.relname = c.table_name
	left join _timescaledb_catalog.compression_chunk_size z
		on z.chunk_id = c.id
	group by 1, 2
)
select 'notice' as severity,
	pg_catalog.format('%s.%s', h.schema, h.name) as object,
	h.schema,
	h.name,
	s.chunks,
	pg_catalog.pg_size_pretty(s.bytes::pg_catalog.int8) as size,
	pg_catalog.round(s.bytes)::pg_catalog.float8 as value,
	t.bytes as threshold
from sized s
cross join t
join hypers h on h.id = s.hypertable_id
where s.bytes < t.bytes
order by s.chunks desc, 2
