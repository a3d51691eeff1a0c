-- SPDX-License-Identifier: PostgreSQL
-- B-trees whose columns are the first ones of another's, with the same
-- operators, collations and order.

with t as (
	select (g ->> 'warning_bytes')::pg_catalog.float8 as warning,
		pg_catalog.current_setting('block_size')::pg_catalog.float8 as block
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: replaced
doomed as (select d.indexrelid from beginnings d),
-- part: drops
-- A partitioned index is as large as its parts.
sized as (
	select p.*, t.warning, t.block * case p.relkind
		when 'I' then (
			select coalesce(pg_catalog.sum(k.relpages), 0)
			from pg_catalog.pg_partition_tree(p.indexrelid) q
			join pg_catalog.pg_class k on k.oid = q.relid
		) else p.relpages end as bytes
	from beginnings p, t
)
select case when p.bytes > p.warning then 'warning'
	else 'notice' end as severity,
	pg_catalog.format('%s.%s', p.nspname, p.index) as object,
	p.nspname as schema,
	p.relname as table,
	p.index,
	p.other,
	pg_catalog.pg_size_pretty(p.bytes::pg_catalog.int8) as size,
	r.mend,
	r.unmend,
	p.bytes as value,
	p.warning as threshold
from sized p
join drops r on r.indexrelid = p.indexrelid
order by p.bytes desc, 2
