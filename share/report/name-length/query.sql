-- SPDX-License-Identifier: PostgreSQL
with t as (
	select (g ->> 'bytes')::pg_catalog.int8 as bytes,
		(g ->> 'limit')::pg_catalog.int8 as most
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: tables
names (kind, owner, name) as (
	select case b.relkind when 'p' then 'partitioned table' else 'table' end,
		b.nspname, b.relname
	from tables b
	union all
	select 'column', pg_catalog.format('%s.%s', b.nspname, b.relname), a.attname
	from tables b
	join pg_catalog.pg_attribute a on a.attrelid = b.oid
	where a.attnum > 0
	and not a.attisdropped
	union all
	select 'index', pg_catalog.format('%s.%s', b.nspname, b.relname), k.relname
	from tables b
	join pg_catalog.pg_index x on x.indrelid = b.oid
	join pg_catalog.pg_class k on k.oid = x.indexrelid
	-- An index of a constraint has its name.
	where not exists (
		select
		from pg_catalog.pg_constraint o
		where o.conindid = x.indexrelid
		and o.contype in ('p', 'u', 'x')
	)
	union all
	select 'constraint', pg_catalog.format('%s.%s', b.nspname, b.relname), o.conname
	from tables b
	join pg_catalog.pg_constraint o on o.conrelid = b.oid
	union all
	select case c.relkind when 'S' then 'sequence' else 'view' end,
		n.nspname, c.relname
	from pg_catalog.pg_class c
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	where c.relkind in ('S', 'v', 'm')
	and n.nspname !~ '^(pg_|information_schema$|_?timescaledb_)'
	and not exists (
		select
		from pg_catalog.pg_depend d
		where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
		and d.objid = c.oid
		and d.deptype in ('e', 'i')
	)
)
select 'warning' as severity,
	pg_catalog.format('%s %s.%s', n.kind, n.owner, n.name) as object,
	n.kind,
	n.name,
	pg_catalog.octet_length(n.name::pg_catalog.text) as bytes,
	pg_catalog.octet_length(n.name::pg_catalog.text) as value,
	t.bytes as threshold
from names n, t
where pg_catalog.octet_length(n.name::pg_catalog.text) >= t.bytes
order by 2
limit (select t.most from t)
