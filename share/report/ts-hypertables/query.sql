-- Hypertables with their dimensions, and in sum what their chunks hold.  The size of
-- a chunk is measured while there are not more than 5,000 of them and nobody else
-- has it locked, else it is the catalog's; "size" says which.
with lock as materialized (
	select distinct l.relation as oid
	from pg_catalog.pg_locks l
	where l.locktype = 'relation' and l.mode = 'AccessExclusiveLock'
	and l.pid is distinct from pg_catalog.pg_backend_pid()
),
hyper as materialized (
	select h.id, r.oid, n.nspname, r.relname, r.relowner, h.compression_state,
		h.compressed_hypertable_id, h.num_dimensions,
		a.user_view_schema, a.user_view_name
	from _timescaledb_catalog.hypertable h
	join pg_catalog.pg_namespace n on n.nspname = h.schema_name
	join pg_catalog.pg_class r on r.relnamespace = n.oid
		and r.relname = h.table_name
	left join _timescaledb_catalog.continuous_agg a
		on a.mat_hypertable_id = h.id
	where h.compression_state <> 2
),
-- The column "dropped" is gone in later versions, hence the row as jsonb.
chunk as materialized (
	select c.hypertable_id, c.compressed_chunk_id, r.oid, r.reltuples,
		r.relpages, r.reltoastrelid, l.oid is not null as locked,
		z.numrows_pre_compression,
		z.compressed_heap_size + z.compressed_toast_size
			+ z.compressed_index_size as packed
	from _timescaledb_catalog.chunk c
	join hyper h on h.id = c.hypertable_id
	join pg_catalog.pg_namespace n on n.nspname = c.schema_name
	join pg_catalog.pg_class r on r.relnamespace = n.oid
		and r.relname = c.table_name
	left join _timescaledb_catalog.compression_chunk_size z
		on z.chunk_id = c.id and c.compressed_chunk_id is not null
	left join lock l on l.oid = r.oid
	where coalesce((pg_catalog.to_jsonb(c)->>'dropped')::pg_catalog.bool,
		false) is false
),
few as materialized (
	select pg_catalog.count(*) <= 5000 as yes from chunk
),
sum as materialized (
	select c.hypertable_id, pg_catalog.count(*) as chunks,
		pg_catalog.count(c.compressed_chunk_id) as compressed,
		pg_catalog.sum(case when c.numrows_pre_compression > 0
			then c.numrows_pre_compression
			when c.reltuples < 0 then null else c.reltuples end
		)::pg_catalog.int8 as rows,
		pg_catalog.sum(coalesce(c.packed, 0) + case
			when few.yes and not c.locked
			then pg_catalog.pg_total_relation_size(c.oid)
			else c.relpages
				* pg_catalog.current_setting('block_size')::pg_catalog.int8
			end)::pg_catalog.int8 as bytes,
		case when pg_catalog.bool_and(few.yes and not c.locked)
		then 'measured' else 'estimated' end as size
	from chunk c
	cross join few
	group by 1
),
range as materialized (
	select c.hypertable_schema, c.hypertable_name,
		coalesce(pg_catalog.to_char(
			pg_catalog.min(c.range_start) at time zone 'UTC',
			'YYYY-MM-DD HH24:MI"Z"'),
			pg_catalog.min(c.range_start_integer)::pg_catalog.text) as oldest,
		coalesce(pg_catalog.to_char(
			pg_catalog.max(c.range_end) at time zone 'UTC',
			'YYYY-MM-DD HH24:MI"Z"'),
			pg_catalog.max(c.range_end_integer)::pg_catalog.text) as newest
	from timescaledb_information.chunks c
	group by 1, 2
)
select h.nspname as schema, h.relname as table,
	case when h.user_view_name is not null
	then pg_catalog.concat(h.user_view_schema, '.', h.user_view_name)
	end as view,
	pg_catalog.pg_get_userbyid(h.relowner) as owner,
	coalesce(s.chunks, 0) as chunks, coalesce(s.compressed, 0) as compressed,
	case when s.chunks is null then 0 else s.rows end as rows,
	coalesce(s.bytes, 0) as bytes, s.size, g.oldest, g.newest,
	h.compression_state = 1 as columnstore,
	(
		select pg_catalog.json_agg(pg_catalog.json_build_object(
			'column', d.column_name, 'type', pg_catalog.format_type(
				d.column_type::pg_catalog.oid, null),
			'kind', case when d.num_slices is null then 'range' else 'hash' end,
			'interval', case when d.interval_length is null then null
				when d.column_type in (
					'pg_catalog.timestamptz'::pg_catalog.regtype,
					'pg_catalog.timestamp'::pg_catalog.regtype,
					'pg_catalog.date'::pg_catalog.regtype)
				then pg_catalog.justify_hours(pg_catalog.make_interval(
					secs => d.interval_length / 1000000.0))::pg_catalog.text
				else d.interval_length::pg_catalog.text end,
			'partitions', d.num_slices,
			'now_function', case when d.integer_now_func is not null
				then pg_catalog.concat(d.integer_now_func_schema, '.',
					d.integer_now_func) end)
			order by d.id)
		from _timescaledb_catalog.dimension d
		where d.hypertable_id = h.id) as dimensions,
	(
		select coalesce(pg_catalog.json_agg(pg_catalog.regexp_replace(
			j.proc_name, '^policy_', '') order by j.proc_name), '[]')
		from timescaledb_information.jobs j
		where j.hypertable_schema = h.nspname
		and j.hypertable_name = h.relname
		and j.proc_name ~ '^policy_') as policies,
	(
		select coalesce(pg_catalog.json_agg(t.tablespace_name
			order by t.tablespace_name), '[]')
		from _timescaledb_catalog.tablespace t
		where t.hypertable_id = h.id) as tablespaces,
	pg_catalog.obj_description(h.oid, 'pg_class') as comment
from hyper h
left join sum s on s.hypertable_id = h.id
left join range g on g.hypertable_schema = h.nspname
	and g.hypertable_name = h.relname
order by h.user_view_name is not null, h.nspname, h.relname
