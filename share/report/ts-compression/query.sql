-- Compression settings and what they have brought.  A hypertable whose segmentby and
-- orderby are not set leaves the choice to TimescaleDB.
with chunk as materialized (
	select c.hypertable_id, pg_catalog.count(*) as chunks,
		pg_catalog.count(c.compressed_chunk_id) as compressed,
		pg_catalog.sum(z.uncompressed_heap_size + z.uncompressed_toast_size
			+ z.uncompressed_index_size) as before,
		pg_catalog.sum(z.compressed_heap_size + z.compressed_toast_size
			+ z.compressed_index_size) as after,
		pg_catalog.sum(z.numrows_pre_compression) as rows,
		pg_catalog.sum(z.numrows_post_compression) as batches
	from _timescaledb_catalog.chunk c
	left join _timescaledb_catalog.compression_chunk_size z
		on z.chunk_id = c.id and c.compressed_chunk_id is not null
	where coalesce((pg_catalog.to_jsonb(c)->>'dropped')::pg_catalog.bool,
		false) is false
	group by 1
)
select coalesce(a.user_view_schema, h.schema_name) as schema,
	coalesce(a.user_view_name, h.table_name) as table,
	coalesce(pg_catalog.to_json(s.segmentby), '[]') as segment_by,
	coalesce((
		select pg_catalog.json_agg(pg_catalog.concat(o.name,
			case when s.orderby_desc[o.n] then ' desc' end,
			case when s.orderby_nullsfirst[o.n]
				<> coalesce(s.orderby_desc[o.n], false)
			then case when s.orderby_nullsfirst[o.n] then ' nulls first'
				else ' nulls last' end end) order by o.n)
		from pg_catalog.unnest(s.orderby) with ordinality o(name, n)),
		'[]') as order_by,
	(
		select coalesce(j.config->>'compress_after',
			j.config->>'compress_created_before')
		from timescaledb_information.jobs j
		where j.hypertable_schema = h.schema_name
		and j.hypertable_name = h.table_name
		and j.proc_name in ('policy_compression', 'policy_columnstore')
		order by j.job_id limit 1) as after_age,
	coalesce(c.chunks, 0) as chunks, coalesce(c.compressed, 0) as compressed,
	c.before::pg_catalog.int8 as before, c.after::pg_catalog.int8 as after,
	pg_catalog.round(c.before / nullif(c.after, 0), 1) as ratio,
	c.rows::pg_catalog.int8 as rows,
	pg_catalog.round(c.rows / nullif(c.batches, 0)) as batches
from _timescaledb_catalog.hypertable h
join pg_catalog.pg_namespace n on n.nspname = h.schema_name
join pg_catalog.pg_class r on r.relnamespace = n.oid
	and r.relname = h.table_name
left join _timescaledb_catalog.compression_settings s
	on s.relid = r.oid::pg_catalog.regclass
left join _timescaledb_catalog.continuous_agg a
	on a.mat_hypertable_id = h.id
left join chunk c on c.hypertable_id = h.id
where h.compression_state = 1
order by 1, 2
