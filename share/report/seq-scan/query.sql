-- SPDX-License-Identifier: PostgreSQL
with recursive t as (
	select (g ->> 'rows')::pg_catalog.float8 as rows,
		(g ->> 'ratio')::pg_catalog.float8 as ratio,
		(g ->> 'scans')::pg_catalog.float8 as scans,
		(g ->> 'scans_a_day')::pg_catalog.float8 as daily,
		(g ->> 'limit')::pg_catalog.int8 as most
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: since
-- part: roots
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
