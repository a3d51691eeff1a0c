-- SPDX-License-Identifier: PostgreSQL
with t as (
	select (g ->> 'notice')::pg_catalog.float8 as notice,
		(g ->> 'warning')::pg_catalog.float8 as warning
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: since
rates as (
	select s.datname, s.deadlocks, s.days, s.deadlocks / s.days as rate
	from since s
	where s.datname is not null
	and s.deadlocks > 0
)
select case when r.rate >= t.warning then 'warning' else 'notice' end
		as severity,
	r.datname::pg_catalog.text as object,
	r.datname as database,
	pg_catalog.round(r.rate::pg_catalog.numeric, 2)::pg_catalog.float8 as rate,
	pg_catalog.round(r.days::pg_catalog.numeric, 1)::pg_catalog.float8 as days,
	r.deadlocks,
	pg_catalog.round(r.rate::pg_catalog.numeric, 3)::pg_catalog.float8 as value,
	case when r.rate >= t.warning then t.warning else t.notice end
		as threshold
from rates r, t
where r.rate >= least(t.notice, t.warning)
order by r.rate desc, 2
