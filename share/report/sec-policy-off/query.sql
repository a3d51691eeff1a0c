-- SPDX-License-Identifier: PostgreSQL
select 'warning' as severity,
	pg_catalog.format('%s.%s', n.nspname, c.relname) as object,
	n.nspname as schema,
	c.relname as table,
	pg_catalog.count(*) as count
from pg_catalog.pg_policy p
join pg_catalog.pg_class c on c.oid = p.polrelid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where not c.relrowsecurity
and $1::pg_catalog.jsonb is not null
group by 2, 3, 4
order by 2
