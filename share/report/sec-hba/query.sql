-- SPDX-License-Identifier: PostgreSQL
-- A rule that cannot be read lets nobody in, and keeps the whole file from being
-- loaded.

with rules as (
	select h.*, coalesce(h.address in ('127.0.0.1', '::1', 'samehost',
			'localhost') or h.address like '127.%', false) as near,
		h.address = 'all' or h.netmask in ('0.0.0.0', '::') as world,
		pg_catalog.array_to_string(h.database, ',') as databases,
		pg_catalog.array_to_string(h.user_name, ',') as users
	from pg_catalog.pg_hba_file_rules() h
	where $1::pg_catalog.jsonb is not null
),
judged (severity, kind, line, text) as (
	select case
		when r.error is not null then 'warning'
		when r.auth_method in ('trust', 'password')
			and r.type <> 'local' and not r.near
			and not (r.auth_method = 'password'
				and r.type in ('hostssl', 'hostgssenc'))
			then 'critical'
		when r.auth_method in ('md5', 'password') then 'warning'
		when r.world and r.type in ('host', 'hostnossl', 'hostnogssenc')
			and r.auth_method <> 'reject' then 'warning'
		end, 'line', r.line_number,
		case
		when r.error is not null then r.error
		when r.auth_method = 'trust' then pg_catalog.format(
			'%s may be %s in %s without a password',
			case when r.world then 'everybody'
			else coalesce(r.address, 'the network') end, r.users,
			r.databases)
		when r.auth_method = 'password' then pg_catalog.format(
			'passwords for %s in %s are sent as they are', r.users,
			r.databases)
		when r.auth_method = 'md5' then pg_catalog.format(
			'md5 asks less of %s in %s than scram-sha-256',
			r.users, r.databases)
		else pg_catalog.format('the whole world may try to be %s in %s, without TLS',
			r.users, r.databases)
		end
	from rules r
	union all
	select 'notice', 'hostssl', pg_catalog.min(r.line_number),
		'no rule asks for TLS (hostssl), while others let the network in'
	from rules r
	where r.type like 'host%'
	and not r.near
	and r.error is null
	and coalesce(r.auth_method, '') <> 'reject'
	having pg_catalog.count(*) > 0
	and pg_catalog.count(*) filter (where r.type in ('hostssl', 'hostgssenc')) = 0
)
select j.severity,
	case j.kind when 'line' then pg_catalog.format('line %s', j.line)
	else 'hostssl' end as object,
	j.line,
	j.text
from judged j
where j.severity is not null
order by j.line, 2
