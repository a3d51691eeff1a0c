-- SPDX-License-Identifier: PostgreSQL
-- A partition has options of its own, while chunks have them from their
-- hypertable or from TimescaleDB itself, which turns it off for what it has
-- compressed: those are left out.

with recursive t as (
	select (g ->> 'rows')::pg_catalog.float8 as rows
	from (select $1::pg_catalog.jsonb) p (g)
),
-- part: roots
off as (
	select r.root, r.oid, n.nspname, c.relname, greatest(c.reltuples, 0)
		as rows
	from roots r
	join pg_catalog.pg_class c on c.oid = r.oid
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	cross join lateral pg_catalog.pg_options_to_table(c.reloptions) o
	where o.option_name = 'autovacuum_enabled'
	and o.option_value in ('false', 'off', 'no', '0', 'f', 'n', 'of')
	and (r.oid = r.root or c.relispartition)
),
summed as (
	select f.root, pg_catalog.count(*) as tables, pg_catalog.sum(f.rows) as rows,
		pg_catalog.string_agg(pg_catalog.format('alter table %I.%I reset (autovacuum_enabled)',
			f.nspname, f.relname), '; ' order by f.oid) as mend,
		pg_catalog.string_agg(pg_catalog.format('alter table %I.%I set (autovacuum_enabled = false)',
			f.nspname, f.relname), '; ' order by f.oid) as unmend
	from off f
	group by f.root
)
select 'warning' as severity,
	pg_catalog.format('%s.%s', n.nspname, c.relname) as object,
	n.nspname as schema,
	c.relname as table,
	case when c.relkind = 'p' then pg_catalog.format(' (%s partitions)', s.tables)
	else '' end as parts,
	pg_catalog.to_char(s.rows, 'FM999,999,999,999') as rows,
	s.mend,
	s.unmend,
	s.rows as value,
	t.rows as threshold
from summed s
cross join t
join pg_catalog.pg_class c on c.oid = s.root
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where s.rows >= t.rows
order by s.rows desc, 2
