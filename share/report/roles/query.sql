-- Roles and who is a member of whom, in both directions.  The server's own roles
-- (pg_...) appear where somebody is a member of them.
select r.rolname as role, r.rolcanlogin as login,
	(
		select coalesce(pg_catalog.json_agg(a.what order by a.n), '[]')
		from (values (1, 'superuser', r.rolsuper),
			(2, 'create roles', r.rolcreaterole),
			(3, 'create databases', r.rolcreatedb),
			(4, 'replicate', r.rolreplication),
			(5, 'bypass row security', r.rolbypassrls)) a(n, what, has)
		where a.has) as attributes,
	r.rolinherit as inherit,
	case when r.rolconnlimit >= 0 then r.rolconnlimit end as connection_limit,
	case when r.rolvaliduntil = 'infinity' then 'infinity'
	else pg_catalog.to_char(r.rolvaliduntil at time zone 'UTC',
		'YYYY-MM-DD"T"HH24:MI:SS"Z"') end as valid_until,
	coalesce(o.list, '[]') as member_of,
	coalesce(m.list, '[]') as members,
	(
		select pg_catalog.json_agg(case when c.pair ~*
			'^[^=]*(secret|passw|token|credential|conninfo|key=)'
			then pg_catalog.regexp_replace(c.pair, '=.*', '=(hidden)')
			else c.pair end order by c.pair)
		from pg_catalog.unnest(r.rolconfig) c(pair)) as settings,
	d.description as comment
from pg_catalog.pg_roles r
left join (
	select m.member, pg_catalog.json_agg(distinct pg_catalog.concat(
		pg_catalog.pg_get_userbyid(m.roleid),
		case when m.admin_option then ' (admin)' end)) as list
	from pg_catalog.pg_auth_members m
	group by 1
) o on o.member = r.oid
left join (
	select m.roleid, pg_catalog.json_agg(distinct pg_catalog.concat(
		pg_catalog.pg_get_userbyid(m.member),
		case when m.admin_option then ' (admin)' end)) as list
	from pg_catalog.pg_auth_members m
	group by 1
) m on m.roleid = r.oid
left join pg_catalog.pg_shdescription d on d.objoid = r.oid
	and d.classoid = 'pg_catalog.pg_authid'::pg_catalog.regclass
where r.rolname !~ '^pg_' or exists (
	select from pg_catalog.pg_auth_members u
	where u.roleid = r.oid
	and pg_catalog.pg_get_userbyid(u.member) !~ '^pg_')
order by r.rolname
