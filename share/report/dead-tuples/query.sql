-- SPDX-License-Identifier: PostgreSQL
with recursive t as (
	select (g ->> 'rows')::pg_catalog.float8 as rows,
		(g ->> 'warning')::pg_catalog.float8 as warning,
		(g ->> 'critical')::pg_catalog.float8 as critical
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: roots
counted as (
	select r.root, pg_catalog.sum(s.n_dead_tup)::pg_catalog.float8 as dead,
		pg_catalog.sum(s.n_live_tup)::pg_catalog.float8 as live
	from roots r
	join pg_catalog.pg_stat_all_tables s on s.relid = r.oid
	group by r.root
	having pg_catalog.sum(s.n_dead_tup) > 0
)
select case when d.dead >= t.critical * (d.dead + d.live) then 'critical'
	else 'warning' end as severity,
	pg_catalog.format('%s.%s', n.nspname, c.relname) as object,
	n.nspname as schema,
	c.relname as table,
	pg_catalog.to_char(d.dead, 'FM999,999,999,999') as dead,
	d.live,
	pg_catalog.round((100 * d.dead / (d.dead + d.live))::pg_catalog.numeric, 1)::pg_catalog.float8
		as percent,
	pg_catalog.round((d.dead / (d.dead + d.live))::pg_catalog.numeric, 4)::pg_catalog.float8 as value,
	case when d.dead >= t.critical * (d.dead + d.live) then t.critical
	else t.warning end as threshold
from counted d
cross join t
join pg_catalog.pg_class c on c.oid = d.root
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where d.dead >= t.rows
and d.dead >= least(t.warning, t.critical) * (d.dead + d.live)
order by d.dead desc, 2
