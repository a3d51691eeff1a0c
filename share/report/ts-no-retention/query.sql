-- SPDX-License-Identifier: PostgreSQL
with t as (
	select (g ->> 'bytes')::pg_catalog.float8 as bytes,
		(g ->> 'days')::pg_catalog.float8 as days
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: hypertables
bare as (
	select h.*
	from hypers h
	where not h.is_view
	and not exists (
		select
		from _timescaledb_config.bgw_job j
		where j.hypertable_id = h.id
		and j.proc_name = 'policy_retention'
	)
),
-- A compressed chunk's own table is empty; its rows are elsewhere.
sized as (
	select b.id, b.schema, b.name, pg_catalog.min(c.range_start) as oldest,
		pg_catalog.sum((k.relpages + coalesce(x.relpages, 0))::pg_catalog.float8
			* pg_catalog.current_setting('block_size')::pg_catalog.float8
			+ coalesce(z.compressed_heap_size
			+ z.compressed_toast_size, 0)) as bytes
	from bare b
	join timescaledb_information.chunks c
		on c.hypertable_schema = b.schema_name
		and c.hypertable_name = b.table_name
	join _timescaledb_catalog.chunk i on i.schema_name = c.chunk_schema
		and i.table_name = c.chunk_name
	join pg_catalog.pg_namespace n on n.nspname = c.chunk_schema
	join pg_catalog.pg_class k on k.relnamespace = n.oid and k.relname = c.chunk_name
	left join pg_catalog.pg_class x on x.oid = nullif(k.reltoastrelid, 0)
	left join _timescaledb_catalog.compression_chunk_size z
		on z.chunk_id = i.id
	group by 1, 2, 3
)
select 'notice' as severity,
	pg_catalog.format('%s.%s', s.schema, s.name) as object,
	s.schema,
	s.name,
	pg_catalog.pg_size_pretty(s.bytes::pg_catalog.int8) as size,
	coalesce(s.oldest::pg_catalog.date::pg_catalog.text, '?') as oldest,
	s.bytes as value,
	t.bytes as threshold
from sized s, t
where s.bytes > t.bytes
or s.oldest < pg_catalog.clock_timestamp() - t.days * interval '1 day'
order by s.bytes desc, 2
