-- SPDX-License-Identifier: PostgreSQL
-- Whether a role has a password at all only superusers may see.
with t as (
	select (g ->> 'names')::pg_catalog.int8 as names
	from (select $1::pg_catalog.jsonb) p (g)
),
roles as (
	select r.rolname, pg_catalog.row_number() over (order by r.rolname) as number
	from pg_catalog.pg_roles r
	where r.rolcanlogin
	and (r.rolvaliduntil is null or r.rolvaliduntil = 'infinity')
)
select 'notice' as severity,
	'roles' as object,
	pg_catalog.count(*) as count,
	pg_catalog.string_agg(r.rolname, ', ' order by r.rolname)
		filter (where r.number <= t.names)
		|| case when pg_catalog.count(*) > pg_catalog.max(t.names) then ', …' else '' end
		as names,
	pg_catalog.count(*) as value
from roles r, t
having pg_catalog.count(*) > 0
