-- SPDX-License-Identifier: PostgreSQL
select 'warning' as severity,
	n.nspname::pg_catalog.text as object,
	n.nspname as schema
from pg_catalog.pg_namespace n
where n.nspname !~ '^(pg_|information_schema$)'
and $1::pg_catalog.jsonb is not null
and exists (
	select
	from pg_catalog.aclexplode(n.nspacl) a
	where a.grantee = 0
	and a.privilege_type = 'CREATE'
)
order by 2
