-- SPDX-License-Identifier: PostgreSQL
-- Domains count as what they are made of, and the kinds of text as one.
with
-- part: tables
pairs as (
	select f.conname, f.conrelid, f.confrelid, a.attname as column,
		pg_catalog.format_type(a.atttypid, a.atttypmod) as type,
		coalesce(nullif(s.typbasetype, 0), s.oid) as base,
		z.attname as target_column,
		pg_catalog.format_type(z.atttypid, z.atttypmod) as target_type,
		coalesce(nullif(y.typbasetype, 0), y.oid) as target_base
	from pg_catalog.pg_constraint f
	cross join lateral rows from (pg_catalog.unnest(f.conkey), pg_catalog.unnest(f.confkey)) k (child, parent)
	join pg_catalog.pg_attribute a on a.attrelid = f.conrelid and a.attnum = k.child
	join pg_catalog.pg_type s on s.oid = a.atttypid
	join pg_catalog.pg_attribute z on z.attrelid = f.confrelid and z.attnum = k.parent
	join pg_catalog.pg_type y on y.oid = z.atttypid
	where f.contype = 'f'
	and f.conparentid = 0
	and a.atttypid <> z.atttypid
)
select 'warning' as severity,
	pg_catalog.format('%s.%s.%s.%s', b.nspname, b.relname, p.conname, p.column)
		as object,
	b.nspname as schema,
	b.relname as table,
	p.conname as constraint,
	p.column,
	p.type,
	p.confrelid::pg_catalog.regclass::pg_catalog.text as target,
	p.target_column,
	p.target_type
from pairs p
join tables b on b.oid = p.conrelid
where p.base <> p.target_base
and not (p.base in ('text'::pg_catalog.regtype, 'varchar'::pg_catalog.regtype)
	and p.target_base in ('text'::pg_catalog.regtype, 'varchar'::pg_catalog.regtype))
and $1::pg_catalog.jsonb is not null
order by 2
