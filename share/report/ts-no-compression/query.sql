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
	where not exists (
		select
		from _timescaledb_config.bgw_job j
		where j.hypertable_id = h.id
		and j.proc_name in ('policy_compression', 'policy_columnstore')
	)
),
sized as (
	select b.id, b.schema, b.name, b.is_view, b.compression_state,
		pg_catalog.min(c.range_start) as oldest,
		pg_catalog.sum((k.relpages + coalesce(x.relpages, 0))::pg_catalog.float8
			* pg_catalog.current_setting('block_size')::pg_catalog.float8) as bytes,
		pg_catalog.count(*) filter (where c.is_compressed) as compressed
	from bare b
	join timescaledb_information.chunks c
		on c.hypertable_schema = b.schema_name
		and c.hypertable_name = b.table_name
	join pg_catalog.pg_namespace n on n.nspname = c.chunk_schema
	join pg_catalog.pg_class k on k.relnamespace = n.oid and k.relname = c.chunk_name
	left join pg_catalog.pg_class x on x.oid = nullif(k.reltoastrelid, 0)
	group by 1, 2, 3, 4, 5
)
select case when s.compression_state = 1 then 'warning' else 'notice' end
		as severity,
	pg_catalog.format('%s.%s', s.schema, s.name) as object,
	s.schema,
	s.name,
	pg_catalog.format('%s.%s (about %s, since %s) %s', s.schema, s.name,
		pg_catalog.pg_size_pretty(s.bytes::pg_catalog.int8), coalesce(s.oldest::pg_catalog.date::pg_catalog.text, '?'),
		case when s.compression_state = 1
		then 'has compression enabled, and no policy that compresses'
		else 'is not compressed' end) as text,
	s.bytes as value,
	t.bytes as threshold
from sized s, t
where (not s.is_view and (s.bytes > t.bytes
	or s.oldest < pg_catalog.clock_timestamp() - t.days * interval '1 day'))
or s.compression_state = 1 and s.compressed = 0
order by s.bytes desc, 2
