-- SPDX-License-Identifier: PostgreSQL
with t as (
	select (g ->> 'warning')::pg_catalog.float8 as warning,
		(g ->> 'critical')::pg_catalog.float8 as critical
	from (select $1::pg_catalog.jsonb) p (g)
),
prepared as (
	select x.*, extract(epoch from pg_catalog.clock_timestamp() - x.prepared)::pg_catalog.float8
		as seconds
	from pg_catalog.pg_prepared_xacts x
)
select case when p.seconds >= t.critical then 'critical' else 'warning' end
		as severity,
	p.gid as object,
	p.gid,
	p.database,
	p.owner,
	pg_catalog.date_trunc('second', p.seconds * interval '1 second')::pg_catalog.text as duration,
	pg_catalog.round(p.seconds::pg_catalog.numeric, 1)::pg_catalog.float8 as value,
	case when p.seconds >= t.critical then t.critical else t.warning end
		as threshold
from prepared p, t
where p.seconds >= least(t.warning, t.critical)
order by p.seconds desc, p.gid
