-- SPDX-License-Identifier: PostgreSQL
select 'warning' as severity,
	pg_catalog.format('%s: %s', m.rolname, g.rolname) as object,
	m.rolname as member,
	g.rolname as role,
	case g.rolname
	when 'pg_execute_server_program' then 'it may run programs on the server'
	when 'pg_read_server_files' then 'it may read the server''s files'
	else 'it may write the server''s files'
	end as means,
	case when a.admin_option then ' with admin option' else '' end as option
from (
	select distinct on (a.member, a.roleid) a.*
	from pg_catalog.pg_auth_members a
	order by a.member, a.roleid, a.admin_option desc
) a
join pg_catalog.pg_roles m on m.oid = a.member
join pg_catalog.pg_roles g on g.oid = a.roleid
where g.rolname in ('pg_execute_server_program', 'pg_read_server_files',
	'pg_write_server_files')
and not m.rolsuper
and $1::pg_catalog.jsonb is not null
order by 2
