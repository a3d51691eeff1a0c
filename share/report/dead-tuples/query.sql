-- SPDX-License-Identifier: PostgreSQL
with recursive t as (
	select (g ->> 'rows')::pg_catalog.float8 as rows,
		(g ->> 'warning')::pg_catalog.float8 as warning,
		(g ->> 'critical')::pg_catalog.float8 as critical
	from (select $1::pg_catalog.jsonb) p (g)
),
-- Every table with the root that it is reported at: a partition's topmost
-- parent, a chunk's hypertable, for all others the table itself.
roots (oid, root) as (
	select c.oid, c.oid
	from pg_catalog.pg_class c
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	where c.relkind in ('r', 'p', 'm')
	and not c.relispartition
	and n.nspname !~ '^(pg_|information_schema$|_?timescaledb_)'
	and not exists (
		select
		from pg_catalog.pg_depend d
		where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
		and d.objid = c.oid
		and d.deptype = 'e'
	)
	and not exists (
		select
		from pg_catalog.pg_inherits i
		join pg_catalog.pg_trigger g on g.tgrelid = i.inhparent
		where i.inhrelid = c.oid
		and g.tgname = 'ts_insert_blocker'
	)
	union all
	select i.inhrelid, r.root
	from roots r
	join pg_catalog.pg_inherits i on i.inhparent = r.oid
	join pg_catalog.pg_class c on c.oid = i.inhrelid
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	where c.relispartition
	or n.nspname ~ '^_timescaledb_'
	or exists (
		select
		from pg_catalog.pg_trigger g
		where g.tgrelid = r.oid
		and g.tgname = 'ts_insert_blocker'
	)
),
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
