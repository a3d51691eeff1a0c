-- SPDX-License-Identifier: PostgreSQL
with
-- part: tables
keys as (
	select f.oid, f.conname, f.conrelid, f.confrelid, f.convalidated,
		-- Pairs of columns, in an order of their own.
		(
			select pg_catalog.string_agg(pg_catalog.format('%s=%s', k.child, k.parent), ','
				order by k.child, k.parent)
			from rows from (pg_catalog.unnest(f.conkey), pg_catalog.unnest(f.confkey)) k (child, parent)
		) as pairs
	from pg_catalog.pg_constraint f
	where f.contype = 'f'
	and f.conparentid = 0
)
select distinct on (d.oid) 'warning' as severity,
	pg_catalog.format('%s.%s.%s', b.nspname, b.relname, d.conname) as object,
	b.nspname as schema,
	b.relname as table,
	d.conname as constraint,
	o.conname as other,
	pg_catalog.pg_get_constraintdef(d.oid) as definition
from keys d
join keys o on o.conrelid = d.conrelid
	and o.confrelid = d.confrelid
	and o.pairs = d.pairs
	and (o.convalidated, -o.oid::pg_catalog.int8) > (d.convalidated, -d.oid::pg_catalog.int8)
join tables b on b.oid = d.conrelid
where $1::pg_catalog.jsonb is not null
order by d.oid, o.oid
