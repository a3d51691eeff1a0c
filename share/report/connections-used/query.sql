-- SPDX-License-Identifier: PostgreSQL
with t as (
	select (g ->> 'warning')::pg_catalog.float8 as warning,
		(g ->> 'critical')::pg_catalog.float8 as critical,
		(g ->> 'many')::pg_catalog.float8 as many,
		pg_catalog.current_setting('max_connections')::pg_catalog.float8 as most,
		pg_catalog.current_setting('max_connections')::pg_catalog.float8
		- pg_catalog.current_setting('superuser_reserved_connections')::pg_catalog.float8
		- coalesce(pg_catalog.current_setting('reserved_connections', true), '0')
			::pg_catalog.float8 as open
	from (select $1::pg_catalog.jsonb) p (g)
),
used as (
	select pg_catalog.count(*)::pg_catalog.float8 as sessions,
		pg_catalog.count(*) filter (where a.state = 'idle') as idle
	from pg_catalog.pg_stat_activity a
	where a.backend_type = 'client backend'
)
select case when u.sessions >= t.critical * t.open then 'critical'
	else 'warning' end as severity,
	'connections' as object,
	pg_catalog.format('%s of %s connections are taken, %s of them idle', u.sessions,
		t.open, u.idle) as text,
	u.sessions,
	t.open as available,
	u.idle,
	pg_catalog.round((u.sessions / t.open)::pg_catalog.numeric, 3)::pg_catalog.float8 as value,
	case when u.sessions >= t.critical * t.open then t.critical
	else t.warning end as threshold
from used u, t
where u.sessions >= least(t.warning, t.critical) * t.open
union all
select 'notice', 'max_connections',
	pg_catalog.format('max_connections is %s: so many sessions at work are slower than a pool of few', t.most),
	null, t.open, null, t.most, t.many
from t
where t.most > t.many
