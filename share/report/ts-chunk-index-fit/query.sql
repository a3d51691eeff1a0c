-- SPDX-License-Identifier: PostgreSQL
with t as (
	select (g ->> 'warning')::pg_catalog.float8 as warning,
		(g ->> 'critical')::pg_catalog.float8 as critical,
		pg_catalog.current_setting('block_size')::pg_catalog.float8 * (
			select s.setting::pg_catalog.float8
			from pg_catalog.pg_settings s
			where s.name = 'shared_buffers'
		) as buffers
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: hypertables
-- Rows come into the chunks of the last range: several, where space is
-- partitioned too.
newest as (
	select h.schema, h.name, c.chunk_schema, c.chunk_name,
		pg_catalog.rank() over (partition by h.id
			order by c.range_end desc nulls last,
			c.range_end_integer desc nulls last) as place
	from hypers h
	join timescaledb_information.chunks c
		on c.hypertable_schema = h.schema_name
		and c.hypertable_name = h.table_name
	where not c.is_compressed
),
sizes as (
	select w.schema, w.name, pg_catalog.sum(pg_catalog.pg_relation_size(x.indexrelid)) as bytes
	from newest w
	join pg_catalog.pg_namespace n on n.nspname = w.chunk_schema
	join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = w.chunk_name
	join pg_catalog.pg_index x on x.indrelid = c.oid
	where w.place = 1
	group by 1, 2
),
summed as (
	select pg_catalog.sum(s.bytes)::pg_catalog.float8 as bytes, (
			select pg_catalog.string_agg(pg_catalog.format('%s.%s %s', l.schema, l.name,
				pg_catalog.pg_size_pretty(l.bytes)), ', ')
			from (
				select *
				from sizes s
				order by s.bytes desc, s.schema, s.name
				limit 3
			) l
		) as largest
	from sizes s
)
select case when s.bytes >= t.critical * t.buffers then 'critical'
	else 'warning' end as severity,
	'newest chunks' as object,
	pg_catalog.pg_size_pretty(s.bytes::pg_catalog.int8) as size,
	pg_catalog.pg_size_pretty(t.buffers::pg_catalog.int8) as buffers,
	s.largest,
	pg_catalog.round((s.bytes / t.buffers)::pg_catalog.numeric, 3)::pg_catalog.float8 as value,
	case when s.bytes >= t.critical * t.buffers then t.critical
	else t.warning end as threshold
from summed s, t
where s.bytes >= least(t.warning, t.critical) * t.buffers
