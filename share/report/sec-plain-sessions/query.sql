-- SPDX-License-Identifier: PostgreSQL
with t as (
	select pg_catalog.array_agg(n::pg_catalog.inet) as near
	from (select $1::pg_catalog.jsonb) p (g)
	cross join lateral pg_catalog.regexp_split_to_table(g ->> 'near', '[ ,]+') n
	where n <> ''
),
plain as (
	select coalesce(a.usename, '?') as user, pg_catalog.host(a.client_addr) as address,
		pg_catalog.count(*) as sessions
	from pg_catalog.pg_stat_activity a
	join pg_catalog.pg_stat_ssl s on s.pid = a.pid
	left join pg_catalog.pg_stat_gssapi k on k.pid = a.pid
	cross join t
	where a.client_addr is not null
	and not s.ssl
	and not coalesce(k.encrypted, false)
	and not exists (
		select
		from pg_catalog.unnest(t.near) n
		where a.client_addr <<= n
	)
	group by 1, 2
)
select 'warning' as severity,
	pg_catalog.format('%s@%s', p.user, p.address) as object,
	p.user,
	p.address,
	p.sessions,
	p.sessions as value
from plain p
order by p.sessions desc, 2
