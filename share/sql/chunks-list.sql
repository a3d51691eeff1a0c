-- SPDX-License-Identifier: PostgreSQL
-- The rows of a listing, in no order yet.  Follows
--	bounded (all of keyed; type_no, from_cuts, until_cuts)
-- and is followed by "o (number, text)", by which the chunks are ordered.
-- Sizes are of the files as they are now: what the statistics say may be as
-- old as the table.

select c.nspname as schema,
	c.relname as table,
	r.nspname as root_schema,
	r.relname as root_table,
	p.nspname as parent_schema,
	p.relname as parent_table,
	c.oid,
	c.relkind,
	c.relpersistence,
	(
		select a.amname = 'heap'
		from pg_catalog.pg_am a
		where a.oid = c.relam
	) as heap,
	b.refuse,
	b.leave,
	b.fields,
	b.bound,
	b.range,
	b.part,
	b.predicate,
	b.compressed,
	exists (
		select
		from pg_catalog.pg_constraint f
		where f.contype = 'f'
		and f.conrelid = c.oid
		and f.confrelid in (b.relid, b.root)
	) as refers_to_itself,
	case
	when b.rows is not null then b.rows
	when z.heap_bytes = 0 then 0
	when c.relpages > 0 and c.reltuples >= 0 then pg_catalog.round((
		c.reltuples / c.relpages * (z.heap_bytes / z.block_size)
		)::pg_catalog.numeric)::pg_catalog.int8
	end as rows,
	z.heap_bytes / z.block_size as blocks,
	z.block_size,
	coalesce(b.bytes, z.heap_bytes + z.toast_bytes) as bytes,
	b.attname,
	b.type_no,
	b.may_be_null,
	b.from_cuts,
	b.until_cuts,
	o.number as order_number,
	o.text as order_text,
	pg_catalog.concat_ws(e'\x01', r.nspname, r.relname, c.nspname,
		c.relname, b.part) collate "C" as order_name
from bounded b
cross join lateral (
	select c.oid, c.relname, c.relkind, c.relpersistence, c.reltuples,
		c.relpages, c.reltoastrelid, c.relam, n.nspname
	from pg_catalog.pg_class c
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	where c.oid = b.relid
	offset 0
) c
cross join lateral (
	select r.relname, n.nspname
	from pg_catalog.pg_class r
	join pg_catalog.pg_namespace n on n.oid = r.relnamespace
	where r.oid = b.root
	offset 0
) r
left join lateral (
	select p.relname, n.nspname
	from pg_catalog.pg_class p
	join pg_catalog.pg_namespace n on n.oid = p.relnamespace
	where p.oid = b.parent
	offset 0
) p on true
cross join lateral (
	select coalesce(pg_catalog.pg_relation_size(c.oid), 0),
		coalesce(pg_catalog.pg_relation_size(
			nullif(c.reltoastrelid, 0)), 0),
		pg_catalog.current_setting('block_size')::pg_catalog.int8
	offset 0
) z (heap_bytes, toast_bytes, block_size)
