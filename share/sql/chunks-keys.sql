-- SPDX-License-Identifier: PostgreSQL
-- By which column of which type bounds would go, for each table that was
-- asked for, with one of its pieces as example.  Follows chunks-keyed.sql.

select n.nspname as schema,
	r.relname as table,
	k.wanted,
	k.attname,
	k.type_oid,
	k.collation_oid,
	pg_catalog.min(k.relid) as relid
from keyed k
join pg_catalog.pg_class c on c.oid = k.relid
join pg_catalog.pg_class r on r.oid = k.root
join pg_catalog.pg_namespace n on n.oid = r.relnamespace
where k.refuse is null
and c.relkind <> 'f'
and c.relpersistence <> 't'
group by n.nspname, r.relname, k.wanted, k.attname, k.type_oid,
	k.collation_oid
order by n.nspname, r.relname, k.attname
