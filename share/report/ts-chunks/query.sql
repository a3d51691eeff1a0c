-- The chunks of each hypertable in sum.  The sizes of uncompressed chunks are the
-- catalog's estimates of the last vacuum or analyze: with all of them on the disk
-- to be asked, a hundred thousand chunks would take a minute.
with size as materialized (
	select i.indrelid as oid, pg_catalog.sum(c.relpages) as pages
	from pg_catalog.pg_index i
	join pg_catalog.pg_class c on c.oid = i.indexrelid
	group by 1
),
chunk as materialized (
	select coalesce(a.user_view_schema, h.schema_name) as schema,
		coalesce(a.user_view_name, h.table_name) as table, c.id, c.status,
		c.compressed_chunk_id, pg_catalog.to_jsonb(c)->>'osm_chunk' as osm,
		(r.relpages + coalesce(t.relpages, 0) + coalesce(s.pages, 0))
			* pg_catalog.current_setting('block_size')::pg_catalog.int8
			as bytes,
		coalesce(s.pages, 0)
			* pg_catalog.current_setting('block_size')::pg_catalog.int8
			as index_bytes,
		coalesce(v.range_end > pg_catalog.now() and v.range_start
			> pg_catalog.now(), false) as ahead,
		pg_catalog.row_number() over (partition by h.id
			order by v.range_end desc nulls last,
				v.range_end_integer desc nulls last) as newest
	from _timescaledb_catalog.chunk c
	join _timescaledb_catalog.hypertable h on h.id = c.hypertable_id
		and h.compression_state <> 2
	left join _timescaledb_catalog.continuous_agg a
		on a.mat_hypertable_id = h.id
	join pg_catalog.pg_namespace n on n.nspname = c.schema_name
	join pg_catalog.pg_class r on r.relnamespace = n.oid
		and r.relname = c.table_name
	left join pg_catalog.pg_class t on t.oid = r.reltoastrelid
	left join size s on s.oid = r.oid
	left join timescaledb_information.chunks v
		on v.chunk_schema = c.schema_name and v.chunk_name = c.table_name
)
select c.schema, c.table, pg_catalog.count(*) as chunks,
	pg_catalog.count(c.compressed_chunk_id) as compressed,
	pg_catalog.count(*) filter (where c.status & 8 <> 0) as partial,
	pg_catalog.count(*) filter (where c.status & 2 <> 0) as unordered,
	pg_catalog.count(*) filter (where c.status & 4 <> 0) as frozen,
	pg_catalog.count(*) filter (where c.osm = 'true') as tiered,
	pg_catalog.avg(c.bytes) filter (where c.compressed_chunk_id is null
		)::pg_catalog.int8 as average,
	pg_catalog.min(c.bytes) filter (where c.compressed_chunk_id is null
		)::pg_catalog.int8 as smallest,
	pg_catalog.max(c.bytes) filter (where c.compressed_chunk_id is null
		)::pg_catalog.int8 as largest,
	pg_catalog.max(c.index_bytes) filter (where c.newest = 1
		)::pg_catalog.int8 as newest_index_bytes,
	pg_catalog.count(*) filter (where c.ahead) as ahead
from chunk c
group by 1, 2
order by 1, 2
