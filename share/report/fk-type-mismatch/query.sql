-- SPDX-License-Identifier: PostgreSQL
-- Domains count as what they are made of, and the kinds of text as one.
with
-- The users' own tables, each under its own name: no partitions, no chunks,
-- nothing of an extension.
tables as materialized (
	select c.oid, n.nspname, c.relname, c.relkind, c.reloptions,
		c.relpersistence, c.reltoastrelid, c.relreplident,
		exists (
			select
			from pg_catalog.pg_trigger g
			where g.tgrelid = c.oid
			and g.tgname = 'ts_insert_blocker'
		) as hypertable
	from pg_catalog.pg_class c
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	where c.relkind in ('r', 'p')
	and not c.relispartition
	and c.relpersistence <> 't'
	and n.nspname !~ '^(pg_|information_schema$|_?timescaledb_)'
	and not exists (
		select
		from pg_catalog.pg_depend d
		where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
		and d.objid = c.oid
		and d.deptype = 'e'
	)
	and not exists (
		select
		from pg_catalog.pg_inherits i
		join pg_catalog.pg_trigger g on g.tgrelid = i.inhparent
		where i.inhrelid = c.oid
		and g.tgname = 'ts_insert_blocker'
	)
),
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
