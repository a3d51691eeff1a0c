-- SPDX-License-Identifier: PostgreSQL
with recursive t as (
	select (g ->> 'rows')::pg_catalog.float8 as rows,
		(g ->> 'ratio')::pg_catalog.float8 as ratio,
		(g ->> 'scans')::pg_catalog.float8 as scans,
		(g ->> 'scans_a_day')::pg_catalog.float8 as daily,
		(g ->> 'limit')::pg_catalog.int8 as most
	from (select $1::pg_catalog.jsonb) p (g)
),
-- Over how many days each database's counters have counted.  One that was
-- never reset has counted as long as the server's own counters have.
since as (
	select d.*, greatest(extract(epoch from pg_catalog.clock_timestamp() - coalesce(
		d.stats_reset, least(b.stats_reset, a.stats_reset,
		pg_catalog.pg_postmaster_start_time()))) / 86400, 1.0 / 24)::pg_catalog.float8 as days
	from pg_catalog.pg_stat_database d, pg_stat_bgwriter b, pg_stat_archiver a
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
	select r.root, pg_catalog.sum(s.seq_scan)::pg_catalog.float8 as scans,
		pg_catalog.sum(s.seq_tup_read)::pg_catalog.float8 as read,
		coalesce(pg_catalog.sum(s.idx_scan), 0)::pg_catalog.float8 as index_scans,
		pg_catalog.sum(case when c.reltuples > 0 then c.reltuples
			else s.n_live_tup end)::pg_catalog.float8 as rows,
		pg_catalog.count(*) as tables
	from roots r
	join pg_catalog.pg_class c on c.oid = r.oid
	join pg_catalog.pg_stat_all_tables s on s.relid = r.oid
	where c.relkind = 'r'
	group by r.root
)
select 'warning' as severity,
	pg_catalog.format('%s.%s', n.nspname, c.relname) as object,
	n.nspname as schema,
	c.relname as table,
	pg_catalog.to_char(k.rows, 'FM999,999,999,999') as rows,
	k.scans,
	pg_catalog.round((k.scans / s.days)::pg_catalog.numeric, 1)::pg_catalog.float8 as daily,
	k.index_scans,
	k.scans / greatest(k.index_scans, 1) as value,
	t.ratio as threshold
from counted k
cross join t
join since s on s.datname = pg_catalog.current_database()
join pg_catalog.pg_class c on c.oid = k.root
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where k.rows >= t.rows
and k.scans > t.scans
and k.scans / s.days >= t.daily
and k.scans > t.ratio * k.index_scans
-- A scan that stops at its first rows is none of the whole table.
and k.read / nullif(k.scans, 0) >= 0.1 * k.rows / k.tables
order by k.read desc, 2
limit (select t.most from t)
