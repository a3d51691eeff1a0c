-- SPDX-License-Identifier: PostgreSQL
with t as (
	select (g ->> 'intervals')::pg_catalog.float8 as intervals,
		(g ->> 'critical')::pg_catalog.float8 as critical,
		(g ->> 'critical_bytes')::pg_catalog.float8 as critical_bytes
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: hypertables
policies as (
	select j.id, j.hypertable_id, j.schedule_interval, (coalesce(
			j.config ->> 'compress_after', j.config ->> 'after'))
			::pg_catalog.interval as after
	from _timescaledb_config.bgw_job j
	join hypers h on h.id = j.hypertable_id
	where j.proc_name in ('policy_compression', 'policy_columnstore')
	and h.by_time
	and coalesce(j.config ->> 'compress_after', j.config ->> 'after')
		is not null
),
chunks as (
	select h.id, p.id as job, p.after, c.is_compressed, (case
			when c.is_compressed then z.uncompressed_heap_size
				+ z.uncompressed_toast_size
			else pg_catalog.pg_relation_size(k.oid) + coalesce(
				pg_catalog.pg_relation_size(nullif(k.reltoastrelid, 0)), 0)
			end)::pg_catalog.float8 as bytes
	from policies p
	cross join t
	join hypers h on h.id = p.hypertable_id
	join timescaledb_information.chunks c
		on c.hypertable_schema = h.schema_name
		and c.hypertable_name = h.table_name
	join _timescaledb_catalog.chunk i on i.schema_name = c.chunk_schema
		and i.table_name = c.chunk_name
	join pg_catalog.pg_namespace n on n.nspname = c.chunk_schema
	join pg_catalog.pg_class k on k.relnamespace = n.oid and k.relname = c.chunk_name
	left join _timescaledb_catalog.compression_chunk_size z
		on z.chunk_id = i.id
	where c.range_end < pg_catalog.clock_timestamp() - p.after
		- t.intervals * p.schedule_interval
),
late as (
	select c.id, c.job, c.after,
		pg_catalog.count(*) filter (where not c.is_compressed) as chunks,
		coalesce(pg_catalog.sum(c.bytes) filter (where not c.is_compressed), 0)
			as bytes,
		pg_catalog.sum(c.bytes) as all_bytes
	from chunks c
	group by 1, 2, 3
)
select case when l.bytes > t.critical * l.all_bytes
		and l.bytes >= t.critical_bytes then 'critical'
	else 'warning' end as severity,
	pg_catalog.format('%s.%s', h.schema, h.name) as object,
	h.schema,
	h.name,
	l.chunks,
	pg_catalog.pg_size_pretty(l.bytes::pg_catalog.int8) as size,
	l.after::pg_catalog.text as after,
	l.job,
	(
		select pg_catalog.format('%I.run_job', n.nspname)
		from pg_catalog.pg_extension e
		join pg_catalog.pg_namespace n on n.oid = e.extnamespace
		where e.extname = 'timescaledb'
	) as run,
	l.chunks as value,
	0 as threshold
from late l
cross join t
join hypers h on h.id = l.id
where l.chunks > 0
order by l.bytes desc, 2
