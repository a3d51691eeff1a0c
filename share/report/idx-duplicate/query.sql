-- SPDX-License-Identifier: PostgreSQL
-- The same columns, in the same order, with the same operators, collations,
-- order, expressions and predicate.  Of two the one is kept that backs a
-- constraint, identifies rows or is unique, else the older.

with
-- part: replaced
doomed as (select d.indexrelid from duplicates d),
-- part: drops
-- A partitioned index is as large as its parts.
sized as (
	select p.*, pg_catalog.current_setting('block_size')::pg_catalog.float8 * case p.relkind
		when 'I' then (
			select coalesce(pg_catalog.sum(k.relpages), 0)
			from pg_catalog.pg_partition_tree(p.indexrelid) q
			join pg_catalog.pg_class k on k.oid = q.relid
		) else p.relpages end as bytes
	from duplicates p
	where $1::pg_catalog.jsonb is not null
)
select 'warning' as severity,
	pg_catalog.format('%s.%s', p.nspname, p.index) as object,
	p.nspname as schema,
	p.relname as table,
	p.index,
	p.other,
	pg_catalog.pg_size_pretty(p.bytes::pg_catalog.int8) as size,
	r.mend,
	r.unmend,
	p.bytes as value
from sized p
join drops r on r.indexrelid = p.indexrelid
order by p.bytes desc, 2
