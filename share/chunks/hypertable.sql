-- SPDX-License-Identifier: PostgreSQL
-- api: 2
-- about: the chunks of TimescaleDB's hypertables and continuous aggregates
-- extension: timescaledb
-- whole: yes
-- for: c.oid in (select h.relid from hyper h)
--	or c.oid in (select k.relid from chunk k)
--
-- A hypertable stands for its chunks, and its own table, which holds no rows,
-- is not listed.  What "hyper", "taken" and "shown" are is said in
-- sql/chunks-hypertables.sql, sql/chunks-taken.sql and sql/chunks-shown.sql.

with
-- Where the compressed rows of chunks are: their settings say it since
-- TimescaleDB 2.19, and up to 2.28 the catalog of chunks does.
batches (chunk, data) as materialized (
	select s.relid::pg_catalog.oid, pg_catalog.to_regclass(
		pg_catalog.to_jsonb(s) ->> 'compress_relid')::pg_catalog.oid
	from _timescaledb_catalog.compression_settings s
	where pg_catalog.to_jsonb(s) ->> 'compress_relid' is not null
),
batches_before (chunk_id, data) as materialized (
	select c.id, pg_catalog.to_regclass(pg_catalog.format('%I.%I',
		pg_catalog.to_jsonb(d) ->> 'schema_name',
		pg_catalog.to_jsonb(d) ->> 'table_name'))::pg_catalog.oid
	from _timescaledb_catalog.chunk c
	join _timescaledb_catalog.chunk d on d.id = (
		pg_catalog.to_jsonb(c) ->> 'compressed_chunk_id')::pg_catalog.int4
	where not exists (select from batches)
),
-- The bits of the status: 1 compressed, 4 frozen, 8 with rows that are not
-- compressed besides.
sized (relid, hypertable, relkind, hypertable_id, slices, compressed, partial,
	frozen, rows, bytes) as (
	select t.relid, t.hypertable, c.relkind, s.hypertable_id, s.slices,
		s.status & 1 > 0,
		s.status & 9 = 9,
		s.status & 4 > 0,
		q.numrows_pre_compression + case
		when c.relpages > 0 and c.reltuples >= 0 then pg_catalog.round((
			c.reltuples / c.relpages * (z.heap /
			pg_catalog.current_setting('block_size')::pg_catalog.int8
			))::pg_catalog.numeric)::pg_catalog.int8
		else 0
		end,
		z.heap + z.toast + z.data + z.data_toast
	from taken t
	cross join lateral (
		select c.relkind, c.relpages, c.reltuples, c.reltoastrelid
		from pg_catalog.pg_class c
		where c.oid = t.relid
		offset 0
	) c
	left join shown s on s.relid = t.relid
	left join batches b on b.chunk = t.relid
	left join batches_before o on o.chunk_id = s.chunk_id
	left join lateral (
		select c.oid, c.reltoastrelid
		from pg_catalog.pg_class c
		where c.oid = coalesce(b.data, o.data)
		offset 0
	) d on true
	cross join lateral (
		select coalesce(pg_catalog.pg_relation_size(t.relid), 0),
			coalesce(pg_catalog.pg_relation_size(
				nullif(c.reltoastrelid, 0)), 0),
			coalesce(pg_catalog.pg_relation_size(d.oid), 0),
			coalesce(pg_catalog.pg_relation_size(
				nullif(d.reltoastrelid, 0)), 0)
		offset 0
	) z (heap, toast, data, data_toast)
	left join _timescaledb_catalog.compression_chunk_size q
		on q.chunk_id = s.chunk_id
	where c.relkind <> 'r'
	or s.relid is not null
)
select z.relid,
	coalesce(h.view, z.hypertable) as root,
	z.hypertable as parent,
	null as bound,
	r.range,
	null as part, null as predicate,
	case when z.compressed then z.rows end as rows,
	case when z.compressed then z.bytes end as bytes,
	z.compressed,
	null as refuse,
	case
	when z.relkind = 'f' then 'a tiered chunk (a foreign table)'
	when z.frozen then 'a frozen chunk'
	end as leave,
	pg_catalog.jsonb_build_object('slices', r.slices, 'partial', z.partial)
		|| case when h.view is null then '{}' else
			pg_catalog.jsonb_build_object('view', (
				select pg_catalog.jsonb_build_object(
					'schema', n.nspname, 'table', c.relname)
				from pg_catalog.pg_class c
				join pg_catalog.pg_namespace n
					on n.oid = c.relnamespace
				where c.oid = h.view
			))
		end as fields
from sized z
join hyper h on h.relid = z.hypertable
-- Each dimension's slice, as numbers and as values of the column's type.  One
-- that is partitioned by a function tells what the function may give.  Ends
-- that are beyond all values of the type are open.  Columns of type uuid have
-- those of version 7, which begin with a time: the end is the least of them.
cross join lateral (
	select pg_catalog.jsonb_agg(pg_catalog.jsonb_strip_nulls(
			pg_catalog.jsonb_build_object(
				'column', d.column_name,
				'type', y.name,
				'from', v.lower,
				'to', v.upper,
				'function', y.function,
				'timed', nullif(y.name = 'uuid', false)))
			order by d.id),
		pg_catalog.jsonb_object_agg(d.column_name,
			pg_catalog.jsonb_build_array(
				z.slices -> d.column_name::pg_catalog.text ->> 0,
				z.slices -> d.column_name::pg_catalog.text ->> 1))
	from _timescaledb_catalog.dimension d
	cross join lateral (
		select case
			when d.partitioning_func is null then
				pg_catalog.format_type(d.column_type, null)
			when d.interval_length is null then 'integer'
			else 'bigint'
			end,
			case when d.partitioning_func is not null then
				pg_catalog.format('%I.%I',
					d.partitioning_func_schema,
					d.partitioning_func)
			end
		offset 0
	) y (name, function)
	cross join lateral (
		select pg_catalog.max(e.text) filter (where e.n = 0),
			pg_catalog.max(e.text) filter (where e.n = 1)
		from (
			select e.n, case
				when e.value in (-9223372036854775808,
					9223372036854775807) then null
				when y.name = 'timestamp with time zone' then
					_timescaledb_functions.to_timestamp(
						e.value)::pg_catalog.text
				when y.name = 'timestamp without time zone' then
					_timescaledb_functions.
					to_timestamp_without_timezone(
						e.value)::pg_catalog.text
				when y.name = 'date' then
					_timescaledb_functions.to_date(
						e.value)::pg_catalog.text
				when y.name = 'uuid' and e.value < 0 then null
				when y.name = 'uuid' then (
					pg_catalog.lpad(pg_catalog.to_hex(
						e.value / 1000), 12, '0') || '7' ||
					pg_catalog.lpad(pg_catalog.to_hex(
						e.value % 1000 * 4096 / 1000), 3, '0') ||
					'8000000000000000'
					)::pg_catalog.uuid::pg_catalog.text
				when y.name = 'smallint' and e.value not between
					-32768 and 32767 then null
				when y.name = 'integer' and e.value not between
					-2147483648 and 2147483647 then null
				else e.value::pg_catalog.text
				end
			from (
				select n.n, (z.slices ->
					d.column_name::pg_catalog.text ->> n.n
					)::pg_catalog.int8
				from (values (0), (1)) n (n)
			) e (n, value)
		) e (n, text)
	) v (lower, upper)
	where d.hypertable_id = z.hypertable_id
) r (range, slices)
