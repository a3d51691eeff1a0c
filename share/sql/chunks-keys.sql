-- SPDX-License-Identifier: PostgreSQL
-- By which column of which type bounds would go, for each table that was
-- asked for, with one of its pieces as example.  Follows chunks-keyed.sql.

select r.nspname as schema,
	r.relname as table,
	k.wanted,
	k.attname,
	k.type_oid,
	k.collation_oid,
	k.timed,
	pg_catalog.min(k.relid) as relid
from keyed k
cross join lateral (
	select r.relname, n.nspname
	from pg_catalog.pg_class r
	join pg_catalog.pg_namespace n on n.oid = r.relnamespace
	where r.oid = k.root
	offset 0
) r
where k.refuse is null
and (k.leave is null or k.wanted is not null)
and not exists (
	select
	from pg_catalog.pg_class c
	where c.oid = k.relid
	and (c.relkind = 'f' or c.relpersistence = 't')
	offset 0
)
group by r.nspname, r.relname, k.wanted, k.attname, k.type_oid,
	k.collation_oid, k.timed
order by r.nspname, r.relname, k.attname
