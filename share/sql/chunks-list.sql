-- SPDX-License-Identifier: PostgreSQL
-- The rows of a listing, in no order yet.  Follows
--	bounded (all of keyed; type_no, from_cuts, until_cuts)
-- and is followed by "o (number, text)", by which the chunks are ordered.
-- Sizes are of the files as they are now: what the statistics say may be as
-- old as the table.

select n.nspname as schema,
	c.relname as table,
	rn.nspname as root_schema,
	r.relname as root_table,
	pn.nspname as parent_schema,
	p.relname as parent_table,
	c.oid,
	c.relkind,
	c.relpersistence,
	a.amname = 'heap' as heap,
	b.refuse,
	b.bound,
	b.range,
	b.part,
	b.predicate,
	b.compressed,
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
	pg_catalog.concat_ws(e'\x01', rn.nspname, r.relname, n.nspname,
		c.relname, b.part) collate "C" as order_name
from bounded b
join pg_catalog.pg_class c on c.oid = b.relid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_class r on r.oid = b.root
join pg_catalog.pg_namespace rn on rn.oid = r.relnamespace
left join pg_catalog.pg_class p on p.oid = b.parent
left join pg_catalog.pg_namespace pn on pn.oid = p.relnamespace
left join pg_catalog.pg_am a on a.oid = c.relam
cross join lateral (
	select coalesce(pg_catalog.pg_relation_size(c.oid), 0),
		coalesce(pg_catalog.pg_relation_size(
			nullif(c.reltoastrelid, 0)), 0),
		pg_catalog.current_setting('block_size')::pg_catalog.int8
	offset 0
) z (heap_bytes, toast_bytes, block_size)
