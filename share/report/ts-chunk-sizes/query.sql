-- How much lies in which time: the chunks of each hypertable by the begin of their
-- range, in steps that make at most some 400 points of the whole span.  Hypertables
-- by integers have no place on a time axis.
with lock as materialized (
	select distinct l.relation as oid
	from pg_catalog.pg_locks l
	where l.locktype = 'relation' and l.mode = 'AccessExclusiveLock'
	and l.pid is distinct from pg_catalog.pg_backend_pid()
),
chunk as materialized (
	select coalesce(a.user_view_schema, v.hypertable_schema) as schema,
		coalesce(a.user_view_name, v.hypertable_name) as table,
		v.range_start, c.compressed_chunk_id, r.oid, r.relpages,
		l.oid is not null as locked,
		z.compressed_heap_size + z.compressed_toast_size
			+ z.compressed_index_size as packed,
		z.uncompressed_heap_size + z.uncompressed_toast_size
			+ z.uncompressed_index_size as plain
	from timescaledb_information.chunks v
	join _timescaledb_catalog.chunk c on c.schema_name = v.chunk_schema
		and c.table_name = v.chunk_name
	left join _timescaledb_catalog.continuous_agg a
		on a.mat_hypertable_id = c.hypertable_id
	join pg_catalog.pg_namespace n on n.nspname = v.chunk_schema
	join pg_catalog.pg_class r on r.relnamespace = n.oid
		and r.relname = v.chunk_name
	left join _timescaledb_catalog.compression_chunk_size z
		on z.chunk_id = c.id and c.compressed_chunk_id is not null
	left join lock l on l.oid = r.oid
	where v.range_start is not null
	and pg_catalog.isfinite(v.range_start)
),
few as materialized (
	select pg_catalog.count(*) <= 5000 as yes,
		case when s.days > 12000 then 'year' when s.days > 2800 then 'month'
		when s.days > 400 then 'week' when s.days > 16 then 'day'
		else 'hour' end as step
	from chunk c
	cross join (
		select pg_catalog.date_part('epoch', pg_catalog.max(c.range_start)
			- pg_catalog.min(c.range_start)) / 86400 as days
		from chunk c
	) s
	group by s.days
)
select c.schema, c.table, pg_catalog.concat(c.schema, '.', c.table)
		as hypertable,
	pg_catalog.date_trunc(f.step, c.range_start, 'UTC') as bucket,
	pg_catalog.count(*) as chunks,
	pg_catalog.count(c.compressed_chunk_id) as compressed,
	pg_catalog.sum(coalesce(c.packed, 0) + case when f.yes and not c.locked
		then pg_catalog.pg_total_relation_size(c.oid)
		else c.relpages
			* pg_catalog.current_setting('block_size')::pg_catalog.int8
		end)::pg_catalog.int8 as bytes,
	pg_catalog.sum(coalesce(c.plain - c.packed, 0))::pg_catalog.int8 as saved
from chunk c
cross join few f
group by 1, 2, 3, 4
order by 1, 2, 4
