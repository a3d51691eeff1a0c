-- SPDX-License-Identifier: PostgreSQL
with t as (
	select (g ->> 'coverage')::pg_catalog.float8 as coverage,
		(g ->> 'tables')::pg_catalog.float8 as tables
	from (select $1::pg_catalog.jsonb) p (g)
),
-- The users' own tables, each under its own name: no partitions, no chunks,
-- nothing of an extension.
tables as materialized (
	select c.oid, n.nspname, c.relname, c.relkind, c.reloptions,
		c.relpersistence, c.reltoastrelid, c.relreplident,
		exists (
			select
			from pg_catalog.pg_trigger g
			where g.tgrelid = c.oid
			and g.tgname = 'ts_insert_blocker'
		) as hypertable
	from pg_catalog.pg_class c
	join pg_catalog.pg_namespace n on n.oid = c.relnamespace
	where c.relkind in ('r', 'p')
	and not c.relispartition
	and c.relpersistence <> 't'
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
),
counted as (
	select b.nspname, pg_catalog.count(*) as count,
		pg_catalog.count(*) filter (where d.description is null) as missing
	from tables b
	left join pg_catalog.pg_description d on d.objoid = b.oid
		and d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
		and d.objsubid = 0
	group by b.nspname
)
select 'notice' as severity,
	c.nspname::pg_catalog.text as object,
	c.nspname as schema,
	c.count,
	c.missing,
	pg_catalog.round(1 - 1.0 * c.missing / c.count, 3)::pg_catalog.float8 as value,
	t.coverage as threshold
from counted c, t
where c.count >= t.tables
and c.count - c.missing < t.coverage * c.count
order by 2
