-- SPDX-License-Identifier: PostgreSQL
select 'warning' as severity,
	a.rolname::pg_catalog.text as object,
	a.rolname as role
from pg_catalog.pg_authid a
where a.rolpassword like 'md5%'
and a.rolcanlogin
and $1::pg_catalog.jsonb is not null
order by 2
