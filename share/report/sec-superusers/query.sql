-- SPDX-License-Identifier: PostgreSQL
with t as (
	select (g ->> 'most')::pg_catalog.int8 as most
	from (select $1::pg_catalog.jsonb) p (g)
),
roles as (
	select pg_catalog.count(*) as count,
		pg_catalog.string_agg(r.rolname, ', ' order by r.rolname) as names
	from pg_catalog.pg_roles r
	where r.rolsuper
	and r.rolcanlogin
)
select 'warning' as severity,
	'superusers' as object,
	r.count,
	r.names,
	r.count as value,
	t.most as threshold
from roles r, t
where r.count > t.most
